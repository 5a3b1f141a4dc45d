"""How a stage tells what it does: one JSON object per line on standard output."""

from __future__ import annotations

import json
import math
import threading
from pathlib import Path
from typing import TextIO

from reconstruction.failures import StageFailed


class Report:
    """The stage's voice, and the ear for the request to stop.

    The lines are those of the contract between the runtime and a stage (containers/README.md).
    Safe to call from several threads.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self.warnings: list[dict[str, str]] = []

    def progress(self, percent: float, eta_seconds: float | None, message: str) -> None:
        """Say how far the stage is: `percent` of 0 to 100, seconds left where they are known."""
        eta = None if eta_seconds is None else max(0, round(eta_seconds))
        percent = round(min(100.0, max(0.0, percent)), 1)
        self._write(event="progress", percent=percent, etaSeconds=eta, message=message)

    def warning(self, code: str, message: str) -> None:
        """Tell the user of something that did not stop the work but that they should know."""
        self.warnings.append({"code": code, "message": message})
        self._write(event="warning", code=code, message=message)

    def log(self, message: str, level: str = "info", **facts: object) -> None:
        """Keep a line for whoever reads the job's log."""
        self._write(event="log", level=level, message=message, **facts)

    def checkpoint(self, path: Path | str) -> None:
        """Announce a complete checkpoint in folder `path`, relative to the job's folder.

        The runtime keeps the files as they are at this moment, by hard links: write the next ones
        to `*.partial` and rename them, never write into them again.
        """
        self._write(event="checkpoint", path=str(path))

    def failed(self, failure: StageFailed) -> None:
        """End the stage: the user's input is at fault."""
        self._write(
            event="failed",
            code=failure.code,
            message=failure.message,
            nextAction=failure.next_action,
            metrics=failure.metrics,
            artifacts=failure.artifacts,
        )

    def succeeded(self, metrics: dict[str, object], artifacts: dict[str, str]) -> None:
        """End the stage well."""
        self._write(event="succeeded", metrics=metrics, artifacts=artifacts)

    @property
    def stop_requested(self) -> bool:
        """Whether SIGTERM came: write a checkpoint, announce it and raise `StageStopped`."""
        return self._stop.is_set()

    def request_stop(self) -> None:
        self._stop.set()

    def _write(self, **event: object) -> None:
        line = json.dumps(finite(event), ensure_ascii=False, allow_nan=False, default=str)
        with self._lock:
            self._stream.write(line + "\n")
            self._stream.flush()


def finite(value: object) -> object:
    """`value` with numbers that JSON does not know (NaN, infinity) as None."""
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
