"""What an answered request wrote is there after `kill -9`, and no process is."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from batch_resources import Batch
from botocore.exceptions import BotoCoreError, ClientError
from conftest import Emulator, eventually
from functions import Functions
from machines import Machines, task

KEYS = {
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}


@pytest.fixture(scope="module")
def survivor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    kept = Emulator(tmp_path_factory.mktemp("survivor") / "data")
    yield kept
    if kept.is_running():
        kept.stop()


@pytest.fixture
def emulator(survivor: Emulator) -> Emulator:
    """An emulator of these tests' own, which they may kill."""
    if not survivor.is_running():
        survivor.start()
    return survivor


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()


def written_until_killed(emulator: Emulator, write: Callable[[int], object]) -> int:
    """Call `write(0)`, `write(1)`, … until the kill; answers how many were answered."""
    answered = 0

    def run() -> None:
        nonlocal answered
        try:
            while True:
                write(answered)
                answered += 1
        except (BotoCoreError, ClientError):
            return

    thread = threading.Thread(target=run)
    thread.start()
    eventually(lambda: answered, lambda count: count >= 50)
    emulator.kill()
    thread.join()
    return answered


def test_every_answered_transaction_is_whole(emulator):
    client = emulator.client("dynamodb")
    client.create_table(TableName="ledger", **KEYS)

    def write(number: int) -> None:
        puts = [
            {"Put": {"TableName": "ledger", "Item": {"pk": {"S": f"{number}/{part}"}}}}
            for part in range(5)
        ]
        client.transact_write_items(TransactItems=puts)

    answered = written_until_killed(emulator, write)
    emulator.start()
    found: dict[str, int] = {}
    for page in emulator.client("dynamodb").get_paginator("scan").paginate(TableName="ledger"):
        for item in page["Items"]:
            number = item["pk"]["S"].split("/")[0]
            found[number] = found.get(number, 0) + 1
    assert set(found.values()) == {5}
    assert {str(number) for number in range(answered)} <= set(found)


def test_every_answered_object_is_there(emulator):
    client = emulator.client("s3")
    client.create_bucket(Bucket="kept")
    answered = written_until_killed(
        emulator, lambda n: client.put_object(Bucket="kept", Key=f"{n}", Body=b"x" * 5000)
    )
    emulator.start()
    client = emulator.client("s3")
    for number in range(answered):
        assert len(client.get_object(Bucket="kept", Key=f"{number}")["Body"].read()) == 5000


def test_deleted_items_stay_deleted_also_with_their_table(emulator):
    client = emulator.client("dynamodb")
    for table in ("things", "emptied"):
        client.create_table(TableName=table, **KEYS)
        for name in ("a", "b"):
            client.put_item(TableName=table, Item={"pk": {"S": name}})
    client.delete_item(TableName="things", Key={"pk": {"S": "a"}})
    client.delete_table(TableName="emptied")
    client.create_table(TableName="emptied", **KEYS)
    emulator.kill_and_start()
    client = emulator.client("dynamodb")
    assert [item["pk"]["S"] for item in client.scan(TableName="things")["Items"]] == ["b"]
    assert client.scan(TableName="emptied")["Count"] == 0


def test_parts_of_an_upload_under_way_are_kept(emulator):
    client = emulator.client("s3")
    client.create_bucket(Bucket="videos")
    where = {"Bucket": "videos", "Key": "film.mp4"}
    upload = client.create_multipart_upload(**where, ContentType="video/mp4")["UploadId"]
    part = {**where, "UploadId": upload}
    first = client.upload_part(**part, PartNumber=1, Body=b"a" * 5_300_000)["ETag"]
    emulator.kill_and_start()
    client = emulator.client("s3")
    second = client.upload_part(**part, PartNumber=2, Body=b"b")["ETag"]
    parts = [{"PartNumber": 1, "ETag": first}, {"PartNumber": 2, "ETag": second}]
    client.complete_multipart_upload(**part, MultipartUpload={"Parts": parts})
    stored = client.get_object(**where)
    assert stored["Body"].read() == b"a" * 5_300_000 + b"b"
    assert stored["ContentType"] == "video/mp4"
    assert list((emulator.data_dir / "s3-parts").iterdir()) == []


