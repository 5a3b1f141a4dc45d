"""`aws-sdk:s3:putObject` and `aws-sdk:s3:getObject` in state machines.

Upstream names both but sends no body and reads none back. Here an object's text goes out as it is,
any other value as JSON, and comes back as `Body` text (Developer Guide, "AWS SDK integrations").
"""

from __future__ import annotations

import json
import urllib.parse
from typing import Any

from ministack import app
from ministack.core.responses import get_region
from ministack.services import stepfunctions as upstream


def put_object(resource: str, arguments: dict[str, Any]) -> dict[str, Any]:
    body = arguments.get("Body", "")
    text = body if isinstance(body, str) else json.dumps(body, separators=(",", ":"))
    headers = {"content-type": arguments.get("ContentType", "application/octet-stream")}
    answer, _ = _call("PUT", arguments, headers, text.encode())
    return {"ETag": answer.get("etag")}


def get_object(resource: str, arguments: dict[str, Any]) -> dict[str, Any]:
    answer, body = _call("GET", arguments, {}, b"")
    return {
        "Body": body.decode("utf-8", errors="replace"),
        "ContentLength": len(body),
        "ContentType": answer.get("content-type"),
        "ETag": answer.get("etag"),
    }


def _call(
    method: str, arguments: dict[str, Any], headers: dict[str, str], body: bytes
) -> tuple[dict[str, str], bytes]:
    path = f"/{arguments['Bucket']}/{urllib.parse.quote(arguments['Key'])}"
    signed = f"AWS4-HMAC-SHA256 Credential=test/20260101/{get_region()}/s3/aws4_request"
    status, answered, content = app.call_service_handler_sync(
        app.SERVICE_HANDLERS["s3"],
        method,
        path,
        {"host": "s3.amazonaws.com", "authorization": signed, **headers},
        body,
        {},
    )
    if not isinstance(content, bytes):
        content = bytes(content)
    if status >= 300:
        code = content.decode(errors="replace").partition("<Code>")[2].partition("</Code>")[0]
        name = code if code.endswith("Exception") else f"{code or 'S3'}Exception"
        raise upstream._ExecutionError(f"S3.{name}", content.decode(errors="replace"))
    return {key.lower(): value for key, value in answered.items()}, content


def install() -> None:
    dispatch = upstream._SERVICE_DISPATCH
    dispatch["arn:aws:states:::aws-sdk:s3:putObject"] = put_object
    dispatch["arn:aws:states:::aws-sdk:s3:getObject"] = get_object
