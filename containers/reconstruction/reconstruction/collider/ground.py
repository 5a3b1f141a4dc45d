"""The plane that things stand on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import ConvexHull

from reconstruction.collider.planes import Plane, main_plane

MAX_TILT_DEGREES = 12.0
TOLERANCE = 0.006  # of the scene's size
MIN_SHARE = 0.15
MIN_CONFIDENCE = 0.7
MIN_CAMERAS_ABOVE = 0.9


@dataclass(frozen=True)
class Ground:
    """A level plane with the points that lie on it, and how far they are from being undercut."""

    plane: Plane
    inliers: np.ndarray
    confidence: float


def find_ground(
    points: np.ndarray, camera_centers: np.ndarray, up: np.ndarray, size: float
) -> Ground | None:
    """The ground among surface `points` (n, 3) of a scene of `size`, None if none can be trusted.

    It is the level plane that most of them lie on, provided that it is a real share of them, that
    next to nothing lies underneath, and that the cameras are above it.
    """
    tolerance = TOLERANCE * size
    plane = main_plane(points, tolerance, axis=up, max_tilt_degrees=MAX_TILT_DEGREES)
    if plane is None or plane.share < MIN_SHARE:
        return None
    if plane.normal @ up < 0:
        plane = plane.flipped()
    heights = plane.heights(points)
    on = np.abs(heights) < tolerance
    below = heights < -3 * tolerance
    confidence = float(on.sum() / (on.sum() + below.sum()))
    above = (plane.heights(camera_centers) > 0).mean()
    if confidence < MIN_CONFIDENCE or above < MIN_CAMERAS_ABOVE:
        return None
    return Ground(plane, points[on], confidence)


def outline(points: np.ndarray) -> np.ndarray:
    """Convex hull of `points` (n, 2), counter-clockwise, (k, 2)."""
    return points[ConvexHull(points).vertices]
