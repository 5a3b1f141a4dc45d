"""What the trainer left: the Gaussians and how well they show the photos kept aside."""

from __future__ import annotations

import json
import math
from pathlib import Path

MAX_HEADER_BYTES = 64 * 1024
BYTES_PER_FLOAT = 4


def count_gaussians(ply: Path) -> int | None:
    """The number of Gaussians in `ply`, None where the file is missing, cut off or empty.

    3DGRUT writes binary little-endian floats only (threedgrut/export/formats/ply.py).
    """
    if not ply.is_file():
        return None
    with ply.open("rb") as stream:
        header, end, _ = stream.read(MAX_HEADER_BYTES).partition(b"end_header\n")
    lines = header.decode("ascii", errors="replace").splitlines()
    counts = [int(line.split()[2]) for line in lines if line.startswith("element vertex ")]
    properties = [line for line in lines if line.startswith("property float ")]
    if not end or len(counts) != 1 or counts[0] == 0:
        return None
    row_bytes = BYTES_PER_FLOAT * len(properties)
    whole = len(header) + len(end) + counts[0] * row_bytes
    return counts[0] if ply.stat().st_size == whole else None


def held_out_psnr_db(runs: Path) -> float | None:
    """The mean PSNR over the photos kept aside, None where it was not measured.

    Each run has a folder of its own, named after the time: `job/<name>-DDMM_HHMMSS/metrics.json`.
    """
    found = sorted(runs.glob("job/*/metrics.json"), key=lambda path: path.stat().st_mtime)
    if not found:
        return None
    try:
        psnr_db = float(json.loads(found[-1].read_text(encoding="utf-8"))["mean_psnr"])
    except (ValueError, TypeError, KeyError):
        return None
    return round(psnr_db, 3) if math.isfinite(psnr_db) else None
