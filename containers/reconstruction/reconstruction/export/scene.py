"""The whole scene in its final frame: z up, metres where the scale is known."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from reconstruction.export.scale import Scale, arbitrary, find_scale
from reconstruction.export.views import (
    SparsePoints,
    View,
    most_telling,
    moved_view,
    overview,
    read_views,
)
from reconstruction.gaussians.parameters import Gaussians
from reconstruction.gaussians.ply import read_ply
from reconstruction.prepare.manifest import Manifest
from reconstruction.report import Report
from reconstruction.spec import Spec
from reconstruction.splats.transform import transformed

INFINITE_GROUND_CONFIDENCE = 0.95

# Files of Gaussians have y down and z into the picture, as COLMAP's cameras do.
Z_UP_FROM_Y_DOWN = np.array([[1.0, 0, 0, 0], [0, 0, 1.0, 0], [0, -1.0, 0, 0], [0, 0, 0, 1.0]])


@dataclass(frozen=True)
class Ground:
    """The ground at z = 0: its outline (k, 2), counter-clockwise, in metres.

    `is_infinite` when nothing of the scene lies underneath, so that a plane may stand for it.
    """

    polygon: np.ndarray
    is_infinite: bool


@dataclass(frozen=True)
class Scene:
    """Everything that is exported. `vertices` float32 (n, 3) and `triangles` int32 (m, 3) are the
    collision mesh and may be empty; `first_view` is where to look at the scene from.
    """

    gaussians: Gaussians
    scale: Scale
    first_view: View
    views: list[View] = field(default_factory=list)
    points: SparsePoints | None = None
    vertices: np.ndarray = field(default_factory=lambda: np.zeros((0, 3), np.float32))
    triangles: np.ndarray = field(default_factory=lambda: np.zeros((0, 3), np.int32))
    ground: Ground | None = None
    collider_facts: dict[str, object] = field(default_factory=dict)


def scene_from_photos(workdir: Path, manifest: Manifest, spec: Spec, report: Report) -> Scene:
    """Stand the trained scene upright, give it its collider and its scale."""
    from reconstruction.collider import build

    report.progress(5, None, "building the collision mesh")
    collider = build(workdir, spec, report)
    views, points = read_views(workdir, manifest)
    upright = [moved_view(view, collider.world_from_colmap) for view in views]
    scale = find_scale(spec.scale_reference, upright, manifest, report)
    enlarge = np.diag([scale.factor, scale.factor, scale.factor, 1.0])
    world_from_colmap = enlarge @ collider.world_from_colmap
    world_views = [moved_view(view, world_from_colmap) for view in views]
    ground = collider.ground
    return Scene(
        gaussians=transformed(read_ply(workdir / "train" / "splats.ply"), world_from_colmap),
        scale=scale,
        first_view=most_telling(world_views),
        views=world_views,
        points=SparsePoints(moved_points(world_from_colmap, points.positions), points.colors),
        vertices=(collider.vertices * scale.factor).astype(np.float32),
        triangles=collider.triangles.astype(np.int32),
        ground=ground
        and Ground(
            polygon=ground.polygon * scale.factor,
            is_infinite=ground.confidence >= INFINITE_GROUND_CONFIDENCE,
        ),
        collider_facts={**collider.stats, "reason": collider.reason},
    )


def scene_from_splats(workdir: Path, report: Report) -> Scene:
    """The user's own Gaussians, of which only the usual frame is known."""
    gaussians = transformed(read_ply(workdir / "prepare" / "splats.ply"), Z_UP_FROM_Y_DOWN)
    report.warning(
        "scale_arbitrary",
        "A file of Gaussians says nothing of the size of the scene: a length of 1 in it is taken"
        " for a metre.",
    )
    report.warning(
        "up_axis_assumed",
        "Up is taken to be -y, as usual in files of Gaussians. Turn the file first if it is not.",
    )
    report.warning(
        "collider_missing",
        "There is no collision mesh: that takes the photos' cameras. Reconstruct from photos or a"
        " video to get one.",
    )
    reason = "made from Gaussians without cameras"
    return Scene(
        gaussians=gaussians,
        scale=arbitrary(),
        first_view=overview(gaussians),
        collider_facts={"reason": reason},
    )


def moved_points(similarity: np.ndarray, points: np.ndarray) -> np.ndarray:
    """`points` (n, 3) under `similarity` (4, 4)."""
    return points @ similarity[:3, :3].T + similarity[:3, 3]
