"""What an answered request wrote is there after `kill -9`, and no process is.

One emulator is killed in the middle of everything and started again; each test looks at one thing.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from batch_resources import Batch
from conftest import Emulator, eventually
from functions import Functions
from interrupted import FIRST_PART, VIDEO, Killed, is_alive
from machines import Machines, task


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Killed]:
    directory = tmp_path_factory.mktemp("killed")
    emulator = Emulator(directory / "data")
    emulator.start()
    try:
        before = Killed(emulator, directory)
        before.write_records()
        before.change_a_table_whose_reader_is_held()
        before.start_an_execution_whose_end_is_watched()
        before.start_processes()
        before.kill_while_writing()
        yield before
    finally:
        if emulator.is_running():
            emulator.stop()


@pytest.fixture
def restarted(killed: Killed) -> Killed:
    if not killed.emulator.is_running():
        killed.emulator.start()
    return killed


@pytest.fixture
def emulator(restarted: Killed) -> Emulator:
    return restarted.emulator


def test_no_process_of_a_job_or_a_function_outlives_a_killed_emulator(killed):
    assert not killed.emulator.is_running()
    eventually(lambda: [pid for pid in killed.processes if is_alive(pid)], lambda left: left == [])


def test_every_answered_transaction_is_whole(restarted):
    found: dict[str, int] = {}
    for page in restarted.client("dynamodb").get_paginator("scan").paginate(TableName="ledger"):
        for item in page["Items"]:
            number = item["pk"]["S"].split("/")[0]
            found[number] = found.get(number, 0) + 1
    assert set(found.values()) == {5}
    assert {str(number) for number in range(restarted.transactions.answered)} <= set(found)


def test_every_answered_object_is_there(restarted):
    client = restarted.client("s3")
    for number in range(restarted.objects.answered):
        assert len(client.get_object(Bucket="kept", Key=f"{number}")["Body"].read()) == 5000


def test_deleted_items_stay_deleted_also_with_their_table(restarted):
    client = restarted.client("dynamodb")
    assert [item["pk"]["S"] for item in client.scan(TableName="things")["Items"]] == ["b"]
    assert client.scan(TableName="emptied")["Count"] == 0


def test_parts_of_an_upload_under_way_are_kept(restarted):
    client = restarted.client("s3")
    part = {**VIDEO, "UploadId": restarted.upload}
    second = client.upload_part(**part, PartNumber=2, Body=b"b")["ETag"]
    parts = [
        {"PartNumber": 1, "ETag": restarted.first_part},
        {"PartNumber": 2, "ETag": second},
    ]
    client.complete_multipart_upload(**part, MultipartUpload={"Parts": parts})
    stored = client.get_object(**VIDEO)
    assert stored["Body"].read() == FIRST_PART + b"b"
    assert stored["ContentType"] == "video/mp4"
    assert list((restarted.emulator.data_dir / "s3-parts").iterdir()) == []


def test_records_of_the_other_services_are_kept(restarted):
    secret = restarted.client("secretsmanager").get_secret_value(SecretId="kept")
    assert secret["SecretString"] == "quiet"
    assert restarted.client("ssm").get_parameter(Name="/kept")["Parameter"]["Value"] == "1"
    assert Functions(restarted.emulator).invoke(restarted.function) == (None, 1)
    described = restarted.client("cloudformation").describe_stacks(StackName="kept")["Stacks"]
    assert described[0]["StackStatus"] == "CREATE_COMPLETE"
    topics = restarted.client("sns").list_topics()["Topics"]
    assert any("Kept" in topic["TopicArn"] for topic in topics)


def test_changes_that_no_function_has_read_are_read_after_a_restart(restarted):
    dynamodb = restarted.client("dynamodb")
    dynamodb.put_item(TableName="source", Item={"pk": {"S": "after"}})
    (restarted.directory / "go").touch()
    eventually(lambda: dynamodb.scan(TableName="sink")["Count"], lambda count: count == 2)


def test_a_running_job_has_lost_its_host_and_is_retried_by_its_rules(restarted):
    client = restarted.client("batch")

    def ended(name: str) -> dict[str, Any]:
        return eventually(
            lambda: client.describe_jobs(jobs=[restarted.jobs[name]])["jobs"][0],
            lambda job: job["status"] in ("SUCCEEDED", "FAILED"),
        )

    retried = ended("retried")
    assert (retried["status"], len(retried["attempts"])) == ("SUCCEEDED", 2)
    assert retried["attempts"][0]["statusReason"].startswith("Host EC2 (instance i-")
    assert ended("lost")["statusReason"].endswith("terminated.")
    assert ended("waiting")["status"] == "SUCCEEDED"


def test_an_execution_cut_short_ends_failed_and_is_told_of_once(restarted):
    machines = Machines(restarted.emulator)
    described = machines.describe(restarted.execution)
    assert (described["status"], described["error"]) == ("FAILED", "States.ServiceRestart")
    kinds = [event["type"] for event in machines.history(restarted.execution)]
    assert kinds == ["ExecutionStarted", "WaitStateEntered", "ExecutionFailed"]
    told: list[str] = []

    def read() -> int:
        sqs = restarted.client("sqs")
        for message in sqs.receive_message(QueueUrl=restarted.queue_url).get("Messages", []):
            told.append(message["Body"])
            sqs.delete_message(QueueUrl=restarted.queue_url, ReceiptHandle=message["ReceiptHandle"])
        return len(told)

    eventually(read, lambda count: count == 2)
    assert told[0] == "hello"
    assert json.loads(told[1])["detail"]["executionArn"] == restarted.execution
    restarted.emulator.kill_and_start()
    assert read() == 2


def test_what_outlived_even_its_supervisor_is_swept_at_the_next_start(emulator, tmp_path):
    batch = Batch(emulator)
    pid_file = tmp_path / "pid"
    batch.submit(f"setsid sh -c 'echo $$ > {pid_file}; exec sleep 65' & wait")
    pid = int(eventually(lambda: pid_file.exists() and pid_file.read_text().strip(), bool))
    supervisor = int(Path(f"/proc/{pid}/status").read_text().split("PPid:\t")[1].split()[0])
    os.kill(emulator.pid, 19)
    while "supervisor.py" not in Path(f"/proc/{supervisor}/cmdline").read_text():
        status = Path(f"/proc/{supervisor}/status").read_text()
        supervisor = int(status.split("PPid:\t")[1].split()[0])
    os.kill(supervisor, 9)
    emulator.kill()
    assert is_alive(pid)
    emulator.start()
    eventually(lambda: is_alive(pid), lambda alive: not alive)


def test_a_job_whose_supervisor_is_killed_has_lost_its_host(emulator):
    batch = Batch(emulator)
    job_id = batch.submit("sleep 66", retryStrategy={"attempts": 1})
    batch.reaches(job_id, "RUNNING")
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        if "supervisor.py" in entry.read_text() and "sleep 66" in entry.read_text():
            os.kill(int(entry.parent.name), 9)
    assert batch.ended(job_id)["statusReason"].startswith("Host EC2")


def test_sigterm_ends_everything_in_seconds_and_leaves_jobs_to_the_next_start(emulator):
    batch = Batch(emulator)
    machines = Machines(emulator)
    stubborn = "trap '' TERM; while true; do sleep 1; done"
    job_id = batch.submit(stubborn, retryStrategy={"attempts": 2})
    batch.reaches(job_id, "RUNNING")
    waiting = task("sqs:sendMessage.waitForTaskToken", {"QueueUrl": "none", "MessageBody": "m"})
    machines.start(machines.create({"Wait": waiting}))
    assert emulator.stop() == 0
    emulator.start()
    assert batch.reaches(job_id, "RUNNING")["attempts"][0]["statusReason"].startswith("Host EC2")