def test_records_of_the_other_services_are_kept(emulator):
    url = emulator.client("sqs").create_queue(QueueName="kept")["QueueUrl"]
    emulator.client("sqs").send_message(QueueUrl=url, MessageBody="hello")
    emulator.client("secretsmanager").create_secret(Name="kept", SecretString="quiet")
    emulator.client("ssm").put_parameter(Name="/kept", Value="1", Type="String")
    name = Functions(emulator).create("export const handler = async () => 'kept'")
    template = {"Resources": {"T": {"Type": "AWS::SNS::Topic"}}}
    stacks = emulator.client("cloudformation")
    stacks.create_stack(StackName="kept", TemplateBody=json.dumps(template))
    eventually(
        lambda: stacks.describe_stacks(StackName="kept")["Stacks"][0]["StackStatus"],
        lambda status: status == "CREATE_COMPLETE",
    )
    emulator.kill_and_start()
    received = emulator.client("sqs").receive_message(QueueUrl=url)["Messages"]
    assert [message["Body"] for message in received] == ["hello"]
    secret = emulator.client("secretsmanager").get_secret_value(SecretId="kept")
    assert secret["SecretString"] == "quiet"
    assert emulator.client("ssm").get_parameter(Name="/kept")["Parameter"]["Value"] == "1"
    assert Functions(emulator).invoke(name) == (None, "kept")
    described = emulator.client("cloudformation").describe_stacks(StackName="kept")["Stacks"]
    assert described[0]["StackStatus"] == "CREATE_COMPLETE"
    topics = emulator.client("sns").list_topics()["Topics"]
    assert any("kept" in topic["TopicArn"] for topic in topics)


