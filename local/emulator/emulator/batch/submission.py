"""From a SubmitJob request to a job: definition, parameters and overrides put together.

Batch API reference, SubmitJob and ContainerOverrides; User Guide, "Job definition parameters".
"""

from __future__ import annotations

import re
import uuid
from typing import Any

from ..scope import Scope
from . import definitions
from .clock import now_ms
from .names import checked_name, find
from .problems import ClientException
from .store import BatchStore, Record

PLACEHOLDER = re.compile(r"Ref::([A-Za-z0-9_-]+)")
UNSUPPORTED = (
    "arrayProperties",
    "nodeOverrides",
    "eksPropertiesOverride",
    "ecsPropertiesOverride",
    "consumableResourcePropertiesOverride",
)


def job_from(store: BatchStore, request: dict[str, Any], scope: Scope) -> Record:
    """The new job, not yet stored; raises `ClientException`."""
    name = checked_name(request.get("jobName"), "jobName")
    for member in UNSUPPORTED:
        if request.get(member):
            raise ClientException(f"{name}: the local cloud does not support {member}.")
    queue = find(store.job_queues, request.get("jobQueue"), "job-queue", scope)
    if queue["state"] != "ENABLED":
        raise ClientException(f"JobQueue {queue['jobQueueName']} is disabled.")
    definition = definitions.resolve(store, request.get("jobDefinition"), scope)
    parameters = {**(definition.get("parameters") or {}), **(request.get("parameters") or {})}
    job_id = str(uuid.uuid4())
    job = {
        "jobId": job_id,
        "jobArn": scope.arn("batch", f"job/{job_id}"),
        "jobName": name,
        "jobQueue": queue["jobQueueArn"],
        "jobDefinition": definition["jobDefinitionArn"],
        "createdAt": now_ms(),
        "attempts": [],
        "retryStrategy": _retry_strategy(request, definition),
        "dependsOn": _dependencies(store, request),
        "parameters": parameters,
        "container": _container(request, definition, parameters),
        "timeout": _timeout(request, definition),
        "tags": {**_propagated(request, definition), **(request.get("tags") or {})},
        "propagateTags": bool(request.get("propagateTags")),
        "platformCapabilities": definition.get("platformCapabilities") or ["EC2"],
        "isCancelled": False,
        "isTerminated": False,
        **_share(request, definition, queue),
    }
    return {key: value for key, value in job.items() if value is not None}


def _propagated(request: dict[str, Any], definition: Record) -> dict[str, str]:
    wanted = request.get("propagateTags") or definition.get("propagateTags")
    return definition.get("tags") or {} if wanted else {}


def _retry_strategy(request: dict[str, Any], definition: Record) -> dict[str, Any]:
    strategy = request.get("retryStrategy") or definition.get("retryStrategy") or {}
    attempts = int(strategy.get("attempts") or 1)
    if not 1 <= attempts <= 10:
        raise ClientException(f"retryStrategy.attempts must be 1 to 10, not {attempts}.")
    return {"attempts": attempts, "evaluateOnExit": strategy.get("evaluateOnExit") or []}


def _timeout(request: dict[str, Any], definition: Record) -> dict[str, int] | None:
    """Batch wants at least 60 seconds; a laptop may be more impatient."""
    timeout = request.get("timeout") or definition.get("timeout") or {}
    seconds = timeout.get("attemptDurationSeconds")
    return None if seconds is None else {"attemptDurationSeconds": int(seconds)}


def _dependencies(store: BatchStore, request: dict[str, Any]) -> list[dict[str, str]]:
    dependencies = request.get("dependsOn") or []
    if len(dependencies) > 20:
        raise ClientException("A job can depend on at most 20 jobs.")
    for dependency in dependencies:
        if store.jobs.get(dependency.get("jobId", "")) is None:
            raise ClientException(f"dependsOn: job {dependency.get('jobId')} does not exist.")
    return dependencies


def _share(request: dict[str, Any], definition: Record, queue: Record) -> dict[str, Any]:
    share = request.get("shareIdentifier")
    if bool(share) != bool(queue.get("schedulingPolicyArn")):
        raise ClientException(
            f"JobQueue {queue['jobQueueName']} has "
            + ("no scheduling policy: leave shareIdentifier out." if share else "")
            + ("" if share else "a scheduling policy: shareIdentifier is required.")
        )
    if not share:
        return {}
    priority = request.get("schedulingPriorityOverride", definition.get("schedulingPriority", 0))
    return {"shareIdentifier": share, "schedulingPriority": priority}


def _container(
    request: dict[str, Any], definition: Record, parameters: dict[str, str]
) -> dict[str, Any]:
    base = definition["containerProperties"]
    overrides = request.get("containerOverrides") or {}
    environment = {
        entry["name"]: entry.get("value", "")
        for entry in (base.get("environment") or []) + (overrides.get("environment") or [])
    }
    reserved = sorted(name for name in environment if name.startswith("AWS_BATCH"))
    if reserved:
        raise ClientException(f"AWS_BATCH is a reserved prefix: {', '.join(reserved)}.")
    requirements = {
        entry["type"]: entry["value"]
        for entry in (base.get("resourceRequirements") or [])
        + (overrides.get("resourceRequirements") or [])
    }
    command = overrides.get("command") or base.get("command") or []
    older = {
        key: overrides.get(key, base.get(key))
        for key in ("vcpus", "memory")
        if overrides.get(key, base.get(key)) is not None
    }
    return {
        **base,
        **older,
        "command": [_substituted(part, parameters) for part in command],
        "environment": [{"name": key, "value": value} for key, value in environment.items()],
        "resourceRequirements": [{"type": k, "value": v} for k, v in requirements.items()],
    }


def _substituted(part: str, parameters: dict[str, str]) -> str:
    return PLACEHOLDER.sub(lambda match: parameters.get(match[1], match[0]), part)
