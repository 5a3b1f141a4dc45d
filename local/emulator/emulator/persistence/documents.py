"""The state of each service as one JSON document, written whole when it has changed.

Upstream writes `<service>.json` at shutdown only (`core/persistence.py`). Here the same state goes
to the record store: before the answer of a request that may have changed it; before CloudFormation
tells of a stack whose status has changed, for all services, because a stack changes many; and
`SOON_SECONDS` after a change that no request made (a message moved by a poller, a line of a log).
Reading never writes. What is journaled item by item is left out of the documents.
"""

from __future__ import annotations

import asyncio
import functools
import json
import logging
import re
import sys
import time
from collections.abc import Awaitable, Callable
from types import ModuleType
from typing import Any

from ministack import app
from ministack.core import persistence as upstream
from ministack.services import sqs
from ministack.services.cloudformation import _stacks

from ..records import RecordStore

logger = logging.getLogger("emulator.persistence")

KIND = "service"
SOON_SECONDS = 1.0
RESTLESS = ("sqs", "scheduler", "cloudwatch_logs", "cloudwatch")
"""Services that change without a request of their own, looked at every now and then."""

READS = re.compile(
    r"(Get|List|Describe|BatchGet|Query|Scan|Search|Lookup|Filter|Test|Validate|Simulate|Encrypt"
    r"|Decrypt|Sign|Verify|GenerateDataKey|GenerateRandom|Receive|Discover)"
)
WRITTEN_THROUGH = {
    "dynamodb": re.compile(r"(Put|Update|Delete|BatchWrite|Transact)(Write)?Items?$|Execute"),
    "states": re.compile(r"Start|Stop|SendTask"),
    "logs": re.compile(r"PutLogEvents"),
    "monitoring": re.compile(r"PutMetricData"),
    "sqs": re.compile(r"ChangeMessageVisibility"),
}
"""Requests that another module has journaled, or whose loss only repeats a delivery."""

Answer = tuple[int, dict[str, str], Any]
Handler = Callable[..., Awaitable[Answer]]


class Documents:
    """One document per service that has been used."""

    def __init__(self, records: RecordStore) -> None:
        self._records = records
        self._written: dict[str, int] = {}
        self._not_before: dict[str, float] = {}
        self._stack_statuses: dict[Any, str] = {}
        self._messages = 0

    def install(self) -> None:
        """Take the place of upstream's files, and stand behind every service's handler."""
        app.load_state = self.load
        app.save_all = lambda _: self.flush_all()
        for service, handler in app.SERVICE_HANDLERS.items():
            app.SERVICE_HANDLERS[service] = self._saving(service, handler)

    def load(self, key: str) -> Any:
        """Replaces `persistence.load_state`."""
        document = self._records.get(KIND, key)
        if document is None:
            return None
        return json.loads(document, object_hook=upstream._json_object_hook)

    def flush(self, key: str) -> None:
        """Write a service's document unless it is the one already written."""
        module = self._module(key)
        if module is None:
            return
        began = time.monotonic()
        state = module.get_state()
        if state is not None:
            document = json.dumps(state, default=upstream._json_default, separators=(",", ":"))
            digest = hash(document)
            if self._written.get(key) != digest:
                self._records.put(KIND, key, document)
                self._written[key] = digest
        ended = time.monotonic()
        self._not_before[key] = ended + max(SOON_SECONDS, 20 * (ended - began))

    def flush_all(self) -> None:
        for key in app._state_map:
            try:
                self.flush(key)
            except Exception:
                logger.exception("The state of %s could not be written", key)

    async def keep_flushing(self) -> None:
        """Look after the restless services; a large document is written less often."""
        while True:
            await asyncio.sleep(SOON_SECONDS)
            for key in RESTLESS:
                if time.monotonic() >= self._not_before.get(key, 0.0):
                    try:
                        self.flush(key)
                    except RuntimeError:  # changed by a thread meanwhile; the next round sees it
                        continue
                    await asyncio.sleep(0)

    def _module(self, key: str) -> ModuleType | None:
        module = sys.modules.get(f"ministack.services.{app._state_map[key]}")
        return module if module is not None and hasattr(module, "get_state") else None

    def _saving(self, service: str, handler: Handler) -> Handler:
        keys = _state_keys(service)

        @functools.wraps(handler)
        async def handle(
            method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]
        ) -> Answer:
            answer = await handler(method, path, headers, body, query)
            if service == "cloudformation":
                self._flush_if_stacks_moved()
            if may_have_changed(service, method, path, headers, body, query):
                for key in keys:
                    self.flush(key)
            if service != "sqs" and _messages() != self._messages:
                self.flush("sqs")  # an event or a notification has put a message there
            self._messages = _messages()
            return answer

        return handle

    def _flush_if_stacks_moved(self) -> None:
        statuses = {name: stack.get("StackStatus") for name, stack in _stacks.all_items()}
        if statuses != self._stack_statuses:
            self._stack_statuses = statuses
            self.flush_all()


def _messages() -> int:
    return sum(len(queue["messages"]) for queue in sqs._queues.all_values())


def _state_keys(service: str) -> list[str]:
    entry = app.SERVICE_REGISTRY[service]
    return [entry.get("state_key", entry["module"]), *entry.get("sub_modules", ())]


def may_have_changed(
    service: str,
    method: str,
    path: str,
    headers: dict[str, str],
    body: bytes | str,
    query: dict[str, Any],
) -> bool:
    """Whether a request may have changed the document of its service."""
    if method in ("GET", "HEAD", "OPTIONS"):
        return False
    if service == "s3":  # the objects themselves are files, with their metadata beside them
        is_object = len(path.strip("/").split("/", 1)) == 2
        return not is_object
    if service == "lambda" and "/invocations" in path:
        return False
    action = _action(headers, body, query)
    if action is None:
        return True
    through = WRITTEN_THROUGH.get(service)
    return not READS.match(action) and not (through and through.search(action))


def _action(headers: dict[str, str], body: bytes | str, query: dict[str, Any]) -> str | None:
    """The operation of a JSON or query protocol request; None for a REST one."""
    target = headers.get("x-amz-target")
    if target:
        return target.rsplit(".", 1)[-1]
    if "Action" in query:
        value = query["Action"]
        return value[0] if isinstance(value, list) else value
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else body or ""
    found = re.search(r"(?:^|&)Action=(\w+)", text)
    return found[1] if found else None
