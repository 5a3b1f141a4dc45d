"""Worker processes of functions: which Node, how many, how fast, and for how long.

Upstream runs whatever `node` is on PATH; starts a worker for every concurrent call without limit,
or with a limit refuses the call; waits up to 50 ms for a line of log after each call; and its
workers live on when it is killed while a handler runs. Here the Node is a given one; a call beyond
the limit waits for a free worker, as nothing on a laptop throttles; the wait for a line is 3 ms,
which is enough because a worker writes its log before its answer; and a guard kills the workers
when the emulator is gone (`processes/guard.py`).
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from ministack.core import lambda_runtime as upstream
from ministack.services import lambda_svc

from ..processes import process_tree

GUARD = Path(__file__).parents[1] / "processes" / "guard.py"
FIRST_LINE_SECONDS = 0.003
QUIET_SECONDS = 0.002
LONGEST_WAIT_SECONDS = 60.0

_acquire_worker = upstream.acquire_worker
_release_worker = upstream.release_worker
_spawn = upstream.Worker._spawn
_drain = upstream.Worker._drain_stderr_bounded
_detect_runtime_binary = upstream._detect_runtime_binary


class WorkerGuard:
    """The process that outlives the emulator just long enough to kill its workers."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-s", "-S", "-E", str(GUARD)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )

    def watch(self, pid: int) -> None:
        started = process_tree.start_time(pid)
        if started is not None:
            with self._lock:
                self._process.stdin.write(f"{pid} {started}\n")
                self._process.stdin.flush()

    def stop(self) -> None:
        self._process.stdin.close()
        self._process.wait(5)


class Workers:
    """Replaces how workers are leased, started and read."""

    def __init__(self, node_binary: str | None, concurrency: int, guard: WorkerGuard) -> None:
        self._node_binary = node_binary
        self._concurrency = concurrency
        self._guard = guard
        self._released = threading.Condition()

    def install(self) -> None:
        upstream._detect_runtime_binary = self.detect_runtime_binary
        upstream.acquire_worker = lambda_svc.acquire_worker = self.acquire
        upstream.release_worker = lambda_svc.release_worker = self.release
        upstream.Worker._spawn = lambda worker: self.spawn(worker)
        upstream.Worker._drain_stderr_bounded = lambda worker: _drain(
            worker, FIRST_LINE_SECONDS, QUIET_SECONDS
        )

    def detect_runtime_binary(self, runtime: str) -> tuple[str, str]:
        binary, script = _detect_runtime_binary(runtime)
        if runtime.startswith("nodejs") and self._node_binary:
            return self._node_binary, script
        return binary, script

    def acquire(self, name: str, config: dict[str, Any], code: bytes, **options: Any) -> Any:
        """Lease a worker, waiting while all are busy; `(None, "func_cap")` when that takes long."""
        options["max_concurrency"] = self._concurrency
        deadline = time.monotonic() + LONGEST_WAIT_SECONDS
        with self._released:
            while True:
                leased = _acquire_worker(name, config, code, **options)
                remaining = deadline - time.monotonic()
                if leased[0] is not None or remaining <= 0:
                    return leased
                self._released.wait(remaining)

    def release(self, worker: upstream.Worker | None) -> None:
        _release_worker(worker)
        with self._released:
            self._released.notify_all()

    def spawn(self, worker: upstream.Worker) -> None:
        """Start a worker; it is watched from its first moment, even when its start fails."""
        try:
            _spawn(worker)
        finally:
            if worker._proc is not None:
                self._guard.watch(worker._proc.pid)
