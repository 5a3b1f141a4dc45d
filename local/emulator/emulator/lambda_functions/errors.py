"""What a function throws has its name, and does not cost its worker.

Upstream reports every error of a Node function as `Runtime.HandlerError`, so a state machine's
Catch and Retry by name never match, and kills the worker that threw. Lambda reports `errorType`
(the error's `name`), `errorMessage` and `trace`, and keeps the execution environment (Lambda
Developer Guide, "Node.js function errors"); only a process that exits is lost
(`Runtime.ExitError`).

Here the worker script answers a thrown error as an outcome beside `result`, and the caller of the
worker turns it into Lambda's error document.
"""

from __future__ import annotations

from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc as upstream

REJECTED = 'status: "error", error: String(err.message || err), trace: err.stack || ""'
THROWN = 'status: "error", error: e.message, trace: e.stack'
NAMED = """status: "ok", handlerError: ((e) => ({
            errorType: (e && e.name) || "Error",
            errorMessage: String(e && e.message !== undefined ? e.message : e),
            trace: String((e && e.stack) || "").split("\\n"),
          }))(%s)"""
DIED = "Worker process died"


def with_named_errors(script: str) -> str:
    """The worker script with its two answers for a failed handler replaced."""
    for answer, variable in ((REJECTED, "err"), (THROWN, "e")):
        if script.count(answer) != 1:
            raise RuntimeError(f"The Node worker script no longer holds: {answer}")
        script = script.replace(answer, NAMED % variable)
    return script


def execute_function_warm(function: dict[str, Any], event: Any, request_id: str) -> dict[str, Any]:
    """Replaces `_execute_function_warm`."""
    config = function.get("config") or function
    name, qualifier = config["FunctionName"], config.get("Version", "$LATEST")
    upstream._ensure_reaper_thread()
    worker, _ = upstream.acquire_worker(name, config, function["code_zip"], qualifier=qualifier)
    if worker is None:
        return upstream._throttle_response(
            reason_code="ReservedFunctionConcurrentInvocationLimitExceeded",
            msg=f"Rate Exceeded: all workers of {name} stayed busy.",
        )
    try:
        answer = worker.invoke(
            event,
            request_id,
            trace_id=upstream._xray_trace_id_for_invocation(config),
            invoked_function_arn=config.get("FunctionArn", ""),
            depth=upstream._invoke_depth.get(),
            durable=upstream._durable_env_overlay(),
        )
    except Exception as error:  # the worker could not be started
        return _failed({"errorType": "Runtime.InitError", "errorMessage": str(error)}, "")
    finally:
        upstream.release_worker(worker)
    log = answer.get("log", "")
    if "handlerError" in answer:
        thrown = answer["handlerError"]
        return _failed(thrown, "\n".join(filter(None, [log, *thrown["trace"]])))
    if answer.get("status") == "ok":
        return {"body": answer.get("result"), "log": log}
    message = answer.get("error", "Unknown error")
    return _failed({"errorType": _type_of(message), "errorMessage": message}, log)


def _failed(document: dict[str, Any], log: str) -> dict[str, Any]:
    return {"body": document, "error": True, "log": log}


def _type_of(message: str) -> str:
    if upstream._RIE_TIMEOUT_TEXT_RE.fullmatch(message):
        return "Sandbox.Timedout"
    return "Runtime.ExitError" if message == DIED else "Runtime.HandlerError"


def install() -> None:
    lambda_runtime._NODEJS_WORKER_SCRIPT = with_named_errors(lambda_runtime._NODEJS_WORKER_SCRIPT)
    upstream._execute_function_warm = execute_function_warm
