"""How far the stage is, in S3 for whoever asks."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from job_runtime.bucket import Bucket
from job_runtime.clock import timestamp
from job_runtime.courier import Courier
from job_runtime.faults import Fault

SECONDS_BETWEEN_UPLOADS = 1.0
HEARTBEAT_SECONDS = 10.0


class Progress:
    """Keeps `progress/<stage>.json` fresh: `updatedAt` moves while the job lives."""

    def __init__(
        self, bucket: Bucket, stage: str, attempt: int, on_fault: Callable[[Fault], None]
    ) -> None:
        self._bucket = bucket
        self._path = f"progress/{stage}.json"
        self._state: dict[str, Any] = {
            "stage": stage,
            "percent": 0.0,
            "etaSeconds": None,
            "message": "starting",
            "attempt": attempt,
        }
        self._lock = threading.Lock()
        self._courier = Courier(self._store, on_fault, SECONDS_BETWEEN_UPLOADS, HEARTBEAT_SECONDS)
        self._courier.changed()

    def update(self, percent: float, eta_seconds: int | None, message: str) -> None:
        """`percent` of 0 to 100; `eta_seconds` until the stage's end, None where unknown."""
        with self._lock:
            self._state.update(percent=percent, etaSeconds=eta_seconds, message=message)
        self._courier.changed()

    def close(self) -> None:
        self._courier.close()

    def _store(self) -> None:
        with self._lock:
            state = {**self._state, "updatedAt": timestamp()}
        self._bucket.write_json(self._path, state)
