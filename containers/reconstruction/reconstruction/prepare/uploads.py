"""The files that the user uploaded, under the names the user knows."""

from __future__ import annotations

import json
import unicodedata
from dataclasses import dataclass
from pathlib import Path

SHOWN_CHARACTERS = 80


@dataclass(frozen=True)
class Upload:
    """A file of the user's; `name` is the user's own name for it and is never a path here."""

    path: Path
    name: str


def list_uploads(workdir: Path) -> list[Upload]:
    """All uploads in the order of their names; `input.json` says what each was called.

    Without that file the names in `input/` are taken for the user's own.
    """
    listing = workdir / "input.json"
    if listing.exists():
        entries = json.loads(listing.read_text(encoding="utf-8"))
        uploads = [Upload(workdir / entry["path"], entry["name"]) for entry in entries]
    else:
        folder = workdir / "input"
        uploads = [
            Upload(path, path.relative_to(folder).as_posix())
            for path in folder.rglob("*")
            if path.is_file()
        ]
    return sorted(uploads, key=lambda upload: upload.name)


def shown(name: str) -> str:
    """`name` as a message may show it: of bounded length, without control characters."""
    visible = "".join(
        "\ufffd" if unicodedata.category(character).startswith("C") else character
        for character in name
    )
    if len(visible) <= SHOWN_CHARACTERS:
        return visible
    return visible[: SHOWN_CHARACTERS - 12] + "…" + visible[-11:]


def shown_list(names: list[str], limit: int = 10) -> str:
    """Names for a sentence, the first `limit` of them."""
    listed = ", ".join(shown(name) for name in names[:limit])
    more = len(names) - limit
    return f"{listed} and {more} more" if more > 0 else listed
