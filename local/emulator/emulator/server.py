"""Puts the pieces together around MiniStack's ASGI application and serves it on loopback.

Upstream's own `main` exits through SIGTERM's handler and then waits for what is still running: a
custom resource that never answers keeps it alive for ever. Here SIGTERM and SIGINT end jobs and
Lambda workers, stop accepting requests, write what is left, and end the process within seconds.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import threading
from collections.abc import Awaitable, Callable

from hypercorn.asyncio import serve as hypercorn_serve
from hypercorn.config import Config
from ministack import app
from ministack.core import lambda_runtime

from .api_gateway import failed_functions
from .batch import cloudformation as batch_types
from .batch import stepfunctions as batch_tasks
from .batch.api import BatchApi
from .batch.attempt import Host
from .batch.endpoint import BatchEndpoint
from .batch.scheduler import Scheduler
from .batch.store import BatchStore
from .cloudformation import attributes, interrupted
from .cloudformation import records as recorded_types
from .configuration import Configuration
from .dynamodb import expressions
from .dynamodb.journal import DynamoDbJournal
from .dynamodb.streams import DynamoDbStreams
from .foreign_pages import refusing_foreign_pages
from .lambda_functions import errors
from .lambda_functions.workers import WorkerGuard, Workers
from .persistence import recent_logs
from .persistence.documents import Documents
from .processes.ledger import ProcessLedger
from .records import RecordStore
from .s3 import cors, post_policy
from .s3.multipart import MultipartUploads
from .stepfunctions import (
    dynamodb_items,
    executions,
    language,
    retrying,
    s3_objects,
    tasks,
    walking,
)
from .stepfunctions.journal import ExecutionJournal

JOBS_END_SECONDS = 2.0
REQUESTS_END_SECONDS = 1.0
EVERYTHING_ENDS_SECONDS = 8.0

MENDED = (
    *(attributes, cors, errors, expressions, failed_functions, post_policy, recent_logs),
    *(dynamodb_items, executions, language, retrying, s3_objects, tasks, walking),
    recorded_types,
)
"""Modules that only replace functions of upstream."""


class PortInUse(RuntimeError):
    """Something else listens on the port; the message says which port."""


def serve(configuration: Configuration, ledger: ProcessLedger) -> None:
    """Serve until SIGTERM or SIGINT; raises `PortInUse`."""
    _require_free_port(configuration.port)
    records = RecordStore(configuration.data_dir / "records.sqlite")
    for module in MENDED:
        module.install()
    documents = _install_persistence(configuration, records)
    scheduler = _install_batch(configuration, records, ledger)
    guard = WorkerGuard()
    Workers(configuration.node_binary, configuration.lambda_concurrency, guard).install()
    background: list[asyncio.Task[None]] = []

    async def on_ready() -> None:
        scheduler.start()
        executions.announce_restarted()
        background.append(asyncio.create_task(documents.keep_flushing()))
        print(json.dumps({"event": "ready", "port": configuration.port}), flush=True)

    def on_stop() -> None:
        _end_by_force(EVERYTHING_ENDS_SECONDS)
        scheduler.stop(JOBS_END_SECONDS)
        lambda_runtime.reset()

    asyncio.run(_serve(configuration.port, on_ready, on_stop))
    guard.stop()
    records.close()
    os._exit(0)  # threads that wait for something that never comes are not waited for


def _install_persistence(configuration: Configuration, records: RecordStore) -> Documents:
    """Journals first: they take their part out of the documents."""
    journal = DynamoDbJournal(records)
    streams = DynamoDbStreams(records, journal)
    execution_journal = ExecutionJournal(records)
    uploads = MultipartUploads(records, configuration.data_dir / "s3-parts")
    documents = Documents(records)
    for part in (journal, streams, execution_journal, uploads, documents):
        part.install()
    load_documents = app._load_persisted_state

    def restore() -> None:
        load_documents()
        interrupted.end_interrupted_operations()
        for part in (journal, streams, execution_journal, uploads):
            part.restore()

    app._load_persisted_state = restore
    return documents


def _install_batch(
    configuration: Configuration, records: RecordStore, ledger: ProcessLedger
) -> Scheduler:
    store = BatchStore(records)
    host = Host(
        images_file=configuration.images_file,
        ledger=ledger,
        endpoint_url=f"http://127.0.0.1:{configuration.port}",
        grace_seconds=configuration.terminate_grace_seconds,
    )
    scheduler = Scheduler(store, host, configuration.gpu_slots)
    api = BatchApi(store, scheduler)
    BatchEndpoint(api).install()
    batch_types.install(api, store)
    batch_tasks.install(api, scheduler)
    return scheduler


async def _serve(
    port: int, on_ready: Callable[[], Awaitable[None]], on_stop: Callable[[], None]
) -> None:
    config = Config()
    config.bind = [f"127.0.0.1:{port}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = REQUESTS_END_SECONDS
    config.shutdown_timeout = REQUESTS_END_SECONDS
    config.loglevel = "WARNING"
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)

    async def stopped() -> None:
        await stop.wait()
        await asyncio.to_thread(on_stop)

    async def ready() -> None:
        await app._wait_for_port(port)
        await on_ready()

    waiting = asyncio.create_task(ready())
    await hypercorn_serve(refusing_foreign_pages(app.app), config, shutdown_trigger=stopped)
    waiting.cancel()


def _require_free_port(port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise PortInUse(
                f"Port {port} is in use ({error.strerror})."
                " Stop what listens there, or choose another --port."
            ) from error


def _end_by_force(seconds: float) -> None:
    """Whatever hangs, the process ends; what was answered is on disk already."""
    timer = threading.Timer(seconds, os._exit, (0,))
    timer.daemon = True
    timer.start()
