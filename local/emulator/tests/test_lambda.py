"""Functions throw by name, keep their worker, and run on the Node that was asked for."""

from __future__ import annotations

import concurrent.futures
import os

import pytest
from conftest import Emulator, eventually
from functions import Functions
from machines import CAUGHT, Machines, caught, task

THROWS = """
class QuotaExceeded extends Error { name = 'QuotaExceeded' }
export const handler = async (event) => {
  if (event.throw) throw new QuotaExceeded('too much');
  if (event.exit) process.exit(1);
  return { pid: process.pid };
};
"""


@pytest.fixture
def functions(emulator: Emulator) -> Functions:
    return Functions(emulator)


def test_an_error_has_its_name_and_message(functions):
    name = functions.create(THROWS)
    kind, document = functions.invoke(name, {"throw": True})
    assert kind is not None
    assert (document["errorType"], document["errorMessage"]) == ("QuotaExceeded", "too much")


def test_a_worker_survives_what_its_function_throws(functions):
    name = functions.create(THROWS)
    _, before = functions.invoke(name)
    functions.invoke(name, {"throw": True})
    _, after = functions.invoke(name)
    assert after == before


def test_a_process_that_exits_is_an_exit_error_and_is_replaced(functions):
    name = functions.create(THROWS)
    _, before = functions.invoke(name)
    _, document = functions.invoke(name, {"exit": True})
    assert document["errorType"] == "Runtime.ExitError"
    _, after = functions.invoke(name)
    assert after != before


def test_a_killed_worker_is_replaced(functions):
    name = functions.create(THROWS)
    _, before = functions.invoke(name)
    os.kill(before["pid"], 9)
    _, after = eventually(lambda: functions.invoke(name), lambda answer: answer[0] is None)
    assert after != before


def test_catch_and_retry_of_a_state_machine_match_by_name(emulator, functions):
    name = functions.create(THROWS)
    arguments = {"FunctionName": name, "Payload": {"throw": True}}
    state = task("lambda:invoke", arguments, Catch=caught("QuotaExceeded"))
    assert Machines(emulator).output({"Call": state, **CAUGHT}) == "QuotaExceeded"


def test_a_callback_whose_function_throws_fails_at_once(emulator, functions):
    name = functions.create(THROWS)
    arguments = {"FunctionName": name, "Payload": {"throw": True}}
    state = task(
        "lambda:invoke.waitForTaskToken",
        arguments,
        TimeoutSeconds=60,
        Catch=caught("QuotaExceeded"),
    )
    assert Machines(emulator).output({"Call": state, **CAUGHT}) == "QuotaExceeded"


def test_a_function_sees_its_own_environment_and_not_the_one_of_who_started_the_emulator(
    own_emulator, monkeypatch
):
    monkeypatch.setenv("STRIPE_SECRET_KEY", "sk_secret")
    monkeypatch.setenv("NODE_EXTRA_CA_CERTS", "/nowhere")
    functions = Functions(own_emulator())
    name = functions.create(
        "export const handler = async () => process.env",
        Environment={"Variables": {"TABLE": "jobs"}},
    )
    _, environment = functions.invoke(name)
    assert environment["TABLE"] == "jobs"
    assert not {"STRIPE_SECRET_KEY", "NODE_EXTRA_CA_CERTS"} & set(environment)


def test_a_function_starts_where_the_folder_above_is_an_es_module(own_emulator, tmp_path):
    (tmp_path / "package.json").write_text('{"type": "module"}')
    functions = Functions(own_emulator())
    name = functions.create("export const handler = async () => 'started'")
    assert functions.invoke(name) == (None, "started")


def test_calls_beyond_the_limit_wait_for_a_worker(own_emulator):
    functions = Functions(own_emulator(lambda_concurrency=2))
    name = functions.create(
        "export const handler = async () => {"
        " await new Promise((done) => setTimeout(done, 200)); return process.pid }"
    )
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: functions.invoke(name), range(6)))
    assert {kind for kind, _ in answers} == {None}
    assert len({pid for _, pid in answers}) <= 2
