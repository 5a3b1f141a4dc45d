"""The trainer's process: what it says, and the two ways to end it early."""

from __future__ import annotations

import json
import queue
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

KEPT_LINES = 40
SECONDS_BETWEEN_LOOKS = 0.2


class TrainerProcess:
    """Runs `command` in the stage's process group, so that it never outlives the stage.

    What 3DGRUT prints goes to standard error, where the runtime keeps it as log lines; the last of
    it stays in `last_lines`.
    """

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], folder: Path
    ) -> None:
        self._process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        )
        self.last_lines: deque[str] = deque(maxlen=KEPT_LINES)
        self._facts: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def facts(self) -> Iterator[dict[str, Any] | None]:
        """What observed_training.py says, and None now and then so that the caller can look up.

        Ends with the process.
        """
        while True:
            try:
                fact = self._facts.get(timeout=SECONDS_BETWEEN_LOOKS)
            except queue.Empty:
                yield None
                continue
            if fact is None:
                return
            yield fact

    def stop(self) -> None:
        """Ask for a checkpoint and the end."""
        self._send(signal.SIGTERM)

    def finish(self) -> None:
        """Ask for the export of what there is."""
        self._send(signal.SIGUSR1)

    def wait(self) -> int:
        """The exit status, negative for a signal."""
        status = self._process.wait()
        self._reader.join()
        return status

    def _send(self, number: int) -> None:
        if self._process.poll() is None:
            self._process.send_signal(number)

    def _read(self) -> None:
        with self._process.stdout as stream:
            for line in stream:
                text = line.rstrip()
                fact = parse_fact(text)
                if fact:
                    self._facts.put(fact)
                elif text:
                    self.last_lines.append(text)
                    print(text, file=sys.stderr, flush=True)
        self._facts.put(None)


def parse_fact(text: str) -> dict[str, Any] | None:
    """The fact in a line, None where 3DGRUT printed it."""
    if not text.startswith('{"observed"'):
        return None
    try:
        return json.loads(text)
    except ValueError:
        return None
