"""The stage as the runtime sees it, with a stand-in for 3DGRUT: files, lines, signals."""

from __future__ import annotations

import json
import os
import signal

import pytest

from reconstruction.gaussians.ply import read_ply
from reconstruction.threedgrut.checkpoint import newest_checkpoint


def test_the_stage_leaves_gaussians_and_figures(job):
    outcome = job.run()
    assert outcome.status == 0, outcome.errors
    assert outcome.last["event"] == "succeeded"
    metrics = outcome.last["metrics"]
    assert metrics == json.loads((job.workdir / "train" / "metrics.json").read_text("utf-8"))
    assert metrics["psnrDb"] == 27.123
    assert metrics["psnrBeforeDb"] is None
    assert metrics["gaussians"] == 7
    assert metrics["iterations"] == 1000
    assert metrics["heldOutPhotos"] == 2
    assert metrics["trainSeconds"] > 0
    assert outcome.warnings == []


def test_the_gaussians_are_laid_out_as_the_next_stage_reads_them(job):
    job.run(FAKE_ITERATION_SECONDS="0")
    gaussians = read_ply(job.workdir / "train" / "splats.ply")
    assert len(gaussians) == 7
    assert gaussians.degree == 3
    assert gaussians.positions.tolist() == 7 * [[0, 1, 2]]
    assert gaussians.log_scales.tolist() == 7 * [[9, 10, 11]]


def test_progress_rises_and_says_what_is_happening(job):
    outcome = job.run(FAKE_ITERATION_SECONDS="0.003")
    progress = outcome.of("progress")
    percents = [event["percent"] for event in progress]
    assert percents == sorted(percents)
    assert percents[0] == 0 and percents[-1] == 95
    assert "NVIDIA A10G" in progress[0]["message"]
    assert "of 1000 iterations" in progress[2]["message"]
    assert any(event["etaSeconds"] for event in progress[1:-1])


def test_the_trainer_gets_photos_seed_and_a_schedule_that_fits_the_time(job):
    job.write_spec(train_seconds=200)
    outcome = job.run(FAKE_ITERATION_SECONDS="0")
    options = job.options()
    assert "seeded with 5" in outcome.errors
    assert options["n_iterations"] == options["scheduler.positions.max_steps"] == "2200"
    assert options["strategy.add.end_iteration"] == "1833"
    assert options["strategy.perturb.end_iteration"] == "2016"
    assert options["dataset.test_split_interval"] == "8"
    assert options["test_last"] == "true"
    assert options["resume"] == ""


def test_checkpoints_are_announced_as_training_goes_on_and_the_newest_is_kept(job):
    outcome = job.run()
    assert len(outcome.of("checkpoint")) == 9
    assert sorted(path.name for path in job.checkpoint.iterdir()) == [
        "checkpoint.json",
        "ckpt_900.pt",
    ]
    assert newest_checkpoint(job.checkpoint).iteration == 900


def test_a_stopped_stage_leaves_a_checkpoint_from_which_the_next_goes_on(job):
    process = job.start(FAKE_ITERATION_SECONDS="0.01")
    for line in process.stdout:
        event = json.loads(line)
        if event["event"] == "checkpoint":
            break
    os.killpg(process.pid, signal.SIGTERM)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 143, errors
    assert "succeeded" not in output
    stopped = newest_checkpoint(job.checkpoint)
    assert 100 < stopped.iteration < 1000

    outcome = job.run()
    assert outcome.status == 0, outcome.errors
    assert job.options()["resume"] == str(job.checkpoint / stopped.file)
    begun = next(event for event in outcome.of("log") if event["message"] == "training begins")
    assert begun["resumedAt"] == stopped.iteration
    assert outcome.last["metrics"]["iterations"] == 1000
    assert outcome.last["metrics"]["trainSeconds"] > stopped.seconds


def test_a_stop_that_reaches_the_stage_alone_is_handed_to_the_trainer(job):
    process = job.start(FAKE_ITERATION_SECONDS="0.01")
    for line in process.stdout:
        if "Gaussians after" in line:
            break
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 143, errors
    assert newest_checkpoint(job.checkpoint) is not None


def test_a_checkpoint_that_the_trainer_cannot_read_costs_only_the_work_so_far(job):
    job.checkpoint.mkdir(parents=True)
    (job.checkpoint / "ckpt_500.pt").write_text("cut o", "utf-8")
    record = {"file": "ckpt_500.pt", "iteration": 500, "iterations": 1000, "seconds": 5000}
    (job.checkpoint / "checkpoint.json").write_text(json.dumps(record), "utf-8")
    outcome = job.run()
    assert outcome.status == 0, outcome.errors
    messages = [event["message"] for event in outcome.of("log")]
    assert "the checkpoint cannot be used, training starts anew" in messages
    assert outcome.last["metrics"]["iterations"] == 1000
    assert outcome.last["metrics"]["trainSeconds"] < 5000


