"""Checkpoints in S3, replaced as the stage goes on, whole at every moment.

Each is stored in a folder of its own; `latest.json`, written last, names the newest. A reader that
comes while one is being stored gets the one before.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

from job_runtime.bucket import Bucket
from job_runtime.courier import Courier
from job_runtime.faults import Fault

LINK_ATTEMPTS = 10


class Checkpoints:
    """Stores what the stage announces, the newest only, while the stage goes on.

    `folder` is where the stage writes them, `staging` a folder on the same disk for snapshots.
    """

    def __init__(
        self,
        bucket: Bucket,
        path: str,
        folder: Path,
        staging: Path,
        attempt: int,
        on_fault: Callable[[Fault], None],
    ) -> None:
        self._bucket = bucket
        self._path = path
        self._folder = folder
        self._staging = staging
        self._attempt = attempt
        self._count = 0
        self._pending: Path | None = None
        self._lock = threading.Lock()
        self._courier = Courier(self._store, on_fault, seconds_between=0.0)

    def restore(self) -> bool:
        """Fetch the newest checkpoint into the stage's folder; whether there was one."""
        latest = self._bucket.read_json(f"{self._path}/latest.json")
        if latest is None:
            return False
        prefix = f"{self._path}/{latest['folder']}/"
        stored = list(self._bucket.list(prefix))
        self._bucket.download(
            [(item.key, self._folder / item.path.removeprefix(prefix)) for item in stored]
        )
        return bool(stored)

    def announced(self) -> None:
        """Take the folder as it is now, without files named `*.partial`.

        The stage may go on at once: it writes to such a file and renames it.
        """
        self._count += 1
        snapshot = self._staging / f"{self._attempt}-{self._count}"
        unfinished = shutil.ignore_patterns("*.partial")
        shutil.copytree(self._folder, snapshot, ignore=unfinished, copy_function=link_newest)
        with self._lock:
            superseded, self._pending = self._pending, snapshot
        if superseded:
            shutil.rmtree(superseded)
        self._courier.changed()

    def close(self) -> None:
        """Store what is outstanding."""
        self._courier.close()

    def clear(self) -> None:
        """Remove all checkpoints: the stage is finished."""
        self._bucket.delete(list(self._bucket.list(f"{self._path}/")))

    def _store(self) -> None:
        with self._lock:
            snapshot, self._pending = self._pending, None
        if snapshot is None:
            return
        files = [file for file in snapshot.rglob("*") if file.is_file()]
        folder = f"{self._path}/{snapshot.name}"
        try:
            self._bucket.upload(
                [(file, f"{folder}/{file.relative_to(snapshot).as_posix()}") for file in files]
            )
            self._bucket.write_json(f"{self._path}/latest.json", {"folder": snapshot.name})
        except Fault:
            with self._lock:
                self._pending = self._pending or snapshot
            raise
        shutil.rmtree(snapshot)
        self._bucket.delete(
            [
                item
                for item in self._bucket.list(f"{self._path}/")
                if not item.path.startswith((f"{folder}/", f"{self._path}/latest.json"))
            ]
        )


def link_newest(source: str, target: str) -> None:
    """Link `target` to the file that is at `source` now.

    Linux answers ENOENT when the file was found but replaced before it was linked.
    """
    for _ in range(LINK_ATTEMPTS - 1):
        with contextlib.suppress(FileNotFoundError):
            os.link(source, target)
            return
    os.link(source, target)
