"""Job definitions and their revisions (Batch API reference, RegisterJobDefinition)."""

from __future__ import annotations

from typing import Any

from ..scope import Scope
from .names import checked_name, last_part
from .problems import ClientException
from .store import BatchStore, Record

KEPT = (
    "containerProperties",
    "parameters",
    "platformCapabilities",
    "propagateTags",
    "retryStrategy",
    "schedulingPriority",
    "tags",
    "timeout",
)


def register(store: BatchStore, request: dict[str, Any], scope: Scope) -> Record:
    """Store the next revision; raises `ClientException` for what this machine can't run."""
    name = checked_name(request.get("jobDefinitionName"), "jobDefinitionName")
    if request.get("type") != "container" or not request.get("containerProperties"):
        raise ClientException(
            f"{name}: the local cloud runs jobs of type container with containerProperties only."
        )
    if not request["containerProperties"].get("image"):
        raise ClientException(f"{name}: containerProperties.image is required.")
    if request["containerProperties"].get("secrets"):
        raise ClientException(
            f"{name}: the local cloud does not inject secrets; let the job read them itself."
        )
    revision = 1 + max((r["revision"] for r in revisions(store, name, scope)), default=0)
    record = {
        "jobDefinitionName": name,
        "jobDefinitionArn": scope.arn("batch", f"job-definition/{name}:{revision}"),
        "revision": revision,
        "status": "ACTIVE",
        "type": "container",
        "containerOrchestrationType": "ECS",
        "tags": {},
        **{key: request[key] for key in KEPT if request.get(key) is not None},
    }
    store.job_definitions.save(record["jobDefinitionArn"], record)
    return record


def revisions(store: BatchStore, name: str, scope: Scope) -> list[Record]:
    prefix = scope.arn("batch", f"job-definition/{name}:")
    return [r for r in store.job_definitions if r["jobDefinitionArn"].startswith(prefix)]


def resolve(store: BatchStore, reference: object, scope: Scope) -> Record:
    """The definition for a name, `name:revision` or an ARN; without revision the newest active."""
    name, _, revision = last_part(str(reference or "")).partition(":")
    found = [
        record
        for record in revisions(store, name, scope)
        if record["status"] == "ACTIVE" and revision in ("", str(record["revision"]))
    ]
    if not found:
        raise ClientException(f"JobDefinition {reference} does not exist or is not active.")
    return max(found, key=lambda record: record["revision"])
