"""What the trainer left: the Gaussians and how well they show the photos kept aside."""

from __future__ import annotations

import json
import math
from pathlib import Path

from reconstruction.gaussians.parameters import Gaussians
from reconstruction.splats.ply import (
    NotSplats,
    as_gaussians,
    find_degree,
    find_usable,
    read_header,
    read_vertices,
)


def read_export(ply: Path) -> Gaussians | None:
    """The Gaussians in `ply`, None where the file is missing, cut off or mostly no numbers.

    3DGRUT's layout has normals besides (threedgrut/export/formats/ply.py), and its Gaussians may
    have become no numbers; here they are as all engines leave them.
    """
    try:
        with ply.open("rb") as stream:
            header = read_header(stream)
            degree = find_degree({name for name, _ in header.properties})
            gaussians = as_gaussians(read_vertices(stream, header), degree)
        return gaussians.select(find_usable(gaussians))
    except (FileNotFoundError, NotSplats):
        return None


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
