"""Photos as users upload them, side by side into pictures that can be compared."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from reconstruction.failures import StageFailed
from reconstruction.prepare.decoding import Unusable, decode_photo
from reconstruction.prepare.likeness import fingerprint, measure_blur
from reconstruction.prepare.selection import MIN_PHOTOS, Candidate
from reconstruction.prepare.uploads import Upload, shown
from reconstruction.report import Report

JPEG_QUALITY = 95
MAX_THREADS = 4
NAMED_FILES = 10


def decode_uploads(
    uploads: list[Upload], folder: Path, max_side_px: int, report: Report
) -> tuple[list[Candidate], list[tuple[str, str]]]:
    """Decode each upload into `folder`; also returns `(name, why)` of those that are no use.

    Raises StageFailed when fewer than three can be used.
    """
    folder.mkdir(parents=True, exist_ok=True)
    candidates: list[Candidate] = []
    unusable: list[tuple[str, str]] = []
    for number, outcome in enumerate(decode_all(uploads, folder, max_side_px), start=1):
        if isinstance(outcome, Candidate):
            candidates.append(outcome)
        else:
            unusable.append(outcome)
        report.progress(
            90 * number / len(uploads), None, f"{number} of {len(uploads)} photos decoded"
        )
    if len(candidates) < MIN_PHOTOS:
        raise StageFailed(
            "input_too_few_photos",
            usable=len(candidates),
            total=len(uploads),
            minimum=MIN_PHOTOS,
            unusable=explain(unusable),
        )
    for name, why in unusable:
        report.warning("photo_unusable", f"{shown(name)} {why}. It was left out.")
    return candidates, unusable


def decode_all(
    uploads: list[Upload], folder: Path, max_side_px: int
) -> Iterator[Candidate | tuple[str, str]]:
    """What became of each upload, in order."""

    def decode(numbered: tuple[int, Upload]) -> Candidate | tuple[str, str]:
        number, upload = numbered
        try:
            return decode_upload(upload, folder / f"{number:05d}.jpg", max_side_px)
        except Unusable as reason:
            return upload.name, str(reason)

    threads = min(MAX_THREADS, os.cpu_count() or 1)
    with ThreadPoolExecutor(threads) as pool:
        yield from pool.map(decode, enumerate(uploads))


def decode_upload(upload: Upload, target: Path, max_side_px: int) -> Candidate:
    """Decode one upload and save it as `target`, with its lens in the EXIF and nothing else."""
    photo = decode_photo(upload.path, max_side_px)
    picture = photo.picture
    picture.save(target, "JPEG", quality=JPEG_QUALITY, exif=photo.lens.as_exif())
    return Candidate(
        path=target,
        name=upload.name,
        width_px=picture.width,
        height_px=picture.height,
        lens=photo.lens,
        position=photo.position,
        fingerprint=fingerprint(picture),
        blur=measure_blur(picture),
    )


def explain(unusable: list[tuple[str, str]]) -> str:
    """The files that are no use, as a sentence to follow another."""
    if not unusable:
        return ""
    named = "; ".join(f"{shown(name)} {why}" for name, why in unusable[:NAMED_FILES])
    more = len(unusable) - NAMED_FILES
    return f" {named}" + (f"; and {more} more." if more > 0 else ".")
