"""Which processes this data directory has started, so that the next emulator can end what is left.

A supervisor ends its job when the emulator vanishes, and the guard ends the Lambda workers. Should
those two have been killed as well, their charges are still written here, one file per process
named after its pid and holding its start time, and the next start sweeps them. On Linux the sweep
also finds the processes that carry the data directory's mark in their environment, which covers
what such a process had started itself.
"""

from __future__ import annotations

import os
from pathlib import Path

from . import process_tree

MARK = "LOCAL_CLOUD_DATA_DIR"


class ProcessLedger:
    """Files under `<data dir>/processes/`."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir.resolve()
        self.directory = self.data_dir / "processes"
        self.directory.mkdir(parents=True, exist_ok=True)

    @property
    def mark(self) -> dict[str, str]:
        """The environment variable by which a process of this data directory is recognised."""
        return {MARK: str(self.data_dir)}

    def add(self, pid: int) -> str | None:
        """Write a process down; answers its start time, or None when it has ended already."""
        started = process_tree.start_time(pid)
        if started is not None:
            (self.directory / str(pid)).write_text(started)
        return started

    def remove(self, pid: int) -> None:
        (self.directory / str(pid)).unlink(missing_ok=True)

    def sweep(self) -> int:
        """Kill every process that an earlier emulator left behind; answers how many there were."""
        killed = 0
        for entry in self.directory.iterdir():
            killed += process_tree.kill_tree(int(entry.name), entry.read_text())
            entry.unlink()
        return killed + self._sweep_marked()

    def _sweep_marked(self) -> int:
        if not process_tree.HAS_PROC:
            return 0
        wanted = f"{MARK}={self.data_dir}".encode()
        killed = 0
        for pid, (_, started) in process_tree.processes().items():
            if pid == os.getpid():
                continue
            try:
                environment = (process_tree.PROC / str(pid) / "environ").read_bytes()
            except OSError:
                continue
            if wanted in environment.split(b"\0"):
                killed += process_tree.kill_if_same(pid, started)
        return killed
