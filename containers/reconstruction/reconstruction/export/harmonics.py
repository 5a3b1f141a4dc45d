"""Turning view-dependent colour with the scene."""

from __future__ import annotations

import numpy as np

DIRECTIONS = 64


def basis(directions: np.ndarray, degree: int) -> np.ndarray:
    """Real spherical harmonics (n, (degree + 1)^2), as 3D Gaussian splatting orders and signs them.

    Kerbl et al. 2023, `utils/sh_utils.py` of graphdeco-inria's gaussian-splatting; up to degree 3.
    """
    x, y, z = directions.T
    xx, yy, zz = x * x, y * y, z * z
    bands = [
        [np.full_like(x, 0.28209479177387814)],
        [-0.4886025119029199 * y, 0.4886025119029199 * z, -0.4886025119029199 * x],
        [
            1.0925484305920792 * x * y,
            -1.0925484305920792 * y * z,
            0.31539156525252005 * (2 * zz - xx - yy),
            -1.0925484305920792 * x * z,
            0.5462742152960396 * (xx - yy),
        ],
        [
            -0.5900435899266435 * y * (3 * xx - yy),
            2.890611442640554 * x * y * z,
            -0.4570457994644658 * y * (4 * zz - xx - yy),
            0.3731763325901154 * z * (2 * zz - 3 * xx - 3 * yy),
            -0.4570457994644658 * x * (4 * zz - xx - yy),
            1.445305721320277 * z * (xx - yy),
            -0.5900435899266435 * x * (xx - 3 * yy),
        ],
    ]
    return np.stack([values for band in bands[: degree + 1] for values in band], axis=1)


def rotated_coefficients(coefficients: np.ndarray, rotation: np.ndarray) -> np.ndarray:
    """Coefficients (n, (degree + 1)^2, 3) of the same colours after the scene was turned.

    The turned function has, in direction d, the old colour of `rotation.T @ d`. Harmonics of one
    degree only mix among themselves, so fitting them in enough directions is exact.
    """
    degree = int(np.sqrt(coefficients.shape[1])) - 1
    directions = np.random.default_rng(0).normal(size=(DIRECTIONS, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    turned = basis(directions @ rotation, degree)
    mixing = np.linalg.lstsq(basis(directions, degree), turned, rcond=None)[0]
    return np.einsum("jk,nkc->njc", mixing, coefficients)
