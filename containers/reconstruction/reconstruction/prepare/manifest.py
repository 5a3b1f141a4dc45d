"""`prepare/manifest.json`: which prepared photo is which of the user's, and what is known of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

MANIFEST = Path("prepare") / "manifest.json"
IMAGES = Path("prepare") / "images"


@dataclass(frozen=True)
class Position:
    """Where GPS placed a photo (WGS 84); kept for the scene's scale alone, in no picture."""

    latitude_degrees: float
    longitude_degrees: float
    altitude_meters: float | None


@dataclass(frozen=True)
class PreparedPhoto:
    """A photo in `prepare/images/`; photos of equal `camera` share lens, zoom and size."""

    image: str
    name: str
    camera: int
    width_px: int
    height_px: int
    blur: float
    position: Position | None = None


@dataclass(frozen=True)
class Manifest:
    """What `prepare` hands on. `left_out` are `(name, why)` of the user's files."""

    input_kind: str
    photos: Sequence[PreparedPhoto] = ()
    left_out: Sequence[tuple[str, str]] = field(default_factory=tuple)

    def name_of(self, image: str) -> str:
        """The user's own name of a prepared photo."""
        return {photo.image: photo.name for photo in self.photos}[image]


def write_manifest(manifest: Manifest, workdir: Path) -> None:
    path = workdir / MANIFEST
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(asdict(manifest), ensure_ascii=False, indent=2), encoding="utf-8")


def read_manifest(workdir: Path) -> Manifest:
    document = json.loads((workdir / MANIFEST).read_text(encoding="utf-8"))
    photos = [
        PreparedPhoto(
            **{**photo, "position": Position(**photo["position"]) if photo["position"] else None}
        )
        for photo in document["photos"]
    ]
    left_out = [(name, why) for name, why in document["left_out"]]
    return Manifest(document["input_kind"], photos, left_out)
