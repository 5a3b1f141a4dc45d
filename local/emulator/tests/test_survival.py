"""What an answered request wrote is there after `kill -9`, and no process is.

One emulator is killed in the middle of everything and started again; each test looks at one thing.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

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
VIDEO = {"Bucket": "videos", "Key": "film.mp4"}
FIRST_PART = b"a" * 5_300_000
SPOT_RULES = [
    {"onStatusReason": "Host EC2*", "action": "RETRY"},
    {"onReason": "*", "action": "EXIT"},
]
COPIER = """
import { existsSync } from 'node:fs';
export const handler = async (event) => {
  const { port, hold } = JSON.parse(process.env.SETTINGS);
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
"""


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()


class Writer:
    """Calls `write(0)`, `write(1)`, … until the emulator is gone."""

    def __init__(self, write: Callable[[int], object]) -> None:
        self.answered = 0
        self._write = write
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            while True:
                self._write(self.answered)
                self.answered += 1
        except (BotoCoreError, ClientError):
            return

    def wait(self) -> None:
        self._thread.join()


@dataclass
class Killed:
    """An emulator that was killed and started again, and what it had answered before."""

    emulator: Emulator
    directory: Path
    transactions: Writer = field(init=False)
    objects: Writer = field(init=False)
    upload: str = field(init=False)
    first_part: str = field(init=False)
    queue_url: str = field(init=False)
    function: str = field(init=False)
    execution: str = field(init=False)
    jobs: dict[str, str] = field(default_factory=dict)
    processes: list[int] = field(default_factory=list)

    def client(self, service: str) -> Any:
        return self.emulator.client(service)

    def write_records(self) -> None:
        dynamodb, s3 = self.client("dynamodb"), self.client("s3")
        for table in ("things", "emptied"):
            dynamodb.create_table(TableName=table, **KEYS)
            for name in ("a", "b"):
                dynamodb.put_item(TableName=table, Item={"pk": {"S": name}})
        dynamodb.delete_item(TableName="things", Key={"pk": {"S": "a"}})
        dynamodb.delete_table(TableName="emptied")
        dynamodb.create_table(TableName="emptied", **KEYS)

        s3.create_bucket(Bucket="videos")
        self.upload = s3.create_multipart_upload(**VIDEO, ContentType="video/mp4")["UploadId"]
        part = {**VIDEO, "UploadId": self.upload, "PartNumber": 1}
        self.first_part = s3.upload_part(**part, Body=FIRST_PART)["ETag"]

        self.client("secretsmanager").create_secret(Name="kept", SecretString="quiet")
        self.client("ssm").put_parameter(Name="/kept", Value="1", Type="String")
        self.function = Functions(self.emulator).create("export const handler = async () => 1")
        template = json.dumps({"Resources": {"Kept": {"Type": "AWS::SNS::Topic"}}})
        stacks = self.client("cloudformation")
        stacks.create_stack(StackName="kept", TemplateBody=template)
        eventually(
            lambda: stacks.describe_stacks(StackName="kept")["Stacks"][0]["StackStatus"],
            lambda status: status == "CREATE_COMPLETE",
        )

    def change_a_table_whose_reader_is_held(self) -> None:
        dynamodb, functions = self.client("dynamodb"), Functions(self.emulator)
        stream = {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
        dynamodb.create_table(TableName="source", StreamSpecification=stream, **KEYS)
        dynamodb.create_table(TableName="sink", **KEYS)
        settings = {"port": self.emulator.port, "hold": str(self.directory / "go")}
        name = functions.create(
            COPIER, Environment={"Variables": {"SETTINGS": json.dumps(settings)}}
        )
        arn = dynamodb.describe_table(TableName="source")["Table"]["LatestStreamArn"]
        functions.client.create_event_source_mapping(
            EventSourceArn=arn, FunctionName=name, StartingPosition="LATEST", BatchSize=1
        )
        dynamodb.put_item(TableName="source", Item={"pk": {"S": "before"}})

    def start_an_execution_whose_end_is_watched(self) -> None:
        self.queue_url = self.client("sqs").create_queue(QueueName="ended")["QueueUrl"]
        pattern = {"source": ["aws.states"], "detail": {"status": ["FAILED"]}}
        self.client("events").put_rule(Name="ended", EventPattern=json.dumps(pattern))
        target = {"Id": "queue", "Arn": "arn:aws:sqs:us-east-1:000000000000:ended"}
        self.client("events").put_targets(Rule="ended", Targets=[target])
        self.client("sqs").send_message(QueueUrl=self.queue_url, MessageBody="hello")
        machines = Machines(self.emulator)
        waiting = {"W": {"Type": "Wait", "Seconds": 600, "End": True}}
        self.execution = machines.start(machines.create(waiting))
        eventually(lambda: len(machines.history(self.execution)), lambda count: count == 2)

    def start_processes(self) -> None:
        """A job that ignores SIGTERM with a child that has left it, and a function that spins."""
        batch, pids = Batch(self.emulator), self.directory / "pids"
        again = f"test $AWS_BATCH_JOB_ATTEMPT = 2 && exit; trap '' TERM; echo $$ >> {pids};"
        away = f"setsid sh -c 'echo $$ >> {pids}; sleep 600' & wait; sleep 600"
        self.jobs = {
            "retried": batch.submit(
                again + away, retryStrategy={"attempts": 3, "evaluateOnExit": SPOT_RULES}
            ),
            "lost": batch.submit("sleep 600"),
            "waiting": batch.submit("true", vcpus=4),
        }
        for name in ("retried", "lost"):
            batch.reaches(self.jobs[name], "RUNNING")
        functions = Functions(self.emulator)
        name = functions.create(
            "import { appendFileSync } from 'node:fs'; export const handler = async () => {"
            f" appendFileSync('{pids}', `${{process.pid}}\\n`); for (;;); }}",
            Timeout=600,
        )
        functions.client.invoke(FunctionName=name, InvocationType="Event", Payload="{}")
        self.processes = eventually(
            lambda: [int(pid) for pid in pids.read_text().split()] if pids.exists() else [],
            lambda found: len(found) == 3,
        )

    def kill_while_writing(self) -> None:
        dynamodb, s3 = self.client("dynamodb"), self.client("s3")
        dynamodb.create_table(TableName="ledger", **KEYS)
        s3.create_bucket(Bucket="kept")

        def transact(number: int) -> None:
            items = [{"pk": {"S": f"{number}/{part}"}} for part in range(5)]
            puts = [{"Put": {"TableName": "ledger", "Item": item}} for item in items]
            dynamodb.transact_write_items(TransactItems=puts)

        self.transactions = Writer(transact)
        self.objects = Writer(lambda n: s3.put_object(Bucket="kept", Key=f"{n}", Body=b"x" * 5000))
        for writer in (self.transactions, self.objects):
            eventually(lambda w=writer: w.answered, lambda count: count >= 50)
        self.emulator.kill()
        for writer in (self.transactions, self.objects):
            writer.wait()


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Killed]:
    directory = tmp_path_factory.mktemp("killed")
    emulator = Emulator(directory / "data")
    emulator.start()
    before = Killed(emulator, directory)
    before.write_records()
    before.change_a_table_whose_reader_is_held()
    before.start_an_execution_whose_end_is_watched()
    before.start_processes()
    before.kill_while_writing()
    yield before
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
