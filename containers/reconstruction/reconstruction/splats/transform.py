"""Gaussians in another frame, their view-dependent colour included."""

from __future__ import annotations

import numpy as np

from reconstruction.gaussians.parameters import (
    COLOR,
    LOG_SCALE,
    POSITION,
    ROTATION,
    Gaussians,
)

DIRECTIONS = 64


def transformed(gaussians: Gaussians, similarity: np.ndarray) -> Gaussians:
    """Apply a similarity (4, 4), a rotation times one scale and a translation, to all."""
    scale = np.cbrt(np.linalg.det(similarity[:3, :3]))
    rotation = similarity[:3, :3] / scale
    values = gaussians.values.astype(np.float64)
    positions = values[:, POSITION : POSITION + 3]
    values[:, POSITION : POSITION + 3] = positions @ similarity[:3, :3].T + similarity[:3, 3]
    values[:, LOG_SCALE : LOG_SCALE + 3] += np.log(scale)
    values[:, ROTATION : ROTATION + 4] = multiplied(
        quaternion(rotation), values[:, ROTATION : ROTATION + 4]
    )
    colors = values[:, COLOR:].reshape(len(values), -1, 3)
    values[:, COLOR:] = turned_colors(colors, rotation, gaussians.degree).reshape(len(values), -1)
    return Gaussians(values.astype(np.float32), gaussians.degree)


def turned_colors(colors: np.ndarray, rotation: np.ndarray, degree: int) -> np.ndarray:
    """Spherical-harmonics coefficients (n, k, 3) of the same colours after a `rotation` (3, 3).

    The colour towards direction d becomes the former one towards R^T d. Each band mixes only
    with itself, by the matrix M that solves Y(d) M = Y(R^T d) for enough directions d.
    """
    directions = fibonacci_sphere(DIRECTIONS)
    before, after = basis(directions @ rotation, degree), basis(directions, degree)
    turned = colors.copy()
    for band in range(1, degree + 1):
        rows = slice(band**2, (band + 1) ** 2)
        mixing = np.linalg.lstsq(after[:, rows], before[:, rows], rcond=None)[0]
        turned[:, rows] = np.einsum("jk,nkc->njc", mixing, colors[:, rows])
    return turned


def fibonacci_sphere(count: int) -> np.ndarray:
    """Unit vectors (count, 3), evenly spread."""
    index = np.arange(count) + 0.5
    height = 1 - 2 * index / count
    angle = np.pi * (1 + np.sqrt(5)) * index
    radius = np.sqrt(1 - height**2)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle), height], axis=1)


def basis(directions: np.ndarray, degree: int) -> np.ndarray:
    """The real basis of 3D Gaussian splatting (n, (degree + 1)^2) for unit vectors (n, 3).

    Constants and signs are those of `utils/sh_utils.py` of graphdeco-inria's gaussian-splatting.
    """
    x, y, z = directions.T
    xx, yy, zz = x * x, y * y, z * z
    bands = [
        0.28209479177387814 * np.ones_like(x),
        *(0.4886025119029199 * np.array([-y, z, -x])),
        1.0925484305920792 * x * y,
        -1.0925484305920792 * y * z,
        0.31539156525252005 * (2 * zz - xx - yy),
        -1.0925484305920792 * x * z,
        0.5462742152960396 * (xx - yy),
        -0.5900435899266435 * y * (3 * xx - yy),
        2.890611442640554 * x * y * z,
        -0.4570457994644658 * y * (4 * zz - xx - yy),
        0.3731763325901154 * z * (2 * zz - 3 * xx - 3 * yy),
        -0.4570457994644658 * x * (4 * zz - xx - yy),
        1.445305721320277 * z * (xx - yy),
        -0.5900435899266435 * x * (xx - 3 * yy),
    ]
    return np.stack(bands[: (degree + 1) ** 2], axis=1)


def quaternion(rotation: np.ndarray) -> np.ndarray:
    """Unit quaternion wxyz of a rotation matrix (3, 3) (Bar-Itzhack 2000)."""
    (a, b, c), (d, e, f), (g, h, i) = rotation
    symmetric = np.array(
        [
            [a - e - i, d + b, g + c, h - f],
            [d + b, e - a - i, h + f, c - g],
            [g + c, h + f, i - a - e, d - b],
            [h - f, c - g, d - b, a + e + i],
        ]
    )
    x, y, z, w = np.linalg.eigh(symmetric / 3)[1][:, -1]
    return np.array([w, x, y, z]) * (1 if w >= 0 else -1)


def multiplied(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Hamilton products (n, 4) of one quaternion (4,) with many (n, 4), all wxyz."""
    w, x, y, z = left
    matrix = np.array([[w, -x, -y, -z], [x, w, -z, y], [y, z, w, -x], [z, -y, x, w]])
    return right @ matrix.T
