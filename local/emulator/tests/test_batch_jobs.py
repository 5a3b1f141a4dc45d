"""A job's command runs on this machine, as its definition says."""

from __future__ import annotations

import pytest
from batch_resources import Batch
from botocore.exceptions import ClientError
from conftest import Emulator, eventually


@pytest.fixture
def batch(emulator: Emulator) -> Batch:
    return Batch(emulator)


def output_of(emulator: Emulator, job: dict) -> list[str]:
    stream = job["container"]["logStreamName"]
    events = emulator.client("logs").get_log_events(
        logGroupName="/aws/batch/job", logStreamName=stream
    )["events"]
    return [event["message"] for event in events]


def test_a_job_that_exits_0_succeeds_and_its_output_is_in_its_log_stream(emulator, batch):
    job = batch.ended(batch.submit("echo one; echo two >&2"))
    assert (job["status"], job["container"]["exitCode"]) == ("SUCCEEDED", 0)
    assert job["container"]["logStreamName"].split("/")[1] == "default"
    assert output_of(emulator, job) == ["one", "two"]


def test_a_job_that_exits_otherwise_fails_with_its_exit_code(batch):
    job = batch.ended(batch.submit("exit 7"))
    assert (job["status"], job["container"]["exitCode"]) == ("FAILED", 7)
    assert job["statusReason"] == "Essential container in task exited"


def test_a_killed_job_reports_128_plus_the_signal(batch):
    assert batch.ended(batch.submit("kill -9 $$"))["container"]["exitCode"] == 137


def test_a_job_sees_its_own_environment_and_not_the_emulators(emulator, batch):
    job_id = batch.submit(
        "env",
        containerOverrides={"environment": [{"name": "GREETING", "value": "a b"}]},
    )
    lines = output_of(emulator, batch.ended(job_id))
    seen = dict(line.split("=", 1) for line in lines)
    assert seen["GREETING"] == "a b"
    assert seen["AWS_BATCH_JOB_ID"] == job_id
    assert seen["AWS_BATCH_JOB_ATTEMPT"] == "1"
    assert seen["AWS_BATCH_JQ_NAME"] == batch.queue.rsplit("/", 1)[-1]
    assert seen["AWS_BATCH_CE_NAME"] == batch.name
    assert seen["AWS_ENDPOINT_URL"] == f"http://127.0.0.1:{emulator.port}"
    assert not {"PERSIST_STATE", "GATEWAY_PORT", "STATE_DIR"} & set(seen)


def test_parameters_and_overrides_replace_what_the_definition_says(emulator, batch):
    definition = batch.client.register_job_definition(
        jobDefinitionName="greeter",
        type="container",
        parameters={"who": "nobody", "how": "softly"},
        containerProperties={
            "image": "test/shell",
            "command": ["echo", "Ref::who", "Ref::how"],
            "resourceRequirements": [{"type": "VCPU", "value": "1"}],
        },
    )["jobDefinitionArn"]
    job_id = batch.submit("", jobDefinition=definition, parameters={"who": "world"})
    assert output_of(emulator, batch.ended(job_id)) == ["world softly"]
    job_id = batch.submit(
        "", jobDefinition=definition, containerOverrides={"command": ["echo", "other"]}
    )
    assert output_of(emulator, batch.ended(job_id)) == ["other"]


def test_every_change_of_a_jobs_state_is_an_event(emulator, batch):
    queue_url = emulator.client("sqs").create_queue(QueueName="batch-events")["QueueUrl"]
    events = emulator.client("events")
    events.put_rule(
        Name="batch-events",
        EventPattern='{"source": ["aws.batch"], "detail": {"jobName": ["told"]}}',
    )
    arn = "arn:aws:sqs:us-east-1:000000000000:batch-events"
    events.put_targets(Rule="batch-events", Targets=[{"Id": "queue", "Arn": arn}])
    batch.ended(batch.submit("true", jobName="told"))
    seen: list[str] = []

    def read() -> set[str]:
        answer = emulator.client("sqs").receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10)
        for message in answer.get("Messages", []):
            seen.append(message["Body"].split('"status": "')[1].split('"')[0])
        return set(seen)

    wanted = {"SUBMITTED", "RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED"}
    eventually(read, lambda statuses: statuses == wanted)


