"""Names of members as CloudFormation and Step Functions write them, and as the Batch API does.

Both write `JobQueue` for the API's `jobQueue`. Keys below a map, such as `Tags` and `Parameters`,
are the user's own and stay as they are.
"""

from __future__ import annotations

from typing import Any

MAPS = frozenset({"tags", "parameters", "options"})


def to_camel_case(value: Any) -> Any:
    """`{"JobQueue": …}` to `{"jobQueue": …}`, at every depth."""
    return _renamed(value, lambda key: key[:1].lower() + key[1:])


def to_pascal_case(value: Any) -> Any:
    """`{"jobQueue": …}` to `{"JobQueue": …}`, at every depth."""
    return _renamed(value, lambda key: key[:1].upper() + key[1:])


def _renamed(value: Any, rename: Any) -> Any:
    if isinstance(value, list):
        return [_renamed(entry, rename) for entry in value]
    if not isinstance(value, dict):
        return value
    return {
        rename(key): entry
        if key.lower() in MAPS and isinstance(entry, dict)
        else _renamed(entry, rename)
        for key, entry in value.items()
    }
