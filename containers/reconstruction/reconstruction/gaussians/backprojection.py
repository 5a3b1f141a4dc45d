"""Gradients carried back from ellipses on the image to Gaussians in the world.

The chain rule through `reconstruction.gaussians.projection.project`, line by line in reverse.
"""

from __future__ import annotations

import math

import numpy as np
from numba import prange

from reconstruction.gaussians.compilation import parallel_kernel, serial_kernel
from reconstruction.gaussians.parameters import COLOR, LOG_SCALE, OPACITY_LOGIT, POSITION, ROTATION
from reconstruction.gaussians.projection import (
    CENTER,
    CHUNK,
    CONIC,
    DEPTH,
    HALF,
    ONE,
    OPACITY,
    RGB,
    TWO,
    ZERO,
    image_axes,
    projection_jacobian,
    rotation_matrix,
    to_camera,
    view_direction,
)
from reconstruction.gaussians.spherical_harmonics import basis_gradient, evaluate_basis


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
