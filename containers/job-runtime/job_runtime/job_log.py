"""The log of one attempt: JSON lines, on standard output at once and in S3 soon after."""

from __future__ import annotations

import json
import sys
import threading
from typing import Any

from job_runtime.bucket import Bucket
from job_runtime.clock import timestamp
from job_runtime.courier import Courier
from job_runtime.faults import Fault

SECONDS_BETWEEN_UPLOADS = 2.0
MAX_BYTES = 4 * 1024 * 1024


class JobLog:
    """S3 cannot append, so the whole log is stored anew each time; hence its limit in size."""

    def __init__(self, bucket: Bucket, path: str) -> None:
        self._bucket = bucket
        self._path = path
        self._lines: list[bytes] = []
        self._bytes = 0
        self._stored_lines = 0
        self._lock = threading.Lock()
        self._courier = Courier(self._store, self._report_fault, SECONDS_BETWEEN_UPLOADS)

    def write(self, event: str, level: str = "info", **facts: Any) -> None:
        """Add one line. Beyond the limit only standard output gets it, and the log says so."""
        record = {"time": timestamp(), "level": level, "event": event, **facts}
        line = json.dumps(record, ensure_ascii=False, default=str) + "\n"
        sys.stdout.write(line)
        sys.stdout.flush()
        self._append(line.encode("utf-8", errors="replace"))
        self._courier.changed()

    def close(self) -> None:
        self._courier.close()

    def _append(self, line: bytes) -> None:
        with self._lock:
            if self._bytes > MAX_BYTES:
                return
            self._bytes += len(line)
            if self._bytes > MAX_BYTES:
                record = {"time": timestamp(), "level": "warning", "event": "log_full"}
                line = json.dumps(record).encode() + b"\n"
            self._lines.append(line)

    def _store(self) -> None:
        with self._lock:
            count = len(self._lines)
            content = b"".join(self._lines)
        if count > self._stored_lines:
            self._bucket.write(self._path, content)
            self._stored_lines = count

    def _report_fault(self, fault: Fault) -> None:
        print(f"the log was not stored: {fault}", file=sys.stderr, flush=True)


def merge_logs(bucket: Bucket) -> bytes:
    """All logs of the job's stages and attempts as one, line by line in the order of time."""
    lines: list[bytes] = []
    for item in bucket.list("logs/"):
        lines += bucket.read(item.path).splitlines(keepends=True)
    return b"".join(sorted(lines, key=time_of))


def time_of(line: bytes) -> str:
    return str(json.loads(line)["time"])
