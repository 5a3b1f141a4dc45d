"""Calling into MiniStack from a thread of ours.

Upstream keeps every service's state in plain dictionaries that request handlers change on the one
event loop. A thread that changed them as well would break a handler's read-then-write, so
calls from threads are carried out on that loop, in the account and region they act for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from ministack import app
from ministack.core.responses import request_scope

from .scope import Scope

Answer = TypeVar("Answer")


def call_on_loop(scope: Scope, function: Callable[[], Answer]) -> Answer:
    """Run `function` on the serving loop and answer what it answers; never call it on that loop."""

    async def run() -> Answer:
        with request_scope(scope.account_id, scope.region):
            return function()

    return asyncio.run_coroutine_threadsafe(run(), app._MAIN_LOOP).result()


def post_to_loop(scope: Scope, function: Callable[[], object]) -> None:
    """Run `function` on the serving loop, after everything posted before it, without waiting."""

    def run() -> None:
        with request_scope(scope.account_id, scope.region):
            function()

    loop = app._MAIN_LOOP
    if loop is not None and not loop.is_closed():
        loop.call_soon_threadsafe(run)
