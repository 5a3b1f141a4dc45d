"""Task states: time limits, heartbeats, callbacks, and an end as soon as one is asked for.

A task's work runs in a thread of its own, so the state can end when its time is over or the
execution is stopped; the work learns of it through its `Stop` (a Batch job is terminated, a Lambda
function runs on unheard, as on AWS). A callback task has a token per attempt, and ends with
States.HeartbeatTimeout when no heartbeat came for `HeartbeatSeconds`.
"""

from __future__ import annotations

import contextvars
import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from ministack.core.responses import new_uuid
from ministack.services import stepfunctions as upstream

from .language import Context, State, arguments_of, number_field, output_of
from .retrying import Next, with_retry_and_catch
from .stopping import Stop, current_stop, stoppable

CALLBACK = ".waitForTaskToken"
Execution = dict[str, Any]


def execute_task(state: State, given: Any, execution: Execution, context: Context) -> Next:
    """Replaces `_execute_task`."""

    def attempt() -> Next:
        resource = state["Resource"]
        if CALLBACK in resource:
            context["Task"] = {"Token": new_uuid()}
        arguments = arguments_of(state, given, context)
        limits = Limits(
            number_field(state, "TimeoutSeconds", given, context),
            number_field(state, "HeartbeatSeconds", given, context),
        )
        details = {
            "resourceType": "lambda" if "lambda" in resource else resource.split(":")[-2],
            "resource": resource,
        }
        parameters = {"parameters": json.dumps(arguments)}
        _record(execution, "TaskScheduled", {**details, **parameters})
        try:
            if CALLBACK in resource:
                result = _with_callback(resource, arguments, context["Task"]["Token"], limits)
            else:
                result = _in_time(lambda: upstream._invoke_resource(resource, arguments), limits)
        except upstream._ExecutionError as error:
            timed_out = error.error in ("States.Timeout", "States.HeartbeatTimeout")
            failed = {"error": error.error, "cause": error.cause}
            _record(execution, "TaskTimedOut" if timed_out else "TaskFailed", {**details, **failed})
            raise
        _record(execution, "TaskSucceeded", {**details, "output": json.dumps(result)})
        return output_of(state, given, result, context), upstream._next_or_end(state)

    return with_retry_and_catch(state, given, context, attempt)


class Limits:
    """How long an attempt may take, and how long it may be silent, in seconds."""

    def __init__(self, timeout_seconds: float | None, heartbeat_seconds: float | None) -> None:
        self.started = time.monotonic()
        self.timeout_seconds = timeout_seconds
        self.heartbeat_seconds = heartbeat_seconds

    @property
    def remaining_seconds(self) -> float | None:
        if self.timeout_seconds is None:
            return None
        return max(0.0, self.started + self.timeout_seconds - time.monotonic())

    def timed_out(self) -> Exception:
        return upstream._ExecutionError(
            "States.Timeout", f"The task ran longer than {self.timeout_seconds} seconds."
        )

    def silent(self) -> Exception:
        return upstream._ExecutionError(
            "States.HeartbeatTimeout", f"No heartbeat for {self.heartbeat_seconds} seconds."
        )


def _record(execution: Execution, kind: str, details: dict[str, Any]) -> None:
    member = kind[:1].lower() + kind[1:] + "EventDetails"
    upstream._add_event(execution, kind, {member: details})


def _in_time(work: Callable[[], Any], limits: Limits) -> Any:
    """Do `work` in a thread; raises States.Timeout, or `Stopped`, without waiting for it to end."""
    future: Future[Any] = Future()
    done = threading.Event()
    stop = Stop(current_stop())

    def run() -> None:
        with stoppable(stop):
            try:
                future.set_result(work())
            except BaseException as error:
                future.set_exception(error)
        done.set()

    context = contextvars.copy_context()
    threading.Thread(target=context.run, args=(run,), name="states-task", daemon=True).start()
    if not current_stop().wait(done, limits.remaining_seconds):
        stop.set("the task ran out of time")
        raise limits.timed_out()
    return future.result()


def _with_callback(resource: str, arguments: Any, token: str, limits: Limits) -> Any:
    """Call the service, then wait for SendTaskSuccess, SendTaskFailure or the end of patience."""
    answered = threading.Event()
    task = {"event": answered, "result": None, "error": None, "heartbeat": None}
    upstream._task_tokens[token] = task
    try:
        _in_time(
            lambda: upstream._invoke_resource(resource.replace(CALLBACK, ""), arguments), limits
        )
        _wait_for_answer(task, limits)
    finally:
        upstream._task_tokens.pop(token, None)
    if task["error"]:
        raise upstream._ExecutionError(task["error"]["Error"], task["error"]["Cause"])
    try:
        return json.loads(task["result"])
    except (TypeError, json.JSONDecodeError):
        return task["result"]


def _wait_for_answer(task: dict[str, Any], limits: Limits) -> None:
    last_heartbeat, heard_at = task["heartbeat"], time.monotonic()
    while True:
        patience = limits.remaining_seconds
        if limits.heartbeat_seconds is not None:
            silence_ends = heard_at + limits.heartbeat_seconds - time.monotonic()
            patience = min(silence_ends, silence_ends if patience is None else patience)
        if current_stop().wait(task["event"], None if patience is None else max(0.0, patience)):
            return
        if task["heartbeat"] != last_heartbeat:
            last_heartbeat, heard_at = task["heartbeat"], task["heartbeat"]
        elif limits.remaining_seconds == 0:
            raise limits.timed_out()
        elif time.monotonic() >= heard_at + (limits.heartbeat_seconds or float("inf")):
            raise limits.silent()


def heartbeat(request: dict[str, Any]) -> Any:
    """Replaces `_send_task_heartbeat`, which writes the wall clock in milliseconds."""
    task = upstream._task_tokens.get(request.get("taskToken"))
    if task is None:
        return upstream.error_response_json("TaskDoesNotExist", "Task token not found", 400)
    task["heartbeat"] = time.monotonic()
    return upstream.json_response({})


def install() -> None:
    upstream._execute_task = execute_task
    upstream._send_task_heartbeat = heartbeat
