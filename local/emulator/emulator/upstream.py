"""The one MiniStack that this package is written against.

Modules here replace private functions, so the version is pinned exactly. `fingerprint` lets a test
say which source was read when a replacement was written; it fails when that source changes.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import inspect
from collections.abc import Callable

VERSION = "1.5.33"


class WrongUpstream(RuntimeError):
    """The installed MiniStack is not the one that the replacements here were written for."""


def require_version() -> None:
    """Raise `WrongUpstream` unless exactly the pinned MiniStack is installed."""
    installed = importlib.metadata.version("ministack")
    if installed != VERSION:
        raise WrongUpstream(
            f"MiniStack {installed} is installed, but the local cloud replaces private functions of"
            f" {VERSION}. Install local/emulator/requirements.lock."
        )


def fingerprint(function: Callable[..., object] | type) -> str:
    """The first 12 hex digits of the SHA-256 of a function's or a class's source."""
    return hashlib.sha256(inspect.getsource(function).encode()).hexdigest()[:12]
