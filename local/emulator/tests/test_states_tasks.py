"""Tasks of state machines: Batch jobs, callbacks, time limits, retries, stops."""

from __future__ import annotations

import json
import time

import pytest
from batch_resources import Batch
from botocore.exceptions import ClientError
from conftest import Emulator, eventually
from machines import CAUGHT, Machines, caught, task


@pytest.fixture
def machines(emulator: Emulator) -> Machines:
    return Machines(emulator)


@pytest.fixture
def batch(emulator: Emulator) -> Batch:
    return Batch(emulator)


@pytest.fixture
def definition(batch: Batch) -> str:
    return batch.client.register_job_definition(
        jobDefinitionName=f"of-{batch.name}",
        type="container",
        containerProperties={
            "image": "test/shell",
            "command": ["sh", "-c", "eval $SCRIPT"],
            "resourceRequirements": [{"type": "VCPU", "value": "1"}],
        },
    )["jobDefinitionArn"]


def job(batch: Batch, definition: str, script: str, **fields) -> dict:
    return task(
        "batch:submitJob.sync",
        {
            "JobName": "stage",
            "JobQueue": batch.queue,
            "JobDefinition": definition,
            "ContainerOverrides": {"Environment": [{"Name": "SCRIPT", "Value": script}]},
        },
        **fields,
    )


def jobs_by_status(batch: Batch) -> dict[str, int]:
    return {
        status: len(
            batch.client.list_jobs(jobQueue=batch.queue, jobStatus=status)["jobSummaryList"]
        )
        for status in ("RUNNING", "SUCCEEDED", "FAILED")
    }


def queue_of_tokens(emulator: Emulator, name: str) -> tuple[str, dict]:
    """A queue, and a callback task that sends its token there."""
    url = emulator.client("sqs").create_queue(QueueName=name)["QueueUrl"]
    body = {"token": "{% $states.context.Task.Token %}"}
    return url, task("sqs:sendMessage.waitForTaskToken", {"QueueUrl": url, "MessageBody": body})


def next_token(emulator: Emulator, url: str) -> str:
    answer = emulator.client("sqs").receive_message(QueueUrl=url, WaitTimeSeconds=5)
    return json.loads(answer["Messages"][0]["Body"])["token"]


def test_a_job_is_waited_for_and_answered_whole(machines, batch, definition):
    output = machines.output({"Run": job(batch, definition, "true")})
    assert (output["Status"], output["Container"]["ExitCode"]) == ("SUCCEEDED", 0)
    names = {entry["Name"] for entry in output["Container"]["Environment"]}
    assert names == {"SCRIPT", "MANAGED_BY_AWS"}


def test_a_failed_job_is_a_failed_task_with_the_job_as_its_cause(machines, batch, definition):
    answer = machines.run({"Run": job(batch, definition, "exit 9")})
    assert answer["error"] == "States.TaskFailed"
    cause = json.loads(answer["cause"])
    assert cause["Attempts"][0]["Container"]["ExitCode"] == 9
    assert cause["StatusReason"] == "Essential container in task exited"


def test_submitting_to_no_queue_is_a_client_exception(machines, batch, definition):
    state = job(batch, definition, "true", Catch=caught("Batch.ClientException"))
    state["Arguments"]["JobQueue"] = "none"
    assert machines.output({"Run": state, **CAUGHT}) == "Batch.ClientException"


def test_stopping_the_execution_terminates_the_job(machines, batch, definition):
    execution = machines.start(machines.create({"Run": job(batch, definition, "sleep 60")}))
    eventually(lambda: jobs_by_status(batch)["RUNNING"], lambda count: count == 1)
    machines.client.stop_execution(executionArn=execution, error="Cancelled")
    eventually(lambda: jobs_by_status(batch)["FAILED"], lambda count: count == 1)
    assert machines.describe(execution)["status"] == "ABORTED"


def test_a_task_that_runs_out_of_time_terminates_its_job(machines, batch, definition):
    states = {
        "Run": job(
            batch,
            definition,
            "sleep 60",
            TimeoutSeconds="{% $states.input.limit %}",
            Catch=caught("States.Timeout"),
        ),
        **CAUGHT,
    }
    assert machines.output(states, {"limit": 1}) == "States.Timeout"
    eventually(lambda: jobs_by_status(batch)["FAILED"], lambda count: count == 1)


def test_an_execution_that_runs_out_of_time_ends_timed_out_with_its_jobs(
    machines, batch, definition
):
    answer = machines.run({"Run": job(batch, definition, "sleep 60")}, TimeoutSeconds=1)
    assert answer["status"] == "TIMED_OUT"
    eventually(lambda: jobs_by_status(batch)["FAILED"], lambda count: count == 1)


def test_the_first_failed_branch_stops_the_others(machines, batch, definition):
    def branch(script: str) -> dict:
        return {"StartAt": "Run", "States": {"Run": job(batch, definition, script)}}

    states = {
        "Both": {
            "Type": "Parallel",
            "Branches": [branch("sleep 60"), branch("sleep 0.5; exit 1")],
            "Catch": caught("States.TaskFailed"),
            "End": True,
        },
        **CAUGHT,
    }
    assert machines.output(states) == "States.TaskFailed"
    eventually(lambda: jobs_by_status(batch)["FAILED"], lambda count: count == 2)


