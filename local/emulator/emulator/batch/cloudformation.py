"""The four `AWS::Batch::*` types that CDK emits.

Upstream: CloudFormation refuses a template with them, "Unsupported resource type". Here: they
reach the same operations as the Batch API. Return values are those of the CloudFormation resource
reference: `Ref` is the ARN; a new job definition is a new revision, and the old one is
deregistered when the update is cleaned up.
"""

from __future__ import annotations

import contextlib
import re
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services.cloudformation import provisioners

from ..casing import to_camel_case
from ..scope import Scope
from .api import BatchApi, Body
from .names import last_part
from .problems import ClientException
from .store import BatchStore, Collection

Created = tuple[str, dict[str, Any]]


def install(api: BatchApi, store: BatchStore) -> None:
    """Register the types with the provisioner."""
    for handler in (
        _Type(
            api,
            store.compute_environments,
            "ComputeEnvironment",
            "ComputeEnvironmentName",
            "computeEnvironment",
        ),
        _Type(api, store.job_queues, "JobQueue", "JobQueueName", "jobQueue"),
        _Type(api, store.scheduling_policies, "SchedulingPolicy", "Name", "arn"),
        _JobDefinition(api),
    ):
        provisioners._RESOURCE_HANDLERS[f"AWS::Batch::{handler.name}"] = {
            "create": handler.create,
            "update": handler.update,
            "delete": handler.delete,
        }


def _scope() -> Scope:
    return Scope(get_account_id(), get_region())


def _physical_name(stack: str, logical_id: str) -> str:
    return f"{stack}-{logical_id}"[-128:].lstrip("-_")


def _plain(properties: dict[str, Any]) -> Body:
    request: Body = to_camel_case(properties)
    for count in ("maxvCpus", "minvCpus", "desiredvCpus"):
        resources = request.get("computeResources") or {}
        if count in resources:
            resources[count] = int(resources[count])
    return request


class _Type:
    """A type with create, update and delete operations named after it."""

    def __init__(
        self,
        api: BatchApi,
        collection: Collection,
        name: str,
        name_property: str,
        reference: str,
    ) -> None:
        self.name = name
        self._collection = collection
        self._resource = re.sub(r"(?<!^)([A-Z])", r"-\1", name).lower()
        self._operations = api.operations
        self._name_property = name_property
        self._reference = reference

    def create(self, logical_id: str, properties: dict[str, Any], stack: str) -> Created:
        name = properties.get(self._name_property) or _physical_name(stack, logical_id)
        member = self._name_property[:1].lower() + self._name_property[1:]
        arn = _scope().arn("batch", f"{self._resource}/{name}")
        if self._collection.get(arn) is None:
            self._call("create", {**_plain(properties), member: name})
        else:  # made by a deployment that was cut short
            self._call("update", {**_plain(properties), self._reference: arn})
        attribute = "Arn" if self.name == "SchedulingPolicy" else f"{self.name}Arn"
        return arn, {attribute: arn, "Arn": arn}

    def update(
        self, arn: str, old: dict[str, Any], new: dict[str, Any], stack: str, *_: object
    ) -> Created:
        if new.get(self._name_property) != old.get(self._name_property):
            raise ValueError(f"{last_part(arn)}: the name can't change, replace the resource.")
        self._call("update", {**_plain(new), self._reference: arn})
        attribute = "Arn" if self.name == "SchedulingPolicy" else f"{self.name}Arn"
        return arn, {attribute: arn, "Arn": arn}

    def delete(self, arn: str, properties: dict[str, Any]) -> None:
        self._call("delete", {self._reference: arn})

    def _call(self, verb: str, request: Body) -> Body:
        return self._operations[f"{verb}{self.name}".lower()](request, _scope())


class _JobDefinition:
    """A type whose every change is a new revision."""

    name = "JobDefinition"

    def __init__(self, api: BatchApi) -> None:
        self._api = api

    def create(self, logical_id: str, properties: dict[str, Any], stack: str) -> Created:
        name = properties.get("JobDefinitionName") or _physical_name(stack, logical_id)
        return self._register(name, properties)

    def update(
        self, arn: str, old: dict[str, Any], new: dict[str, Any], stack: str, *_: object
    ) -> Created:
        name = new.get("JobDefinitionName") or last_part(arn).split(":")[0]
        created = self._register(name, new)
        self.delete(arn, old)
        return created

    def delete(self, arn: str, properties: dict[str, Any]) -> None:
        with contextlib.suppress(ClientException):  # deregistered before
            self._api.deregister_job_definition({"jobDefinition": arn}, _scope())

    def _register(self, name: str, properties: dict[str, Any]) -> Created:
        request = {**_plain(properties), "jobDefinitionName": name}
        arn = self._api.register_job_definition(request, _scope())["jobDefinitionArn"]
        return arn, {"JobDefinitionArn": arn, "Arn": arn}
