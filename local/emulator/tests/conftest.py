"""A real emulator for the tests, in a process of its own, on a free port."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.config import Config

PACKAGE_ROOT = Path(__file__).parents[1]
REGION = "us-east-1"
ACCOUNT_ID = "000000000000"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def eventually(read: Callable[[], Any], wanted: Callable[[Any], bool], seconds: float = 60) -> Any:
    """Read until the value is the wanted one; fails with the last value."""
    deadline = time.monotonic() + seconds
    while not wanted(value := read()):
        assert time.monotonic() < deadline, f"still {value!r} after {seconds} s"
        time.sleep(0.05)
    return value


class Emulator:
    """An emulator over a data directory; it can be killed and started again."""

    def __init__(self, data_dir: Path, **settings: Any) -> None:
        self.data_dir = data_dir
        self.port = free_port()
        self.images_file = data_dir.parent / f"{data_dir.name}-images.json"
        self.images_file.write_text(
            json.dumps({"test/shell": {"workingDirectory": str(data_dir.parent)}})
        )
        self.settings = {
            "port": self.port,
            "data_dir": str(data_dir),
            "images_file": str(self.images_file),
            "terminate_grace_seconds": 2,
            "node_binary": os.environ.get("NODE_BINARY") or shutil.which("node"),
            **settings,
        }
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        arguments = [f"--{k.replace('_', '-')}={v}" for k, v in self.settings.items()]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "emulator", *arguments],
            env={**os.environ, "PYTHONPATH": str(PACKAGE_ROOT)},
            stdout=subprocess.PIPE,
            text=True,
        )
        first_line = self._process.stdout.readline()
        assert json.loads(first_line) == {"event": "ready", "port": self.port}

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        return self._process.pid

    def kill(self) -> None:
        """As `kill -9`."""
        self._process.kill()
        self._process.wait()

    def kill_and_start(self) -> None:
        self.kill()
        self.start()

    def stop(self) -> int:
        """As Ctrl-C; answers the exit status."""
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(20)

    def client(self, service: str) -> Any:
        return botocore.session.get_session().create_client(
            service,
            endpoint_url=f"http://127.0.0.1:{self.port}",
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(
                retries={"total_max_attempts": 1},
                inject_host_prefix=False,
                s3={"addressing_style": "path"},
            ),
        )


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """One emulator for all tests that leave it running."""
    running = Emulator(tmp_path_factory.mktemp("emulator") / "data")
    running.start()
    yield running
    running.stop()


@pytest.fixture
def own_emulator(tmp_path: Path) -> Iterator[Callable[..., Emulator]]:
    """Starts emulators that a test may kill; none is left."""
    started: list[Emulator] = []

    def start(**settings: Any) -> Emulator:
        fresh = Emulator(tmp_path / f"data{len(started)}", **settings)
        fresh.start()
        started.append(fresh)
        return fresh

    yield start
    for one in started:
        one.stop()
