"""Properties and return values of resources that upstream drops.

`Fn::GetAtt UserPool.ProviderURL` yields the pool's id instead of `https://` and its provider name;
tables of both types lose `TimeToLiveSpecification` and point-in-time recovery (CloudFormation
resource reference, `AWS::Cognito::UserPool`, `AWS::DynamoDB::Table` and `GlobalTable`).
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from ministack.services import dynamodb
from ministack.services.cloudformation import provisioners

Handler = Callable[..., tuple[str, dict[str, Any]]]


def install() -> None:
    handlers = provisioners._RESOURCE_HANDLERS
    pool = handlers["AWS::Cognito::UserPool"]
    pool["create"] = _with_provider_url(pool["create"])
    if "update" in pool:
        pool["update"] = _with_provider_url(pool["update"])
    for name in ("AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable"):
        table = handlers[name]
        table["create"] = _with_table_settings(table["create"], properties_at=1)
        table["update"] = _with_table_settings(table["update"], properties_at=2)


def _with_provider_url(handler: Handler) -> Handler:
    @functools.wraps(handler)
    def handle(*arguments: Any) -> tuple[str, dict[str, Any]]:
        pool_id, attributes = handler(*arguments)
        return pool_id, {**attributes, "ProviderURL": f"https://{attributes['ProviderName']}"}

    return handle


def _with_table_settings(handler: Handler, properties_at: int) -> Handler:
    @functools.wraps(handler)
    def handle(*arguments: Any) -> tuple[str, dict[str, Any]]:
        name, attributes = handler(*arguments)
        apply_table_settings(name, arguments[properties_at])
        return name, attributes

    return handle


def apply_table_settings(name: str, properties: dict[str, Any]) -> None:
    """Switch on what the template asks of a table beyond its keys and indexes."""
    expiry = properties.get("TimeToLiveSpecification") or {}
    if expiry.get("AttributeName"):
        dynamodb._update_ttl(
            {
                "TableName": name,
                "TimeToLiveSpecification": {
                    "AttributeName": expiry["AttributeName"],
                    "Enabled": _is_true(expiry.get("Enabled", True)),
                },
            }
        )
    recovery = properties.get("PointInTimeRecoverySpecification")
    for replica in properties.get("Replicas") or []:
        recovery = replica.get("PointInTimeRecoverySpecification") or recovery
    if recovery:
        enabled = _is_true(recovery.get("PointInTimeRecoveryEnabled"))
        dynamodb._update_continuous_backups(
            {
                "TableName": name,
                "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": enabled},
            }
        )


def _is_true(value: object) -> bool:
    return value in (True, "true")
