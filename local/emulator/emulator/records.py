"""Write-through records in one SQLite file: what an answered request wrote is in it.

A record is `(kind, key) -> JSON`. Writes are committed to a write-ahead log before `write`
returns, so they survive `kill -9` of this process: what has been handed to the kernel stays.
SQLite syncs to the disk at checkpoints (`synchronous=NORMAL`), so a power cut may lose the last
seconds but never leaves half a transaction (sqlite.org/wal.html,
sqlite.org/pragma.html#pragma_synchronous).
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple


class Change(NamedTuple):
    """One record to write, or to delete when `value` is None."""

    kind: str
    key: str
    value: str | None


class RecordStore:
    """The file `records.sqlite` of a data directory; safe to use from any thread."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS record"
            " (kind TEXT, key TEXT, value TEXT NOT NULL, PRIMARY KEY (kind, key)) WITHOUT ROWID"
        )

    def write(self, changes: Iterable[Change]) -> None:
        """Apply every change, or none."""
        with self._lock:
            self._connection.execute("BEGIN")
            try:
                for kind, key, value in changes:
                    if value is None:
                        self._connection.execute(
                            "DELETE FROM record WHERE kind = ? AND key = ?", (kind, key)
                        )
                    else:
                        self._connection.execute(
                            "INSERT OR REPLACE INTO record VALUES (?, ?, ?)", (kind, key, value)
                        )
                self._connection.execute("COMMIT")
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise

    def put(self, kind: str, key: str, value: str) -> None:
        self.write([Change(kind, key, value)])

    def delete(self, kind: str, key: str) -> None:
        self.write([Change(kind, key, None)])

    def delete_kind(self, kind: str) -> None:
        with self._lock:
            self._connection.execute("DELETE FROM record WHERE kind = ?", (kind,))

    def get(self, kind: str, key: str) -> str | None:
        with self._lock:
            row = self._connection.execute(
                "SELECT value FROM record WHERE kind = ? AND key = ?", (kind, key)
            ).fetchone()
        return row[0] if row else None

    def all(self, kind: str) -> Iterator[tuple[str, str]]:
        """Every `(key, value)` of a kind, by key."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT key, value FROM record WHERE kind = ? ORDER BY key", (kind,)
            ).fetchall()
        return iter(rows)

    def kinds(self, prefix: str) -> list[str]:
        """Every kind that begins with `prefix`."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT DISTINCT kind FROM record WHERE kind >= ? AND kind < ?",
                (prefix, prefix + "\uffff"),
            ).fetchall()
        return [row[0] for row in rows]

    def close(self) -> None:
        with self._lock:
            self._connection.close()
