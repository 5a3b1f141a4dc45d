"""Operations on what jobs run on: compute environments, job queues and scheduling policies."""

from __future__ import annotations

from typing import Any

from ..scope import Scope, scope_of
from .names import arn_from, checked_name, find
from .problems import ClientException
from .scheduler import ENDED, Scheduler
from .store import BatchStore, Collection, Record, visible

Body = dict[str, Any]


class QueueOperations:
    """Over a store and the scheduler that moves its jobs."""

    def __init__(self, store: BatchStore, scheduler: Scheduler) -> None:
        self._store = store
        self._scheduler = scheduler

    # Compute environments

    def create_compute_environment(self, request: Body, scope: Scope) -> Body:
        name = checked_name(request.get("computeEnvironmentName"), "computeEnvironmentName")
        arn = scope.arn("batch", f"compute-environment/{name}")
        if self._store.compute_environments.get(arn):
            raise ClientException(f"Object already exists: {name}")
        kind = str(request.get("type", "MANAGED")).upper()  # CDK writes it in lower case
        self._store.compute_environments.save(
            arn,
            {
                "computeEnvironmentName": name,
                "computeEnvironmentArn": arn,
                "ecsClusterArn": f"arn:aws:ecs:{scope.region}:{scope.account_id}:cluster/{name}",
                "type": kind,
                "state": request.get("state") or "ENABLED",
                "status": "VALID",
                "statusReason": "ComputeEnvironment Healthy",
                "computeResources": request.get("computeResources") or {},
                "serviceRole": request.get("serviceRole") or "",
                "containerOrchestrationType": "ECS",
                "tags": request.get("tags") or {},
            },
        )
        self._scheduler.reconsider()
        return {"computeEnvironmentName": name, "computeEnvironmentArn": arn}

    def update_compute_environment(self, request: Body, scope: Scope) -> Body:
        record = self._environment(request.get("computeEnvironment"), scope)
        record["computeResources"].update(request.get("computeResources") or {})
        for key in ("state", "serviceRole"):
            if request.get(key) is not None:
                record[key] = request[key]
        self._store.compute_environments.save(record["computeEnvironmentArn"], record)
        self._scheduler.reconsider()
        return _named(record, "computeEnvironment")

    def delete_compute_environment(self, request: Body, scope: Scope) -> Body:
        arn = arn_from(request.get("computeEnvironment"), "compute-environment", scope)
        for queue in self._store.job_queues:
            if arn in _environments_of(queue):
                raise ClientException(
                    f"Cannot delete, found existing JobQueue relationship: {queue['jobQueueName']}"
                )
        self._store.compute_environments.remove(arn)
        return {}

    def describe_compute_environments(self, request: Body, scope: Scope) -> Body:
        found = _described(
            self._store.compute_environments,
            request.get("computeEnvironments"),
            "compute-environment",
            scope,
        )
        return {"computeEnvironments": found}

    def _environment(self, reference: object, scope: Scope) -> Record:
        return find(self._store.compute_environments, reference, "compute-environment", scope)

    # Job queues

    def create_job_queue(self, request: Body, scope: Scope) -> Body:
        name = checked_name(request.get("jobQueueName"), "jobQueueName")
        arn = scope.arn("batch", f"job-queue/{name}")
        if self._store.job_queues.get(arn):
            raise ClientException(f"Object already exists: {name}")
        record = {
            "jobQueueName": name,
            "jobQueueArn": arn,
            "state": request.get("state") or "ENABLED",
            "status": "VALID",
            "statusReason": "JobQueue Healthy",
            "priority": int(request.get("priority") or 1),
            "computeEnvironmentOrder": self._order(request, scope),
            "tags": request.get("tags") or {},
        }
        if request.get("schedulingPolicyArn"):
            record["schedulingPolicyArn"] = self._policy(request["schedulingPolicyArn"])
        self._store.job_queues.save(arn, record)
        return {"jobQueueName": name, "jobQueueArn": arn}

    def update_job_queue(self, request: Body, scope: Scope) -> Body:
        record = find(self._store.job_queues, request.get("jobQueue"), "job-queue", scope)
        if request.get("schedulingPolicyArn"):
            if "schedulingPolicyArn" not in record:
                raise ClientException("A job queue can't be given a scheduling policy later.")
            record["schedulingPolicyArn"] = self._policy(request["schedulingPolicyArn"])
        if request.get("computeEnvironmentOrder"):
            record["computeEnvironmentOrder"] = self._order(request, scope)
        for key in ("state", "priority"):
            if request.get(key) is not None:
                record[key] = int(request[key]) if key == "priority" else request[key]
        self._store.job_queues.save(record["jobQueueArn"], record)
        self._scheduler.reconsider()
        return _named(record, "jobQueue")

    def delete_job_queue(self, request: Body, scope: Scope) -> Body:
        """As on AWS, every job of the queue is ended with it."""
        arn = arn_from(request.get("jobQueue"), "job-queue", scope)
        for job in self._store.jobs:
            if job["jobQueue"] == arn and job["status"] not in ENDED:
                self._scheduler.terminate(job["jobId"], "The job queue was deleted.")
        self._store.job_queues.remove(arn)
        return {}

    def describe_job_queues(self, request: Body, scope: Scope) -> Body:
        return {
            "jobQueues": _described(
                self._store.job_queues, request.get("jobQueues"), "job-queue", scope
            )
        }

    def _order(self, request: Body, scope: Scope) -> list[Body]:
        order = request.get("computeEnvironmentOrder") or []
        if not 1 <= len(order) <= 3:
            raise ClientException("A job queue has 1 to 3 compute environments.")
        return [
            {
                "order": int(entry["order"]),
                "computeEnvironment": self._environment(entry["computeEnvironment"], scope)[
                    "computeEnvironmentArn"
                ],
            }
            for entry in order
        ]

    def _policy(self, arn: str) -> str:
        if self._store.scheduling_policies.get(arn) is None:
            raise ClientException(f"Scheduling policy {arn} does not exist.")
        return arn

    # Scheduling policies

    def create_scheduling_policy(self, request: Body, scope: Scope) -> Body:
        name = checked_name(request.get("name"), "name")
        arn = scope.arn("batch", f"scheduling-policy/{name}")
        if self._store.scheduling_policies.get(arn):
            raise ClientException(f"Object already exists: {name}")
        record = {
            "name": name,
            "arn": arn,
            "fairsharePolicy": request.get("fairsharePolicy") or {},
            "tags": request.get("tags") or {},
        }
        self._store.scheduling_policies.save(arn, record)
        return {"name": name, "arn": arn}

    def update_scheduling_policy(self, request: Body, scope: Scope) -> Body:
        record = find(
            self._store.scheduling_policies, request.get("arn"), "scheduling-policy", scope
        )
        record["fairsharePolicy"] = request.get("fairsharePolicy") or {}
        self._store.scheduling_policies.save(record["arn"], record)
        self._scheduler.reconsider()
        return {}

    def delete_scheduling_policy(self, request: Body, scope: Scope) -> Body:
        for queue in self._store.job_queues:
            if queue.get("schedulingPolicyArn") == request.get("arn"):
                raise ClientException(f"JobQueue {queue['jobQueueName']} uses the policy.")
        self._store.scheduling_policies.remove(str(request.get("arn")))
        return {}

    def describe_scheduling_policies(self, request: Body, scope: Scope) -> Body:
        found = _described(
            self._store.scheduling_policies, request.get("arns") or [], "scheduling-policy", scope
        )
        return {"schedulingPolicies": found}

    def list_scheduling_policies(self, request: Body, scope: Scope) -> Body:
        return {
            "schedulingPolicies": [
                {"arn": policy["arn"]}
                for policy in self._store.scheduling_policies
                if scope_of(policy["arn"]) == scope
            ]
        }


def _environments_of(queue: Record) -> set[str]:
    return {entry["computeEnvironment"] for entry in queue["computeEnvironmentOrder"]}


def _named(record: Record, what: str) -> Body:
    return {f"{what}Name": record[f"{what}Name"], f"{what}Arn": record[f"{what}Arn"]}


def _described(
    collection: Collection, references: list[str] | None, resource: str, scope: Scope
) -> list[Record]:
    """Those named, or all; what does not exist is left out, as Batch does."""
    if references is None:
        return [visible(record) for record in collection if _scope_of_record(record) == scope]
    found = [collection.get(arn_from(reference, resource, scope)) for reference in references]
    return [visible(record) for record in found if record is not None]


def _scope_of_record(record: Record) -> Scope:
    return scope_of(record.get("computeEnvironmentArn") or record["jobQueueArn"])
