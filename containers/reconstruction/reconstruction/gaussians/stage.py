"""The `train` stage on the CPU: undistorted photos in, Gaussians out."""

from __future__ import annotations

import json
import signal
import time
import zipfile
from pathlib import Path

from reconstruction.failures import StageFailed, StageStopped
from reconstruction.gaussians.checkpoint import load_checkpoint, save_checkpoint
from reconstruction.gaussians.dataset import Dataset, load_dataset
from reconstruction.gaussians.ply import write_ply
from reconstruction.gaussians.trainer import Trainer, TrainingOptions, TrainingState
from reconstruction.report import Report
from reconstruction.spec import Spec

LONGEST_SIDE_PX = 480
SECONDS_BETWEEN_CHECKPOINTS = 10.0
SECONDS_BETWEEN_REPORTS = 1.0
SECONDS_KEPT_FOR_EXPORT = 60.0
CHECKPOINT_FOLDER = "train/checkpoint"


def run(workdir: Path, spec: Spec, report: Report) -> dict[str, object]:
    """Trains for `spec.train_seconds`, not counting compilation, and returns the metrics.

    Reads `sfm/undistorted/`; writes `train/splats.ply`, `train/metrics.json` and, every ten
    seconds, `train/checkpoint/`, from which it goes on where an earlier attempt stopped. Less time
    is taken when the job's deadline is near. `psnrDb` is measured on photos that were never trained
    on, as they are, without fitting an exposure; since the best of the states measured is kept,
    it is slightly optimistic. Both PSNRs are null where there are too few photos to hold one out.

    Raises StageFailed when the photos cannot be trained on, StageStopped after a SIGTERM.
    """
    take_sigterm_back()
    try:
        dataset = load_dataset(workdir / "sfm" / "undistorted", LONGEST_SIDE_PX)
    except ValueError as error:
        raise StageFailed(
            "training_failed",
            reason=str(error),
            advice="Take more photos that overlap by two thirds, and start a new job.",
        ) from error
    if not dataset.held_out:
        report.warning(
            "quality_not_measured",
            f"With {len(dataset.training)} photos none is kept aside, so the quality of the result "
            "is not measured. Four or more photos are needed for that.",
        )
    report.progress(0, None, "compiling the trainer")
    warm_up(dataset)

    state = resume(workdir / CHECKPOINT_FOLDER, report)
    options = TrainingOptions(seconds=training_seconds(spec, state, report), seed=spec.seed)
    trainer = Trainer(dataset, options, state or TrainingState.initial(dataset, options))
    gaussians = trainer.run(Attendant(workdir, report).after_iteration)

    (workdir / "train").mkdir(exist_ok=True)
    write_ply(gaussians, workdir / "train" / "splats.ply")
    state = trainer.state
    metrics = {
        "psnrDb": round(state.best.psnr_db, 3) if state.best else None,
        "psnrBeforeDb": round(state.psnr_before_db, 3) if state.best else None,
        "gaussians": len(gaussians),
        "iterations": state.iteration,
        "trainSeconds": round(state.seconds, 2),
        "heldOutPhotos": len(dataset.held_out),
    }
    (workdir / "train" / "metrics.json").write_text(json.dumps(metrics, indent=2), "utf-8")
    return metrics


def take_sigterm_back() -> None:
    """Puts Python's handler of SIGTERM back: pycolmap, when loaded, installs one that aborts."""
    handler = signal.getsignal(signal.SIGTERM)
    if callable(handler):
        signal.signal(signal.SIGTERM, handler)


def warm_up(dataset: Dataset) -> None:
    """Compiles every kernel, or loads it from the cache, by one iteration thrown away."""
    options = TrainingOptions(seconds=1, max_iterations=1)
    Trainer(dataset, options, TrainingState.initial(dataset, options)).run()


def resume(folder: Path, report: Report) -> TrainingState | None:
    """The state of an earlier attempt, None where there is none that can be read."""
    try:
        state = load_checkpoint(folder)
    except (ValueError, KeyError, OSError, zipfile.BadZipFile) as error:
        report.log("the checkpoint is damaged, training starts anew", "warning", detail=str(error))
        return None
    if state:
        report.log("training goes on", iteration=state.iteration, seconds=round(state.seconds, 1))
    return state


def training_seconds(spec: Spec, state: TrainingState | None, report: Report) -> float:
    """`spec.train_seconds`, or less where the deadline leaves less; earlier attempts count."""
    done = state.seconds if state else 0.0
    possible = done + spec.seconds_left() - SECONDS_KEPT_FOR_EXPORT
    if possible >= spec.train_seconds:
        return spec.train_seconds
    seconds = max(1.0, possible)
    report.warning(
        "training_shortened",
        f"Training takes {seconds:.0f} s instead of {spec.train_seconds:.0f} s, to be done before "
        "the job's deadline. Raise maxRuntimeMinutes for the full quality.",
    )
    return seconds


class Attendant:
    """Reports, saves and listens for SIGTERM between iterations."""

    def __init__(self, workdir: Path, report: Report) -> None:
        self.folder = workdir / CHECKPOINT_FOLDER
        self.report = report
        self.reported = self.saved = time.monotonic()

    def after_iteration(self, trainer: Trainer) -> None:
        """Raises StageStopped when a stop was asked for and the state is safe."""
        now = time.monotonic()
        if self.report.stop_requested:
            self.save(trainer)
            raise StageStopped
        if now - self.saved >= SECONDS_BETWEEN_CHECKPOINTS:
            self.save(trainer)
            self.saved = now
        if now - self.reported >= SECONDS_BETWEEN_REPORTS:
            state = trainer.state
            quality = f", {state.best.psnr_db:.1f} dB on held-out photos" if state.best else ""
            self.report.progress(
                100 * trainer.progress,
                trainer.options.seconds - state.seconds,
                f"{len(state.gaussians)} Gaussians after {state.iteration} iterations{quality}",
            )
            self.reported = now

    def save(self, trainer: Trainer) -> None:
        """Writes a checkpoint and announces it."""
        save_checkpoint(trainer.state, self.folder)
        self.report.checkpoint(CHECKPOINT_FOLDER)
