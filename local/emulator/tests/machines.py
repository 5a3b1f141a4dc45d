"""State machines that tests run on an emulator, in JSONata."""

from __future__ import annotations

import itertools
import json
from typing import Any

from conftest import Emulator, eventually

numbers = itertools.count()
ROLE = "arn:aws:iam::000000000000:role/states"


class Machines:
    """Creates, starts and awaits."""

    def __init__(self, emulator: Emulator) -> None:
        self.client = emulator.client("stepfunctions")

    def create(self, states: dict[str, Any], **fields: Any) -> str:
        """A machine that starts at the first of `states`."""
        definition = {
            "QueryLanguage": "JSONata",
            "StartAt": next(iter(states)),
            "States": states,
            **fields,
        }
        return self.client.create_state_machine(
            name=f"machine{next(numbers)}", definition=json.dumps(definition), roleArn=ROLE
        )["stateMachineArn"]

    def start(self, machine: str, given: Any = None, **request: Any) -> str:
        return self.client.start_execution(
            stateMachineArn=machine, input=json.dumps(given or {}), **request
        )["executionArn"]

    def describe(self, execution: str) -> dict[str, Any]:
        return self.client.describe_execution(executionArn=execution)

    def ended(self, execution: str) -> dict[str, Any]:
        return eventually(
            lambda: self.describe(execution), lambda answer: answer["status"] != "RUNNING"
        )

    def run(self, states: dict[str, Any], given: Any = None, **fields: Any) -> dict[str, Any]:
        """Run to the end; `result` is the parsed output."""
        answer = self.ended(self.start(self.create(states, **fields), given))
        answer["result"] = json.loads(answer["output"]) if answer.get("output") else None
        return answer

    def output(self, states: dict[str, Any], given: Any = None, **fields: Any) -> Any:
        """The output of a run that succeeds."""
        answer = self.run(states, given, **fields)
        assert answer["status"] == "SUCCEEDED", (answer.get("error"), answer.get("cause"))
        return answer["result"]

    def history(self, execution: str) -> list[dict[str, Any]]:
        return self.client.get_execution_history(executionArn=execution, maxResults=1000)["events"]


def task(resource: str, arguments: Any, **fields: Any) -> dict[str, Any]:
    """A Task; the last state unless `Next` is given."""
    ending = {} if "Next" in fields else {"End": True}
    return {
        "Type": "Task",
        "Resource": f"arn:aws:states:::{resource}",
        "Arguments": arguments,
        **ending,
        **fields,
    }


def caught(*errors: str) -> list[dict[str, Any]]:
    """A Catch of these errors that goes to `Caught` with the error's name."""
    return [
        {"ErrorEquals": list(errors), "Next": "Caught", "Output": "{% $states.errorOutput.Error %}"}
    ]


CAUGHT = {"Caught": {"Type": "Succeed"}}
