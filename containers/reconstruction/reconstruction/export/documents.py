"""`cameras.json` and `report.json`."""

from __future__ import annotations

import importlib.metadata
import json
import platform
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import numpy as np

from reconstruction.export.scene import Scene
from reconstruction.export.views import View
from reconstruction.prepare.manifest import Manifest
from reconstruction.report import finite
from reconstruction.spec import Spec

PACKAGES = ("numba", "numpy", "pillow", "pycolmap", "scikit-image", "usd-core")


def write_cameras(views: Sequence[View], scene: Scene, path: Path) -> None:
    """`cameras.json`: where each photo was taken, by the user's own names, undistorted."""
    document = {
        "axes": "world: z up; camera: x right, y down, z forward",
        "unit": "metre" if scene.scale.source != "arbitrary" else "arbitrary",
        "photos": [describe_camera(view) for view in views],
    }
    path.write_text(json.dumps(document, ensure_ascii=False, indent=2), encoding="utf-8")


def describe_camera(view: View) -> dict[str, object]:
    camera = view.camera
    pose = np.eye(4)
    pose[:3, :3], pose[:3, 3] = camera.rotation.T, camera.center
    return {
        "name": view.photo,
        "widthPx": camera.width,
        "heightPx": camera.height,
        "focalLengthPx": [camera.fx, camera.fy],
        "principalPointPx": [camera.cx, camera.cy],
        "cameraToWorld": pose.tolist(),
        "points": view.points,
    }


def write_report(
    scene: Scene, manifest: Manifest, spec: Spec, usd: dict[str, object], workdir: Path
) -> None:
    """All that is known of how the scene came about, for people and dashboards."""
    document = {
        "jobId": spec.job_id,
        "engine": spec.engine,
        "seed": spec.seed,
        "input": {
            "kind": manifest.input_kind,
            "photos": len(manifest.photos),
            "leftOut": [{"name": name, "why": why} for name, why in manifest.left_out],
        },
        "structureFromMotion": read_json(workdir / "sfm" / "report.json"),
        "training": read_json(workdir / "train" / "metrics.json"),
        "scene": {
            "gaussians": len(scene.gaussians),
            "sphericalHarmonicsDegree": scene.gaussians.degree,
            "upAxis": "Z",
            "scaleSource": scene.scale.source,
            "scale": scene.scale.explanation,
            "metersPerSfmUnit": scene.scale.factor if scene.scale.source != "arbitrary" else None,
            "collider": {"triangles": len(scene.triangles), **scene.collider_facts},
        },
        "usd": usd,
        "stages": [read_result(workdir / stage) for stage in ("prepare", "sfm", "train")],
        "versions": {
            "python": platform.python_version(),
            **{name: importlib.metadata.version(name) for name in PACKAGES},
        },
    }
    text = json.dumps(finite(document), ensure_ascii=False, indent=2, default=str)
    (workdir / "artifacts" / "report.json").write_text(text, encoding="utf-8")


def read_json(path: Path) -> dict | None:
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def read_result(folder: Path) -> dict[str, object] | None:
    """How long an earlier stage took and what it warned of, as the runtime wrote it."""
    result = read_json(folder / "result.json")
    if result is None:
        return None
    started, finished = (
        datetime.fromisoformat(result[name].replace("Z", "+00:00"))
        for name in ("startedAt", "finishedAt")
    )
    return {
        "stage": result["stage"],
        "seconds": round((finished - started).total_seconds(), 1),
        "warnings": result["warnings"],
    }
