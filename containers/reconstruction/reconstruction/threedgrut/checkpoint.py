"""The newest checkpoint of the trainer, so that a later attempt can go on from it.

train/checkpoint/ckpt_12000.pt      as 3DGRUT wrote it
train/checkpoint/checkpoint.json    names that file, and says how far it had come
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

RECORD = "checkpoint.json"


@dataclass(frozen=True)
class Checkpoint:
    """`iterations` is what the training was planned for, `seconds` what it had taken so far."""

    file: str
    iteration: int
    iterations: int
    seconds: float


def keep_checkpoint(written: Path, checkpoint: Checkpoint, folder: Path) -> None:
    """Move the complete file `written` into `folder`, and name it the newest in a single step.

    Whatever is stopped in between, the record names a file that is there and whole.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written.replace(folder / checkpoint.file)
    partial = folder / f"{RECORD}.partial"
    with partial.open("w", encoding="utf-8") as stream:
        json.dump(asdict(checkpoint), stream)
        stream.flush()
        os.fsync(stream.fileno())
    partial.replace(folder / RECORD)
    for older in folder.glob("*.pt"):
        if older.name != checkpoint.file:
            older.unlink()


def newest_checkpoint(folder: Path) -> Checkpoint | None:
    """The checkpoint that the record names, None where there is none that can be used."""
    try:
        document = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        checkpoint = Checkpoint(**document)
    except (FileNotFoundError, ValueError, TypeError):
        return None
    return checkpoint if (folder / checkpoint.file).is_file() else None
