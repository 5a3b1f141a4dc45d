"""A real S3 engine, and jobs on it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

TESTS = Path(__file__).parent
BUCKET = "jobs"
PATIENCE_SECONDS = 60


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def until(condition: Callable[[], Any], what: str) -> Any:
    """Wait until `condition` gives something true, and return it."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.05)
    raise AssertionError(f"waited in vain for {what}")


@pytest.fixture(scope="session")
def endpoint_url() -> Iterator[str]:
    """MiniStack, for the time of the tests."""
    port = free_port()
    engine = subprocess.Popen(
        [sys.executable, "-m", "ministack"],
        env={**os.environ, "GATEWAY_PORT": str(port), "SERVICES": "s3"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )

    def answers() -> bool:
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", port)) == 0

    until(answers, "the S3 engine")
    yield f"http://127.0.0.1:{port}"
    os.killpg(engine.pid, signal.SIGKILL)
    engine.wait()


@pytest.fixture(scope="session")
def s3(endpoint_url: str) -> Any:
    client = boto3.client(
        "s3",
        endpoint_url=endpoint_url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    client.create_bucket(Bucket=BUCKET)
    return client


class Job:
    """A job in the bucket, and the way to run the runtime on it."""

    def __init__(self, s3: Any, endpoint_url: str, temporary: Path) -> None:
        self.s3 = s3
        self.prefix = f"jobs/{uuid.uuid4()}/"
        self.temporary = temporary
        self.endpoint_url = endpoint_url
        spec = {
            "schemaVersion": 1,
            "engine": "cpu-lite",
            "inputUri": f"s3://{BUCKET}/{self.prefix}upload/",
        }
        self.put("spec.json", json.dumps(spec))

    def put(self, path: str, content: str) -> None:
        self.s3.put_object(Bucket=BUCKET, Key=self.prefix + path, Body=content.encode())

    def get(self, path: str) -> bytes | None:
        try:
            answer = self.s3.get_object(Bucket=BUCKET, Key=self.prefix + path)
        except self.s3.exceptions.NoSuchKey:
            return None
        return answer["Body"].read()

    def json(self, path: str) -> Any:
        content = self.get(path)
        return None if content is None else json.loads(content)

    def log(self, path: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.get(path) or b"").splitlines()]

    def content_type(self, path: str) -> str:
        return self.s3.head_object(Bucket=BUCKET, Key=self.prefix + path)["ContentType"]

    def paths(self) -> list[str]:
        listing = self.s3.list_objects_v2(Bucket=BUCKET, Prefix=self.prefix)
        return [item["Key"].removeprefix(self.prefix) for item in listing.get("Contents", [])]

    def start(self, stage: str, attempt: int = 1, **variables: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "job_runtime", "sample_job"],
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": f"{TESTS.parent}{os.pathsep}{TESTS}",
                "TMPDIR": str(self.temporary),
                "AWS_ENDPOINT_URL": self.endpoint_url,
                "AWS_ACCESS_KEY_ID": "test",
                "AWS_SECRET_ACCESS_KEY": "a-secret",
                "AWS_SESSION_TOKEN": "another-secret",
                "AWS_REGION": "us-east-1",
                "AWS_DEFAULT_REGION": "us-east-1",
                "AWS_BATCH_JOB_ID": "batch-job",
                "AWS_BATCH_JOB_ATTEMPT": str(attempt),
                "JOB_SPEC_URI": f"s3://{BUCKET}/{self.prefix}spec.json",
                "JOB_STAGE": stage,
                **variables,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, stage: str, attempt: int = 1, **variables: str) -> tuple[int, str, str]:
        """Exit code, standard output and standard error."""
        process = self.start(stage, attempt, **variables)
        output, errors = process.communicate(timeout=PATIENCE_SECONDS)
        return process.returncode, output, errors


@pytest.fixture
def job(s3: Any, endpoint_url: str, tmp_path: Path) -> Job:
    return Job(s3, endpoint_url, tmp_path)
