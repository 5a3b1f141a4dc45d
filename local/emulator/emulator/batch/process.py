"""A command run under a supervisor that ends with the emulator (`processes/supervisor.py`)."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ..processes import process_tree
from ..processes.ledger import ProcessLedger

SUPERVISOR = Path(__file__).parents[1] / "processes" / "supervisor.py"


class CannotStart(Exception):
    """The command could not be started at all."""


class SupervisorLost(Exception):
    """The supervisor was killed, and its job with it: to the job this is a lost host."""


class JobProcess:
    """One running command; its output goes line by line to `on_line`."""

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        working_directory: str,
        grace_seconds: float,
        ledger: ProcessLedger,
        on_line: Callable[[str], None],
    ) -> None:
        """Start it; raises `CannotStart`."""
        self._ledger = ledger
        read_status, write_status = os.pipe()
        try:
            self._supervisor = subprocess.Popen(
                [
                    *(sys.executable, "-s", "-S", "-E", str(SUPERVISOR)),
                    *("--status-fd", str(write_status), "--grace-seconds", str(grace_seconds)),
                    *("--", *command),
                ],
                cwd=working_directory,
                env={**environment, **ledger.mark},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=(write_status,),
                start_new_session=True,
            )
        except OSError as error:
            os.close(read_status)
            raise CannotStart(str(error)) from error
        finally:
            os.close(write_status)
        with os.fdopen(read_status) as status:
            report = json.loads(status.readline() or '{"error": "the supervisor did not start"}')
        self._output = threading.Thread(target=self._forward, args=(on_line,), daemon=True)
        self._output.start()
        if "error" in report:
            self._close()
            raise CannotStart(report["error"])
        self._pid: int = report["pid"]
        self._started = ledger.add(self._pid)

    def wait(self, timeout_seconds: float | None = None) -> int | None:
        """The exit status, or None while it runs on; raises `SupervisorLost`."""
        try:
            code = self._supervisor.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            return None
        if code < 0 and self._started is not None:
            process_tree.kill_tree(self._pid, self._started)
        self._close()
        self._ledger.remove(self._pid)
        if code < 0:
            raise SupervisorLost(signal.Signals(-code).name)
        return code

    def terminate(self) -> None:
        """SIGTERM now, SIGKILL to everything when the grace is over."""
        self._order(b"terminate\n")

    def kill(self) -> None:
        """SIGKILL to everything now."""
        self._order(b"kill\n")

    def _order(self, order: bytes) -> None:
        with contextlib.suppress(BrokenPipeError, ValueError):  # it has ended meanwhile
            os.write(self._supervisor.stdin.fileno(), order)

    def _close(self) -> None:
        self._supervisor.wait()
        self._output.join(timeout=5)
        self._supervisor.stdin.close()

    def _forward(self, on_line: Callable[[str], None]) -> None:
        with self._supervisor.stdout as output:
            for line in output:
                on_line(line.decode(errors="replace").rstrip("\n"))
