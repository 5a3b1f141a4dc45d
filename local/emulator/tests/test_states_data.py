"""What states do to data: Output, Assign, Choice, Parallel, Map, in JSONata."""

from __future__ import annotations

import pytest
from conftest import Emulator
from machines import CAUGHT, Machines, caught


@pytest.fixture
def machines(emulator: Emulator) -> Machines:
    return Machines(emulator)


def test_succeed_has_an_output(machines):
    states = {"End": {"Type": "Succeed", "Output": {"doubled": "{% $states.input.n * 2 %}"}}}
    assert machines.output(states, {"n": 21}) == {"doubled": 42}


def test_all_of_an_assign_sees_the_values_from_before_the_state(machines):
    states = {
        "First": {"Type": "Pass", "Assign": {"a": 1, "b": 2}, "Next": "Swap"},
        "Swap": {"Type": "Pass", "Assign": {"a": "{% $b %}", "b": "{% $a %}"}, "Next": "End"},
        "End": {"Type": "Succeed", "Output": ["{% $a %}", "{% $b %}"]},
    }
    assert machines.output(states) == [2, 1]


def test_the_default_of_a_choice_has_output_and_assign(machines):
    states = {
        "Choose": {
            "Type": "Choice",
            "Choices": [{"Condition": "{% $states.input.n > 3 %}", "Next": "End"}],
            "Default": "End",
            "Output": {"was": "default"},
            "Assign": {"seen": True},
        },
        "End": {"Type": "Succeed", "Output": {"in": "{% $states.input %}", "seen": "{% $seen %}"}},
    }
    assert machines.output(states, {"n": 1}) == {"in": {"was": "default"}, "seen": True}


def test_a_condition_that_is_no_boolean_is_an_error(machines):
    states = {
        "Choose": {
            "Type": "Choice",
            "Choices": [{"Condition": "{% $states.input.n %}", "Next": "End"}],
            "Default": "End",
        },
        "End": {"Type": "Succeed"},
    }
    assert machines.run(states, {"n": 1})["error"] == "States.QueryEvaluationError"


def test_parallel_has_arguments_output_and_assign_and_keeps_its_branches_variables(machines):
    def branch(value: str) -> dict:
        states = {
            "Bind": {"Type": "Pass", "Assign": {"own": value}, "Next": "Tell"},
            "Tell": {"Type": "Pass", "Output": "{% $own %}", "End": True},
        }
        return {"StartAt": "Bind", "States": states}

    states = {
        "Outer": {"Type": "Pass", "Assign": {"own": "outer"}, "Next": "Both"},
        "Both": {
            "Type": "Parallel",
            "Arguments": {"n": "{% $states.input.n %}"},
            "Branches": [branch("{% $states.input.n %}"), branch("{% $states.input.n + 1 %}")],
            "Assign": {"sum": "{% $sum($states.result) %}"},
            "Output": {"results": "{% $states.result %}"},
            "Next": "End",
        },
        "End": {
            "Type": "Succeed",
            "Output": ["{% $states.input.results %}", "{% $sum %}", "{% $own %}"],
        },
    }
    states["End"]["Output"][1] = "{% $total %}"
    states["Both"]["Assign"] = {"total": "{% $sum($states.result) %}"}
    assert machines.output(states, {"n": 1}) == [[1, 2], 3, "outer"]


@pytest.mark.parametrize("mode", ["INLINE", "DISTRIBUTED"])
def test_map_runs_each_item_with_its_selector_and_keeps_the_order(machines, mode):
    config = {"Mode": mode}
    if mode == "DISTRIBUTED":
        config["ExecutionType"] = "STANDARD"
    states = {
        "Each": {
            "Type": "Map",
            "Items": "{% $states.input.xs %}",
            "MaxConcurrency": 2,
            "ItemSelector": {
                "index": "{% $states.context.Map.Item.Index %}",
                "value": "{% $states.context.Map.Item.Value %}",
            },
            "ItemProcessor": {
                "ProcessorConfig": config,
                "StartAt": "Tell",
                "States": {
                    "Tell": {
                        "Type": "Pass",
                        "Output": "{% $states.input.value * 10 + $states.input.index %}",
                        "End": True,
                    }
                },
            },
            "Output": {"all": "{% $states.result %}"},
            "End": True,
        }
    }
    assert machines.output(states, {"xs": [5, 6, 7]}) == {"all": [50, 61, 72]}


def test_a_distributed_map_tolerates_as_many_failures_as_it_says(machines):
    def run(tolerated: int) -> dict:
        return machines.run(
            {
                "Each": {
                    "Type": "Map",
                    "Items": [1, 2, 3],
                    "ToleratedFailureCount": tolerated,
                    "ItemProcessor": {
                        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                        "StartAt": "Choose",
                        "States": {
                            "Choose": {
                                "Type": "Choice",
                                "Choices": [
                                    {"Condition": "{% $states.input > 1 %}", "Next": "Bad"}
                                ],
                                "Default": "Good",
                            },
                            "Good": {"Type": "Pass", "End": True},
                            "Bad": {"Type": "Fail", "Error": "Bad"},
                        },
                    },
                    "End": True,
                }
            }
        )

    assert run(2)["result"] == [1]
    assert run(1)["error"] == "States.ExceedToleratedFailureThreshold"


def test_items_that_are_no_array_are_an_error(machines):
    states = {
        "Each": {
            "Type": "Map",
            "Items": "{% $states.input %}",
            "ItemProcessor": {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}},
            "Catch": caught("States.QueryEvaluationError"),
            "End": True,
        },
        **CAUGHT,
    }
    assert machines.output(states, {"n": 1}) == "States.QueryEvaluationError"


def test_catch_has_output_and_assign(machines):
    states = {
        "Try": {
            "Type": "Parallel",
            "Branches": [{"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "Broken"}}}],
            "Catch": [
                {
                    "ErrorEquals": ["Broken"],
                    "Output": {"error": "{% $states.errorOutput.Error %}"},
                    "Assign": {"why": "{% $states.errorOutput.Error %}"},
                    "Next": "End",
                }
            ],
            "End": True,
        },
        "End": {"Type": "Succeed", "Output": ["{% $states.input.error %}", "{% $why %}"]},
    }
    assert machines.output(states) == ["Broken", "Broken"]


def test_more_than_256_kib_between_states_ends_the_execution(machines):
    states = {
        "Big": {
            "Type": "Pass",
            "Output": "{% $pad('', 300000, 'x') %}",
            "End": True,
        }
    }
    assert machines.run(states)["error"] == "States.DataLimitExceeded"
