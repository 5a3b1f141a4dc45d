"""From Gaussians in the world to ellipses on the image, and gradients back.

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
from reconstruction.gaussians.spherical_harmonics import basis_gradient, evaluate_basis

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


@parallel_kernel
def backproject(
    values, degree, camera, camera_center, width, height, splats, splat_gradients, gradients
):
    """Fills `gradients` (n, columns) from `splat_gradients` (n, GRADIENT_COLUMNS)."""
    count = values.shape[0]
    half_width = np.float32(width) * HALF
    half_height = np.float32(height) * HALF
    coefficients = (degree + 1) ** 2
    for chunk in prange((count + CHUNK - 1) // CHUNK):
        point = np.empty(3, np.float32)
        point_gradient = np.empty(3, np.float32)
        direction = np.empty(3, np.float32)
        basis = np.empty(9, np.float32)
        basis_weights = np.zeros(9, np.float32)
        jacobian = np.empty(4, np.float32)
        turn = np.empty((3, 3), np.float32)
        turn_gradient = np.empty((3, 3), np.float32)
        stretched = np.empty((3, 3), np.float32)
        stretched_gradient = np.empty((3, 3), np.float32)
        axes = np.empty((2, 3), np.float32)
        for i in range(chunk * CHUNK, min(count, (chunk + 1) * CHUNK)):
            row = values[i]
            gradient = gradients[i]
            gradient[:] = ZERO
            if splats[i, DEPTH] == ZERO:
                continue
            splat = splats[i]
            incoming = splat_gradients[i]

            to_camera(row, camera, point)
            held_x, held_y = projection_jacobian(point, camera, half_width, half_height, jacobian)
            inverse_length = rotation_matrix(row, turn)
            image_axes(row, camera, jacobian, turn, stretched, axes)

            gradient[OPACITY_LOGIT] = incoming[OPACITY] * splat[OPACITY] * (ONE - splat[OPACITY])
            backproject_color(
                row,
                splat,
                incoming,
                camera_center,
                degree,
                coefficients,
                direction,
                basis,
                basis_weights,
                gradient,
            )

            # Conic = inverse covariance, so d covariance = - conic (d conic) conic.
            c_uu, c_uv, c_vv = splat[CONIC], splat[CONIC + 1], splat[CONIC + 2]
            g_uu, g_uv, g_vv = incoming[CONIC], HALF * incoming[CONIC + 1], incoming[CONIC + 2]
            left_u = c_uu * g_uu + c_uv * g_uv
            left_v = c_uu * g_uv + c_uv * g_vv
            right_u = c_uv * g_uu + c_vv * g_uv
            right_v = c_uv * g_uv + c_vv * g_vv
            covariance_uu = -(left_u * c_uu + left_v * c_uv)
            covariance_uv = -(left_u * c_uv + left_v * c_vv)
            covariance_vv = -(right_u * c_uv + right_v * c_vv)

            # Covariance = axes axes^T, axes = jacobian * stretched.
            j_ux = j_uz = j_vy = j_vz = ZERO
            for k in range(3):
                axis_u = TWO * (covariance_uu * axes[0, k] + covariance_uv * axes[1, k])
                axis_v = TWO * (covariance_uv * axes[0, k] + covariance_vv * axes[1, k])
                stretched_gradient[0, k] = jacobian[0] * axis_u
                stretched_gradient[1, k] = jacobian[2] * axis_v
                stretched_gradient[2, k] = jacobian[1] * axis_u + jacobian[3] * axis_v
                j_ux += axis_u * stretched[0, k]
                j_uz += axis_u * stretched[2, k]
                j_vy += axis_v * stretched[1, k]
                j_vz += axis_v * stretched[2, k]

            # The centre moves the ellipse, and changes the Jacobian. A held slope is constant.
            inverse_z = ONE / point[2]
            order_x = ONE if held_x else TWO
            order_y = ONE if held_y else TWO
            point_gradient[0] = jacobian[0] * incoming[CENTER]
            point_gradient[1] = jacobian[2] * incoming[CENTER + 1]
            point_gradient[2] = -inverse_z * (
                incoming[CENTER] * jacobian[0] * point[0]
                + incoming[CENTER + 1] * jacobian[2] * point[1]
                + j_ux * jacobian[0]
                + j_vy * jacobian[2]
                + order_x * j_uz * jacobian[1]
                + order_y * j_vz * jacobian[3]
            )
            if not held_x:
                point_gradient[0] -= j_uz * jacobian[0] * inverse_z
            if not held_y:
                point_gradient[1] -= j_vz * jacobian[2] * inverse_z
            for axis in range(3):
                for k in range(3):
                    gradient[POSITION + axis] += camera[3 * k + axis] * point_gradient[k]

            # Stretched = view rotation * turn * deviations.
            for k in range(3):
                deviation = math.exp(row[LOG_SCALE + k])
                along = ZERO
                for axis in range(3):
                    total = ZERO
                    for j in range(3):
                        total += camera[3 * j + axis] * stretched_gradient[j, k]
                    along += total * turn[axis, k]
                    turn_gradient[axis, k] = total * deviation
                gradient[LOG_SCALE + k] = along * deviation
            backproject_rotation(row, inverse_length, turn_gradient, gradient)


@serial_kernel
def backproject_color(
    row,
    splat,
    incoming,
    camera_center,
    degree,
    coefficients,
    direction,
    basis,
    basis_weights,
    gradient,
):
    """Adds the gradient of the colour coefficients, and of the position through the direction."""
    inverse_distance = view_direction(row, camera_center, direction)
    evaluate_basis(direction[0], direction[1], direction[2], degree, basis)
    basis_weights[:] = ZERO
    for channel in range(3):
        if splat[RGB + channel] <= ZERO:
            continue
        color_gradient = incoming[RGB + channel]
        for k in range(coefficients):
            gradient[COLOR + 3 * k + channel] = color_gradient * basis[k]
            basis_weights[k] += color_gradient * row[COLOR + 3 * k + channel]
    dx, dy, dz = basis_gradient(direction[0], direction[1], direction[2], degree, basis_weights)
    radial = dx * direction[0] + dy * direction[1] + dz * direction[2]
    gradient[POSITION] += (dx - radial * direction[0]) * inverse_distance
    gradient[POSITION + 1] += (dy - radial * direction[1]) * inverse_distance
    gradient[POSITION + 2] += (dz - radial * direction[2]) * inverse_distance


@serial_kernel
def backproject_rotation(row, inverse_length, matrix, gradient):
    """Writes the gradient of the quaternion, given that of its rotation `matrix` (3, 3)."""
    w = row[ROTATION] * inverse_length
    x = row[ROTATION + 1] * inverse_length
    y = row[ROTATION + 2] * inverse_length
    z = row[ROTATION + 3] * inverse_length
    dw = TWO * (
        x * (matrix[2, 1] - matrix[1, 2])
        + y * (matrix[0, 2] - matrix[2, 0])
        + z * (matrix[1, 0] - matrix[0, 1])
    )
    dx = TWO * (
        y * (matrix[0, 1] + matrix[1, 0])
        + z * (matrix[0, 2] + matrix[2, 0])
        + w * (matrix[2, 1] - matrix[1, 2])
        - TWO * x * (matrix[1, 1] + matrix[2, 2])
    )
    dy = TWO * (
        x * (matrix[0, 1] + matrix[1, 0])
        + z * (matrix[1, 2] + matrix[2, 1])
        + w * (matrix[0, 2] - matrix[2, 0])
        - TWO * y * (matrix[0, 0] + matrix[2, 2])
    )
    dz = TWO * (
        x * (matrix[0, 2] + matrix[2, 0])
        + y * (matrix[1, 2] + matrix[2, 1])
        + w * (matrix[1, 0] - matrix[0, 1])
        - TWO * z * (matrix[0, 0] + matrix[1, 1])
    )
    # Only what turns the quaternion counts; its length does not show.
    radial = w * dw + x * dx + y * dy + z * dz
    gradient[ROTATION] = (dw - w * radial) * inverse_length
    gradient[ROTATION + 1] = (dx - x * radial) * inverse_length
    gradient[ROTATION + 2] = (dy - y * radial) * inverse_length
    gradient[ROTATION + 3] = (dz - z * radial) * inverse_length
