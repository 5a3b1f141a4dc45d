"""An emulator that is killed in the middle of everything, and what it was doing then."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from batch_resources import Batch
from botocore.exceptions import BotoCoreError, ClientError
from conftest import Emulator, eventually
from functions import Functions
from machines import Machines

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
            "import { appendFileSync } from 'node:fs'; export const handler = async ({ spin }) => {"
            f" if (!spin) return; appendFileSync('{pids}', `${{process.pid}}\\n`); for (;;); }}",
            Timeout=600,
        )
        # On a busy machine a function can take longer to start than it is given.
        eventually(lambda: functions.invoke(name), lambda answer: answer == (None, None))
        functions.client.invoke(
            FunctionName=name, InvocationType="Event", Payload=json.dumps({"spin": True})
        )
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
