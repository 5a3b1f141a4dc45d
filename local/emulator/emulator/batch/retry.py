"""Whether a failed attempt is tried again.

Batch User Guide, "Automated job retries": conditions are tried in order and the first that matches
decides; all parts of a condition must match; a pattern may end in `*`; when no condition matches
the job is retried. Up to `attempts` attempts in all. An attempt that ran out of time and a job
that was terminated are not retried.
"""

from __future__ import annotations

from typing import Any

PATTERNS = {"onStatusReason": "statusReason", "onReason": "reason", "onExitCode": "exitCode"}


def is_retried(retry_strategy: dict[str, Any], attempts_made: int, attempt: dict[str, Any]) -> bool:
    """`attempt` is `{statusReason, reason, exitCode}` of the attempt that just failed."""
    if attempts_made >= int(retry_strategy.get("attempts") or 1):
        return False
    for condition in retry_strategy.get("evaluateOnExit") or []:
        if _matches(condition, attempt):
            return str(condition.get("action", "")).upper() == "RETRY"
    return True


def _matches(condition: dict[str, Any], attempt: dict[str, Any]) -> bool:
    for name, attribute in PATTERNS.items():
        if name in condition:
            value = attempt.get(attribute)
            if not _matches_pattern(condition[name], "" if value is None else str(value)):
                return False
    return True


def _matches_pattern(pattern: str, value: str) -> bool:
    return value.startswith(pattern[:-1]) if pattern.endswith("*") else value == pattern
