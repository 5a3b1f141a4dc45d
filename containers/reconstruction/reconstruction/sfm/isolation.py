"""Native code that may abort, in a process that may end."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import TypeVar

Result = TypeVar("Result")


class NativeCrash(Exception):
    """The process ended without an answer: a failed check in native code, or out of memory."""


@contextmanager
def isolated(function: Callable[..., Result], *arguments: object) -> Iterator[Future[Result]]:
    """Start `function` in a fresh process; within the block its result may be waited for."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=1, mp_context=context) as pool:
        yield pool.submit(function, *arguments)


def run_isolated(function: Callable[..., Result], *arguments: object) -> Result:
    """Call `function` in a fresh process. Raises NativeCrash when the process dies."""
    with isolated(function, *arguments) as future:
        return result_of(future)


def result_of(future: Future[Result]) -> Result:
    try:
        return future.result()
    except BrokenProcessPool as error:
        raise NativeCrash(str(error)) from error
