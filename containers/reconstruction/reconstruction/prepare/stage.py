"""Stage `prepare`: what the user uploaded becomes `prepare/`."""

from __future__ import annotations

import tempfile
from pathlib import Path

from reconstruction.failures import StageFailed
from reconstruction.prepare.manifest import IMAGES, Manifest, write_manifest
from reconstruction.prepare.photos import decode_uploads
from reconstruction.prepare.selection import as_prepared, select
from reconstruction.prepare.uploads import Upload, list_uploads, shown_list
from reconstruction.report import Report
from reconstruction.spec import Spec
from reconstruction.stages import StageOutcome


def run(workdir: Path, spec: Spec, report: Report) -> StageOutcome:
    """Write `prepare/images/` or `prepare/splats.ply`, and `prepare/manifest.json`."""
    uploads = list_uploads(workdir)
    report.log("uploads", files=len(uploads), inputKind=spec.input_kind)
    if spec.input_kind == "splat":
        return prepare_splat(uploads, workdir, report)
    with tempfile.TemporaryDirectory(dir=workdir) as scratch:
        if spec.input_kind == "video":
            return prepare_video(uploads, Path(scratch), workdir, spec, report)
        return prepare_photos(uploads, Path(scratch), workdir, spec, report)


def prepare_photos(
    uploads: list[Upload], scratch: Path, workdir: Path, spec: Spec, report: Report
) -> StageOutcome:
    candidates, unusable = decode_uploads(uploads, scratch, spec.max_resolution_px, report)
    wanted = check_scale_reference(spec, [candidate.name for candidate in candidates])
    selection = select(candidates, wanted, report)
    photos = as_prepared(selection.kept, workdir / IMAGES, report)
    manifest = Manifest("photos", photos, unusable + selection.left_out)
    return finish(manifest, len(uploads), workdir)


def prepare_video(
    uploads: list[Upload], scratch: Path, workdir: Path, spec: Spec, report: Report
) -> StageOutcome:
    from reconstruction.prepare.video import extract_frames, unreadable

    if len(uploads) != 1:
        raise unreadable("The upload", f"it holds {len(uploads)} files instead of one")
    resolution = spec.max_resolution_px
    frames = extract_frames(uploads[0], scratch, spec.extract_fps, resolution, report)
    wanted = check_scale_reference(spec, [frame.name for frame in frames])
    selection = select(frames, wanted, report)
    photos = as_prepared(selection.kept, workdir / IMAGES, report)
    return finish(Manifest("video", photos, selection.left_out), len(frames), workdir)


def prepare_splat(uploads: list[Upload], workdir: Path, report: Report) -> StageOutcome:
    from reconstruction.gaussians.ply import write_ply
    from reconstruction.splats.ply import MAX_GAUSSIANS, read_user_splats

    if len(uploads) != 1:
        raise StageFailed(
            "splat_unreadable",
            name="The upload",
            reason=f"it holds {len(uploads)} files instead of one",
        )
    splats = read_user_splats(uploads[0].path, uploads[0].name, report)
    report.log("splats", gaussians=len(splats), limit=MAX_GAUSSIANS, degree=splats.degree)
    (workdir / "prepare").mkdir(exist_ok=True)
    write_ply(splats, workdir / "prepare" / "splats.ply")
    write_manifest(Manifest("splat"), workdir)
    return StageOutcome({"totalPhotos": 0, "usedPhotos": 0, "gaussians": len(splats)})


def check_scale_reference(spec: Spec, names: list[str]) -> set[str]:
    """The photos that the user measured between: they are kept whatever they look like.

    Raises StageFailed when one of them was not uploaded, or cannot be used.
    """
    reference = spec.scale_reference
    if reference is None:
        return set()
    wanted = {reference.photo_a, reference.photo_b}
    unknown = sorted(wanted - set(names))
    if unknown:
        raise StageFailed(
            "scale_reference_unknown", names=shown_list(unknown), example=shown_list(names, 2)
        )
    if len(wanted) == 1:
        raise StageFailed("scale_reference_degenerate", names=shown_list(sorted(wanted)))
    return wanted


def finish(manifest: Manifest, total: int, workdir: Path) -> StageOutcome:
    """Write the manifest; the size reported is that of the largest photo."""
    write_manifest(manifest, workdir)
    largest = max(manifest.photos, key=lambda photo: photo.width_px * photo.height_px)
    return StageOutcome(
        {
            "totalPhotos": total,
            "usedPhotos": len(manifest.photos),
            "widthPx": largest.width_px,
            "heightPx": largest.height_px,
        }
    )
