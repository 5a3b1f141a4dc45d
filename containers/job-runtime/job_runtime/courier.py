"""Carries news to S3 in the background, not too often."""

from __future__ import annotations

import threading
from collections.abc import Callable

from job_runtime.faults import Fault

SECONDS_AFTER_FAULT = 5.0


class Courier:
    """Calls `deliver` in a thread of its own soon after `changed`, at most every `seconds_between`.

    With `heartbeat_seconds` it also delivers when nothing changed for so long. A delivery that
    fails is told to `on_fault` and tried again, so `deliver` must carry the newest state, not a
    difference.
    """

    def __init__(
        self,
        deliver: Callable[[], None],
        on_fault: Callable[[Fault], None],
        seconds_between: float,
        heartbeat_seconds: float | None = None,
    ) -> None:
        self._deliver = deliver
        self._on_fault = on_fault
        self._seconds_between = seconds_between
        self._heartbeat_seconds = heartbeat_seconds
        self._news = threading.Condition()
        self._dirty = False
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def changed(self) -> None:
        with self._news:
            self._dirty = True
            self._news.notify()

    def close(self) -> None:
        """Deliver what is outstanding, once, and end. May be called again after more news."""
        self._closing.set()
        with self._news:
            self._news.notify()
        self._thread.join()
        if self._dirty:
            self._attempt()

    def _run(self) -> None:
        while True:
            with self._news:
                self._news.wait_for(self._is_wanted, self._heartbeat_seconds)
            if self._closing.is_set():
                return
            delivered = self._attempt()
            self._closing.wait(self._seconds_between if delivered else SECONDS_AFTER_FAULT)

    def _is_wanted(self) -> bool:
        return self._dirty or self._closing.is_set()

    def _attempt(self) -> bool:
        self._dirty = False
        try:
            self._deliver()
        except Fault as fault:
            self._dirty = True
            self._on_fault(fault)
            return False
        return True
