"""The Gaussians to start from: one per point, and a shell around them for the background."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from reconstruction.gaussians.dataset import Dataset
from reconstruction.gaussians.parameters import (
    COLOR,
    LOG_SCALE,
    OPACITY_LOGIT,
    POSITION,
    ROTATION,
    Gaussians,
    column_count,
)
from reconstruction.gaussians.spherical_harmonics import C0

SIZE_PER_SPACING = 0.6
MAX_SIZE_PER_MEDIAN = 8
SHELL_GAUSSIANS = 1000
SHELL_RADIUS = 2.0  # times the distance within which 98 % of the points lie
SHELL_OPACITY_LOGIT = 2.0
GOLDEN_ANGLE = np.pi * (3 - np.sqrt(5))


def initial_gaussians(dataset: Dataset, degree: int, capacity: int) -> Gaussians:
    """Round Gaussians as large as the points are apart, coloured like them.

    Where there are many points, only as many are taken as leave half of the `capacity` to be
    placed by the photos.
    """
    count = len(dataset.points)
    taken = np.linspace(0, count - 1, min(count, capacity // 2)).astype(int)
    points, point_colors = dataset.points[taken], dataset.point_colors[taken]
    center = np.mean([photo.camera.center for photo in dataset.training], axis=0)
    spacing = point_spacing(points)
    spacing = np.clip(spacing, 1e-3 * np.median(spacing), MAX_SIZE_PER_MEDIAN * np.median(spacing))
    near = round_gaussians(points, SIZE_PER_SPACING * spacing, point_colors, 0.0, degree)

    radius = SHELL_RADIUS * np.quantile(np.linalg.norm(points - center, axis=1), 0.98)
    shell = center + radius * fibonacci_sphere(SHELL_GAUSSIANS)
    size = np.full(len(shell), 2 * radius / np.sqrt(len(shell)))
    mean_color = np.mean([p.pixels.mean(axis=(1, 2)) for p in dataset.training], axis=0) / 255
    colors = np.tile(mean_color, (len(shell), 1))
    far = round_gaussians(shell, size, colors, SHELL_OPACITY_LOGIT, degree)
    return Gaussians(np.concatenate([near, far]), degree)


def round_gaussians(
    positions: np.ndarray, sizes: np.ndarray, colors: np.ndarray, opacity_logit: float, degree: int
) -> np.ndarray:
    """Parameter rows of isotropic Gaussians of one colour each."""
    values = np.zeros((len(positions), column_count(degree)), np.float32)
    values[:, POSITION : POSITION + 3] = positions
    values[:, LOG_SCALE : LOG_SCALE + 3] = np.log(sizes)[:, None]
    values[:, ROTATION] = 1
    values[:, OPACITY_LOGIT] = opacity_logit
    values[:, COLOR : COLOR + 3] = (colors - 0.5) / C0
    return values


def point_spacing(points: np.ndarray) -> np.ndarray:
    """Root mean square distance of each point to its three nearest neighbours, (n,)."""
    neighbours = min(4, len(points))
    distances, _ = cKDTree(points).query(points, k=neighbours)
    if neighbours == 1:
        return np.ones(1)
    return np.sqrt((distances[:, 1:] ** 2).mean(axis=1))


def fibonacci_sphere(count: int) -> np.ndarray:
    """`count` directions spread evenly over the unit sphere, (count, 3)."""
    index = np.arange(count)
    y = 1 - 2 * (index + 0.5) / count
    ring = np.sqrt(1 - y * y)
    angle = GOLDEN_ANGLE * index
    return np.stack([ring * np.cos(angle), y, ring * np.sin(angle)], axis=1)
