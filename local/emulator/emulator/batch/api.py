"""The operations of the Batch API that this project and its tools use.

Each takes the request's body and answers the response's; a `ClientException` becomes HTTP 400.
Paths are those of the API reference, `POST /v1/submitjob` and so on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..scope import Scope, scope_of
from . import definitions, submission
from .names import arn_from, checked_name, find, last_part
from .problems import ClientException
from .scheduler import ENDED, Scheduler
from .store import BatchStore, Collection, Record, visible

Body = dict[str, Any]


class BatchApi:
    """Operations over a store and the scheduler that moves its jobs."""

    def __init__(self, store: BatchStore, scheduler: Scheduler) -> None:
        self._store = store
        self._scheduler = scheduler

    @property
    def operations(self) -> dict[str, Callable[[Body, Scope], Body]]:
        """By the last part of the request's path."""
        return {
            "createcomputeenvironment": self.create_compute_environment,
            "updatecomputeenvironment": self.update_compute_environment,
            "deletecomputeenvironment": self.delete_compute_environment,
            "describecomputeenvironments": self.describe_compute_environments,
            "createjobqueue": self.create_job_queue,
            "updatejobqueue": self.update_job_queue,
            "deletejobqueue": self.delete_job_queue,
            "describejobqueues": self.describe_job_queues,
            "createschedulingpolicy": self.create_scheduling_policy,
            "updateschedulingpolicy": self.update_scheduling_policy,
            "deleteschedulingpolicy": self.delete_scheduling_policy,
            "describeschedulingpolicies": self.describe_scheduling_policies,
            "listschedulingpolicies": self.list_scheduling_policies,
            "registerjobdefinition": self.register_job_definition,
            "deregisterjobdefinition": self.deregister_job_definition,
            "describejobdefinitions": self.describe_job_definitions,
            "submitjob": self.submit_job,
            "describejobs": self.describe_jobs,
            "listjobs": self.list_jobs,
            "canceljob": self.cancel_job,
            "terminatejob": self.terminate_job,
        }

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

    # Job definitions

    def register_job_definition(self, request: Body, scope: Scope) -> Body:
        record = definitions.register(self._store, request, scope)
        return {key: record[key] for key in ("jobDefinitionName", "jobDefinitionArn", "revision")}

    def deregister_job_definition(self, request: Body, scope: Scope) -> Body:
        record = definitions.resolve(self._store, request.get("jobDefinition"), scope)
        record["status"] = "INACTIVE"
        self._store.job_definitions.save(record["jobDefinitionArn"], record)
        return {}

    def describe_job_definitions(self, request: Body, scope: Scope) -> Body:
        wanted = {last_part(entry) for entry in request.get("jobDefinitions") or []}
        found = [
            record
            for record in self._store.job_definitions
            if scope_of(record["jobDefinitionArn"]) == scope
            and request.get("status") in (None, record["status"])
            and request.get("jobDefinitionName") in (None, record["jobDefinitionName"])
            and (
                not wanted
                or record["jobDefinitionName"] in wanted
                or last_part(record["jobDefinitionArn"]) in wanted
            )
        ]
        page, following = _page(found, request, 100)
        return {"jobDefinitions": [visible(record) for record in page], **following}

    # Jobs

    def submit_job(self, request: Body, scope: Scope) -> Body:
        job = submission.job_from(self._store, request, scope)
        self._scheduler.submit(job)
        return {key: job[key] for key in ("jobArn", "jobName", "jobId")}

    def describe_jobs(self, request: Body, scope: Scope) -> Body:
        found = [self._store.jobs.get(last_part(entry)) for entry in request.get("jobs") or []]
        return {"jobs": [visible(job) for job in found if job is not None]}

    def list_jobs(self, request: Body, scope: Scope) -> Body:
        queue = find(self._store.job_queues, request.get("jobQueue"), "job-queue", scope)
        filters = request.get("filters") or []
        status = request.get("jobStatus") or (None if filters else "RUNNING")
        found = [
            job
            for job in self._store.jobs
            if job["jobQueue"] == queue["jobQueueArn"]
            and status in (None, job["status"])
            and all(_passes(job, condition) for condition in filters)
        ]
        found.sort(key=lambda job: -job["_sequence"])
        page, following = _page(found, request, 100)
        return {"jobSummaryList": [_summary(job) for job in page], **following}

    def cancel_job(self, request: Body, scope: Scope) -> Body:
        self._scheduler.cancel(self._job_id(request), _reason(request))
        return {}

    def terminate_job(self, request: Body, scope: Scope) -> Body:
        self._scheduler.terminate(self._job_id(request), _reason(request))
        return {}

    # Tags

    def tags(self, method: str, arn: str, added: dict[str, str], removed: list[str]) -> Body:
        """ListTagsForResource, TagResource and UntagResource, by HTTP method."""
        for collection in (
            self._store.compute_environments,
            self._store.job_queues,
            self._store.scheduling_policies,
            self._store.job_definitions,
            self._store.jobs,
        ):
            key = last_part(arn) if ":job/" in arn else arn
            record = collection.get(key)
            if record is not None:
                break
        else:
            raise ClientException(f"Object does not exist: {arn}")
        if method == "GET":
            return {"tags": record.get("tags") or {}}
        kept = {k: v for k, v in (record.get("tags") or {}).items() if k not in removed}
        record["tags"] = {**kept, **added}
        collection.save(key, record)
        return {}

    def _job_id(self, request: Body) -> str:
        job_id = last_part(str(request.get("jobId") or ""))
        if not job_id:
            raise ClientException("jobId is required.")
        return job_id


def _reason(request: Body) -> str:
    if not request.get("reason"):
        raise ClientException("reason is required.")
    return str(request["reason"])


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


def _page(found: list[Record], request: Body, most: int) -> tuple[list[Record], Body]:
    start = int(request.get("nextToken") or 0)
    end = start + min(int(request.get("maxResults") or most), most)
    return found[start:end], {"nextToken": str(end)} if end < len(found) else {}


def _passes(job: Record, condition: Body) -> bool:
    values = [str(value) for value in condition.get("values") or []]
    name = condition.get("name")
    if name == "BEFORE_CREATED_AT":
        return job["createdAt"] < int(values[0])
    if name == "AFTER_CREATED_AT":
        return job["createdAt"] > int(values[0])
    if name == "SHARE_IDENTIFIER":
        return _is_like(job.get("shareIdentifier") or "", values)
    if name == "JOB_DEFINITION":
        definition = last_part(job["jobDefinition"])
        return any(_is_like(v, values) for v in (definition, definition.split(":")[0]))
    if name == "JOB_NAME":
        return _is_like(job["jobName"], values)
    raise ClientException(f"Unknown filter {name!r}.")


def _is_like(value: str, patterns: list[str]) -> bool:
    """Filters of ListJobs ignore case, and `*` at the end stands for anything."""
    lowered = value.lower()
    return any(
        lowered.startswith(pattern[:-1].lower())
        if pattern.endswith("*")
        else lowered == pattern.lower()
        for pattern in patterns
    )


def _summary(job: Record) -> Body:
    shown = (
        *("jobArn", "jobId", "jobName", "createdAt", "status", "statusReason"),
        *("startedAt", "stoppedAt", "jobDefinition", "shareIdentifier"),
    )
    summary = {key: job[key] for key in shown if key in job}
    container = {
        key: job["container"][key] for key in ("exitCode", "reason") if key in job["container"]
    }
    return {**summary, "container": container}
