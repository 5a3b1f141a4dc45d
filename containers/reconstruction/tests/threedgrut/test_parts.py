"""What the stage is made of, where looking at it from outside would show too little."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from reconstruction.gaussians.parameters import Gaussians, column_count
from reconstruction.gaussians.ply import write_ply
from reconstruction.threedgrut.checkpoint import Checkpoint, keep_checkpoint, newest_checkpoint
from reconstruction.threedgrut.command import Training, command_line
from reconstruction.threedgrut.dataset import Dataset, lay_out_dataset
from reconstruction.threedgrut.installation import Installation
from reconstruction.threedgrut.process import parse_fact
from reconstruction.threedgrut.result import held_out_psnr_db, read_export
from reconstruction.threedgrut.schedule import Schedule, schedule_for


def test_the_command_line_is_the_one_that_was_researched(monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    training = Training(
        dataset=Dataset(Path("/job/dataset"), photo_count=50),
        schedule=Schedule(30_000),
        seed=4,
        runs=Path("/job/runs"),
        ply=Path("/job/splats.ply"),
        resume=Path("/job/ckpt_3000.pt"),
    )
    installation = Installation(Path("/opt/3dgrut"), Path("/opt/3dgrut/.venv/bin/python"))
    program, script, *arguments = command_line(installation, training)
    assert program == "/opt/3dgrut/.venv/bin/python"
    assert Path(script).is_file()
    assert arguments == [
        *("--home", "/opt/3dgrut", "--seed", "4"),
        *("--config-name", "apps/colmap_3dgut_mcmc.yaml"),
        "path=/job/dataset",
        "out_dir=/job/runs",
        "experiment_name=job",
        "dataset.downsample_factor=1",
        "dataset.test_split_interval=8",
        "test_last=true",
        "num_workers=6",
        "with_gui=false",
        "with_viser_gui=false",
        "use_wandb=false",
        "n_iterations=30000",
        "scheduler.positions.max_steps=30000",
        "strategy.add.end_iteration=25000",
        "strategy.relocate.end_iteration=25000",
        "strategy.perturb.end_iteration=27500",
        "strategy.add.max_n_gaussians=1000000",
        "optimizer.type=selective_adam",
        "checkpoint.iterations=[3000,6000,9000,12000,15000,18000,21000,24000,27000]",
        "export_ply.enabled=true",
        "export_ply.path=/job/splats.ply",
        "export_usd.enabled=false",
        "resume=/job/ckpt_3000.pt",
    ]


def test_the_trainers_environment_has_its_own_programs_and_none_of_our_modules():
    installation = Installation(Path("/opt/3dgrut"), Path("/opt/3dgrut/.venv/bin/python"))
    environment = installation.environment({"PATH": "/usr/bin", "PYTHONPATH": "/opt/job", "A": "b"})
    assert environment["PATH"] == "/opt/3dgrut/.venv/bin:/usr/bin"
    assert "PYTHONPATH" not in environment
    assert environment["A"] == "b"


@pytest.mark.parametrize(
    ("seconds", "iterations"), [(5, 1000), (900, 9900), (2000, 22_000), (3600, 30_000)]
)
def test_more_time_means_more_iterations_up_to_the_trainers_own_number(seconds, iterations):
    assert schedule_for(seconds) == Schedule(iterations)


def test_the_dataset_is_laid_out_as_3dgrut_reads_it_and_again_for_a_second_attempt(job):
    undistorted = job.workdir / "sfm" / "undistorted"
    for _ in range(2):
        dataset = lay_out_dataset(undistorted, job.workdir / "dataset")
    assert dataset.photo_count == 16
    assert (dataset.folder / "images" / "img_00015.jpg").read_bytes() == b"jpeg"
    assert (dataset.folder / "sparse" / "0" / "cameras.bin").is_file()


@pytest.mark.parametrize(("photos", "held_out"), [(7, 0), (8, 1), (9, 2), (16, 2), (17, 3)])
def test_every_eighth_photo_from_the_first_on_is_held_out(photos, held_out):
    assert Dataset(Path("/job"), photos).held_out_count == held_out


def test_a_newer_checkpoint_replaces_the_older(tmp_path):
    for iteration in (100, 200):
        written = tmp_path / f"written_{iteration}"
        written.write_bytes(b"weights")
        checkpoint = Checkpoint(f"ckpt_{iteration}.pt", iteration, 1000, 1.5)
        keep_checkpoint(written, checkpoint, tmp_path / "kept")
        assert newest_checkpoint(tmp_path / "kept") == checkpoint
        assert not written.exists()
    names = sorted(path.name for path in (tmp_path / "kept").iterdir())
    assert names == ["checkpoint.json", "ckpt_200.pt"]


@pytest.mark.parametrize("record", [None, "{", "{}", "[]", '{"file": "ckpt_9.pt"}'])
def test_a_checkpoint_without_a_sound_record_is_none(tmp_path, record):
    (tmp_path / "ckpt_9.pt").write_bytes(b"weights")
    if record is not None:
        (tmp_path / "checkpoint.json").write_text(record, "utf-8")
    assert newest_checkpoint(tmp_path) is None


def test_a_record_whose_file_is_missing_is_no_checkpoint(tmp_path):
    record = {"file": "ckpt_9.pt", "iteration": 9, "iterations": 10, "seconds": 1}
    (tmp_path / "checkpoint.json").write_text(json.dumps(record), "utf-8")
    assert newest_checkpoint(tmp_path) is None


def test_lines_of_the_observer_are_told_from_those_of_3dgrut():
    line = '{"observed": "iteration", "iteration": 3}'
    assert parse_fact(line) == {"observed": "iteration", "iteration": 3}
    for printed in ("[INFO] Added 5 gaussians", '{"observed": cut', '{"iteration": 3}', ""):
        assert parse_fact(printed) is None


def test_a_ply_that_is_missing_or_cut_off_is_no_export(tmp_path):
    ply = tmp_path / "splats.ply"
    assert read_export(ply) is None
    write_ply(Gaussians(np.ones((3, column_count(0)), np.float32), 0), ply)
    assert len(read_export(ply)) == 3
    ply.write_bytes(ply.read_bytes()[:-1])
    assert read_export(ply) is None


def test_gaussians_that_became_no_numbers_are_left_out(tmp_path):
    values = np.ones((3, column_count(0)), np.float32)
    values[1, 0] = np.nan
    write_ply(Gaussians(values, 0), tmp_path / "splats.ply")
    assert len(read_export(tmp_path / "splats.ply")) == 2


@pytest.mark.parametrize("metrics", ['{"mean_psnr": NaN}', "{}", "[]", "cut o"])
def test_a_psnr_that_is_no_number_was_not_measured(tmp_path, metrics):
    folder = tmp_path / "job" / "dataset-0101_000000"
    folder.mkdir(parents=True)
    (folder / "metrics.json").write_text(metrics, "utf-8")
    assert held_out_psnr_db(tmp_path) is None
