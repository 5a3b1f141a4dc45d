"""`dynamodb:putItem`, `getItem`, `updateItem` and `deleteItem` in state machines.

Upstream calls the table functions from the execution's own thread, where a condition is checked
while the serving thread may write between check and write. Here they run on the serving loop, one
request at a time, like every other request.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import stepfunctions as upstream

from ..scope import Scope
from ..serving_loop import call_on_loop

OPERATIONS = ("putItem", "getItem", "updateItem", "deleteItem")
_invoke_dynamodb = upstream._invoke_dynamodb


def install() -> None:
    for operation in OPERATIONS:
        upstream._SERVICE_DISPATCH[f"arn:aws:states:::dynamodb:{operation}"] = _on_loop(operation)


def _on_loop(operation: str) -> Callable[[str, Any], Any]:
    def invoke(resource: str, arguments: Any) -> Any:
        scope = Scope(get_account_id(), get_region())
        return call_on_loop(scope, lambda: _invoke_dynamodb(operation, arguments))

    return invoke
