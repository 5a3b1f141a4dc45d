"""How a container image runs on a machine without containers.

`images.json` maps the repository of an image to a working directory, environment variables and,
optionally, a command that prepares it, which stands for pulling the image:

    {"cybernetic-physics/reconstruction": {
        "workingDirectory": "…", "environment": {"PATH": "…"}, "prepareCommand": ["node", "…"]}}
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path


class CannotPullContainer(Exception):
    """The image can't be had; Batch reports it as `CannotPullContainerError: …`."""


@dataclass(frozen=True)
class Image:
    """One entry of `images.json`."""

    name: str
    working_directory: str
    environment: dict[str, str] = field(default_factory=dict)
    prepare_command: tuple[str, ...] = ()


def repository_of(image: str) -> str:
    """The repository of an image reference, without its tag or digest."""
    repository = image.split("@", 1)[0]
    head, _, last = repository.rpartition("/")
    return f"{head}/{last.split(':', 1)[0]}".lstrip("/")


def find_image(images_file: Path | None, reference: str) -> Image:
    """The entry for an image, whatever registry and tag it is named with; the longest name wins."""
    if images_file is None:
        raise CannotPullContainer(f"no images file is configured, so {reference} is unknown")
    try:
        entries = json.loads(images_file.read_text())
    except (OSError, json.JSONDecodeError) as error:
        raise CannotPullContainer(f"{images_file} can't be read: {error}") from error
    repository = repository_of(reference)
    names = [n for n in entries if repository == n or repository.endswith("/" + n)]
    if not names:
        raise CannotPullContainer(f"{reference} is not one of {', '.join(sorted(entries))}")
    name = max(names, key=len)
    entry = entries[name]
    if not Path(entry["workingDirectory"]).is_dir():
        raise CannotPullContainer(f"{entry['workingDirectory']} of {name} is not a directory")
    return Image(
        name=name,
        working_directory=entry["workingDirectory"],
        environment=entry.get("environment") or {},
        prepare_command=tuple(entry.get("prepareCommand") or ()),
    )
