"""Types that mean nothing on a laptop are accepted and recorded.

Upstream fails a stack on the first type that it does not know, which is right: a type that is
silently skipped is a false green. These are known and have nothing to do here (alarms of alarms,
budgets, firewalls, network plumbing), so the template that goes to AWS deploys unchanged.
"""

from __future__ import annotations

import hashlib
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services.cloudformation import provisioners

RECORDED = (
    "AWS::ApplicationAutoScaling::ScalableTarget",
    "AWS::ApplicationAutoScaling::ScalingPolicy",
    "AWS::Backup::BackupSelection",
    "AWS::Budgets::Budget",
    "AWS::CloudFront::KeyGroup",
    "AWS::CloudFront::PublicKey",
    "AWS::CloudTrail::Trail",
    "AWS::CloudWatch::AnomalyDetector",
    "AWS::CloudWatch::CompositeAlarm",
    "AWS::CloudWatch::InsightRule",
    "AWS::EC2::EIP",
    "AWS::EC2::FlowLog",
    "AWS::EC2::NatGateway",
    "AWS::EC2::SecurityGroupEgress",
    "AWS::EC2::SecurityGroupIngress",
    "AWS::GuardDuty::Detector",
    "AWS::IAM::OIDCProvider",
    "AWS::IAM::ServiceLinkedRole",
    "AWS::Logs::QueryDefinition",
    "AWS::ResourceGroups::Group",
    "AWS::SES::Template",
    "AWS::SecretsManager::RotationSchedule",
    "AWS::WAFv2::IPSet",
    "AWS::WAFv2::LoggingConfiguration",
    "AWS::WAFv2::WebACLAssociation",
    "AWS::XRay::Group",
)


def install() -> None:
    """Register the types; refused when upstream has come to know one, which would be hidden."""
    for name in RECORDED:
        if name in provisioners._RESOURCE_HANDLERS:
            raise RuntimeError(f"MiniStack provisions {name} itself: take it off the list.")
        provisioners._RESOURCE_HANDLERS[name] = {
            "create": create,
            "update": update,
            "delete": delete,
        }


def create(logical_id: str, properties: dict[str, Any], stack: str) -> tuple[str, dict[str, Any]]:
    name = f"{stack}-{logical_id}"
    return name, attributes_of(name)


def update(
    name: str, old: dict[str, Any], new: dict[str, Any], stack: str
) -> tuple[str, dict[str, Any]]:
    return name, attributes_of(name)


def delete(name: str, properties: dict[str, Any]) -> None:
    """Nothing was made."""


def attributes_of(name: str) -> dict[str, Any]:
    """What `Fn::GetAtt` may ask of one of these types; the same for the same name."""
    token = hashlib.sha256(name.encode()).hexdigest()[:8]
    return {
        "Arn": f"arn:aws:recorded:{get_region()}:{get_account_id()}:{name}",
        "Id": name,
        "AllocationId": f"eipalloc-{token}",
        "GroupId": name,
        "NatGatewayId": f"nat-{token}",
        "PublicIp": "203.0.113.10",  # RFC 5737, TEST-NET-3
    }
