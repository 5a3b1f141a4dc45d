"""The stage's process, in a group of its own, which never outlives the runtime."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

SECONDS_TO_STOP = 25.0
SECONDS_TO_DRAIN = 5.0
MAX_LINE_BYTES = 64 * 1024

# The stage waits for a line before it becomes itself, so that it never runs unguarded.
START_WHEN_TOLD = 'read -r _ && exec "$@" </dev/null'

# The guard reads from a pipe whose other end only the runtime holds: the end of that file is the
# runtime's death, kill -9 included. It then ends the stage's whole group and removes its folder.
# A shell does, on Linux and macOS alike; PR_SET_PDEATHSIG would miss the stage's own children.
GUARD = 'cat >/dev/null; kill -s KILL -- "-$1"; rm -rf -- "$2"'


class Child:
    """Runs `command` and hands each of its lines to `on_line(text, is_standard_error)`.

    `folder` is the working directory, removed by the guard should the runtime be killed. An error
    in `on_line` ends the stage and is raised by `wait`.
    """

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        folder: Path,
        on_line: Callable[[str, bool], None],
    ) -> None:
        self._process = subprocess.Popen(
            ["sh", "-c", START_WHEN_TOLD, "sh", *command],
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        self._guard = subprocess.Popen(
            ["sh", "-c", GUARD, "sh", str(self._process.pid), str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env={"PATH": os.defpath},
            start_new_session=True,
        )
        self._on_line = on_line
        self._listening_error: Exception | None = None
        self._readers = [
            threading.Thread(target=self._listen, args=(stream, is_error), daemon=True)
            for stream, is_error in (
                (self._process.stdout, False),
                (self._process.stderr, True),
            )
        ]
        for reader in self._readers:
            reader.start()
        self._deadline: threading.Timer | None = None
        with self._process.stdin as line:
            line.write(b"go\n")

    def stop(self) -> None:
        """Ask the whole group to end by SIGTERM, and see to it after 25 s."""
        if self._deadline is None:
            self._deadline = threading.Timer(SECONDS_TO_STOP, self._signal, [signal.SIGKILL])
            self._deadline.daemon = True
            self._deadline.start()
            self._signal(signal.SIGTERM)

    def wait(self) -> int:
        """Wait for the end and return the exit status, negative for a signal.

        Processes that the stage left behind are ended, and all that it said has been handed over.
        """
        status = self._process.wait()
        self._signal(signal.SIGKILL)
        for reader in self._readers:
            reader.join(SECONDS_TO_DRAIN)
        if self._deadline:
            self._deadline.cancel()
        self._guard.kill()
        self._guard.wait()
        self._guard.stdin.close()
        if self._listening_error:
            raise self._listening_error
        return status

    def _listen(self, stream: BinaryIO, is_standard_error: bool) -> None:
        try:
            for text in lines_of(stream):
                self._on_line(text, is_standard_error)
        except Exception as error:
            self._listening_error = error
            self._signal(signal.SIGKILL)

    def _signal(self, number: int) -> None:
        try:
            os.killpg(self._process.pid, number)
        except ProcessLookupError:
            return
        except PermissionError:
            # macOS answers so when all that is left of the group is a zombie.
            return


def lines_of(stream: BinaryIO) -> Iterator[str]:
    """The lines of `stream` that are not empty, overlong ones in pieces."""
    with stream:
        while line := stream.readline(MAX_LINE_BYTES):
            text = line.decode("utf-8", errors="replace").rstrip("\r\n")
            if text:
                yield text
