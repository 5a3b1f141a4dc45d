"""How long a retry waits, and which errors a Retry or Catch matches."""

from __future__ import annotations

import pytest

from emulator.stepfunctions.retrying import delay_seconds, matches


def test_the_delay_grows_by_the_backoff_rate_up_to_its_maximum():
    retrier = {"IntervalSeconds": 2, "BackoffRate": 3, "MaxDelaySeconds": 10}
    assert [delay_seconds(retrier, made) for made in range(4)] == [2, 6, 10, 10]


def test_the_delay_is_1_second_doubled_each_time_when_nothing_is_said():
    assert [delay_seconds({}, made) for made in range(3)] == [1, 2, 4]


def test_full_jitter_draws_from_nothing_to_the_delay():
    retrier = {"IntervalSeconds": 8, "JitterStrategy": "FULL"}
    drawn = [delay_seconds(retrier, 0) for _ in range(200)]
    assert 0 <= min(drawn) < 2
    assert 6 < max(drawn) <= 8


@pytest.mark.parametrize(
    ("listed", "error", "matched"),
    [
        ("States.ALL", "Anything", True),
        ("States.ALL", "States.Runtime", False),
        ("States.ALL", "States.DataLimitExceeded", False),
        ("States.Runtime", "States.Runtime", True),
        ("States.TaskFailed", "Anything", True),
        ("States.TaskFailed", "States.Timeout", False),
        ("States.Timeout", "States.HeartbeatTimeout", False),
        ("QuotaExceeded", "Other", False),
    ],
)
def test_an_error_is_matched_as_the_guide_says(listed: str, error: str, matched: bool):
    assert matches([listed], error) is matched
