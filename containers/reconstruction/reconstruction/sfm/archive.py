"""The sparse result as the user gets it, in every format that other tools read."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pycolmap

from reconstruction.sfm.mapping import Model

ARCHIVE = Path("artifacts") / "sparse.zip"
# A zip file holds times; one and the same makes equal results equal files.
TIMESTAMP = (1980, 1, 1, 0, 0, 0)


def write_archive(
    workdir: Path, model: Model | None, facts: dict[str, object], scratch: Path
) -> Path:
    """Zip the model (binary and text), its points as PLY and `report.json`; returns the path.

    Without a model the archive holds the report alone.
    """
    archive = workdir / ARCHIVE
    archive.parent.mkdir(parents=True, exist_ok=True)
    folder = scratch / "archive"
    folder.mkdir()
    report = json.dumps(facts, ensure_ascii=False, indent=2)
    (folder / "report.json").write_text(report, encoding="utf-8")
    if model:
        write_formats(pycolmap.Reconstruction(model.folder), folder)
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as target:
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(file.relative_to(folder).as_posix(), TIMESTAMP)
            entry.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(entry, file.read_bytes())
    return ARCHIVE


def write_formats(model: pycolmap.Reconstruction, folder: Path) -> None:
    for name in ("sparse", "text"):
        (folder / name).mkdir()
    model.write_binary(folder / "sparse")
    model.write_text(folder / "text")
    model.export_PLY(folder / "points.ply")
