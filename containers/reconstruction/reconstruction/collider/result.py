"""What the collider consists of."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class GroundPlane:
    """The main horizontal plane, in the upright frame, where it is z = 0.

    `polygon` (k, 2) is the convex outline, counter-clockwise, of where the plane was seen.
    `confidence` is the share of the surface below and on the plane that lies on it: 1 when nothing
    was seen underneath.
    """

    point: np.ndarray
    normal: np.ndarray
    polygon: np.ndarray
    confidence: float


@dataclass(frozen=True)
class ColliderResult:
    """Collision surface in the upright frame: z up, the unit of length that of the COLMAP model.

    `world_from_colmap` (4, 4) is a rotation and a translation. `vertices` float32 (n, 3) and
    `triangles` int32 (m, 3), normals towards free space, may be empty; `reason` then says why.
    """

    world_from_colmap: np.ndarray
    vertices: np.ndarray
    triangles: np.ndarray
    ground: GroundPlane | None
    reason: str | None = None
    stats: dict[str, object] = field(default_factory=dict)
