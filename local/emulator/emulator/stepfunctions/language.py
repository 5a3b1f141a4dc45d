"""What a state does to data: JSONata where the state says so, JSONPath otherwise.

Upstream binds the variables of an `Assign` one after the other, so a later one sees an earlier
one's new value. They are evaluated together, over the values from before the state (Developer
Guide, "Passing data between states with variables", "Evaluation order in an assign field").

Upstream ends an evaluation after a second of wall time. On a laptop that trains on all its cores a
small expression can wait that long for its turn, so it has 30.
"""

from __future__ import annotations

from typing import Any

from ministack.services import stepfunctions as upstream

EVALUATION_MILLISECONDS = 30_000

State = dict[str, Any]
Context = dict[str, Any]

_parse = upstream.jsonata.Jsonata.jsonata


def is_jsonata(state: State, context: Context) -> bool:
    return upstream._state_query_language(state, context) == "JSONata"


def arguments_of(state: State, given: Any, context: Context) -> Any:
    """What a Task or a Parallel works on."""
    if is_jsonata(state, context):
        return upstream._apply_jsonata_arguments(state, given, context)
    effective = upstream._apply_input_path(state, given, context)
    return upstream._apply_parameters(state, effective, context)


def output_of(state: State, given: Any, result: Any, context: Context) -> Any:
    """What a Task, Parallel or Map hands on; binds its variables."""
    if is_jsonata(state, context):
        output = upstream._apply_jsonata_output(
            state, given, context, result=result, default=result
        )
        upstream._apply_state_assign(state, given, context, result=result)
        return output
    selected = upstream._apply_result_selector(state, result)
    placed = upstream._apply_result_path(state, given, selected)
    return upstream._apply_output_path(state, placed, context)


def output_without_result(state: State, given: Any, context: Context) -> Any:
    """What a Succeed state, or the default of a Choice, hands on; binds its variables."""
    if is_jsonata(state, context):
        output = upstream._apply_jsonata_output(state, given, context, default=given)
        upstream._apply_state_assign(state, given, context)
        return output
    effective = upstream._apply_input_path(state, given, context)
    return upstream._apply_output_path(state, effective, context)


def number_field(state: State, field: str, given: Any, context: Context) -> float | None:
    """A field that holds a number, or an expression or a path that yields one."""
    if field in state:
        if is_jsonata(state, context):
            return upstream._jsonata_state_field(state, field, "number", given, context)
        return state[field]
    if f"{field}Path" in state:
        return upstream._resolve_path_or_ctx(state[f"{field}Path"], given, context)
    return None


def assign_together(
    state: State,
    given: Any,
    context: Context | None,
    result: Any = None,
    error_output: Any = None,
) -> None:
    """Replaces `_apply_state_assign`."""
    assign = state.get("Assign")
    if context is None or not isinstance(assign, dict) or not is_jsonata(state, context):
        return
    bound = upstream._apply_jsonata_template(
        assign, given, context, result=result, error_output=error_output
    )
    context.setdefault("variables", {}).update(bound)


def parse_patiently(expression: str, timeout: int | None = None) -> Any:
    """Replaces the parser of expressions; `timeout` is upstream's, in milliseconds."""
    return _parse(expression, timeout=EVALUATION_MILLISECONDS)


def install() -> None:
    upstream._apply_state_assign = assign_together
    upstream.jsonata.Jsonata.jsonata = parse_patiently
