"""A function that fails is a 502 without its insides.

Upstream answers with the function's error and stack. API Gateway answers 502 "Internal server
error" through the API's DEFAULT_5XX response (API Gateway Developer Guide, "Gateway response
types", and "Handle Lambda errors in API Gateway": only a proxy integration's own answer is passed
on), so neither a client nor a test sees a stack.
"""

from __future__ import annotations

from typing import Any

from ministack.services import apigateway_v1 as upstream

_lambda_proxy_response = upstream._lambda_proxy_response
_invoke_lambda_proxy = upstream._invoke_lambda_proxy_v1
_gateway_error_response = upstream._gateway_error_response


class FunctionFailed(Exception):
    """The function threw, ended or ran out of time."""


class BadGateway(upstream._GatewayError):
    """The gateway response that stands for it."""

    def __init__(self) -> None:
        super().__init__("DEFAULT_5XX", "Internal server error", "InternalServerErrorException")


def lambda_proxy_response(result: dict[str, Any]) -> Any:
    """Replaces `_lambda_proxy_response`."""
    if result.get("error"):
        raise FunctionFailed
    return _lambda_proxy_response(result)


async def invoke_lambda_proxy(*arguments: Any, **options: Any) -> Any:
    """Replaces `_invoke_lambda_proxy_v1`."""
    try:
        return await _invoke_lambda_proxy(*arguments, **options)
    except FunctionFailed:
        return BadGateway()


def gateway_error_response(error: upstream._GatewayError, request: dict[str, Any]) -> Any:
    """Replaces `_gateway_error_response`: 502 where the type alone would say 500."""
    status, headers, body = _gateway_error_response(error, request)
    return 502 if isinstance(error, BadGateway) and status == 500 else status, headers, body


def install() -> None:
    upstream._lambda_proxy_response = lambda_proxy_response
    upstream._invoke_lambda_proxy_v1 = invoke_lambda_proxy
    upstream._gateway_error_response = gateway_error_response
