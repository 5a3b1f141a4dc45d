"""The trainer's command line."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from reconstruction.threedgrut.dataset import Dataset
from reconstruction.threedgrut.installation import Installation
from reconstruction.threedgrut.schedule import Schedule

OBSERVED_TRAINING = Path(__file__).parent / "inside" / "observed_training.py"
# Rasterised (no ray-tracing cores needed), and the number of Gaussians has a ceiling.
CONFIGURATION = "apps/colmap_3dgut_mcmc.yaml"
MAX_GAUSSIANS = 1_000_000


@dataclass(frozen=True)
class Training:
    """One run of the trainer; it writes `ply` and, under `runs`, everything else."""

    dataset: Dataset
    schedule: Schedule
    seed: int
    runs: Path
    ply: Path
    resume: Path | None


def command_line(installation: Installation, training: Training) -> list[str]:
    """Program and arguments. Hydra, which reads them, refuses every key that it does not know."""
    schedule = training.schedule
    options = {
        "path": training.dataset.folder,
        "out_dir": training.runs,
        "experiment_name": "job",
        # Photos come in their final size: they were resized before structure from motion.
        "dataset.downsample_factor": 1,
        "dataset.test_split_interval": training.dataset.test_split_interval,
        "test_last": truth(training.dataset.held_out_count > 0),
        "num_workers": worker_count(),
        "with_gui": "false",
        "with_viser_gui": "false",
        "use_wandb": "false",
        "n_iterations": schedule.iterations,
        "scheduler.positions.max_steps": schedule.iterations,
        "strategy.add.end_iteration": schedule.last_growth,
        "strategy.relocate.end_iteration": schedule.last_growth,
        "strategy.perturb.end_iteration": schedule.last_perturbation,
        "strategy.add.max_n_gaussians": MAX_GAUSSIANS,
        "optimizer.type": "selective_adam",
        "checkpoint.iterations": f"[{','.join(map(str, schedule.checkpoints))}]",
        # The PLY has COLMAP's frame: only exporters of USD apply a normalising transform.
        "export_ply.enabled": "true",
        "export_ply.path": training.ply,
        # USD is made of the PLY by stage `export`, as for every engine.
        "export_usd.enabled": "false",
    }
    if training.resume:
        options["resume"] = training.resume
    return [
        str(installation.python),
        str(OBSERVED_TRAINING),
        *("--home", str(installation.home)),
        *("--seed", str(training.seed)),
        *("--config-name", CONFIGURATION),
        *(f"{key}={value}" for key, value in options.items()),
    ]


def truth(value: bool) -> str:
    return "true" if value else "false"


def worker_count() -> int:
    """Processes that load photos; the default of 24 overruns shared memory (3dgrut issue 79)."""
    return max(2, min(8, (os.cpu_count() or 4) - 2))
