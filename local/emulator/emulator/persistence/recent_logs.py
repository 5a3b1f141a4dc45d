"""Logs are kept in moderation.

Upstream opens a log stream for every invocation of a function and keeps all of them, copied whole
each time they are saved. On a laptop that is left running this grows without end. Here the newest
`STREAMS_IN_MEMORY` streams of each log group can be read, and the newest `STREAMS_ON_DISK` survive
a restart.
"""

from __future__ import annotations

from typing import Any

from ministack.core.responses import AccountRegionScopedDict
from ministack.services import cloudwatch_logs as upstream

STREAMS_IN_MEMORY = 500
STREAMS_ON_DISK = 50

_get_state = upstream.get_state


def get_state() -> dict[str, Any]:
    """Replaces `get_state`; what is answered is written at once, so it need not be a copy."""
    everything, upstream._log_groups = upstream._log_groups, AccountRegionScopedDict()
    records, upstream._log_records = upstream._log_records, AccountRegionScopedDict()
    try:
        state = _get_state()
    finally:
        upstream._log_groups, upstream._log_records = everything, records
    for key, group in everything.to_dict().items():
        streams = group["streams"]
        _forget_oldest(streams, STREAMS_IN_MEMORY)
        newest = dict(list(streams.items())[-STREAMS_ON_DISK:])
        state["log_groups"]._data[key] = {**group, "streams": newest}
    _forget_oldest(records._data, STREAMS_IN_MEMORY)
    return state


def _forget_oldest(entries: dict[Any, Any], kept: int) -> None:
    for name in list(entries)[: max(0, len(entries) - kept)]:
        del entries[name]


def install() -> None:
    upstream.get_state = get_state
