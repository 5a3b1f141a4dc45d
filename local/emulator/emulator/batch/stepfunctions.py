"""`batch:submitJob`, `batch:submitJob.sync` and `aws-sdk:batch:*` in state machines.

Upstream: submitJob fails with States.Runtime "not yet implemented", aws-sdk:batch is unknown.
Here, as the Step Functions Developer Guide says ("Manage AWS Batch with Step Functions"): `.sync`
waits for the end of the job; a job that fails raises States.TaskFailed with the job as its cause;
a task that is stopped or runs out of time terminates its job.
"""

from __future__ import annotations

import json
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import stepfunctions

from ..casing import to_camel_case, to_pascal_case
from ..scope import Scope
from ..serving_loop import call_on_loop
from ..stepfunctions.stopping import current_stop
from .api import BatchApi
from .problems import ClientException
from .scheduler import Scheduler
from .store import visible

POLL_SECONDS = 0.2
STARTED_BY = {"name": "MANAGED_BY_AWS", "value": "STARTED_BY_STEP_FUNCTIONS"}


def install(api: BatchApi, scheduler: Scheduler) -> None:
    """Register the integrations with the state machine interpreter."""
    integration = _Integration(api, scheduler)
    dispatch = stepfunctions._SERVICE_DISPATCH
    dispatch["arn:aws:states:::batch:submitJob"] = integration.submit_job
    dispatch["arn:aws:states:::aws-sdk:batch:"] = integration.call


class _Integration:
    def __init__(self, api: BatchApi, scheduler: Scheduler) -> None:
        self._api = api
        self._scheduler = scheduler

    def call(self, resource: str, arguments: dict[str, Any]) -> Any:
        """Any operation, named in camel case as the last part of the resource."""
        operation = resource.rsplit(":", 1)[-1]
        handler = self._api.operations.get(operation.lower())
        if handler is None:
            raise stepfunctions._ExecutionError(
                "States.Runtime", f"The local cloud has no Batch operation {operation}."
            )
        scope = Scope(get_account_id(), get_region())
        request = to_camel_case(arguments or {})
        try:
            return to_pascal_case(call_on_loop(scope, lambda: handler(request, scope)))
        except ClientException as problem:
            raise stepfunctions._ExecutionError("Batch.ClientException", str(problem)) from problem

    def submit_job(self, resource: str, arguments: dict[str, Any]) -> Any:
        overrides = dict(arguments.get("ContainerOverrides") or {})
        environment = to_camel_case(overrides.get("Environment") or [])
        overrides["Environment"] = [*environment, STARTED_BY]
        submitted = self.call(
            "arn:aws:states:::aws-sdk:batch:submitJob",
            {**arguments, "ContainerOverrides": overrides},
        )
        return self._result(submitted["JobId"]) if ".sync" in resource else submitted

    def _result(self, job_id: str) -> Any:
        stop = current_stop()
        while (job := self._scheduler.wait_until_ended(job_id, POLL_SECONDS)) is None:
            if stop.reason is not None:
                self._scheduler.terminate(job_id, f"Step Functions: {stop.reason}")
                stop.check()
        detail = to_pascal_case(visible(job))
        if job["status"] != "SUCCEEDED":
            raise stepfunctions._ExecutionError("States.TaskFailed", json.dumps(detail))
        return detail
