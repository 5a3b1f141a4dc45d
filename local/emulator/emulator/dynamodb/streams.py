"""Stream records and the positions of their readers survive a kill.

Upstream persists how far a Lambda function has read but not the records, so after a restart the
first records of a stream are skipped and unread ones are lost. DynamoDB keeps a record for 24
hours and Lambda reads each at least once (Developer Guide, "Change data capture for DynamoDB
Streams"). Here each record is written in the transaction of the change it tells of, and each
position when it advances.
"""

from __future__ import annotations

import json
from typing import Any

from ministack.core.responses import AccountRegionScopedDict
from ministack.services import dynamodb as upstream
from ministack.services import lambda_svc

from ..records import Change, RecordStore
from .journal import DynamoDbJournal

RECORDS = "dynamodb-stream/"
POSITIONS = "dynamodb-stream-position"

_emit_stream_event = upstream._emit_stream_event
_drop_stream_records = upstream.drop_stream_records


class DynamoDbStreams:
    """Journals records by table and absolute position in its stream."""

    def __init__(self, records: RecordStore, journal: DynamoDbJournal) -> None:
        self._records = records
        self._journal = journal

    def install(self) -> None:
        upstream._emit_stream_event = self.emit
        upstream.drop_stream_records = self.drop
        lambda_svc._dynamodb_stream_positions = Positions(self._records)

    def restore(self) -> None:
        """Load what is younger than 24 hours; a stream goes on counting where it was."""
        for kind in self._records.kinds(RECORDS):
            account_id, region, name = kind[len(RECORDS) :].split("/")
            table = upstream._tables.get_scoped(account_id, region, name)
            stored = [(int(k), json.loads(v)) for k, v in self._records.all(kind)]
            if table is None:
                self._records.delete_kind(kind)
                continue
            upstream._stream_records.set_scoped(account_id, region, name, [r for _, r in stored])
            upstream._stream_trimmed.set_scoped(account_id, region, name, stored[0][0])
            upstream._trim_stream_records(name, account_id=account_id, region=region)
            horizon = upstream._trimmed_count(name, account_id, region)
            newest = stored[-1][0]
            self._records.write(
                Change(kind, _key(index), None)
                for index, _ in stored
                if index < horizon and index != newest
            )
        lambda_svc._dynamodb_stream_positions.restore()

    def emit(self, table_name: str, *arguments: Any, **options: Any) -> None:
        """Replaces `_emit_stream_event`."""
        before = upstream.stream_end_position(table_name)
        _emit_stream_event(table_name, *arguments, **options)
        after = upstream.stream_end_position(table_name)
        if after > before:
            table = upstream._tables[table_name]
            emitted = upstream._stream_records[table_name][before - after :]
            self._journal.write(
                [
                    Change(_kind(table), _key(before + offset), json.dumps(record))
                    for offset, record in enumerate(emitted)
                ]
            )

    def drop(self, table_name: str, table: dict[str, Any] | None = None) -> None:
        """Replaces `drop_stream_records`: the table or its stream is gone."""
        _drop_stream_records(table_name, table)
        if table is not None:
            self._records.delete_kind(_kind(table))


class Positions(AccountRegionScopedDict):
    """How far each event source mapping has read, written through."""

    __slots__ = ("_records",)

    def __init__(self, records: RecordStore) -> None:
        super().__init__()
        self._records = records

    def __setitem__(self, mapping_id: str, position: int) -> None:
        if self.get(mapping_id) != position:
            super().__setitem__(mapping_id, position)
            self._records.put(POSITIONS, json.dumps(self._scoped(mapping_id)), str(position))

    def __deepcopy__(self, memo: Any) -> AccountRegionScopedDict:
        return AccountRegionScopedDict()  # the document of Lambda need not hold them

    def pop(self, mapping_id: str, *default: Any) -> Any:
        self._records.delete(POSITIONS, json.dumps(self._scoped(mapping_id)))
        return super().pop(mapping_id, *default)

    def restore(self) -> None:
        for key, position in self._records.all(POSITIONS):
            self._data[tuple(json.loads(key))] = int(position)


def _kind(table: dict[str, Any]) -> str:
    parts = table["TableArn"].split(":")
    return f"{RECORDS}{parts[4]}/{parts[3]}/{table['TableName']}"


def _key(position: int) -> str:
    return f"{position:012d}"
