"""From Gaussians in the world to ellipses on the image.

The mathematics is EWA splatting (Zwicker et al. 2001) in the form of Kerbl et al. 2023: the
covariance R S S^T R^T is carried to the image by the Jacobian of the perspective projection, and
0.3 square pixels are added to it so that no ellipse falls between pixel centres.
"""

from __future__ import annotations

import math

import numpy as np
from numba import prange

from reconstruction.gaussians.compilation import parallel_kernel, serial_kernel
from reconstruction.gaussians.parameters import COLOR, LOG_SCALE, OPACITY_LOGIT, POSITION, ROTATION
from reconstruction.gaussians.spherical_harmonics import evaluate_basis

# Columns of a projected Gaussian ("splat"), float32.
CENTER = 0  # pixels, u v
CONIC = 2  # inverse covariance: uu, uv, vv, per square pixel
OPACITY = 5
RGB = 6
DEPTH = 9  # along the optical axis, world units; 0 where nothing is drawn
CUTOFF = 10  # exponent at which the Gaussian falls below MIN_ALPHA
REACH = 11  # half height of the ellipse at the cutoff, pixels
DEPTH_SLOPE = 12  # change of depth across the ellipse, world units per pixel in u and v
SPLAT_COLUMNS = 14

# Columns of the gradient of one splat: as above up to RGB.
GRADIENT_COLUMNS = 9

MIN_ALPHA = np.float32(1 / 255)
ANTIALIAS_VARIANCE = np.float32(0.3)
# Beyond this many half image widths off the axis the affine approximation breaks down: the
# Jacobian is held there, and what lies twice as far is not drawn.
FRUSTUM_MARGIN = np.float32(1.3)
CHUNK = 256

ZERO, HALF, ONE, TWO = (np.float32(value) for value in (0, 0.5, 1, 2))


@serial_kernel
def to_camera(row, camera, point):
    """Fills `point` (3,) with the camera coordinates of the Gaussian's centre."""
    for axis in range(3):
        point[axis] = camera[9 + axis]
        for k in range(3):
            point[axis] += camera[3 * axis + k] * row[POSITION + k]


@serial_kernel
def rotation_matrix(row, matrix):
    """Fills `matrix` (3, 3) from the quaternion; returns one over its length."""
    w, x, y, z = row[ROTATION], row[ROTATION + 1], row[ROTATION + 2], row[ROTATION + 3]
    inverse_length = ONE / math.sqrt(w * w + x * x + y * y + z * z)
    w *= inverse_length
    x *= inverse_length
    y *= inverse_length
    z *= inverse_length
    matrix[0, 0] = ONE - TWO * (y * y + z * z)
    matrix[0, 1] = TWO * (x * y - w * z)
    matrix[0, 2] = TWO * (x * z + w * y)
    matrix[1, 0] = TWO * (x * y + w * z)
    matrix[1, 1] = ONE - TWO * (x * x + z * z)
    matrix[1, 2] = TWO * (y * z - w * x)
    matrix[2, 0] = TWO * (x * z - w * y)
    matrix[2, 1] = TWO * (y * z + w * x)
    matrix[2, 2] = ONE - TWO * (x * x + y * y)
    return inverse_length


@serial_kernel
def projection_jacobian(point, camera, half_width, half_height, jacobian):
    """Fills `jacobian` (4,): du/dx, du/dz, dv/dy, dv/dz; returns whether x and y are held."""
    fx, fy = camera[12], camera[13]
    limit_x = FRUSTUM_MARGIN * half_width / fx
    limit_y = FRUSTUM_MARGIN * half_height / fy
    inverse_z = ONE / point[2]
    slope_x = point[0] * inverse_z
    slope_y = point[1] * inverse_z
    held_x = abs(slope_x) > limit_x
    held_y = abs(slope_y) > limit_y
    slope_x = min(max(slope_x, -limit_x), limit_x)
    slope_y = min(max(slope_y, -limit_y), limit_y)
    jacobian[0] = fx * inverse_z
    jacobian[1] = -fx * slope_x * inverse_z
    jacobian[2] = fy * inverse_z
    jacobian[3] = -fy * slope_y * inverse_z
    return held_x, held_y


