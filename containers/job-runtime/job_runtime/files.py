"""Moving files between the bucket and the stage's folder."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from job_runtime.bucket import Bucket


def fetch_inputs(bucket: Bucket, inputs: Iterable[str], workdir: Path) -> int:
    """Fetch the files and folders that earlier stages left; returns the number of bytes.

    What is not there is left out: an earlier stage may rightly not have run, and the stage itself
    knows what it needs.
    """
    found = [
        item
        for path in inputs
        for item in bucket.list(path)
        if item.path == path or item.path.startswith(f"{path}/")
    ]
    bucket.download([(item.key, workdir / item.path) for item in found])
    return sum(item.size_bytes for item in found)


def fetch_user_files(source: Bucket, workdir: Path) -> int:
    """Fetch what the user uploaded to `input/`; returns the number of bytes.

    The files get neutral names, since the user's may be anything: `../`, longer than a disk
    allows, or alike but for their case. `input.json` beside the folder lists
    `{"path": "input/00001.jpg", "name": "the user's name"}` in the order of the names.
    """
    found = [item for item in source.list() if item.path and not item.path.endswith("/")]
    listing = [
        {"path": f"input/{number:05d}{plain_suffix(item.path)}", "name": item.path}
        for number, item in enumerate(found, start=1)
    ]
    source.download(
        [(item.key, workdir / entry["path"]) for item, entry in zip(found, listing, strict=True)]
    )
    content = json.dumps(listing, ensure_ascii=False, indent=2)
    (workdir / "input.json").write_text(content, encoding="utf-8")
    return sum(item.size_bytes for item in found)


def plain_suffix(name: str) -> str:
    """The extension where it is a harmless one, else nothing."""
    suffix = PurePosixPath(name).suffix.lower()
    plain = suffix[1:].isascii() and suffix[1:].isalnum() and len(suffix) <= 6
    return suffix if plain else ""


def store_outputs(bucket: Bucket, outputs: Iterable[str], workdir: Path) -> int:
    """Store the files and folders that the stage made, those that exist; returns their bytes."""
    files = sorted({file for path in outputs for file in files_at(workdir / path)})
    bucket.upload([(file, file.relative_to(workdir).as_posix()) for file in files])
    return sum(file.stat().st_size for file in files)


def files_at(path: Path) -> list[Path]:
    if path.is_dir():
        return [file for file in path.rglob("*") if file.is_file() and not file.is_symlink()]
    return [path] if path.is_file() else []
