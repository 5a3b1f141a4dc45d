"""Stacks with the types and attributes that upstream lacks."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from conftest import Emulator, eventually


class Stack:
    """One stack on an emulator."""

    def __init__(self, emulator: Emulator, name: str) -> None:
        self.client = emulator.client("cloudformation")
        self.name = name

    def apply(self, resources: dict[str, Any], outputs: dict[str, Any] | None = None) -> str:
        """Create or update; answers the final status."""
        shown = {name: {"Value": value} for name, value in (outputs or {}).items()}
        template = json.dumps({"Resources": resources, "Outputs": shown})
        exists = any(
            stack["StackName"] == self.name for stack in self.client.describe_stacks()["Stacks"]
        )
        operation = self.client.update_stack if exists else self.client.create_stack
        operation(StackName=self.name, TemplateBody=template)
        return self.settled()

    def settled(self) -> str:
        return eventually(
            lambda: self.describe()["StackStatus"], lambda status: "PROGRESS" not in status
        )

    def describe(self) -> dict[str, Any]:
        return self.client.describe_stacks(StackName=self.name)["Stacks"][0]

    def outputs(self) -> dict[str, str]:
        return {o["OutputKey"]: o["OutputValue"] for o in self.describe()["Outputs"]}


def batch_resources(max_vcpus: int, command: str) -> dict[str, Any]:
    return {
        "Policy": {
            "Type": "AWS::Batch::SchedulingPolicy",
            "Properties": {"FairsharePolicy": {"ShareDecaySeconds": 3600}},
        },
        "Environment": {
            "Type": "AWS::Batch::ComputeEnvironment",
            "Properties": {
                "Type": "managed",
                "ComputeResources": {"Type": "EC2", "MaxvCpus": max_vcpus, "Subnets": ["s"]},
            },
        },
        "Queue": {
            "Type": "AWS::Batch::JobQueue",
            "Properties": {
                "Priority": 1,
                "SchedulingPolicyArn": {"Fn::GetAtt": ["Policy", "Arn"]},
                "ComputeEnvironmentOrder": [
                    {"Order": 1, "ComputeEnvironment": {"Ref": "Environment"}}
                ],
            },
        },
        "Definition": {
            "Type": "AWS::Batch::JobDefinition",
            "Properties": {
                "Type": "container",
                "Parameters": {"UserKey": "v"},
                "ContainerProperties": {"Image": "test/shell", "Command": [command]},
                "RetryStrategy": {
                    "Attempts": 2,
                    "EvaluateOnExit": [{"OnExitCode": "75", "Action": "RETRY"}],
                },
            },
        },
    }


def test_batch_is_deployed_updated_and_deleted_by_a_stack(emulator: Emulator):
    stack, batch = Stack(emulator, "gpu"), emulator.client("batch")
    outputs = {"Queue": {"Ref": "Queue"}, "Definition": {"Ref": "Definition"}}
    assert stack.apply(batch_resources(4, "true"), outputs) == "CREATE_COMPLETE"
    first = stack.outputs()
    queue = batch.describe_job_queues(jobQueues=[first["Queue"]])["jobQueues"][0]
    environment_arn = queue["computeEnvironmentOrder"][0]["computeEnvironment"]

    def environment() -> list[dict[str, Any]]:
        return batch.describe_compute_environments(computeEnvironments=[environment_arn])[
            "computeEnvironments"
        ]

    assert environment()[0]["type"] == "MANAGED"
    assert queue["schedulingPolicyArn"].endswith("scheduling-policy/gpu-Policy")

    assert stack.apply(batch_resources(8, "false"), outputs) == "UPDATE_COMPLETE"
    assert environment()[0]["computeResources"]["maxvCpus"] == 8
    second = stack.outputs()
    assert second["Queue"] == first["Queue"]
    described = batch.describe_job_definitions(
        jobDefinitions=[first["Definition"], second["Definition"]]
    )["jobDefinitions"]
    commands = {d["containerProperties"]["command"][0]: d["status"] for d in described}
    assert commands == {"true": "INACTIVE", "false": "ACTIVE"}
    assert described[0]["parameters"] == {"UserKey": "v"}
    assert described[0]["retryStrategy"]["evaluateOnExit"][0]["onExitCode"] == "75"

    stack.client.delete_stack(StackName="gpu")
    eventually(environment, lambda left: left == [])
    assert batch.describe_job_queues(jobQueues=[first["Queue"]])["jobQueues"] == []


def test_types_that_mean_nothing_here_are_recorded(emulator: Emulator):
    stack = Stack(emulator, "recorded")
    resources = {
        "Budget": {"Type": "AWS::Budgets::Budget", "Properties": {"Budget": {}}},
        "Alarm": {"Type": "AWS::CloudWatch::CompositeAlarm", "Properties": {"AlarmRule": "x"}},
        "Address": {"Type": "AWS::EC2::EIP"},
    }
    outputs = {"Allocation": {"Fn::GetAtt": ["Address", "AllocationId"]}}
    assert stack.apply(resources, outputs) == "CREATE_COMPLETE"
    assert stack.outputs()["Allocation"].startswith("eipalloc-")


def test_an_unknown_type_is_still_refused(emulator: Emulator):
    with pytest.raises(ClientError, match="AWS::Nothing::Known"):
        Stack(emulator, "unknown").apply({"X": {"Type": "AWS::Nothing::Known"}})


@pytest.mark.parametrize("kind", ["Table", "GlobalTable"])
def test_a_tables_time_to_live_and_recovery_are_switched_on(emulator: Emulator, kind: str):
    recovery = {"PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True}}
    properties = {
        "TableName": f"settings-{kind}",
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "BillingMode": "PAY_PER_REQUEST",
        "TimeToLiveSpecification": {"AttributeName": "expiresAt", "Enabled": True},
        **(recovery if kind == "Table" else {"Replicas": [{"Region": "us-east-1", **recovery}]}),
    }
    resources = {"T": {"Type": f"AWS::DynamoDB::{kind}", "Properties": properties}}
    assert Stack(emulator, f"tables-{kind}").apply(resources) == "CREATE_COMPLETE"
    client, name = emulator.client("dynamodb"), properties["TableName"]
    expiry = client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    assert expiry["AttributeName"] == "expiresAt"
    backups = client.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    status = backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"]
    assert status == "ENABLED"


def test_a_user_pools_provider_url_is_a_url(emulator: Emulator):
    stack = Stack(emulator, "pool")
    outputs = {"Url": {"Fn::GetAtt": ["Pool", "ProviderURL"]}}
    stack.apply({"Pool": {"Type": "AWS::Cognito::UserPool"}}, outputs)
    assert stack.outputs()["Url"].startswith("https://cognito-idp.us-east-1.amazonaws.com/")


def test_a_deployment_that_was_cut_short_can_be_done_again(own_emulator):
    emulator = own_emulator()
    stack = Stack(emulator, "cut")
    stack.apply({"T": {"Type": "AWS::SNS::Topic"}})
    handle = {"Type": "AWS::CloudFormation::WaitConditionHandle"}
    wait = {
        "Type": "AWS::CloudFormation::WaitCondition",
        "Properties": {"Handle": {"Ref": "Handle"}, "Timeout": "600"},
    }
    grown = {"T": {"Type": "AWS::SNS::Topic"}, "Handle": handle, "Wait": wait}
    template = json.dumps({"Resources": grown})
    stack.client.update_stack(StackName="cut", TemplateBody=template)
    stack.client.create_stack(StackName="new", TemplateBody=template)
    emulator.kill_and_start()
    stack, new = Stack(emulator, "cut"), Stack(emulator, "new")
    assert stack.describe()["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert new.describe()["StackStatus"] == "ROLLBACK_COMPLETE"
    assert stack.apply({"U": {"Type": "AWS::SNS::Topic"}}) == "UPDATE_COMPLETE"
