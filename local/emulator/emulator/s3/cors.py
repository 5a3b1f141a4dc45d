"""A bucket's CORS rules decide what a page of another origin may do.

Upstream answers `*` to every origin unless it checks IAM everywhere (`AUTH`), so a bucket without
rules, or with wrong ones, works here and fails on AWS. It can apply the rules; here it always does
(S3 User Guide, "Using cross-origin resource sharing").
"""

from __future__ import annotations

from typing import Any

from ministack import app
from ministack.core.router import detect_service
from ministack.services import s3

_handle_options_request = app._handle_options_request
_dispatch_service_request = app._dispatch_service_request


def handle_options_request(
    method: str, path: str, headers: dict[str, str], query: dict[str, Any], request_id: str
) -> Any:
    """Replaces `_handle_options_request`: a preflight is answered from the bucket's rules."""
    target = _bucket_of(method, path, headers, query) if method == "OPTIONS" else None
    if target is None:
        return _handle_options_request(method, path, headers, query, request_id)
    status, answered, body = s3.cors_preflight(*target, headers)
    return status, {**answered, "x-amz-request-id": request_id}, body


async def dispatch_service_request(
    method: str,
    path: str,
    headers: dict[str, str],
    body: bytes,
    query: dict[str, Any],
    request_id: str,
) -> Any:
    """Replaces `_dispatch_service_request`: an answer of S3 carries what the rules allow."""
    answer = await _dispatch_service_request(method, path, headers, body, query, request_id)
    target = _bucket_of(method, path, headers, query)
    if target is not None:
        answered = answer[1]
        for name in [name for name in answered if name.lower().startswith("access-control-")]:
            del answered[name]
        answered.update(s3.cors_response_headers(target[0], method, headers))
    return answer


def _bucket_of(
    method: str, path: str, headers: dict[str, str], query: dict[str, Any]
) -> tuple[str, str] | None:
    """Bucket and key of a request to S3, None for any other."""
    if detect_service(method, path, headers, query) != "s3":
        return None
    return app._s3_cors_target(headers.get("host", ""), path)


def install() -> None:
    app._handle_options_request = handle_options_request
    app._dispatch_service_request = dispatch_service_request
