"""Retry and Catch, for Task, Parallel and Map alike.

The delay before attempt n is `IntervalSeconds * BackoffRate ** (n - 1)`, at most
`MaxDelaySeconds`, and drawn from 0 to that with `JitterStrategy: FULL`. States.ALL and
States.TaskFailed do not match States.Runtime and States.DataLimitExceeded, which always end the
execution (Developer Guide, "Handling errors in Step Functions workflows").
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from ministack.services import stepfunctions as upstream

from .language import Context, State, is_jsonata
from .stopping import current_stop

ALWAYS_FATAL = frozenset({"States.Runtime", "States.DataLimitExceeded"})
Next = tuple[Any, "str | None"]


def with_retry_and_catch(
    state: State, given: Any, context: Context, attempt: Callable[[], Next]
) -> Next:
    """Run `attempt` until it succeeds, is caught, or raises for good."""
    entered = context["State"]
    counts: dict[int, int] = {}
    while True:
        context["State"] = {**entered, "RetryCount": sum(counts.values())}
        try:
            return attempt()
        except upstream._ExecutionError as error:
            retrier, index = upstream._find_matching_retrier(
                state.get("Retry", []), error.error, counts
            )
            if retrier is not None:
                made = counts.get(index, 0)
                counts[index] = made + 1
                current_stop().sleep(delay_seconds(retrier, made))
                continue
            catcher = upstream._find_matching_catcher(state.get("Catch", []), error.error)
            if catcher is None:
                raise
            language = "JSONata" if is_jsonata(state, context) else "JSONPath"
            caught = {"Error": error.error, "Cause": error.cause}
            output = upstream._apply_catcher(catcher, given, context, language, caught)
            return output, catcher["Next"]


def delay_seconds(retrier: dict[str, Any], retries_made: int) -> float:
    delay = float(retrier.get("IntervalSeconds", 1))
    delay *= float(retrier.get("BackoffRate", 2.0)) ** retries_made
    delay = min(delay, float(retrier.get("MaxDelaySeconds", delay)))
    return random.uniform(0, delay) if retrier.get("JitterStrategy") == "FULL" else delay


def matches(error_equals: list[str], error: str) -> bool:
    """Replaces `_error_matches`."""
    if error in error_equals:
        return True
    if error in ALWAYS_FATAL:
        return False
    if "States.ALL" in error_equals:
        return True
    return "States.TaskFailed" in error_equals and error != "States.Timeout"


def install() -> None:
    upstream._error_matches = matches
