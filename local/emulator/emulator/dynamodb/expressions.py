"""An expression is read and checked once per request, not once per item.

Upstream tokenises and validates a key condition or a filter anew for every candidate: a Query of a
partition of 100,000 items holds the one serving thread for more than a second. The outcome depends
on the expression and its values alone, so here the tokens of the last valid expression are kept
and only evaluated.
"""

from __future__ import annotations

import threading
from typing import Any

from ministack.services import dynamodb as upstream

_evaluate_condition = upstream._evaluate_condition
_last = threading.local()


def evaluate_condition(
    expression: str,
    item: dict[str, Any],
    values: dict[str, Any],
    names: dict[str, str],
    slot: str = "ConditionExpression",
) -> bool:
    """Replaces `_evaluate_condition`."""
    seen = getattr(_last, "seen", None)
    same = seen is not None and seen[0] == (expression, slot)
    if not same or seen[1] is not values or seen[2] is not names:
        answer = _evaluate_condition(expression, item, values, names, slot=slot)
        tokens = upstream._tokenize(expression) if expression and expression.strip() else None
        _last.seen = ((expression, slot), values, names, tokens)
        return answer
    tokens = seen[3]
    if tokens is None:
        return True
    try:
        return upstream._ExprEval(tokens, item, values, names).evaluate()
    except ValueError:
        return _evaluate_condition(expression, item, values, names, slot=slot)


def install() -> None:
    upstream._evaluate_condition = evaluate_condition
