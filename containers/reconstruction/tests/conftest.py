"""Jobs in a folder, whose stages are run one by one."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reconstruction.failures import StageFailed
from reconstruction.report import Report
from reconstruction.spec import read_spec

EXAMPLE_PHOTOS = sorted(
    (Path(__file__).parents[3] / "examples" / "tabletop" / "photos").glob("*.jpg")
)


class StageRun:
    """What a stage said: `failure` is None where it succeeded, then `outcome` is its outcome."""

    def __init__(self, lines: str, outcome: Any, failure: StageFailed | None) -> None:
        self.events = [json.loads(line) for line in lines.splitlines()]
        self.outcome = outcome
        self.failure = failure

    @property
    def warnings(self) -> dict[str, str]:
        """The last message of each code."""
        return {
            event["code"]: event["message"] for event in self.events if event["event"] == "warning"
        }


class Job:
    """A job's folder. `config` is that of the spec and may be changed before a stage is run."""

    def __init__(self, folder: Path, input_kind: str) -> None:
        self.folder = folder
        self.input_kind = input_kind
        self.config: dict[str, Any] = {
            "extractFps": 3,
            "maxResolution": 2000,
            "exportUsdz": True,
            "trainSeconds": 1,
            "seed": 0,
            "scaleReference": None,
        }
        (folder / "input").mkdir()

    def input(self, name: str) -> Path:
        """Where the user's file of that name goes."""
        return self.folder / "input" / name

    def add_examples(self, photos: list[Path]) -> None:
        for photo in photos:
            shutil.copy(photo, self.input(photo.name))

    def run(self, stage: Callable[[Path, Any, Report], Any]) -> StageRun:
        spec = {
            "schemaVersion": 1,
            "jobId": "job_test",
            "inputKind": self.input_kind,
            "engine": "cpu-lite",
            "config": self.config,
            "deadline": "2100-01-01T00:00:00.000Z",
        }
        (self.folder / "spec.json").write_text(json.dumps(spec))
        stream = io.StringIO()
        try:
            outcome = stage(self.folder, read_spec(self.folder / "spec.json"), Report(stream))
        except StageFailed as failure:
            return StageRun(stream.getvalue(), None, failure)
        return StageRun(stream.getvalue(), outcome, None)


@pytest.fixture(scope="session")
def example_photos() -> list[Path]:
    """The 45 photos of `examples/tabletop`, 640 x 480, each overlapping with its neighbours."""
    return EXAMPLE_PHOTOS


@pytest.fixture(scope="session")
def job_in() -> Callable[[Path, str], Job]:
    """Makes a job of an input kind in a folder of its own."""
    return Job


@pytest.fixture
def new_job(tmp_path: Path) -> Callable[[str], Job]:
    """Makes a job of an input kind."""
    return lambda input_kind: Job(tmp_path, input_kind)
