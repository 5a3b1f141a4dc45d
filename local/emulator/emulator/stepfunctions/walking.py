"""From state to state, the same for an execution, a branch and an item.

Each state is entered and left in the execution's history. What a state hands on may be 256 KiB of
JSON at most (Developer Guide, "Service quotas", States.DataLimitExceeded).
"""

from __future__ import annotations

import json
from typing import Any

from ministack.core.responses import now_iso
from ministack.services import stepfunctions as upstream

from .fan_out import Execution, execute_map, execute_parallel
from .language import Context, State, is_jsonata, output_without_result
from .retrying import Next
from .stopping import current_stop
from .tasks import execute_task

LONGEST_STATE_BYTES = 256 * 1024


def walk(
    states: dict[str, State], start_at: str, given: Any, execution: Execution, context: Context
) -> Any:
    """Run from `start_at` to an end and answer its output; raises `_ExecutionError`, `Stopped`."""
    name: str | None = start_at
    while name is not None:
        current_stop().check()
        state = states.get(name)
        if state is None:
            raise upstream._ExecutionError("States.Runtime", f"There is no state {name!r}.")
        context["State"] = {"Name": name, "EnteredTime": now_iso(), "RetryCount": 0}
        kind = state["Type"]
        _record(execution, f"{kind}StateEntered", {"name": name, "input": json.dumps(given)})
        given, following = _execute(kind, state, given, execution, context)
        output = json.dumps(given)
        if len(output.encode()) > LONGEST_STATE_BYTES:
            raise upstream._ExecutionError(
                "States.DataLimitExceeded",
                f"The state {name!r} returned a result with a size exceeding"
                " the maximum number of bytes service limit.",
            )
        _record(execution, f"{kind}StateExited", {"name": name, "output": output})
        name = following
    return given


def _record(execution: Execution, kind: str, details: dict[str, Any]) -> None:
    entered = "Entered" in kind
    member = "stateEnteredEventDetails" if entered else "stateExitedEventDetails"
    upstream._add_event(execution, kind, {member: details})


def _execute(kind: str, state: State, given: Any, execution: Execution, context: Context) -> Next:
    if kind == "Task":
        return execute_task(state, given, execution, context)
    if kind == "Parallel":
        return execute_parallel(state, given, execution, context, walk)
    if kind == "Map":
        return execute_map(state, given, execution, context, walk)
    if kind == "Pass":
        return upstream._execute_pass(state, given, context)
    if kind == "Choice":
        return _execute_choice(state, given, context)
    if kind == "Wait":
        return upstream._execute_wait(state, given, context)
    if kind == "Succeed":
        return output_without_result(state, given, context), None
    if kind == "Fail":
        raise upstream._ExecutionError(*upstream._fail_state_error(state, given, context))
    raise upstream._ExecutionError("States.Runtime", f"Unknown state type {kind!r}.")


def _execute_choice(state: State, given: Any, context: Context) -> Next:
    """In JSONata a condition must be a boolean, and the default has Output and Assign."""
    if not is_jsonata(state, context):
        return upstream._execute_choice(state, given, context)
    for rule in state["Choices"]:
        condition = upstream._apply_jsonata_template(rule["Condition"], given, context)
        if not isinstance(condition, bool):
            raise upstream._ExecutionError(
                "States.QueryEvaluationError",
                f"The Condition {rule['Condition']} returned {json.dumps(condition)[:200]},"
                " expected a boolean.",
            )
        if condition:
            return output_without_result(
                {**rule, "QueryLanguage": "JSONata"}, given, context
            ), rule["Next"]
    if "Default" not in state:
        raise upstream._ExecutionError("States.NoChoiceMatched", "No rule matched, no Default.")
    return output_without_result(state, given, context), state["Default"]


def sleep(seconds: float) -> None:
    """Replaces `_scaled_sleep`: a Wait ends when its execution does."""
    current_stop().sleep(seconds * upstream._SFN_WAIT_SCALE)


def install() -> None:
    upstream._scaled_sleep = sleep