@serial_kernel
def image_axes(row, camera, jacobian, turn, stretched, axes):
    """The Gaussian's principal axes, scaled by its deviations.

    Fills `stretched` (3, 3), its columns the axes in camera coordinates, and `axes` (2, 3), the
    same on the image, in pixels. `turn` is the Gaussian's rotation matrix.
    """
    for k in range(3):
        deviation = math.exp(row[LOG_SCALE + k])
        for axis in range(3):
            total = ZERO
            for j in range(3):
                total += camera[3 * axis + j] * turn[j, k]
            stretched[axis, k] = total * deviation
        axes[0, k] = jacobian[0] * stretched[0, k] + jacobian[1] * stretched[2, k]
        axes[1, k] = jacobian[2] * stretched[1, k] + jacobian[3] * stretched[2, k]


@serial_kernel
def view_direction(row, camera_center, direction):
    """Fills `direction` (3,) with the unit vector from camera to Gaussian; returns 1 / distance."""
    for axis in range(3):
        direction[axis] = row[POSITION + axis] - camera_center[axis]
    inverse_distance = ONE / math.sqrt(
        direction[0] * direction[0] + direction[1] * direction[1] + direction[2] * direction[2]
    )
    for axis in range(3):
        direction[axis] *= inverse_distance
    return inverse_distance


@parallel_kernel
def project(values, degree, camera, camera_center, width, height, splats):
    """Fills `splats` (n, SPLAT_COLUMNS); those out of sight get depth 0."""
    count = values.shape[0]
    half_width = np.float32(width) * HALF
    half_height = np.float32(height) * HALF
    coefficients = (degree + 1) ** 2
    for chunk in prange((count + CHUNK - 1) // CHUNK):
        point = np.empty(3, np.float32)
        direction = np.empty(3, np.float32)
        basis = np.empty(9, np.float32)
        jacobian = np.empty(4, np.float32)
        turn = np.empty((3, 3), np.float32)
        stretched = np.empty((3, 3), np.float32)
        axes = np.empty((2, 3), np.float32)
        for i in range(chunk * CHUNK, min(count, (chunk + 1) * CHUNK)):
            row = values[i]
            splat = splats[i]
            splat[DEPTH] = ZERO
            to_camera(row, camera, point)
            if point[2] < camera[16]:
                continue
            offset_x = camera[12] * point[0] / point[2]
            offset_y = camera[13] * point[1] / point[2]
            if abs(offset_x) > TWO * FRUSTUM_MARGIN * half_width:
                continue
            if abs(offset_y) > TWO * FRUSTUM_MARGIN * half_height:
                continue
            opacity = ONE / (ONE + math.exp(-row[OPACITY_LOGIT]))
            if opacity < MIN_ALPHA:
                continue
            projection_jacobian(point, camera, half_width, half_height, jacobian)
            rotation_matrix(row, turn)
            image_axes(row, camera, jacobian, turn, stretched, axes)
            uu = ANTIALIAS_VARIANCE
            uv = ZERO
            vv = ANTIALIAS_VARIANCE
            uz = ZERO
            vz = ZERO
            for k in range(3):
                uu += axes[0, k] * axes[0, k]
                uv += axes[0, k] * axes[1, k]
                vv += axes[1, k] * axes[1, k]
                uz += axes[0, k] * stretched[2, k]
                vz += axes[1, k] * stretched[2, k]
            determinant = uu * vv - uv * uv
            if determinant < np.float32(1e-8):
                continue
            u = offset_x + camera[14]
            v = offset_y + camera[15]
            cutoff = math.log(MIN_ALPHA / opacity)
            reach_x = math.sqrt(-TWO * cutoff * uu)
            reach_y = math.sqrt(-TWO * cutoff * vv)
            if u + reach_x < ZERO or u - reach_x > np.float32(width):
                continue
            if v + reach_y < ZERO or v - reach_y > np.float32(height):
                continue
            view_direction(row, camera_center, direction)
            evaluate_basis(direction[0], direction[1], direction[2], degree, basis)
            for channel in range(3):
                color = HALF
                for k in range(coefficients):
                    color += basis[k] * row[COLOR + 3 * k + channel]
                splat[RGB + channel] = max(color, ZERO)
            splat[CENTER] = u
            splat[CENTER + 1] = v
            splat[CONIC] = vv / determinant
            splat[CONIC + 1] = -uv / determinant
            splat[CONIC + 2] = uu / determinant
            splat[OPACITY] = opacity
            splat[DEPTH] = point[2]
            splat[CUTOFF] = cutoff
            splat[REACH] = reach_y
            # The mean depth of the Gaussian, given where on the image: linear regression.
            splat[DEPTH_SLOPE] = (vv * uz - uv * vz) / determinant
            splat[DEPTH_SLOPE + 1] = (uu * vz - uv * uz) / determinant
