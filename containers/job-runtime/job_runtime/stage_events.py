"""What the stage says, line by line, and what follows from it."""

from __future__ import annotations

import json
import threading
from collections import deque
from typing import Any

from job_runtime.checkpoint import Checkpoints
from job_runtime.job_log import JobLog
from job_runtime.progress import Progress

LAST_LINES = 20
LOGGED_STEP_PERCENT = 10.0
OUTCOMES = ("failed", "succeeded")
MAX_WARNINGS = 200


class StageEvents:
    """Listens to the stage and keeps its outcome, its warnings and its last other lines."""

    def __init__(self, log: JobLog, progress: Progress, checkpoints: Checkpoints | None) -> None:
        self._log = log
        self._progress = progress
        self._checkpoints = checkpoints
        self._logged_percent = -LOGGED_STEP_PERCENT
        self._lock = threading.Lock()
        self.outcome: dict[str, Any] | None = None
        self.warnings: list[dict[str, str]] = []
        self.last_lines: deque[str] = deque(maxlen=LAST_LINES)

    def line(self, text: str, is_standard_error: bool) -> None:
        """Act on one line of the stage's."""
        event = None if is_standard_error else parse_event(text)
        with self._lock:
            if event is None:
                self.last_lines.append(text)
                stream = "stderr" if is_standard_error else "stdout"
                self._log.write("output", stream=stream, message=text)
            else:
                self._act(event.pop("event"), event)

    def _act(self, kind: str, event: dict[str, Any]) -> None:
        if kind == "progress":
            self._progressed(event)
        elif kind == "checkpoint":
            self._checkpoint()
        elif kind == "warning":
            if len(self.warnings) < MAX_WARNINGS:
                self.warnings.append({"code": event["code"], "message": event["message"]})
            self._log.write("warning", "warning", code=event["code"], message=event["message"])
        elif kind == "log":
            self._log.write("log", event.pop("level", "info"), **event)
        elif kind in OUTCOMES:
            self.outcome = {"outcome": kind, **event}

    def _progressed(self, event: dict[str, Any]) -> None:
        percent, message = event["percent"], event["message"]
        self._progress.update(percent, event.get("etaSeconds"), message)
        if percent - self._logged_percent >= LOGGED_STEP_PERCENT:
            self._logged_percent = percent
            self._log.write("progress", percent=percent, message=message)

    def _checkpoint(self) -> None:
        if self._checkpoints:
            self._checkpoints.announced()


REQUIRED = {
    "progress": {"percent", "message"},
    "warning": {"code", "message"},
    "checkpoint": {"path"},
    "log": {"message"},
    "failed": {"code", "message", "nextAction"},
    "succeeded": set(),
}


def parse_event(text: str) -> dict[str, Any] | None:
    """The event in a line, None where it is something else that was printed."""
    if not text.startswith("{"):
        return None
    try:
        event = json.loads(text)
    except ValueError:
        return None
    kind = event.get("event")
    if kind not in REQUIRED or not event.keys() >= REQUIRED[kind]:
        return None
    return event
