"""The time, as the job's documents state it."""

from __future__ import annotations

from datetime import datetime, timezone


def timestamp() -> str:
    """Now in UTC with milliseconds, as RFC 3339."""
    now = datetime.now(timezone.utc)
    return now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