def test_training_ends_when_its_time_is_over_and_what_there_is_gets_exported(job):
    job.write_spec(train_seconds=1)
    outcome = job.run(FAKE_ITERATION_SECONDS="0.01")
    assert outcome.status == 0, outcome.errors
    assert outcome.warnings == ["training_shortened"]
    assert 0 < outcome.last["metrics"]["iterations"] < 1000
    assert outcome.last["metrics"]["psnrDb"] == 27.123


def test_a_near_deadline_shortens_the_training_and_says_so(job):
    job.write_spec(train_seconds=3000, minutes_left=10)
    outcome = job.run(FAKE_ITERATION_SECONDS="0")
    assert outcome.warnings == ["training_shortened"]
    assert "maxRuntimeMinutes" in outcome.of("warning")[0]["message"]
    assert int(job.options()["n_iterations"]) == pytest.approx(3300, abs=100)


def test_with_few_photos_all_are_trained_on_and_quality_is_said_not_to_be_measured(job):
    job.write_model(photos=7)
    outcome = job.run(FAKE_ITERATION_SECONDS="0")
    assert job.options()["dataset.test_split_interval"] == "-1"
    assert job.options()["test_last"] == "false"
    assert outcome.warnings == ["quality_not_measured"]
    assert outcome.last["metrics"]["psnrDb"] is None
    assert outcome.last["metrics"]["heldOutPhotos"] == 0


def test_gaussians_count_although_measuring_them_failed(job):
    outcome = job.run(FAKE_FAILURE="CUDA out of memory", FAKE_FAILURE_AT="measuring")
    assert outcome.last["event"] == "succeeded"
    assert outcome.warnings == ["quality_not_measured"]
    assert outcome.last["metrics"]["gaussians"] == 7
    assert outcome.last["metrics"]["psnrDb"] is None


def test_photos_too_large_for_the_gpu_are_for_the_user_to_mend(job):
    failure = "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB."
    outcome = job.run(FAKE_FAILURE=failure, FAKE_FAILURE_AT="20")
    assert outcome.status == 0
    assert outcome.last["event"] == "failed"
    assert outcome.last["code"] == "training_failed"
    assert "2000 px" in outcome.last["message"]
    assert "config.maxResolution" in outcome.last["nextAction"]


@pytest.mark.parametrize(
    ("failure", "status", "explanation"),
    [
        ("SIGBUS", 1, "sharedMemorySize"),
        ("DataLoader worker (pid 9) is killed by signal: Bus error.", 1, "sharedMemorySize"),
        ("no kernel image is available for execution on the device", 1, "CUDA_ARCHITECTURES"),
        ("RuntimeError: No CUDA GPUs are available", 1, "sees no GPU"),
        ("AssertionError: what nobody thought of", 1, "what nobody thought of"),
        ("CUDA error: uncorrectable ECC error encountered", 75, "the GPU failed"),
        ("OSError: [Errno 28] No space left on device", 75, "the disk is full"),
        ("SIGKILL", 75, "killed from outside"),
    ],
)
def test_what_is_not_the_users_doing_ends_the_process_as_the_contract_says(
    job, failure, status, explanation
):
    outcome = job.run(FAKE_FAILURE=failure, FAKE_FAILURE_AT="20")
    assert outcome.status == status
    assert outcome.last["event"] not in ("failed", "succeeded")
    assert explanation in outcome.errors + json.dumps(outcome.events)


@pytest.mark.parametrize(
    ("script", "explanation"),
    [
        ("echo 'NVIDIA A10G, 23028 MiB, 535.183.01'", "driver is 535.183.01"),
        ("echo 'No devices were found'; exit 6", "No devices were found"),
        ("exit 0", "nvidia-smi says nothing"),
    ],
)
def test_without_a_usable_gpu_no_time_is_spent(job, script, explanation):
    job.install_nvidia_smi(script)
    outcome = job.run()
    assert outcome.status == 1
    assert explanation in outcome.errors
    assert not list(job.workdir.glob("train/3dgrut/runs/**/parsed.yaml"))


def test_outside_the_image_the_engine_says_where_it_runs(job):
    del job.environment["THREEDGRUT_HOME"]
    outcome = job.run()
    assert outcome.status == 1
    assert "THREEDGRUT_HOME is not set" in outcome.errors


def test_an_incomplete_model_is_named(job):
    (job.workdir / "sfm" / "undistorted" / "sparse" / "points3D.bin").unlink()
    outcome = job.run()
    assert outcome.status == 1
    assert "sfm/undistorted/sparse has no points3D.bin" in outcome.errors
