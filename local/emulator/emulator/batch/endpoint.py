"""HTTP in front of the Batch API; replaces `batch.handle_request`."""

from __future__ import annotations

import json
import urllib.parse
from typing import Any

from ministack.core.responses import error_response_json, get_account_id, get_region
from ministack.services import batch as upstream

from ..scope import Scope
from .api import BatchApi
from .problems import ClientException

Answer = tuple[int, dict[str, str], bytes]
TAGS = "/v1/tags/"


class BatchEndpoint:
    """Maps paths to operations and refusals to HTTP 400."""

    def __init__(self, api: BatchApi) -> None:
        self._api = api

    def install(self) -> None:
        upstream.handle_request = self.handle_request
        upstream.get_state = lambda: None  # every record is written through
        upstream.load_persisted_state = lambda _: None

    async def handle_request(
        self, method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]
    ) -> Answer:
        scope = Scope(get_account_id(), get_region())
        try:
            request = json.loads(body or b"{}")
            if path.startswith(TAGS):
                arn = urllib.parse.unquote(path[len(TAGS) :])
                keys = query.get("tagKeys", [])
                answer = self._api.tags(method, arn, request.get("tags") or {}, keys)
            else:
                operation = self._api.operations.get(path.rstrip("/").rsplit("/", 1)[-1].lower())
                if operation is None:
                    raise ClientException(f"The local cloud has no Batch operation at {path}.")
                answer = operation(request, scope)
        except (ClientException, json.JSONDecodeError) as problem:
            return error_response_json(
                "ClientException", str(problem), 400, content_type="application/json"
            )
        return 200, {"Content-Type": "application/json"}, json.dumps(answer).encode()
