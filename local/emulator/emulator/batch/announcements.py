"""What Batch tells the rest of AWS: state changes to EventBridge, output to CloudWatch Logs.

Batch User Guide, "Batch events for Amazon EventBridge" and "Using CloudWatch Logs with Batch".
"""

from __future__ import annotations

import json
import threading
import time

from ministack.services import cloudwatch_logs, eventbridge

from ..scope import scope_of
from ..serving_loop import post_to_loop
from .store import Record, visible

LOG_GROUP = "/aws/batch/job"
LONGEST_EVENT_BYTES = 256 * 1024


def announce_state(job: Record) -> None:
    """Publish "Batch Job State Change" for the job as it is now."""
    event = {
        "Source": "aws.batch",
        "DetailType": "Batch Job State Change",
        "Resources": [job["jobArn"]],
        "Detail": json.dumps(visible(job)),
    }
    post_to_loop(
        scope_of(job["jobArn"]),
        lambda: eventbridge._put_events({"Entries": [event]}, allow_aws_source=True),
    )


class JobLog:
    """A log stream of one attempt; lines are put in batches, in order."""

    def __init__(self, job_arn: str, stream: str) -> None:
        self._scope = scope_of(job_arn)
        self.stream = stream
        self._lock = threading.Lock()
        self._pending: list[dict[str, object]] = []
        post_to_loop(self._scope, self._create)

    def write(self, line: str) -> None:
        with self._lock:
            first = not self._pending
            self._pending.append(
                {"timestamp": int(time.time() * 1000), "message": line[:LONGEST_EVENT_BYTES]}
            )
        if first:
            post_to_loop(self._scope, self._flush)

    def _create(self) -> None:
        cloudwatch_logs._create_log_group({"logGroupName": LOG_GROUP})
        cloudwatch_logs._create_log_stream(
            {"logGroupName": LOG_GROUP, "logStreamName": self.stream}
        )

    def _flush(self) -> None:
        with self._lock:
            events, self._pending = self._pending, []
        cloudwatch_logs._put_log_events(
            {"logGroupName": LOG_GROUP, "logStreamName": self.stream, "logEvents": events}
        )
