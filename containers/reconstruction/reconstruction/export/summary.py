"""`report.json`: what went in, what was done with which versions, and how good it became."""

from __future__ import annotations

import json
import platform
from importlib.metadata import version
from pathlib import Path

from reconstruction.prepare.manifest import read_manifest
from reconstruction.spec import Spec

PACKAGES = ("numpy", "numba", "pycolmap", "usd-core", "pillow")
STAGES = ("prepare", "sfm", "train")


def write_summary(workdir: Path, spec: Spec, export: dict[str, object], path: Path) -> None:
    manifest = read_manifest(workdir)
    document = {
        "jobId": spec.job_id,
        "engine": spec.engine,
        "seed": spec.seed,
        "input": {
            "kind": manifest.input_kind,
            "photos": [photo.name for photo in manifest.photos],
            "leftOut": [{"name": name, "reason": why} for name, why in manifest.left_out],
        },
        "stages": {name: stage_of(workdir / name / "result.json") for name in STAGES},
        "export": export,
        "versions": {"python": platform.python_version(), **{p: version(p) for p in PACKAGES}},
    }
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False), encoding="utf-8")


def stage_of(result: Path) -> dict[str, object] | None:
    """Figures, warnings and times of an earlier stage; None where it was not part of the job."""
    if not result.exists():
        return None
    document = json.loads(result.read_text(encoding="utf-8"))
    return {key: document.get(key) for key in ("metrics", "warnings", "startedAt", "finishedAt")}
