"""Why work has to end, known to everything that waits.

An execution has a `Stop`; a task, a branch and an item have one below it. Setting one sets all
below. Whatever waits does it through `Stop.wait` and ends at once.
"""

from __future__ import annotations

import contextlib
import contextvars
import threading
import time
from collections.abc import Iterator


class Stopped(Exception):
    """The work was told to end. Not an error of a state: no Retry or Catch sees it."""


class Stop:
    """Set once, with a reason; a `deadline` (of `time.monotonic`) sets it by itself."""

    def __init__(self, parent: Stop | None = None, deadline: float | None = None) -> None:
        self._reason: str | None = None
        self._lock = threading.Lock()
        self._wakers: set[threading.Event] = set()
        self._children: set[Stop] = set()
        self._deadline = deadline
        self._parent = parent
        if parent is not None:
            parent._adopt(self)

    @property
    def reason(self) -> str | None:
        over = self._deadline is not None and time.monotonic() >= self._deadline
        if over and self._reason is None:
            self.set("the execution ran out of time")
        return self._reason or (self._parent.reason if self._parent else None)

    def set(self, reason: str) -> None:
        with self._lock:
            self._reason = self._reason or reason
            wakers, children = list(self._wakers), list(self._children)
        for waker in wakers:
            waker.set()
        for child in children:
            child.set(reason)

    def check(self) -> None:
        """Raise `Stopped` once set."""
        if self.reason is not None:
            raise Stopped(self.reason)

    def wait(self, event: threading.Event, seconds: float | None = None) -> bool:
        """Wait for `event`; False when the time is over. Raises `Stopped`."""
        until = None if seconds is None else time.monotonic() + seconds
        limits = [moment for moment in (until, self._next_deadline()) if moment is not None]
        with self._lock:
            self._wakers.add(event)
        try:
            self.check()
            event.wait(max(0.0, min(limits) - time.monotonic()) if limits else None)
            self.check()
            return event.is_set()
        finally:
            with self._lock:
                self._wakers.discard(event)

    def sleep(self, seconds: float) -> None:
        self.wait(threading.Event(), max(0.0, seconds))

    def release(self) -> None:
        """The work has ended; its parent need not remember it."""
        if self._parent is not None:
            with self._parent._lock:
                self._parent._children.discard(self)

    def _adopt(self, child: Stop) -> None:
        with self._lock:
            self._children.add(child)

    def _next_deadline(self) -> float | None:
        moments = [self._deadline, self._parent._next_deadline() if self._parent else None]
        return min((moment for moment in moments if moment is not None), default=None)


_current: contextvars.ContextVar[Stop] = contextvars.ContextVar("stop")


def current_stop() -> Stop:
    """The `Stop` of the work this thread does; one that is never set outside of an execution."""
    return _current.get(None) or Stop()


@contextlib.contextmanager
def stoppable(stop: Stop) -> Iterator[Stop]:
    """Make `stop` the current one."""
    token = _current.set(stop)
    try:
        yield stop
    finally:
        _current.reset(token)
        stop.release()
