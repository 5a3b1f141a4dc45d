"""Parallel and Map: branches and items side by side, each with a context of its own.

Variables bound inside stay inside. The first that fails stops the others. A Distributed Map runs
in place, without child executions and without a view of the outer variables, within its tolerated
failures; `ItemReader`, `ItemBatcher` and `ResultWriter` are refused rather than ignored.
"""

from __future__ import annotations

import contextvars
import copy
import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ministack.services import stepfunctions as upstream

from .language import Context, State, arguments_of, is_jsonata, number_field, output_of
from .retrying import Next, with_retry_and_catch
from .stopping import Stop, Stopped, current_stop, stoppable

Execution = dict[str, Any]
Walk = Callable[[dict[str, State], str, Any, Execution, Context], Any]
MOST_DISTRIBUTED_AT_ONCE = 64
UNSUPPORTED = ("ItemReader", "ItemBatcher", "ResultWriter")


def execute_parallel(
    state: State, given: Any, execution: Execution, context: Context, walk: Walk
) -> Next:
    def attempt() -> Next:
        arguments = arguments_of(state, given, context)

        def branch(definition: State) -> Callable[[], Any]:
            own = copy.deepcopy(context)
            states, start = definition["States"], definition["StartAt"]
            return lambda: walk(states, start, copy.deepcopy(arguments), execution, own)

        branches = [branch(definition) for definition in state["Branches"]]
        results, _ = _side_by_side(branches, len(branches), tolerated=0)
        return output_of(state, given, results, context), upstream._next_or_end(state)

    return with_retry_and_catch(state, given, context, attempt)


def execute_map(
    state: State, given: Any, execution: Execution, context: Context, walk: Walk
) -> Next:
    def attempt() -> Next:
        for field in UNSUPPORTED:
            if field in state:
                raise upstream._ExecutionError(
                    "States.Runtime", f"The local cloud does not support {field} of Map."
                )
        processor = state.get("ItemProcessor") or state.get("Iterator") or {}
        distributed = (processor.get("ProcessorConfig") or {}).get("Mode") == "DISTRIBUTED"
        items = _items(state, given, context)

        def item(index: int, value: Any) -> Callable[[], Any]:
            own = copy.deepcopy(context)
            own["Map"] = {"Item": {"Index": index, "Value": value}}
            if distributed:
                own["variables"] = {}
            selected = _selected(state, given, context, own, value)
            states, start = processor["States"], processor["StartAt"]
            return lambda: walk(states, start, selected, execution, own)

        at_once = int(number_field(state, "MaxConcurrency", given, context) or 0)
        if at_once <= 0:
            at_once = MOST_DISTRIBUTED_AT_ONCE if distributed else len(items)
        tolerated = _tolerated(state, given, context, len(items)) if distributed else 0
        work = [item(index, value) for index, value in enumerate(items)]
        results, failed = _side_by_side(work, at_once, tolerated)
        if failed:
            results = [result for index, result in enumerate(results) if index not in failed]
        return output_of(state, given, results, context), upstream._next_or_end(state)

    return with_retry_and_catch(state, given, context, attempt)


def _items(state: State, given: Any, context: Context) -> list[Any]:
    if is_jsonata(state, context):
        if "Items" not in state:
            items = given
        else:
            items = upstream._apply_jsonata_template(state["Items"], given, context)
    else:
        effective = upstream._apply_input_path(state, given, context)
        items = upstream._resolve_path_or_ctx(state.get("ItemsPath", "$"), effective, context)
    if not isinstance(items, list):
        raise upstream._ExecutionError(
            "States.QueryEvaluationError" if is_jsonata(state, context) else "States.Runtime",
            f"The items of a Map must be an array, but were: {json.dumps(items)[:200]}",
        )
    return items


def _selected(state: State, given: Any, context: Context, own: Context, value: Any) -> Any:
    selector = state.get("ItemSelector") or state.get("Parameters")
    if selector is None:
        return value
    with_item = {**context, "Map": own["Map"]}
    if is_jsonata(state, context):
        return upstream._apply_jsonata_template(selector, given, with_item)
    effective = upstream._apply_input_path(state, given, context)
    return upstream._resolve_params_obj(selector, effective, with_item)


def _tolerated(state: State, given: Any, context: Context, count: int) -> int:
    """How many items may fail; with both limits given the tighter one holds."""
    number = number_field(state, "ToleratedFailureCount", given, context)
    percentage = number_field(state, "ToleratedFailurePercentage", given, context)
    limits = [] if number is None else [int(number)]
    if percentage is not None:
        limits.append(int(count * percentage / 100))
    return min(limits, default=0)


def _side_by_side(
    work: Sequence[Callable[[], Any]], at_once: int, tolerated: int
) -> tuple[list[Any], set[int]]:
    """The results in order, and which failed; raises the first failure beyond `tolerated`."""
    results: list[Any] = [None] * len(work)
    failures: dict[int, BaseException] = {}
    stop = Stop(current_stop())

    def run(index: int) -> None:
        try:
            with stoppable(Stop(stop)):
                current_stop().check()
                results[index] = work[index]()
        except Stopped:
            return
        except Exception as error:
            failures[index] = error
            if len(failures) > tolerated:
                stop.set("another branch failed")

    with ThreadPoolExecutor(max_workers=max(1, min(at_once, len(work) or 1))) as pool:
        for index in range(len(work)):
            pool.submit(contextvars.copy_context().run, run, index)
    stop.release()
    current_stop().check()
    if len(failures) > tolerated:
        if tolerated:
            raise upstream._ExecutionError(
                "States.ExceedToleratedFailureThreshold",
                f"{len(failures)} of {len(work)} items failed, {tolerated} may.",
            )
        first = next(iter(failures.values()))
        if isinstance(first, upstream._ExecutionError):
            raise first
        raise upstream._ExecutionError("States.Runtime", str(first))
    return results, set(failures)