def test_batch_can_be_called_directly(machines, batch, definition):
    arguments = {"JobQueue": batch.queue, "JobStatus": "FAILED"}
    output = machines.output({"List": task("aws-sdk:batch:listJobs", arguments)})
    assert output == {"JobSummaryList": []}


def test_an_object_is_put_and_got_in_a_state_machine(emulator, machines):
    emulator.client("s3").create_bucket(Bucket="machine-objects")
    where = {"Bucket": "machine-objects", "Key": "a/b c.json"}
    states = {
        "Put": task("aws-sdk:s3:putObject", {**where, "Body": {"n": 1}}, Next="Get"),
        "Get": task("aws-sdk:s3:getObject", where, Output="{% $parse($states.result.Body) %}"),
    }
    assert machines.output(states) == {"n": 1}
    missing = task(
        "aws-sdk:s3:getObject",
        {**where, "Key": "none"},
        Catch=caught("S3.NoSuchKeyException"),
    )
    assert machines.output({"Get": missing, **CAUGHT}) == "S3.NoSuchKeyException"


def test_a_callback_is_waited_for_and_its_token_is_good_once(emulator, machines):
    url, state = queue_of_tokens(emulator, "callback")
    execution = machines.start(machines.create({"Wait": state}))
    token = next_token(emulator, url)
    machines.client.send_task_success(taskToken=token, output='{"done": true}')
    assert json.loads(machines.ended(execution)["output"]) == {"done": True}
    with pytest.raises(ClientError, match="TaskDoesNotExist"):
        machines.client.send_task_success(taskToken=token, output="{}")


def test_a_callback_may_fail_the_task_by_name(emulator, machines):
    url, state = queue_of_tokens(emulator, "callback-failure")
    state["Catch"] = caught("HostLost")
    execution = machines.start(machines.create({"Wait": state, **CAUGHT}))
    machines.client.send_task_failure(taskToken=next_token(emulator, url), error="HostLost")
    assert json.loads(machines.ended(execution)["output"]) == "HostLost"


def test_a_silent_task_times_out_by_its_heartbeat_and_one_that_is_heard_does_not(
    emulator, machines
):
    url, state = queue_of_tokens(emulator, "heartbeats")
    state.update(HeartbeatSeconds=2, TimeoutSeconds=60, Catch=caught("States.HeartbeatTimeout"))
    execution = machines.start(machines.create({"Wait": state, **CAUGHT}))
    token = next_token(emulator, url)
    for _ in range(7):
        time.sleep(0.4)
        machines.client.send_task_heartbeat(taskToken=token)
    assert machines.describe(execution)["status"] == "RUNNING"
    assert json.loads(machines.ended(execution)["output"]) == "States.HeartbeatTimeout"


def test_each_attempt_of_a_callback_has_a_token_of_its_own(emulator, machines):
    url, state = queue_of_tokens(emulator, "attempts")
    state["Retry"] = [{"ErrorEquals": ["Again"], "IntervalSeconds": 1, "MaxAttempts": 1}]
    execution = machines.start(machines.create({"Wait": state}))
    first = next_token(emulator, url)
    machines.client.send_task_failure(taskToken=first, error="Again")
    second = next_token(emulator, url)
    assert second != first
    machines.client.send_task_success(taskToken=second, output="2")
    assert machines.ended(execution)["output"] == "2"


def test_a_stopped_execution_stays_aborted_and_its_token_dies(emulator, machines):
    url, state = queue_of_tokens(emulator, "stopped")
    execution = machines.start(machines.create({"Wait": state}))
    token = next_token(emulator, url)
    machines.client.stop_execution(executionArn=execution)

    def is_dead() -> bool:
        try:
            machines.client.send_task_heartbeat(taskToken=token)
        except ClientError:
            return True
        return False

    eventually(is_dead, lambda dead: dead)
    assert machines.describe(execution)["status"] == "ABORTED"


def test_a_fault_of_the_machine_itself_is_not_caught(machines):
    state = task("none:such", {}, Catch=caught("States.ALL"))
    assert machines.run({"Run": state, **CAUGHT})["error"] == "States.Runtime"


def test_a_start_is_idempotent_by_name_and_input_while_it_runs(machines):
    machine = machines.create({"Wait": {"Type": "Wait", "Seconds": 60, "End": True}})
    first = machines.start(machine, {"a": 1}, name="same")
    assert machines.start(machine, {"a": 1}, name="same") == first
    with pytest.raises(ClientError, match="ExecutionAlreadyExists"):
        machines.start(machine, {"a": 2}, name="same")
    machines.client.stop_execution(executionArn=first)
    with pytest.raises(ClientError, match="ExecutionAlreadyExists"):
        machines.start(machine, {"a": 1}, name="same")
