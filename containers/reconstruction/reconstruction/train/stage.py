"""Stage `train`: the undistorted photos and cameras of `sfm/undistorted/` become `train/`.

Both engines leave `train/splats.ply` (the usual 3D Gaussian Splatting PLY, in COLMAP's frame) and
`train/metrics.json`, and write `train/checkpoint/` as they go.
"""

from __future__ import annotations

import importlib
import json
from pathlib import Path

from reconstruction.report import Report
from reconstruction.spec import Spec
from reconstruction.stages import StageOutcome

ENGINES = {
    "cpu-lite": "reconstruction.gaussians.stage",
    "3dgrut": "reconstruction.threedgrut.stage",
}


def run(workdir: Path, spec: Spec, report: Report) -> StageOutcome:
    """Train the Gaussians and read their figures from what the engine wrote."""
    importlib.import_module(ENGINES[spec.engine]).run(workdir, spec, report)
    metrics = json.loads((workdir / "train" / "metrics.json").read_text(encoding="utf-8"))
    return StageOutcome(metrics=metrics)
