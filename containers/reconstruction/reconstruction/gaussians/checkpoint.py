"""A training state on disk, so that a later process can go on where this one stopped."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np

from reconstruction.gaussians.adam import Adam
from reconstruction.gaussians.densification import Pull
from reconstruction.gaussians.exposure import Exposure
from reconstruction.gaussians.parameters import Gaussians
from reconstruction.gaussians.trainer import Snapshot, TrainingState

FILE_NAME = "state.npz"


def save_checkpoint(state: TrainingState, folder: Path) -> None:
    """Writes `state` under `folder`, replacing the former one in a single step."""
    folder.mkdir(parents=True, exist_ok=True)
    arrays = {
        "values": state.gaussians.values,
        "mean": state.optimizer.mean,
        "square": state.optimizer.square,
        "exposure": state.exposure.values,
        "exposure_mean": state.exposure.optimizer.mean,
        "exposure_square": state.exposure.optimizer.square,
        "pull_total": state.pull.total,
        "pull_seen": state.pull.seen,
    }
    facts = {
        "degree": state.gaussians.degree,
        "step": state.optimizer.step,
        "exposureStep": state.exposure.optimizer.step,
        "rng": state.rng.bit_generator.state,
        "queue": state.queue,
        "iteration": state.iteration,
        "seconds": state.seconds,
        "densifications": state.densifications,
        "measurements": state.measurements,
        "psnrBeforeDb": state.psnr_before_db,
    }
    if state.best:
        arrays["best_values"] = state.best.gaussians.values
        facts["bestPsnrDb"] = state.best.psnr_db
        facts["bestIteration"] = state.best.iteration
    arrays["facts"] = np.frombuffer(json.dumps(facts).encode(), np.uint8)
    partial = folder / f"{FILE_NAME}.partial"
    with partial.open("wb") as stream:
        np.savez(stream, **arrays)
        stream.flush()
        os.fsync(stream.fileno())
    partial.replace(folder / FILE_NAME)


def load_checkpoint(folder: Path) -> TrainingState | None:
    """The state saved under `folder`, None where there is none.

    Raises ValueError, KeyError, OSError or zipfile.BadZipFile when the file is damaged.
    """
    path = folder / FILE_NAME
    if not path.exists():
        return None
    with np.load(path, allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in archive.files}
    facts = json.loads(arrays["facts"].tobytes())
    rng = np.random.default_rng()
    rng.bit_generator.state = facts["rng"]
    exposure_optimizer = Adam(
        arrays["exposure_mean"], arrays["exposure_square"], facts["exposureStep"]
    )
    best = None
    if "best_values" in arrays:
        gaussians = Gaussians(arrays["best_values"], facts["degree"])
        best = Snapshot(gaussians, facts["bestPsnrDb"], facts["bestIteration"])
    return TrainingState(
        gaussians=Gaussians(arrays["values"], facts["degree"]),
        optimizer=Adam(arrays["mean"], arrays["square"], facts["step"]),
        exposure=Exposure(arrays["exposure"], exposure_optimizer),
        pull=Pull(arrays["pull_total"], arrays["pull_seen"]),
        rng=rng,
        queue=facts["queue"],
        iteration=facts["iteration"],
        seconds=facts["seconds"],
        densifications=facts["densifications"],
        measurements=facts["measurements"],
        best=best,
        psnr_before_db=facts["psnrBeforeDb"],
    )
