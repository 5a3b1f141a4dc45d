"""Items are written through, a request's writes together.

Upstream holds items in memory and saves tables whole at shutdown. Here every item that a request
sets or removes is written in one transaction before the request is answered, so after a kill a
TransactWriteItems is there whole or not at all. Items are kept by the table's id: what belonged to
a deleted table is never read again. Table definitions stay in the service's document.
"""

from __future__ import annotations

import contextvars
import json
from collections import defaultdict
from typing import Any

from ministack.services import dynamodb as upstream

from ..records import Change, RecordStore

Table = dict[str, Any]
KIND = "dynamodb-item/"

_set_item = upstream._set_item
_remove_item = upstream._remove_item
_items_replaced = upstream._items_replaced
_handle_request = upstream.handle_request
_get_state = upstream.get_state
_pending: contextvars.ContextVar[list[Change] | None] = contextvars.ContextVar(
    "dynamodb_changes", default=None
)


class DynamoDbJournal:
    """The record store behind every table."""

    def __init__(self, records: RecordStore) -> None:
        self._records = records

    def install(self) -> None:
        upstream._set_item = self.set_item
        upstream._remove_item = self.remove_item
        upstream._items_replaced = self.items_replaced
        upstream.handle_request = self.handle_request
        upstream.get_state = self.state_without_items

    def restore(self) -> None:
        """Fill the tables that were loaded from the document; forget those that are gone."""
        tables = {table["TableId"]: table for table in upstream._tables.all_values()}
        for table in tables.values():
            table["items"] = defaultdict(dict)
            table.update(ItemCount=0, TableSizeBytes=0)
            for key, item in self._records.all(KIND + table["TableId"]):
                partition, sort = json.loads(key)
                _set_item(table, partition, sort, json.loads(item))
        for kind in self._records.kinds(KIND):
            if kind[len(KIND) :] not in tables:
                self._records.delete_kind(kind)

    async def handle_request(self, *request: Any) -> Any:
        """One request, one transaction."""
        changes: list[Change] = []
        token = _pending.set(changes)
        try:
            return await _handle_request(*request)
        finally:
            _pending.reset(token)
            if changes:
                self._records.write(changes)

    def set_item(self, table: Table, partition: Any, sort: Any, item: dict[str, Any]) -> Any:
        previous = _set_item(table, partition, sort, item)
        self.write([_change(table, partition, sort, item)])
        return previous

    def remove_item(self, table: Table, partition: Any, sort: Any) -> Any:
        previous = _remove_item(table, partition, sort)
        self.write([_change(table, partition, sort, None)])
        return previous

    def items_replaced(self, table: Table) -> None:
        """A transaction rolled back or a backup restored: write the table as it is now."""
        _items_replaced(table)
        now = [
            _change(table, partition, sort, item)
            for partition, by_sort in table["items"].items()
            for sort, item in by_sort.items()
        ]
        kept = {change.key for change in now}
        stored = self._records.all(KIND + table["TableId"])
        gone = {key for key, _ in stored} | {
            change.key for change in _pending.get() or [] if change.kind == KIND + table["TableId"]
        }
        self.write([Change(KIND + table["TableId"], key, None) for key in gone - kept] + now)

    def state_without_items(self) -> dict[str, Any]:
        """Replaces `get_state`: the items are elsewhere, so they are not copied either."""
        held = {key: table["items"] for key, table in upstream._tables.all_items()}
        for table in upstream._tables.all_values():
            table["items"] = defaultdict(dict)
        try:
            state = _get_state()
        finally:
            for key, items in held.items():
                upstream._tables._data[key]["items"] = items
        for table in state["tables"].all_values():
            for count in ("ItemCount", "TableSizeBytes"):
                table.pop(count, None)
        return state

    def write(self, changes: list[Change]) -> None:
        """Write with the request's other changes, or at once outside of a request."""
        pending = _pending.get()
        if pending is None:
            self._records.write(changes)
        else:
            pending.extend(changes)


def _change(table: Table, partition: Any, sort: Any, item: dict[str, Any] | None) -> Change:
    value = None if item is None else json.dumps(item, separators=(",", ":"))
    return Change(KIND + table["TableId"], json.dumps([partition, sort]), value)
