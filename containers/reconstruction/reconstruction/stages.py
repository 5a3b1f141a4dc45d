"""The stages of a reconstruction: what each reads, what it leaves behind.

Paths are relative to the job's prefix. This module imports no library, so that the runtime can
read it at no cost.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Stage:
    """One stage. `inputs` are files or folders to fetch, `outputs` those to upload afterwards.

    `user_files` says that the files which the user uploaded are wanted too, under `input/`.
    `checkpoint` is the folder that a second attempt starts from; it is not part of `outputs`.
    """

    module: str
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    user_files: bool = False
    checkpoint: str | None = None


@dataclass(frozen=True)
class StageOutcome:
    """What a finished stage reports: figures by name, and what the user gets, path by name."""

    metrics: dict[str, object] = field(default_factory=dict)
    artifacts: dict[str, str] = field(default_factory=dict)


STAGES = {
    "prepare": Stage(
        module="reconstruction.prepare.stage",
        user_files=True,
        outputs=("prepare", "artifacts"),
    ),
    "sfm": Stage(
        module="reconstruction.sfm.stage",
        inputs=("prepare",),
        outputs=("sfm", "artifacts"),
    ),
    "train": Stage(
        module="reconstruction.train.stage",
        inputs=("sfm/undistorted",),
        outputs=("train/splats.ply", "train/metrics.json"),
        checkpoint="train/checkpoint",
    ),
    "export": Stage(
        module="reconstruction.export.stage",
        inputs=(
            "prepare/manifest.json",
            "prepare/splats.ply",
            "prepare/result.json",
            "sfm",
            "train/splats.ply",
            "train/metrics.json",
            "train/result.json",
        ),
        outputs=("artifacts",),
    ),
}
