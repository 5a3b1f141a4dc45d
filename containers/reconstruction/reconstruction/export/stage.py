"""Stage `export`: the trained scene becomes `artifacts/`."""

from __future__ import annotations

import tempfile
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from reconstruction.export.documents import write_cameras, write_report
from reconstruction.export.previews import (
    CompressionFailed,
    write_spz,
    write_thumbnail,
    write_viewer,
)
from reconstruction.export.scene import Scene, scene_from_photos, scene_from_splats
from reconstruction.gaussians.ply import write_ply
from reconstruction.prepare.manifest import read_manifest
from reconstruction.report import Report
from reconstruction.spec import Spec
from reconstruction.stages import StageOutcome


def run(workdir: Path, spec: Spec, report: Report) -> StageOutcome:
    """Write every artifact. Raises RuntimeError when the USDZ does not stand its checks."""
    manifest = read_manifest(workdir)
    if spec.input_kind == "splat":
        scene = scene_from_splats(workdir, report)
    else:
        scene = scene_from_photos(workdir, manifest, spec, report)
    folder = workdir / "artifacts"
    folder.mkdir(exist_ok=True)
    artifacts = {
        "ply": "artifacts/scene.ply",
        "spz": "artifacts/scene.spz",
        "thumbnail": "artifacts/thumbnail.jpg",
        "viewer": "artifacts/viewer.html",
        "report": "artifacts/report.json",
    }
    usd: dict[str, object] = {}
    ply = folder / "scene.ply"
    report.progress(45, None, "writing the Gaussians and the viewer")
    write_ply(scene.gaussians, ply)
    # The compressor is a process of its own: it works while the stage is written.
    with tempfile.TemporaryDirectory(dir=workdir) as scratch, ThreadPoolExecutor() as pool:
        compressed = pool.submit(write_spz, ply, folder / "scene.spz")
        viewer = pool.submit(write_viewer, ply, scene, folder / "viewer.html", Path(scratch))
        write_thumbnail(scene, folder / "thumbnail.jpg")
        if spec.export_usdz:
            report.progress(60, None, "writing and checking the USD stage")
            usd = export_usdz(scene, spec, folder / "scene.usdz", Path(scratch))
            artifacts["usdz"] = "artifacts/scene.usdz"
        report.progress(80, None, "compressing the Gaussians for the viewer")
        for name, work in (("spz", compressed), ("viewer", viewer)):
            if not is_made(name, work, report):
                del artifacts[name]
    if scene.views:
        write_cameras(scene.views, scene, folder / "cameras.json")
        artifacts["cameras"] = "artifacts/cameras.json"
    write_report(scene, manifest, spec, usd, workdir)
    return StageOutcome(metrics_of(scene), artifacts)


def is_made(name: str, work: Future[None], report: Report) -> bool:
    """Whether a preview is there. What is only to look at does not cost the user the scene."""
    try:
        work.result()
    except CompressionFailed as failure:
        report.log("compression failed", level="error", artifact=name, detail=str(failure))
        report.warning("preview_missing", f"The {name} could not be made; all else is there.")
        return False
    return True


def export_usdz(scene: Scene, spec: Spec, path: Path, scratch: Path) -> dict[str, object]:
    """Write the USDZ, check the finished file, and return what is said of it."""
    from reconstruction.export.usd.package import write_usdz
    from reconstruction.export.usd.validation import find_defects

    facts = {
        "engine": spec.engine,
        "jobId": spec.job_id,
        "scaleSource": scene.scale.source,
        "scale": scene.scale.explanation,
    }
    write_usdz(scene, facts, path, scratch)
    if defects := find_defects(path):
        raise RuntimeError(f"the USDZ is not sound: {'; '.join(defects[:10])}")
    return {"bytes": path.stat().st_size, "defects": []}


def metrics_of(scene: Scene) -> dict[str, object]:
    return {
        "gaussians": len(scene.gaussians),
        "colliderTriangles": len(scene.triangles),
        "metersPerUnit": 1.0,
        "scaleSource": scene.scale.source,
        "upAxis": "Z",
    }
