"""The life of an execution: started once, run, ended once, and told of.

StartExecution is idempotent while an execution of the same name and input runs (API reference,
StartExecution). `TimeoutSeconds` of a state machine ends an execution TIMED_OUT. What ended stays
ended. Executions that were running when an emulator ended can't go on: upstream marks them FAILED
with States.ServiceRestart when it loads them, and says nothing. Their status change is published
once the emulator is up again, so that whoever watches can start them anew.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from typing import Any

from ministack.core.responses import now_iso
from ministack.services import stepfunctions as upstream

from ..scope import Scope, scope_of
from ..serving_loop import post_to_loop
from .stopping import Stop, Stopped, current_stop, stoppable
from .walking import walk

logger = logging.getLogger("emulator.stepfunctions")

Execution = dict[str, Any]
RUNNING: dict[str, Stop] = {}
ENDING = threading.Lock()
_start_execution = upstream._start_execution
_stop_execution = upstream._stop_execution


def start_execution(request: dict[str, Any]) -> Any:
    """Replaces `_start_execution`."""
    machine = upstream._resolve_state_machine_arn(request.get("stateMachineArn", "").split("#")[0])
    if request.get("name") and machine:
        scope = scope_of(machine)
        name = machine.rsplit(":", 1)[-1]
        arn = f"arn:aws:states:{scope.region}:{scope.account_id}:execution:{name}:{request['name']}"
        existing = upstream._executions.get(arn)
        if (
            existing is not None
            and existing["status"] == "RUNNING"
            and existing["input"] == request.get("input", "{}")
        ):
            return upstream.json_response({"executionArn": arn, "startDate": existing["startDate"]})
    return _start_execution(request)


def stop_execution(request: dict[str, Any]) -> Any:
    """Replaces `_stop_execution`: what the execution does ends with it."""
    with ENDING:
        answer = _stop_execution(request)
    stop = RUNNING.get(request.get("executionArn", ""))
    if stop is not None and answer[0] == 200:
        stop.set("the execution was stopped")
    return answer


def run_execution(arn: str) -> None:
    """Replaces `_run_execution`."""
    execution = upstream._executions.get(arn)
    machine = upstream._state_machines.get(execution["stateMachineArn"]) if execution else None
    if execution is None or machine is None:
        return
    definition = json.loads(machine["definition"])
    given = json.loads(execution["input"] or "{}")
    limit = definition.get("TimeoutSeconds")
    stop = Stop(
        parent=current_stop() if execution.get("sync") else None,
        deadline=None if limit is None else time.monotonic() + limit,
    )
    RUNNING[arn] = stop
    try:
        with stoppable(stop):
            output = walk(
                definition["States"],
                definition["StartAt"],
                given,
                execution,
                _context(execution, machine, definition, given),
            )
        _end(execution, "SUCCEEDED", output=json.dumps(output))
    except Stopped:
        _end(execution, "TIMED_OUT")
    except upstream._ExecutionError as error:
        _end(execution, "FAILED", error=error.error, cause=error.cause)
    except Exception as error:
        logger.exception("%s failed unexpectedly", arn)
        _end(execution, "FAILED", error="States.Runtime", cause=str(error))
    finally:
        RUNNING.pop(arn, None)


def _context(
    execution: Execution, machine: dict[str, Any], definition: dict[str, Any], given: Any
) -> dict[str, Any]:
    """The context object; `variables` and `QueryLanguage` are upstream's own."""
    return {
        "QueryLanguage": definition.get("QueryLanguage", "JSONPath"),
        "variables": {},
        "Execution": {
            "Id": execution["executionArn"],
            "Input": given,
            "Name": execution["name"],
            "RoleArn": machine["roleArn"],
            "StartTime": execution["startDate"],
            "RedriveCount": 0,
        },
        "StateMachine": {"Id": execution["stateMachineArn"], "Name": machine["name"]},
    }


def _end(
    execution: Execution,
    status: str,
    output: str | None = None,
    error: str | None = None,
    cause: str | None = None,
) -> None:
    """End a running execution; one that has ended is left as it is."""
    with ENDING:
        if execution["status"] != "RUNNING":
            return
        execution.update(status=status, stopDate=now_iso(), output=output, error=error, cause=cause)
    ended = {"SUCCEEDED": "ExecutionSucceeded", "FAILED": "ExecutionFailed"}
    kind = ended.get(status, "ExecutionTimedOut")
    details = {"output": output} if status == "SUCCEEDED" else {"error": error, "cause": cause}
    member = kind[:1].lower() + kind[1:] + "EventDetails"
    upstream._add_event(execution, kind, {member: details})
    upstream._emit_execution_status_event(execution)


def announce_restarted() -> None:
    """Publish the status of every execution that a restart has ended, once."""
    for (account_id, region, _), execution in list(upstream._executions.all_items()):
        if execution.get("error") == "States.ServiceRestart" and "announced" not in execution:
            execution["announced"] = True
            upstream._add_event(
                execution,
                "ExecutionFailed",
                {
                    "executionFailedEventDetails": {
                        "error": execution["error"],
                        "cause": execution["cause"],
                    }
                },
            )
            post_to_loop(
                Scope(account_id, region),
                lambda ended=execution: upstream._emit_execution_status_event(ended),
            )


def install() -> None:
    upstream._start_execution = start_execution
    upstream._stop_execution = stop_execution
    upstream._run_execution = run_execution
