"""A job's folder and an image's environment around a stand-in for 3DGRUT."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

FAKE_3DGRUT = Path(__file__).parent / "fake_3dgrut"
PACKAGE_ROOT = Path(__file__).parents[2]
PHOTOS = 16
GOOD_GPU = "NVIDIA A10G, 23028 MiB, 570.172.08"


class Job:
    """A job that has come as far as the stage `train`."""

    def __init__(self, workdir: Path, programs: Path) -> None:
        self.workdir = workdir
        self.programs = programs
        self.environment = {
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(PACKAGE_ROOT),
            "THREEDGRUT_HOME": str(FAKE_3DGRUT),
            "THREEDGRUT_PYTHON": sys.executable,
        }
        self.write_spec()
        self.write_model(PHOTOS)
        self.install_nvidia_smi(f"echo '{GOOD_GPU}'")

    def write_spec(self, train_seconds: float = 60, minutes_left: float = 60) -> None:
        deadline = datetime.now(timezone.utc) + timedelta(minutes=minutes_left)
        document = {
            "schemaVersion": 1,
            "jobId": "job_1",
            "workspaceId": "ws_1",
            "inputKind": "photos",
            "inputUri": "s3://bucket/input/",
            "engine": "3dgrut",
            "config": {
                "extractFps": 3,
                "maxResolution": 2000,
                "exportUsdz": True,
                "trainSeconds": train_seconds,
                "seed": 5,
                "scaleReference": None,
            },
            "deadline": deadline.isoformat(),
        }
        (self.workdir / "spec.json").write_text(json.dumps(document), "utf-8")

    def write_model(self, photos: int) -> None:
        undistorted = self.workdir / "sfm" / "undistorted"
        for folder in ("images", "sparse"):
            (undistorted / folder).mkdir(parents=True, exist_ok=True)
        for file in (undistorted / "images").iterdir():
            file.unlink()
        for number in range(photos):
            (undistorted / "images" / f"img_{number:05d}.jpg").write_bytes(b"jpeg")
        for name in ("cameras.bin", "images.bin", "points3D.bin"):
            (undistorted / "sparse" / name).write_bytes(struct.pack("<Q", photos))

    def install_nvidia_smi(self, script: str) -> None:
        program = self.programs / "nvidia-smi"
        program.write_text(f"#!/bin/sh\n{script}\n", "utf-8")
        program.chmod(0o755)

    def start(self, **variables: str) -> subprocess.Popen[str]:
        """The stage as the runtime starts it, in a process group of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "reconstruction", "train", str(self.workdir)],
            env=self.environment | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, **variables: str) -> Outcome:
        process = self.start(**variables)
        output, errors = process.communicate(timeout=120)
        return Outcome(process.returncode, output, errors)

    @property
    def checkpoint(self) -> Path:
        return self.workdir / "train" / "checkpoint"

    def options(self) -> dict[str, str]:
        """What the trainer was started with, the last time."""
        found = sorted(self.workdir.glob("train/3dgrut/runs/job/*/parsed.yaml"))
        return json.loads(found[-1].read_text("utf-8"))


class Outcome:
    """How a stage ended and what it said."""

    def __init__(self, status: int, output: str, errors: str) -> None:
        self.status = status
        self.errors = errors
        self.events = [json.loads(line) for line in output.splitlines()]

    def of(self, kind: str) -> list[dict]:
        return [event for event in self.events if event["event"] == kind]

    @property
    def last(self) -> dict:
        return self.events[-1]

    @property
    def warnings(self) -> list[str]:
        return [event["code"] for event in self.of("warning")]


@pytest.fixture
def job(tmp_path: Path) -> Job:
    (tmp_path / "job").mkdir()
    (tmp_path / "programs").mkdir()
    return Job(tmp_path / "job", tmp_path / "programs")
