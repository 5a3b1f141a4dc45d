"""Progress of feature extraction and matching, which COLMAP itself does not report."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from concurrent.futures import Future, wait
from dataclasses import dataclass
from pathlib import Path

from reconstruction.report import Report

SECONDS_BETWEEN_LOOKS = 1.0


@dataclass(frozen=True)
class Phase:
    """`table` has one row per piece of work done, of `total`; `percents` are its share."""

    table: str
    total: int
    message: str
    percents: tuple[float, float]


def watch(future: Future, database: Path, phase: Phase, start: float, report: Report) -> None:
    """Report progress until the work is done; `start` is when the stage began (monotonic)."""
    first, last = phase.percents
    while not wait([future], timeout=SECONDS_BETWEEN_LOOKS).done:
        done = min(count_rows(database, phase.table), phase.total)
        percent = first + (last - first) * done / max(1, phase.total)
        elapsed = time.monotonic() - start
        eta = elapsed * (100 - percent) / percent if percent > 3 else None
        report.progress(percent, eta, phase.message.format(done=done, total=phase.total))


def count_rows(database: Path, table: str) -> int:
    """The rows of a table that another process writes; 0 while it cannot be read."""
    with contextlib.suppress(sqlite3.Error):
        connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=0.2)
        with contextlib.closing(connection):
            return connection.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0]
    return 0
