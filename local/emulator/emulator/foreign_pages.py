"""Pages from elsewhere get no answer.

Upstream allows every origin everything and verifies no signature, so any page that is open in a
browser of this machine could read secrets, or start an execution, whose jobs are local processes.
A browser says of a request which page sent it (Fetch Standard, "Origin"; Fetch Metadata Request
Headers), and a name that was made to point here (DNS rebinding) stands in `Host`. Two things stay
open because they have a guard of their own: buckets, whose CORS rules and signatures are checked,
and the REST APIs, whose callers need a token.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

from ministack.core.router import detect_service

Application = Callable[[dict[str, Any], Any, Any], Awaitable[None]]

REST_APIS = "/_aws/execute-api/"
OF_THIS_MACHINE = ("127.0.0.1", "localhost", "::1")
REFUSAL = b"A page from elsewhere may not use the local cloud.\n"


def refusing_foreign_pages(application: Application) -> Application:
    """The ASGI application, which answers 403 to requests that a page from elsewhere sent."""

    async def guarded(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "http" and _is_from_elsewhere(scope):
            await send(
                {
                    "type": "http.response.start",
                    "status": 403,
                    "headers": [(b"content-type", b"text/plain")],
                }
            )
            await send({"type": "http.response.body", "body": REFUSAL})
            return
        await application(scope, receive, send)

    return guarded


def _is_from_elsewhere(scope: dict[str, Any]) -> bool:
    headers = {name.decode().lower(): value.decode("latin-1") for name, value in scope["headers"]}
    origin = headers.get("origin")
    named_here = _is_of_this_machine(f"//{headers.get('host', '127.0.0.1')}")
    sent_here = origin is None or _is_of_this_machine(origin)
    if named_here and sent_here and headers.get("sec-fetch-site") != "cross-site":
        return False
    path = scope["path"]
    query = parse_qs(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)
    return not (
        path.startswith(REST_APIS) or detect_service(scope["method"], path, headers, query) == "s3"
    )


def _is_of_this_machine(url: str) -> bool:
    name = urlsplit(url).hostname or ""
    return name in OF_THIS_MACHINE or name.endswith((".localhost", ".amazonaws.com"))
