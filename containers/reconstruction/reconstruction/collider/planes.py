"""Planes in clouds of points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

HYPOTHESES = 1000
HYPOTHESES_PER_BATCH = 50


@dataclass(frozen=True)
class Plane:
    """Points p with `normal` . p = `offset`; `share` of the points lie within the tolerance."""

    normal: np.ndarray
    offset: float
    share: float

    def heights(self, points: np.ndarray) -> np.ndarray:
        """Signed distance of `points` (n, 3) along the normal, (n,)."""
        return points @ self.normal - self.offset

    def flipped(self) -> Plane:
        """The same plane seen from behind."""
        return Plane(-self.normal, -self.offset, self.share)


def main_plane(
    points: np.ndarray,
    tolerance: float,
    axis: np.ndarray | None = None,
    max_tilt_degrees: float = 90.0,
    seed: int = 0,
) -> Plane | None:
    """The plane with the most of `points` (n, 3) within `tolerance`, by RANSAC and least squares.

    Where `axis` is given, only planes whose normal is within `max_tilt_degrees` of it count. None
    where no three points span such a plane.
    """
    rng = np.random.default_rng(seed)
    if len(points) < 3:
        return None
    corners = points[rng.integers(len(points), size=(HYPOTHESES, 3))]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    lengths = np.linalg.norm(normals, axis=1)
    sound = lengths > 1e-12
    normals = normals[sound] / lengths[sound, None]
    offsets = (normals * corners[sound, 0]).sum(axis=1)
    if axis is not None:
        level = np.abs(normals @ axis) >= np.cos(np.radians(max_tilt_degrees))
        normals, offsets = normals[level], offsets[level]
    if not len(normals):
        return None
    counts = np.concatenate(
        [
            (
                np.abs(
                    points @ normals[at : at + HYPOTHESES_PER_BATCH].T
                    - offsets[at : at + HYPOTHESES_PER_BATCH]
                )
                < tolerance
            ).sum(axis=0)
            for at in range(0, len(normals), HYPOTHESES_PER_BATCH)
        ]
    )
    best = counts.argmax()
    return refine(points, Plane(normals[best], offsets[best], 0.0), tolerance)


def refine(points: np.ndarray, plane: Plane, tolerance: float) -> Plane:
    """Least squares on the points within `tolerance`, three times over."""
    for _ in range(3):
        near = points[np.abs(plane.heights(points)) < tolerance]
        center = near.mean(axis=0)
        normal = np.linalg.svd(near - center, full_matrices=False)[2][2]
        normal = normal if normal @ plane.normal > 0 else -normal
        plane = Plane(normal, float(normal @ center), 0.0)
    share = float((np.abs(plane.heights(points)) < tolerance).mean())
    return Plane(plane.normal, plane.offset, share)
