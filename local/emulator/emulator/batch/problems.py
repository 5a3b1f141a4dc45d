"""How Batch refuses a request."""

from __future__ import annotations


class ClientException(Exception):
    """The request is at fault (Batch API reference, "ClientException", HTTP 400)."""
