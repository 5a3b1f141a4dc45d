"""A stack whose operation was cut short can be deployed again.

Upstream loads such a stack as it was, in progress for ever: every further deployment is refused
until the stack is deleted by hand. No operation outlives the emulator, so here a creation counts as
rolled back (the CDK CLI deletes such a stack and creates it anew), an update as rolled back to the
template before it, and a deletion as failed, to be asked for again.
"""

from __future__ import annotations

import json

from ministack.services.cloudformation import _stacks

ENDED = {
    "CREATE": "ROLLBACK_COMPLETE",
    "ROLLBACK": "ROLLBACK_COMPLETE",
    "UPDATE": "UPDATE_ROLLBACK_COMPLETE",
    "IMPORT": "IMPORT_ROLLBACK_COMPLETE",
    "DELETE": "DELETE_FAILED",
}


def end_interrupted_operations() -> None:
    """To be called once the stacks have been loaded."""
    for stack in _stacks.all_values():
        status = stack.get("StackStatus", "")
        operation = status.split("_")[0]
        if status.endswith("_IN_PROGRESS") and operation in ENDED:
            stack["StackStatus"] = ENDED[operation]
            stack["StackStatusReason"] = "The local cloud ended during the operation."
            if operation == "UPDATE":
                stack["_template_body"] = json.dumps(stack.get("_template") or {})