def test_a_job_waits_for_the_jobs_it_depends_on(batch):
    first = batch.submit("sleep 0.4")
    second = batch.submit("true", dependsOn=[{"jobId": first}])
    batch.reaches(second, "PENDING")
    assert batch.ended(second)["startedAt"] >= batch.ended(first)["stoppedAt"]


def test_a_job_fails_with_the_job_it_depends_on(batch):
    failing = batch.submit("exit 1")
    job = batch.ended(batch.submit("true", dependsOn=[{"jobId": failing}]))
    assert (job["status"], job["statusReason"]) == ("FAILED", "Dependent Job failed")


def test_an_unknown_image_is_one_that_cant_be_pulled(batch):
    job = batch.ended(batch.submit("true", image="nowhere/nothing:latest"))
    assert job["status"] == "FAILED"
    assert job["statusReason"].startswith("CannotPullContainerError: nowhere/nothing:latest")


def test_a_command_that_is_not_there_cant_be_started(batch):
    job = batch.ended(batch.submit("", containerOverrides={"command": ["no-such-program"]}))
    assert job["container"]["reason"].startswith("CannotStartContainerError: no-such-program")


def test_an_attempt_that_takes_too_long_is_stopped_and_not_retried(batch):
    job = batch.ended(
        batch.submit(
            "sleep 60", timeout={"attemptDurationSeconds": 1}, retryStrategy={"attempts": 3}
        )
    )
    assert (job["status"], len(job["attempts"])) == ("FAILED", 1)
    assert job["statusReason"] == "Job attempt duration exceeded timeout"


def test_terminate_stops_a_running_job_and_everything_it_started(batch, tmp_path):
    marker = tmp_path / "stopped"
    job_id = batch.submit(
        f"trap 'touch {marker}; exit 143' TERM; setsid sleep 61 & sleep 62 & wait"
    )
    batch.reaches(job_id, "RUNNING")
    batch.client.terminate_job(jobId=job_id, reason="enough")
    job = batch.ended(job_id)
    assert (job["status"], job["statusReason"]) == ("FAILED", "enough")
    assert job["container"]["exitCode"] == 143
    assert marker.exists()


def test_terminate_kills_a_job_that_ignores_sigterm(batch):
    job_id = batch.submit("trap '' TERM; while true; do sleep 0.1; done")
    batch.reaches(job_id, "RUNNING")
    batch.client.terminate_job(jobId=job_id, reason="enough")
    assert batch.ended(job_id)["container"]["exitCode"] == 137


def test_cancel_ends_a_waiting_job_and_leaves_a_running_one(batch):
    running = batch.submit("sleep 60", vcpus=4)
    batch.reaches(running, "RUNNING")
    waiting = batch.submit("true", vcpus=4)
    for job_id in (running, waiting):
        batch.client.cancel_job(jobId=job_id, reason="not needed")
    assert batch.ended(waiting)["statusReason"] == "not needed"
    assert batch.status(running) == "RUNNING"
    batch.client.terminate_job(jobId=running, reason="seen")


def test_jobs_are_listed_by_status_and_by_filter(batch):
    done = batch.submit("true", jobName="alpha-1")
    failed = batch.submit("exit 1", jobName="beta-1")
    batch.ended(done), batch.ended(failed)

    def ids(**request):
        answer = batch.client.list_jobs(jobQueue=batch.queue, **request)
        return {job["jobId"] for job in answer["jobSummaryList"]}

    assert ids() == set()
    assert ids(jobStatus="SUCCEEDED") == {done}
    assert ids(filters=[{"name": "JOB_NAME", "values": ["BETA*"]}]) == {failed}


def test_an_undeclared_definition_or_a_reserved_variable_is_refused(batch):
    with pytest.raises(ClientError, match="JobDefinition none does not exist"):
        batch.submit("", jobDefinition="none")
    with pytest.raises(ClientError, match="reserved prefix"):
        batch.submit("", containerOverrides={"environment": [{"name": "AWS_BATCH_X", "value": ""}]})
