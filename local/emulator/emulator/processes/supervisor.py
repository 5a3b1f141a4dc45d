"""Runs one job and sees to it that nothing of the job outlives the emulator.

    supervisor.py --status-fd N --grace-seconds S -- COMMAND...

The emulator holds the other end of this process's standard input. The line `terminate` there asks
for an orderly stop, `kill` for an end at once; the end of file means that the emulator is gone,
and is an orderly stop with a shorter grace. As a container engine does, SIGTERM goes to the main
process alone, and when that has ended, or the grace is over, everything that is left is killed.

Linux: PR_SET_CHILD_SUBREAPER makes this process the parent of every orphan below it, and
PR_SET_PDEATHSIG kills the main process should this one be killed (prctl(2)). Elsewhere descendants
are noted while they live, because an orphan there goes to pid 1.

Exit status: the main process's, or 128 + signal. On the status descriptor: one JSON line, either
`{"pid": …}` or `{"error": "…"}` when the command could not be started.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import json
import os
import select
import signal
import sys
import time

import process_tree

ORPHAN_GRACE_SECONDS = 5.0
NOTE_DESCENDANTS_SECONDS = 1.0
PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
IS_LINUX = sys.platform.startswith("linux")


def prctl(option: int, value: int) -> None:
    if IS_LINUX:
        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


def start(command: list[str], status_fd: int) -> int:
    """Fork the main process into a session of its own; answers its pid."""
    read_error, write_error = os.pipe()  # closes on exec: the end of file says that exec worked
    supervisor = os.getpid()
    pid = os.fork()
    if pid == 0:
        try:
            os.setsid()
            prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != supervisor:
                os._exit(1)
            nothing = os.open(os.devnull, os.O_RDONLY)
            os.dup2(nothing, 0)
            os.closerange(3, write_error)
            os.closerange(write_error + 1, 256)
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD):
                signal.signal(number, signal.SIG_DFL)
            os.execvpe(command[0], command, os.environ)
        except OSError as error:
            os.write(write_error, f"{command[0]}: {error.strerror}".encode())
        finally:
            os._exit(127)
    os.close(write_error)
    problem = os.read(read_error, 4096).decode()
    os.close(read_error)
    report = {"error": problem} if problem else {"pid": pid}
    os.write(status_fd, (json.dumps(report) + "\n").encode())
    os.close(status_fd)
    return pid


class Job:
    """The main process and everything below it."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.exit_code: int | None = None
        self.noted: dict[int, str] = {}
        self.noted_at = 0.0

    def reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid == self.pid:
                code = os.waitstatus_to_exitcode(status)
                self.exit_code = 128 - code if code < 0 else code

    def note_descendants(self) -> None:
        if not IS_LINUX and time.monotonic() - self.noted_at > NOTE_DESCENDANTS_SECONDS:
            self.noted.update(process_tree.descendants(self.pid))
            self.noted_at = time.monotonic()

    def terminate(self) -> None:
        self.noted_at = 0.0
        self.note_descendants()
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGTERM)

    def kill_everything(self) -> None:
        """SIGKILL until nothing is left; a fork bomb is outrun by repeating."""
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
            left = {**self.noted, **process_tree.descendants(os.getpid())}
            signalled = [process_tree.kill_if_same(pid, since) for pid, since in left.items()]
            self.reap()
            if not any(signalled) and self.exit_code is not None:
                return
            time.sleep(0.02)


def supervise(job: Job, wakeup: int, grace_seconds: float) -> int:
    """Wait for the main process to end, or for the order to end it."""
    watched = [0, wakeup]
    kill_at: float | None = None
    while True:
        job.reap()
        job.note_descendants()
        if job.exit_code is not None or (kill_at is not None and time.monotonic() >= kill_at):
            job.kill_everything()
            return 137 if job.exit_code is None else job.exit_code
        patience = NOTE_DESCENDANTS_SECONDS if not IS_LINUX else 30.0
        if kill_at is not None:
            patience = min(patience, max(0.0, kill_at - time.monotonic()))
        ready, _, _ = select.select(watched, [], [], patience)
        if wakeup in ready:
            stopped = any(
                number in (signal.SIGTERM, signal.SIGINT) for number in os.read(wakeup, 64)
            )
            if stopped and kill_at is None:
                job.terminate()
                kill_at = time.monotonic() + grace_seconds
        if 0 in ready:
            order = os.read(0, 256)
            if not order:
                watched.remove(0)
            if kill_at is None:
                job.terminate()
            grace = grace_seconds if order else min(grace_seconds, ORPHAN_GRACE_SECONDS)
            if b"kill" in order:
                grace = 0
            ends = time.monotonic() + grace
            kill_at = ends if kill_at is None else min(kill_at, ends)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--status-fd", type=int, required=True)
    parser.add_argument("--grace-seconds", type=float, required=True)
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()

    prctl(PR_SET_CHILD_SUBREAPER, 1)
    wakeup, notify = os.pipe()
    os.set_blocking(notify, False)
    signal.set_wakeup_fd(notify, warn_on_full_buffer=False)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: None)

    job = Job(start(options.command, options.status_fd))
    return supervise(job, wakeup, options.grace_seconds)


if __name__ == "__main__":
    sys.exit(main())
