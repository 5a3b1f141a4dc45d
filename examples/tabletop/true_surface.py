"""Exact distances to the true surface, from the shapes in truth.json."""

from __future__ import annotations

from itertools import pairwise

import numpy as np


def to_box(points: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Signed distances (N,) in metres of `points` (N, 3) to a box, negative inside."""
    beyond = np.abs(points) - size / 2
    outside = np.linalg.norm(np.maximum(beyond, 0), axis=1)
    return outside + np.minimum(beyond.max(axis=1), 0)


def to_lathe(points: np.ndarray, profile: np.ndarray) -> np.ndarray:
    """Signed distances (N,) in metres of `points` (N, 3) to a revolved outline, negative inside."""
    flat = np.stack([np.hypot(points[:, 0], points[:, 1]), points[:, 2]], axis=1)
    nearest = np.full(len(points), np.inf)
    crossings = np.zeros(len(points), int)
    for start, end in pairwise(profile):
        along, offset = end - start, flat - start
        share = np.clip(offset @ along / (along @ along), 0, 1)
        nearest = np.minimum(nearest, np.linalg.norm(offset - share[:, None] * along, axis=1))
        level = (start[1] <= flat[:, 1]) != (end[1] <= flat[:, 1])
        if level.any():
            radius = start[0] + offset[:, 1] / along[1] * along[0]
            crossings += level & (radius > flat[:, 0])
    return np.where(crossings % 2 == 1, -nearest, nearest)


def distances(points: np.ndarray, shapes: list[dict]) -> tuple[np.ndarray, np.ndarray]:
    """Distances (N,) in metres of world points (N, 3) to the scene, and the nearest shapes (N,).

    Exact outside of all shapes; inside, where shapes overlap, a lower bound.
    """
    signed = np.full(len(points), np.inf)
    owner = np.zeros(len(points), int)
    for i, shape in enumerate(shapes):
        own = (points - shape["position"]) @ np.array(shape["rotation"])
        if shape["shape"] == "box":
            distance = to_box(own, np.array(shape["size"]))
        else:
            distance = to_lathe(own, np.array(shape["profile"]))
        owner[distance < signed] = i
        signed = np.minimum(signed, distance)
    return np.abs(signed), owner
