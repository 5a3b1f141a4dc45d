"""Which of the pictures that could be decoded are worth reconstructing from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from reconstruction.failures import StageFailed
from reconstruction.prepare.exif import Lens
from reconstruction.prepare.likeness import HOPELESSLY_BLURRED, find_blurred, find_duplicates
from reconstruction.prepare.manifest import Position, PreparedPhoto
from reconstruction.prepare.uploads import shown, shown_list
from reconstruction.report import Report

MIN_PHOTOS = 3
FEW_PHOTOS = 20


@dataclass(frozen=True)
class Candidate:
    """A picture on disk with what is known of it. `fingerprint` is bool (256,)."""

    path: Path
    name: str
    width_px: int
    height_px: int
    lens: Lens
    position: Position | None
    fingerprint: np.ndarray
    blur: float


@dataclass(frozen=True)
class Selection:
    """Those kept, in their order, and `(name, why)` of those left out."""

    kept: list[Candidate]
    left_out: list[tuple[str, str]]


def select(candidates: Sequence[Candidate], wanted: set[str], report: Report) -> Selection:
    """Leave out copies and blurred pictures, with a warning each; never one of those `wanted`.

    Raises StageFailed when all show the same, or all are blurred.
    """
    distinct, copies = without_copies(candidates, wanted)
    if len(distinct) < MIN_PHOTOS:
        raise StageFailed("photos_identical", total=len(candidates), distinct=len(distinct))
    blur = np.array([candidate.blur for candidate in distinct])
    if blur.min() > HOPELESSLY_BLURRED:
        raise StageFailed("photos_blurred", total=len(candidates))
    kept, blurred = without_blurred(distinct, blur, wanted)
    for code, group, why in (
        ("photos_alike", copies, "show what another photo shows already"),
        ("photos_blurred", blurred, "are much more blurred than the others"),
    ):
        if group:
            names = shown_list([name for name, _ in group])
            report.warning(code, f"{len(group)} photos {why} and were left out: {names}.")
    return Selection(kept, copies + blurred)


def without_copies(
    candidates: Sequence[Candidate], wanted: set[str]
) -> tuple[list[Candidate], list[tuple[str, str]]]:
    # Those wanted come first, so that their copies are left out rather than they.
    ordered = sorted(candidates, key=lambda candidate: candidate.name not in wanted)
    copies = find_duplicates(np.array([candidate.fingerprint for candidate in ordered]))
    left_out = {
        ordered[later].name: f"shows the same as {shown(ordered[earlier].name)}"
        for later, earlier in copies.items()
        if ordered[later].name not in wanted
    }
    kept = [candidate for candidate in candidates if candidate.name not in left_out]
    return kept, sorted(left_out.items())


def without_blurred(
    candidates: Sequence[Candidate], blur: np.ndarray, wanted: set[str]
) -> tuple[list[Candidate], list[tuple[str, str]]]:
    names = {candidates[index].name for index in find_blurred(blur)} - wanted
    if len(candidates) - len(names) < MIN_PHOTOS:
        names = set()
    kept = [candidate for candidate in candidates if candidate.name not in names]
    return kept, [(name, "is blurred") for name in sorted(names)]


def as_prepared(kept: Sequence[Candidate], folder: Path, report: Report) -> list[PreparedPhoto]:
    """Give the pictures their neutral names in `folder` and group them by camera."""
    folder.mkdir(parents=True, exist_ok=True)
    cameras: dict[tuple[Lens, int, int], int] = {}
    prepared = []
    for number, candidate in enumerate(kept, start=1):
        key = (candidate.lens, candidate.width_px, candidate.height_px)
        image = f"img_{number:05d}.jpg"
        candidate.path.replace(folder / image)
        prepared.append(
            PreparedPhoto(
                image=image,
                name=candidate.name,
                camera=cameras.setdefault(key, len(cameras)),
                width_px=candidate.width_px,
                height_px=candidate.height_px,
                blur=round(candidate.blur, 3),
                position=candidate.position,
            )
        )
    if len(cameras) > 1:
        report.warning(
            "mixed_cameras",
            f"The photos come from {len(cameras)} combinations of camera, zoom and size; each is"
            " calibrated by itself. Photos of one camera at one zoom give the best result.",
        )
    if len(kept) < FEW_PHOTOS:
        report.warning(
            "few_photos",
            f"{len(kept)} photos are few: expect holes. 30 to 200 that overlap by two thirds give"
            " a good scene.",
        )
    return prepared