def test_changes_that_no_function_has_read_are_read_after_a_restart(emulator):
    dynamodb = emulator.client("dynamodb")
    stream = {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    dynamodb.create_table(TableName="source", StreamSpecification=stream, **KEYS)
    dynamodb.create_table(TableName="sink", **KEYS)
    functions = Functions(emulator)
    name = functions.create(
        """
        export const handler = async (event) => {
          const { port, hold } = JSON.parse(process.env.SETTINGS);
          const { existsSync } = await import('node:fs');
          if (!existsSync(hold)) throw new Error('not yet');
          for (const record of event.Records) {
            const response = await fetch(`http://127.0.0.1:${port}/`, {
              method: 'POST',
              headers: {
                'x-amz-target': 'DynamoDB_20120810.PutItem',
                'content-type': 'application/x-amz-json-1.0',
                authorization: 'AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/dynamodb/aws4',
              },
              body: JSON.stringify({ TableName: 'sink', Item: record.dynamodb.Keys }),
            });
            if (!response.ok) throw new Error(await response.text());
          }
        };
        """,
        Environment={
            "Variables": {
                "SETTINGS": json.dumps(
                    {"port": emulator.port, "hold": str(emulator.data_dir / "go")}
                )
            }
        },
    )
    arn = dynamodb.describe_table(TableName="source")["Table"]["LatestStreamArn"]
    functions.client.create_event_source_mapping(
        EventSourceArn=arn, FunctionName=name, StartingPosition="LATEST", BatchSize=1
    )
    dynamodb.put_item(TableName="source", Item={"pk": {"S": "before"}})
    emulator.kill_and_start()
    dynamodb = emulator.client("dynamodb")
    dynamodb.put_item(TableName="source", Item={"pk": {"S": "after"}})
    (emulator.data_dir / "go").touch()
    eventually(lambda: dynamodb.scan(TableName="sink")["Count"], lambda count: count == 2)


def test_an_execution_cut_short_ends_failed_and_is_told_of_after_the_restart(emulator):
    machines = Machines(emulator)
    execution = machines.start(machines.create({"W": {"Type": "Wait", "Seconds": 60, "End": True}}))
    eventually(lambda: len(machines.history(execution)), lambda count: count == 2)
    url = emulator.client("sqs").create_queue(QueueName="ended")["QueueUrl"]
    pattern = {"source": ["aws.states"], "detail": {"status": ["FAILED"]}}
    emulator.client("events").put_rule(Name="ended", EventPattern=json.dumps(pattern))
    target = {"Id": "queue", "Arn": "arn:aws:sqs:us-east-1:000000000000:ended"}
    emulator.client("events").put_targets(Rule="ended", Targets=[target])
    emulator.kill_and_start()
    machines = Machines(emulator)
    described = machines.describe(execution)
    assert (described["status"], described["error"]) == ("FAILED", "States.ServiceRestart")
    kinds = [event["type"] for event in machines.history(execution)]
    assert kinds == ["ExecutionStarted", "WaitStateEntered", "ExecutionFailed"]
    sqs = emulator.client("sqs")
    messages = eventually(lambda: sqs.receive_message(QueueUrl=url).get("Messages"), bool)
    detail = json.loads(messages[0]["Body"])["detail"]
    assert (detail["executionArn"], detail["error"]) == (execution, "States.ServiceRestart")
    sqs.delete_message(QueueUrl=url, ReceiptHandle=messages[0]["ReceiptHandle"])
    emulator.kill_and_start()
    answer = emulator.client("sqs").receive_message(QueueUrl=url, WaitTimeSeconds=1)
    assert "Messages" not in answer


def test_a_running_job_has_lost_its_host_and_is_retried_by_its_rules(emulator):
    batch = Batch(emulator)
    rules = [
        {"onStatusReason": "Host EC2*", "action": "RETRY"},
        {"onReason": "*", "action": "EXIT"},
    ]
    script = 'test "$AWS_BATCH_JOB_ATTEMPT" = 2 || sleep 63'
    retried = batch.submit(script, retryStrategy={"attempts": 3, "evaluateOnExit": rules})
    lost = batch.submit("sleep 63")
    waiting = batch.submit("true", vcpus=4)
    for job_id in (retried, lost):
        batch.reaches(job_id, "RUNNING")
    emulator.kill_and_start()
    job = batch.ended(retried)
    assert (job["status"], len(job["attempts"])) == ("SUCCEEDED", 2)
    assert job["attempts"][0]["statusReason"].startswith("Host EC2 (instance i-")
    assert batch.ended(lost)["statusReason"].endswith("terminated.")
    assert batch.ended(waiting)["status"] == "SUCCEEDED"


def test_no_process_of_a_job_or_a_function_outlives_a_killed_emulator(emulator, tmp_path):
    batch = Batch(emulator)
    pids = tmp_path / "pids"
    script = f"trap '' TERM; echo $$ >> {pids}; setsid sh -c 'echo $$ >> {pids}; sleep 64' & wait"
    batch.reaches(batch.submit(f"{script}; sleep 64"), "RUNNING")
    functions = Functions(emulator)
    name = functions.create(
        "import { appendFileSync } from 'node:fs';"
        f"export const handler = async () => {{ appendFileSync('{pids}', `${{process.pid}}\\n`);"
        " for (;;); }"
    )
    functions.client.invoke(FunctionName=name, InvocationType="Event", Payload="{}")
    started = eventually(
        lambda: [int(pid) for pid in pids.read_text().split()] if pids.exists() else [],
        lambda found: len(found) == 3,
    )
    emulator.kill()
    eventually(lambda: [pid for pid in started if is_alive(pid)], lambda left: left == [])


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
    before = time.monotonic()
    assert emulator.stop() == 0
    assert time.monotonic() - before < 9
    emulator.start()
    assert batch.reaches(job_id, "RUNNING")["attempts"][0]["statusReason"].startswith("Host EC2")
