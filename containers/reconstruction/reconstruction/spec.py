"""The job's specification, as the control plane wrote it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path


@dataclass(frozen=True)
class ScaleReference:
    """The distance between the places of two cameras, measured by the user."""

    photo_a: str
    photo_b: str
    distance_meters: float


@dataclass(frozen=True)
class Spec:
    """One reconstruction job; the fields are those of `spec.json` (containers/README.md)."""

    job_id: str
    input_kind: str
    engine: str
    extract_fps: float
    max_resolution_px: int
    export_usdz: bool
    train_seconds: float
    seed: int
    scale_reference: ScaleReference | None
    deadline: datetime

    def seconds_left(self) -> float:
        """Seconds until the deadline, negative when it is past."""
        return (self.deadline - datetime.now(timezone.utc)).total_seconds()


def read_spec(path: Path) -> Spec:
    """Read `spec.json`.

    Raises KeyError or ValueError when it is not what the control plane promises: a defect of
    ours, since the user's request was checked before it was written.
    """
    document = json.loads(path.read_text(encoding="utf-8"))
    if document["schemaVersion"] != 1:
        raise ValueError(f"spec.json has schemaVersion {document['schemaVersion']}, not 1")
    if document["inputKind"] not in ("photos", "video", "splat"):
        raise ValueError(f"spec.json has inputKind {document['inputKind']!r}")
    if document["engine"] not in ("3dgrut", "cpu-lite"):
        raise ValueError(f"spec.json has engine {document['engine']!r}")
    config = document["config"]
    return Spec(
        job_id=document["jobId"],
        input_kind=document["inputKind"],
        engine=document["engine"],
        extract_fps=float(config["extractFps"]),
        max_resolution_px=int(config["maxResolution"]),
        export_usdz=bool(config["exportUsdz"]),
        train_seconds=float(config["trainSeconds"]),
        seed=int(config["seed"]),
        scale_reference=read_scale_reference(config.get("scaleReference")),
        deadline=read_time(document["deadline"]),
    )


def read_scale_reference(document: dict | None) -> ScaleReference | None:
    if document is None:
        return None
    return ScaleReference(
        photo_a=document["photoA"],
        photo_b=document["photoB"],
        distance_meters=float(document["distanceMeters"]),
    )


def read_time(text: str) -> datetime:
    """An RFC 3339 time; Python 3.10 does not read the `Z` by itself."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
