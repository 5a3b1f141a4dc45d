"""The operations of the Batch API that this project and its tools use.

Each takes the request's body and answers the response's; a `ClientException` becomes HTTP 400.
Paths are those of the API reference, `POST /v1/submitjob` and so on.
"""

from __future__ import annotations

from collections.abc import Callable

from ..scope import Scope, scope_of
from . import definitions, submission
from .names import find, last_part
from .problems import ClientException
from .queue_operations import Body, QueueOperations
from .store import Record, visible


class BatchApi(QueueOperations):
    """Every operation: those on queues, on job definitions and on jobs."""

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
