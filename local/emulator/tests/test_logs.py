"""Logs are kept in moderation."""

from __future__ import annotations

from ministack.services import cloudwatch_logs

from emulator.persistence import recent_logs


def test_the_newest_streams_are_kept_fewer_on_disk_than_in_memory(monkeypatch):
    monkeypatch.setattr(recent_logs, "STREAMS_IN_MEMORY", 4)
    monkeypatch.setattr(recent_logs, "STREAMS_ON_DISK", 2)
    cloudwatch_logs._create_log_group({"logGroupName": "g"})
    for name in "abcdef":
        cloudwatch_logs._create_log_stream({"logGroupName": "g", "logStreamName": name})
    state = recent_logs.get_state()
    assert list(state["log_groups"]["g"]["streams"]) == ["e", "f"]
    assert list(cloudwatch_logs._log_groups["g"]["streams"]) == ["c", "d", "e", "f"]
    assert state["log_groups"]["g"]["arn"] == cloudwatch_logs._log_groups["g"]["arn"]
