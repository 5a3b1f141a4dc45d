"""Stage `sfm`: the photos of `prepare/` become `sfm/sparse/` and `sfm/undistorted/`."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path

from reconstruction.failures import StageFailed
from reconstruction.prepare.manifest import IMAGES, Manifest, read_manifest
from reconstruction.prepare.uploads import shown_list
from reconstruction.report import Report
from reconstruction.sfm.effort import Effort, effort_for
from reconstruction.sfm.isolation import NativeCrash, run_isolated
from reconstruction.sfm.ladder import Ladder, Solution, describe
from reconstruction.sfm.mapping import Model
from reconstruction.sfm.matching import Matching
from reconstruction.sfm.quality import SPLIT_SHARE, is_acceptable, is_coherent
from reconstruction.spec import Spec
from reconstruction.stages import StageOutcome


def run(workdir: Path, spec: Spec, report: Report) -> StageOutcome:
    """Place the photos; write the sparse model in COLMAP's frame, and undistorted photos.

    Raises StageFailed when no model can be trusted, or too few photos have a place in it. The
    archive of what was found is written in any case.
    """
    manifest = read_manifest(workdir)
    effort = effort_for(spec.engine, len(manifest.photos))
    with tempfile.TemporaryDirectory(dir=workdir) as folder:
        scratch = Path(folder)
        matching = Matching(
            database=scratch / "database.db",
            images=workdir / IMAGES,
            cameras=photos_by_camera(manifest),
            effort=effort,
            seed=spec.seed,
        )
        is_ordered = manifest.input_kind == "video"
        solution = solve(Ladder(matching, scratch / "models", is_ordered, report))
        facts = facts_of(solution, manifest)
        (workdir / "sfm").mkdir(exist_ok=True)
        text = json.dumps(facts, ensure_ascii=False, indent=2)
        (workdir / "sfm" / "report.json").write_text(text, encoding="utf-8")
        outcome = StageOutcome(
            metrics_of(solution.best, manifest),
            {"colmapSparse": archive(workdir, solution, facts, scratch)},
        )
        model = trusted(solution, manifest, outcome)
        warn(model, solution, manifest, report)
        report.progress(93, None, "removing the lens distortion")
        shutil.copytree(model.folder, workdir / "sfm" / "sparse", dirs_exist_ok=True)
        run_isolated(undistort, workdir, effort)
    return outcome


def solve(ladder: Ladder) -> Solution:
    try:
        return ladder.climb()
    except NativeCrash as crash:
        ladder.report.log("matching died", level="error", detail=str(crash))
        return Solution()


def photos_by_camera(manifest: Manifest) -> list[list[str]]:
    cameras = sorted({photo.camera for photo in manifest.photos})
    return [
        [photo.image for photo in manifest.photos if photo.camera == camera] for camera in cameras
    ]


def unplaced_names(model: Model | None, manifest: Manifest) -> list[str]:
    """The user's names of the photos that have no place."""
    placed = set(model.images) if model else set()
    return [photo.name for photo in manifest.photos if photo.image not in placed]


def facts_of(solution: Solution, manifest: Manifest) -> dict[str, object]:
    """What was tried and found, for the archive and the job's report."""
    return {
        "model": describe(solution.best) if solution.best else None,
        "mapper": solution.best.mapper if solution.best else None,
        "attempts": solution.attempts,
        "names": {photo.image: photo.name for photo in manifest.photos},
        "unplaced": unplaced_names(solution.best, manifest),
    }


def metrics_of(model: Model | None, manifest: Manifest) -> dict[str, object]:
    total = len(manifest.photos)
    if model is None:
        return {"registeredPhotos": 0, "totalPhotos": total, "points": 0, "mapper": None}
    figures = describe(model)
    del figures["medianObservations"]
    return {**figures, "totalPhotos": total, "mapper": model.mapper}


def archive(workdir: Path, solution: Solution, facts: dict, scratch: Path) -> str:
    from reconstruction.sfm.archive import write_archive

    return write_archive(workdir, solution.best, facts, scratch).as_posix()


def trusted(solution: Solution, manifest: Manifest, outcome: StageOutcome) -> Model:
    """The best model if it may be gone on with, else StageFailed with which photos are lost."""
    model, total = solution.best, len(manifest.photos)
    if model and is_acceptable(model, total):
        return model
    missing = unplaced_names(model, manifest)
    unplaced = f" Without a place: {shown_list(missing)}." if missing else ""
    raise StageFailed(
        "sfm_low_registration" if model and is_coherent(model) else "sfm_no_model",
        placed=len(model.images) if model else 0,
        total=total,
        unplaced=unplaced,
        metrics=outcome.metrics,
        artifacts=outcome.artifacts,
    )


def warn(model: Model, solution: Solution, manifest: Manifest, report: Report) -> None:
    """Say which photos have no place, and whether they form a scene of their own."""
    total = len(manifest.photos)
    missing = unplaced_names(model, manifest)
    if missing:
        report.warning(
            "photos_unplaced",
            f"{len(missing)} of {total} photos could not be placed and were not used:"
            f" {shown_list(missing)}. Photos between them and the others would connect them.",
        )
    split = [other for other in solution.others if len(other.images) >= SPLIT_SHARE * total]
    for other in split:
        names = [manifest.name_of(image) for image in other.images]
        report.warning(
            "scene_split",
            f"{len(names)} of the photos form a scene of their own that shares too little with"
            f" the rest: {shown_list(names)}. Take photos that lead over from one to the other.",
        )


def undistort(workdir: Path, effort: Effort) -> None:
    """Write pinhole photos and their model to `sfm/undistorted/`."""
    import pycolmap

    from reconstruction.sfm.matching import quieten

    quieten()
    target = workdir / "sfm" / "undistorted"
    options = pycolmap.UndistortCameraOptions()
    options.max_image_size = effort.undistorted_size_px or -1
    pycolmap.undistort_images(
        target,
        workdir / "sfm" / "sparse",
        workdir / IMAGES,
        undistort_options=options,
        jpeg_quality=95,
    )
    for leftover in set(target.iterdir()) - {target / "images", target / "sparse"}:
        shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
