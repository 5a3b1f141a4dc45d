"""Executions and their histories are written as they happen.

Upstream saves all executions with all their events at shutdown. Here StartExecution is answered
once the execution is written, each event of its history is written when it occurs, and its end is
written before it is told of. The document of the service holds state machines, not executions.
Executions that ended more than 90 days ago are forgotten, as on AWS.
"""

from __future__ import annotations

import datetime
import json
import threading
from typing import Any

from ministack.core.responses import AccountRegionScopedDict
from ministack.services import stepfunctions as upstream

from ..records import Change, RecordStore

KIND = "execution"
EVENTS = "execution-event/"
KEPT_DAYS = 90

_add_event = upstream._add_event
_emit_status = upstream._emit_execution_status_event
_get_state = upstream.get_state


class ExecutionJournal:
    """Writes executions to the record store."""

    def __init__(self, records: RecordStore) -> None:
        self._records = records
        self._lock = threading.Lock()

    def install(self) -> None:
        upstream._add_event = self.add_event
        upstream._emit_execution_status_event = self.emit_status
        upstream.get_state = self.state_without_executions

    def add_event(
        self, execution: dict[str, Any], kind: str, details: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Replaces `_add_event`: ids stay unique among branches, and the event is on disk."""
        with self._lock:
            event = _add_event(execution, kind, details)
            arn = execution.get("executionArn")
            if arn in upstream._executions:
                changes = [Change(EVENTS + arn, f"{event['id']:06d}", json.dumps(event))]
                if kind.startswith("Execution"):
                    changes.append(self._head(execution))
                self._records.write(changes)
        return event

    def emit_status(self, execution: dict[str, Any]) -> None:
        """Replaces `_emit_execution_status_event`, by which StartExecution tells of a new one."""
        if execution["status"] == "RUNNING":
            first = json.dumps(execution["events"][0])
            kind = EVENTS + execution["executionArn"]
            self._records.write([self._head(execution), Change(kind, "000001", first)])
        _emit_status(execution)

    def restore(self) -> None:
        """Load every execution; those that were running have ended with the last emulator."""
        oldest = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=KEPT_DAYS)
        executions = AccountRegionScopedDict()
        for arn, head in self._records.all(KIND):
            execution = json.loads(head)
            if execution["stopDate"] and execution["stopDate"] < oldest.isoformat():
                self._records.delete(KIND, arn)
                self._records.delete_kind(EVENTS + arn)
                continue
            execution["events"] = [json.loads(e) for _, e in self._records.all(EVENTS + arn)]
            parts = arn.split(":")
            executions.set_scoped(parts[4], parts[3], arn, execution)
        upstream._restore_state({"executions": executions})

    def state_without_executions(self) -> dict[str, Any]:
        """Replaces `get_state`, without copying what is not kept."""
        held, upstream._executions = upstream._executions, AccountRegionScopedDict()
        try:
            state = _get_state()
        finally:
            upstream._executions = held
        del state["executions"]
        return state

    def _head(self, execution: dict[str, Any]) -> Change:
        head = {key: value for key, value in execution.items() if key != "events"}
        return Change(KIND, execution["executionArn"], json.dumps(head))
