"""Batch's records, each written through to disk before anyone is told about it.

Records are JSON objects in the shape of the Batch API (`JobDetail`, `JobQueueDetail`, …). Keys
that begin with an underscore are ours and never shown.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ..records import RecordStore

Record = dict[str, Any]


class Collection:
    """Records of one kind, by ARN or id, in the order in which they were made."""

    def __init__(self, records: RecordStore, kind: str) -> None:
        self._records = records
        self._kind = f"batch/{kind}"
        self._by_key: dict[str, Record] = {}
        loaded = [(key, json.loads(value)) for key, value in records.all(self._kind)]
        for key, record in sorted(loaded, key=lambda pair: pair[1].get("_sequence", 0)):
            self._by_key[key] = record
        self._next_sequence = 1 + max(
            (record.get("_sequence", 0) for record in self._by_key.values()), default=0
        )

    def get(self, key: str) -> Record | None:
        return self._by_key.get(key)

    def save(self, key: str, record: Record) -> None:
        if "_sequence" not in record:
            record["_sequence"] = self._next_sequence
            self._next_sequence += 1
        self._by_key[key] = record
        self._records.put(self._kind, key, json.dumps(record))

    def remove(self, key: str) -> None:
        self._by_key.pop(key, None)
        self._records.delete(self._kind, key)

    def __iter__(self) -> Iterator[Record]:
        return iter(list(self._by_key.values()))


class BatchStore:
    """Everything Batch remembers."""

    def __init__(self, records: RecordStore) -> None:
        self.compute_environments = Collection(records, "compute-environment")
        self.job_queues = Collection(records, "job-queue")
        self.scheduling_policies = Collection(records, "scheduling-policy")
        self.job_definitions = Collection(records, "job-definition")
        self.jobs = Collection(records, "job")


def visible(record: Record) -> Record:
    """The record as the API shows it."""
    return {key: value for key, value in record.items() if not key.startswith("_")}
