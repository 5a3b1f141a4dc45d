"""The `train` stage on a CUDA GPU: undistorted photos in, Gaussians out."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reconstruction.failures import StageStopped
from reconstruction.gaussians.ply import write_ply
from reconstruction.report import Report
from reconstruction.spec import Spec
from reconstruction.threedgrut.checkpoint import Checkpoint, keep_checkpoint, newest_checkpoint
from reconstruction.threedgrut.command import Training, command_line
from reconstruction.threedgrut.dataset import Dataset, lay_out_dataset
from reconstruction.threedgrut.faults import TransientFault, explain_end
from reconstruction.threedgrut.gpu import require_gpu
from reconstruction.threedgrut.installation import Installation, find_installation
from reconstruction.threedgrut.process import TrainerProcess
from reconstruction.threedgrut.result import held_out_psnr_db, read_export
from reconstruction.threedgrut.schedule import Schedule, schedule_for

CHECKPOINT_FOLDER = "train/checkpoint"
# Writing and measuring the Gaussians, and the stage `export` after this one.
SECONDS_KEPT_FOR_EXPORT = 300.0
SHORTEST_TRAINING_SECONDS = 30.0
PERCENT_TRAINED = 95.0


def run(workdir: Path, spec: Spec, report: Report) -> dict[str, object]:
    """Trains for at most `spec.train_seconds`, counted from the first iteration.

    Reads `sfm/undistorted/`; writes `train/splats.ply` in COLMAP's frame, `train/metrics.json` and,
    at every tenth of the training, `train/checkpoint/`, from which a later attempt goes on. When
    the time is up, what there is gets exported. `psnrDb` is the mean over every eighth photo, never
    trained on; null with fewer than eight photos.

    Raises StageFailed when the photos are too large for the GPU, StageStopped after a SIGTERM,
    TrainerFault when image, job definition or host are at fault, TransientFault when another host
    may do better.
    """
    installation = find_installation(os.environ)
    environment = installation.environment(os.environ)
    gpu = require_gpu(environment)
    report.log("GPU found", gpu=gpu.name, memory=gpu.memory, driver=gpu.driver)
    report.progress(0, None, f"loading the photos onto the {gpu.name}")

    scratch = workdir / "train" / "3dgrut"
    dataset = lay_out_dataset(workdir / "sfm" / "undistorted", scratch / "dataset")
    checkpoint = newest_checkpoint(workdir / CHECKPOINT_FOLDER)
    attempt = Attempt(workdir, spec, report, installation, environment)
    try:
        attempt.train(dataset, checkpoint)
        if attempt.resume_failed:
            report.log("the checkpoint cannot be used, training starts anew", "warning")
            attempt.train(dataset, None)
    except TransientFault as fault:
        report.log(fault.message, "error")
        raise
    return attempt.conclude(dataset)


class Attempt:
    """One attempt at the training, from the trainer's start to its figures."""

    def __init__(
        self,
        workdir: Path,
        spec: Spec,
        report: Report,
        installation: Installation,
        environment: Mapping[str, str],
    ) -> None:
        self.workdir = workdir
        self.scratch = workdir / "train" / "3dgrut"
        self.spec = spec
        self.report = report
        self.installation = installation
        self.environment = environment
        self.resume_failed = False
        self.shortening_said = False

    def train(self, dataset: Dataset, checkpoint: Checkpoint | None) -> None:
        """Run the trainer to its export.

        Sets `resume_failed` where it could not even begin from `checkpoint`. Raises as `run` does.
        """
        self.resume_failed = False
        self.earlier_seconds = self.seconds = checkpoint.seconds if checkpoint else 0.0
        self.first_iteration = self.iteration = checkpoint.iteration if checkpoint else 0
        self.started_at: float | None = None
        self.finishing = False
        self.seconds_allowed = self.allow_seconds()
        self.schedule = (
            Schedule(checkpoint.iterations) if checkpoint else schedule_for(self.seconds_allowed)
        )
        self.ply = self.scratch / "splats.ply"
        self.ply.unlink(missing_ok=True)
        training = Training(
            dataset=dataset,
            schedule=self.schedule,
            seed=self.spec.seed,
            runs=self.scratch / "runs",
            ply=self.ply,
            resume=self.workdir / CHECKPOINT_FOLDER / checkpoint.file if checkpoint else None,
        )
        self.report.log(
            "training begins",
            iterations=self.schedule.iterations,
            resumedAt=self.first_iteration,
            secondsAllowed=round(self.seconds_allowed),
        )
        self.process = TrainerProcess(
            command_line(self.installation, training), self.environment, self.scratch
        )
        for fact in self.process.facts():
            if fact:
                self.hear(fact)
            self.look_at_the_clock()
        self.judge(self.process.wait(), resumed=checkpoint is not None)

    def allow_seconds(self) -> float:
        """What the user gave, or what the deadline leaves; earlier attempts count."""
        left = self.earlier_seconds + self.spec.seconds_left() - SECONDS_KEPT_FOR_EXPORT
        if left >= self.spec.train_seconds:
            return self.spec.train_seconds
        seconds = max(SHORTEST_TRAINING_SECONDS, left)
        if seconds < self.spec.train_seconds:
            self.warn_of_shortening(
                f"Training may take {seconds:.0f} s instead of {self.spec.train_seconds:.0f} s, to "
                "be done before the job's deadline. Raise maxRuntimeMinutes for the full quality."
            )
        return min(seconds, self.spec.train_seconds)

    def hear(self, fact: dict[str, Any]) -> None:
        """Act on what the trainer says (inside/observed_training.py)."""
        now = time.monotonic()
        self.iteration = fact["iteration"]
        if self.started_at is None:
            self.started_at = now
        self.seconds = self.earlier_seconds + now - self.started_at
        if fact["observed"] == "checkpoint":
            self.keep(Path(fact["path"]))
        elif fact["observed"] == "iteration":
            self.report.progress(
                PERCENT_TRAINED * min(1.0, self.iteration / self.schedule.iterations),
                self.seconds_to_go(),
                f"{fact['gaussians']} Gaussians after {self.iteration} of "
                f"{self.schedule.iterations} iterations",
            )
        elif fact["observed"] == "exporting":
            self.finishing = True
            self.report.progress(PERCENT_TRAINED, None, "writing and measuring the Gaussians")

    def seconds_to_go(self) -> float | None:
        """Until the last iteration or until the time is up, whichever comes first."""
        done = self.iteration - self.first_iteration
        spent = self.seconds - self.earlier_seconds
        if done <= 0 or spent <= 0:
            return None
        by_speed = (self.schedule.iterations - self.iteration) * spent / done
        return min(by_speed, self.seconds_allowed - self.seconds)

    def keep(self, written: Path) -> None:
        """Make the file that the trainer wrote the newest checkpoint, and announce it."""
        checkpoint = Checkpoint(
            file=written.name,
            iteration=self.iteration,
            iterations=self.schedule.iterations,
            seconds=round(self.seconds, 1),
        )
        keep_checkpoint(written, checkpoint, self.workdir / CHECKPOINT_FOLDER)
        self.report.checkpoint(CHECKPOINT_FOLDER)

    def look_at_the_clock(self) -> None:
        """Hand a request to stop on, and end the training when its time is up."""
        if self.report.stop_requested:
            self.process.stop()
            return
        if self.finishing or self.started_at is None:
            return
        seconds = self.earlier_seconds + time.monotonic() - self.started_at
        out_of_time = self.spec.seconds_left() < SECONDS_KEPT_FOR_EXPORT
        if seconds >= self.seconds_allowed or out_of_time:
            self.finishing = True
            self.process.finish()
            self.warn_of_shortening(
                f"Training ended after {self.iteration} of {self.schedule.iterations} iterations, "
                "when its time was over. Raise config.trainSeconds and maxRuntimeMinutes, or lower "
                "config.maxResolution, for the full quality."
            )

    def warn_of_shortening(self, message: str) -> None:
        """Once is enough."""
        if not self.shortening_said:
            self.shortening_said = True
            self.report.warning("training_shortened", message)

    def judge(self, status: int, resumed: bool) -> None:
        """Decide by what the trainer left, not by its status: its last steps only measure."""
        self.gaussians = read_export(self.ply)
        if self.gaussians is not None:
            return
        if self.report.stop_requested:
            raise StageStopped
        ending = explain_end(status, list(self.process.last_lines), self.spec.max_resolution_px)
        if resumed and self.started_at is None and ending.unexplained:
            self.resume_failed = True
            return
        raise ending.exception

    def conclude(self, dataset: Dataset) -> dict[str, object]:
        """Put the Gaussians and their figures where the next stage looks for them."""
        psnr_db = held_out_psnr_db(self.scratch / "runs") if dataset.held_out_count else None
        if psnr_db is None:
            self.report.warning(
                "quality_not_measured",
                f"With {dataset.photo_count} photos none is kept aside, so the quality of the "
                "result is not measured. Eight or more photos are needed for that."
                if not dataset.held_out_count
                else "The Gaussians are complete, but measuring them on the photos kept aside "
                "failed. The log says why.",
            )
        write_ply(self.gaussians, self.workdir / "train" / "splats.ply")
        metrics = {
            "psnrDb": psnr_db,
            "psnrBeforeDb": None,
            "gaussians": len(self.gaussians),
            "iterations": self.iteration,
            "trainSeconds": round(self.seconds, 2),
            "heldOutPhotos": dataset.held_out_count,
        }
        (self.workdir / "train" / "metrics.json").write_text(json.dumps(metrics, indent=2), "utf-8")
        return metrics
