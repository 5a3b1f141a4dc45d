"""One emulator per data directory, for as long as it lives (flock(2))."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import IO


class DataDirectoryInUse(RuntimeError):
    """Another emulator holds the directory; the message names its process."""


def claim(data_dir: Path) -> IO[str]:
    """Make the directory and lock it; the lock goes when the answered file is closed."""
    data_dir.mkdir(parents=True, exist_ok=True)
    lock = (data_dir / "lock").open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.seek(0)
        holder = lock.read().strip() or "unknown"
        raise DataDirectoryInUse(
            f"{data_dir} is in use by another emulator (process {holder})."
            " Stop it, or choose another --data-dir."
        ) from None
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock
