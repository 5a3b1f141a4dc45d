"""Real spherical harmonics up to degree 2, as 3D Gaussian splatting uses them.

Constants and signs follow Kerbl et al. 2023 (`utils/sh_utils.py` of graphdeco-inria's
gaussian-splatting), so that files written here show the right colours elsewhere.
"""

from __future__ import annotations

import numpy as np

from reconstruction.gaussians.compilation import serial_kernel

MAX_DEGREE = 2
C0 = np.float32(0.28209479177387814)
C1 = np.float32(0.4886025119029199)
C2_XY = np.float32(1.0925484305920792)
C2_ZZ = np.float32(0.31539156525252005)
C2_XX_YY = np.float32(0.5462742152960396)
TWO = np.float32(2)


@serial_kernel
def evaluate_basis(x, y, z, degree, basis):
    """Fills `basis` (9,) up to `degree` for the unit direction (x, y, z)."""
    basis[0] = C0
    if degree > 0:
        basis[1] = -C1 * y
        basis[2] = C1 * z
        basis[3] = -C1 * x
    if degree > 1:
        basis[4] = C2_XY * x * y
        basis[5] = -C2_XY * y * z
        basis[6] = C2_ZZ * (TWO * z * z - x * x - y * y)
        basis[7] = -C2_XY * x * z
        basis[8] = C2_XX_YY * (x * x - y * y)


@serial_kernel
def basis_gradient(x, y, z, degree, weights):
    """Gradient with respect to (x, y, z) of the basis summed with `weights` (9,)."""
    dx = dy = dz = np.float32(0)
    if degree > 0:
        dx -= C1 * weights[3]
        dy -= C1 * weights[1]
        dz += C1 * weights[2]
    if degree > 1:
        dx += C2_XY * (y * weights[4] - z * weights[7])
        dx += TWO * x * (C2_XX_YY * weights[8] - C2_ZZ * weights[6])
        dy += C2_XY * (x * weights[4] - z * weights[5])
        dy -= TWO * y * (C2_XX_YY * weights[8] + C2_ZZ * weights[6])
        dz -= C2_XY * (y * weights[5] + x * weights[7])
        dz += np.float32(4) * C2_ZZ * z * weights[6]
    return dx, dy, dz
