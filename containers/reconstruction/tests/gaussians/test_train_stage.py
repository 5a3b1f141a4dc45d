"""The stage as the runtime sees it: files, lines, signals."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pycolmap
import pytest

from reconstruction.failures import StageFailed, StageStopped
from reconstruction.gaussians import stage
from reconstruction.gaussians.checkpoint import load_checkpoint
from reconstruction.gaussians.ply import read_ply
from reconstruction.report import Report
from reconstruction.spec import Spec, read_spec

PACKAGE_ROOT = Path(__file__).parents[2]


@pytest.fixture
def workdir(undistorted: Path, tmp_path: Path) -> Path:
    shutil.copytree(undistorted, tmp_path / "sfm" / "undistorted")
    write_spec(tmp_path, train_seconds=2)
    return tmp_path


def write_spec(workdir: Path, train_seconds: float, minutes_left: float = 30) -> None:
    deadline = datetime.now(timezone.utc) + timedelta(minutes=minutes_left)
    config = {
        "extractFps": 3,
        "maxResolution": 2000,
        "exportUsdz": True,
        "trainSeconds": train_seconds,
        "seed": 0,
        "scaleReference": None,
    }
    document = {
        "schemaVersion": 1,
        "jobId": "job_1",
        "workspaceId": "ws_1",
        "inputKind": "photos",
        "inputUri": "s3://bucket/input/",
        "engine": "cpu-lite",
        "config": config,
        "deadline": deadline.isoformat(),
    }
    (workdir / "spec.json").write_text(json.dumps(document), "utf-8")


def spec_of(workdir: Path) -> Spec:
    return read_spec(workdir / "spec.json")


def events(stream: io.StringIO) -> list[dict]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_the_stage_leaves_gaussians_and_figures(workdir):
    stream = io.StringIO()
    metrics = stage.run(workdir, spec_of(workdir), Report(stream))
    assert json.loads((workdir / "train" / "metrics.json").read_text("utf-8")) == metrics
    assert metrics["heldOutPhotos"] == 2
    assert metrics["psnrDb"] > metrics["psnrBeforeDb"]
    assert 2 <= metrics["trainSeconds"] < 4
    assert len(read_ply(workdir / "train" / "splats.ply")) == metrics["gaussians"]
    percents = [event["percent"] for event in events(stream) if event["event"] == "progress"]
    assert percents[0] == 0
    assert percents == sorted(percents)


def test_a_stopped_stage_leaves_a_checkpoint_from_which_the_next_goes_on(workdir):
    stream = io.StringIO()
    report = Report(stream)
    report.request_stop()
    with pytest.raises(StageStopped):
        stage.run(workdir, spec_of(workdir), report)
    assert {"event": "checkpoint", "path": "train/checkpoint"} in events(stream)
    stopped_at = load_checkpoint(workdir / "train" / "checkpoint")
    assert stopped_at.iteration == 1

    again = io.StringIO()
    stage.run(workdir, spec_of(workdir), Report(again))
    resumed = [event for event in events(again) if event.get("message") == "training goes on"]
    assert resumed[0]["iteration"] == 1


def test_a_process_told_to_stop_saves_its_state_first(workdir):
    """SIGTERM while it trains; the libraries that it loads do not get in the way."""
    write_spec(workdir, train_seconds=120)
    process = subprocess.Popen(
        [sys.executable, "-m", "reconstruction", "train", str(workdir)],
        cwd=PACKAGE_ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    for line in process.stdout:
        event = json.loads(line)
        if event["event"] == "progress" and event["percent"] > 0:
            process.send_signal(signal.SIGTERM)
            break
    rest = [json.loads(line) for line in process.stdout]
    assert process.wait(timeout=30) == 128 + signal.SIGTERM
    assert {"event": "checkpoint", "path": "train/checkpoint"} in rest
    assert load_checkpoint(workdir / "train" / "checkpoint").iteration > 0


def test_a_damaged_checkpoint_is_not_the_end(workdir):
    folder = workdir / "train" / "checkpoint"
    folder.mkdir(parents=True)
    (folder / "state.npz").write_bytes(b"PK\x03\x04 cut off")
    stream = io.StringIO()
    metrics = stage.run(workdir, spec_of(workdir), Report(stream))
    assert metrics["iterations"] > 0
    messages = [event["message"] for event in events(stream) if event["event"] == "log"]
    assert messages == ["the checkpoint is damaged, training starts anew"]


def test_a_half_written_checkpoint_leaves_the_former_one_in_place(workdir):
    report = Report(io.StringIO())
    report.request_stop()
    with pytest.raises(StageStopped):
        stage.run(workdir, spec_of(workdir), report)
    partial = workdir / "train" / "checkpoint" / "state.npz.partial"
    assert not partial.exists()
    partial.write_bytes(os.urandom(100))
    assert load_checkpoint(workdir / "train" / "checkpoint").iteration == 1


def test_training_is_cut_short_when_the_deadline_is_near(workdir):
    write_spec(workdir, train_seconds=600, minutes_left=1.05)
    stream = io.StringIO()
    metrics = stage.run(workdir, spec_of(workdir), Report(stream))
    assert metrics["trainSeconds"] < 10
    warnings = [event for event in events(stream) if event["event"] == "warning"]
    assert warnings[0]["code"] == "training_shortened"
    assert "maxRuntimeMinutes" in warnings[0]["message"]


def test_with_three_photos_nothing_is_measured_and_the_user_is_told(workdir):
    sparse = workdir / "sfm" / "undistorted" / "sparse"
    model = pycolmap.Reconstruction(sparse)
    for image in list(model.images.values())[3:]:
        model.deregister_frame(image.frame_id)
    model.write(sparse)
    stream = io.StringIO()
    metrics = stage.run(workdir, spec_of(workdir), Report(stream))
    assert metrics["psnrDb"] is None
    assert metrics["psnrBeforeDb"] is None
    assert metrics["heldOutPhotos"] == 0
    assert [e["code"] for e in events(stream) if e["event"] == "warning"] == [
        "quality_not_measured"
    ]


def test_a_model_without_points_is_a_failure_with_advice(workdir):
    sparse = workdir / "sfm" / "undistorted" / "sparse"
    model = pycolmap.Reconstruction(sparse)
    for point in list(model.points3D):
        model.delete_point3D(point)
    model.write(sparse)
    with pytest.raises(StageFailed) as failure:
        stage.run(workdir, spec_of(workdir), Report(io.StringIO()))
    assert failure.value.code == "training_failed"
    assert "0 points" in failure.value.message
    assert "overlap" in failure.value.next_action
