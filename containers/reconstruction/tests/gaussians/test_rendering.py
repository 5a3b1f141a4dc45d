"""Pictures and depths against the formulas, evaluated pixel by pixel without tiles."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from reconstruction.gaussians.camera import Camera
from reconstruction.gaussians.initialization import fibonacci_sphere, round_gaussians
from reconstruction.gaussians.parameters import Gaussians
from reconstruction.gaussians.render import render, render_depth
from reconstruction.gaussians.spherical_harmonics import evaluate_basis


def reference_layers(gaussians: Gaussians, camera: Camera) -> list[tuple]:
    """Depth (h, w), alpha (h, w) and colour (3,) of every Gaussian, nearest first, in doubles."""
    layers = []
    for i in range(len(gaussians)):
        x, y, z = camera.rotation @ gaussians.positions[i] + camera.translation
        limit_x = 1.3 * camera.width / (2 * camera.fx)
        limit_y = 1.3 * camera.height / (2 * camera.fy)
        slope_x, slope_y = np.clip(x / z, -limit_x, limit_x), np.clip(y / z, -limit_y, limit_y)
        jacobian = np.array(
            [[camera.fx, 0, -camera.fx * slope_x], [0, camera.fy, -camera.fy * slope_y]]
        )
        turn = Rotation.from_quat(gaussians.rotations[i], scalar_first=True).as_matrix()
        stretched = camera.rotation @ turn * np.exp(gaussians.log_scales[i])
        axes = jacobian / z @ stretched
        conic = np.linalg.inv(axes @ axes.T + 0.3 * np.eye(2))
        u, v = camera.fx * x / z + camera.cx, camera.fy * y / z + camera.cy
        grid = np.meshgrid(np.arange(camera.width) + 0.5 - u, np.arange(camera.height) + 0.5 - v)
        offset = np.stack(grid, -1)
        exponent = -0.5 * np.einsum("hwi,ij,hwj->hw", offset, conic, offset)
        alpha = np.minimum(gaussians.opacities[i] * np.exp(exponent), 0.99)
        depth = z + offset @ conic @ axes @ stretched[2]
        direction = gaussians.positions[i] - camera.center
        basis = np.zeros(9, np.float32)
        evaluate_basis(*(direction / np.linalg.norm(direction)), gaussians.degree, basis)
        color = 0.5 + basis[: (gaussians.degree + 1) ** 2] @ gaussians.coefficients[i]
        layers.append((z, depth, np.where(alpha < 1 / 255, 0, alpha), np.maximum(color, 0)))
    return [layer[1:] for layer in sorted(layers, key=lambda layer: layer[0])]


def one(position, opacity_logit: float, size: float, color=(0.9, 0.4, 0.1)) -> np.ndarray:
    return round_gaussians(
        np.array([position]), np.array([size]), np.array([color]), opacity_logit, degree=0
    )


def test_a_picture_is_the_compositing_of_all_gaussians_front_to_back(cloud, camera):
    expected = np.zeros((camera.height, camera.width, 3))
    transmittance = np.ones((camera.height, camera.width, 1))
    for _, alpha, color in reference_layers(cloud, camera):
        expected += transmittance * alpha[..., None] * color
        transmittance *= 1 - alpha[..., None]
    # What lies behind a tile that lets less than 0.2 % through is left out; colours reach about 2.
    np.testing.assert_allclose(render(cloud, camera), expected, atol=5e-3)


def test_a_picture_does_not_depend_on_how_it_falls_on_the_tiles(cloud, camera):
    whole = render(cloud, camera)
    shifted = replace(
        camera, width=camera.width - 7, height=camera.height - 5, cx=camera.cx - 7, cy=camera.cy - 5
    )
    held = 1.3 / 1.1
    inside = np.abs((cloud.positions @ camera.rotation.T + camera.translation)[:, :2]) < held
    near_axis = cloud.select(inside.all(axis=1))
    whole = render(near_axis, camera)
    np.testing.assert_allclose(render(near_axis, shifted), whole[5:, 7:], atol=5e-3)


def test_gaussians_of_degree_three_are_drawn_by_their_lower_degrees(cloud, camera):
    values = np.concatenate([cloud.values, np.full((60, 21), 9.0, np.float32)], axis=1)
    of_degree_three = Gaussians(values, 3)
    np.testing.assert_array_equal(render(of_degree_three, camera), render(cloud, camera))


def test_nothing_is_drawn_behind_the_camera_or_before_its_near_plane(camera):
    back = -camera.rotation.T @ (np.array([0, 0, 2.0]) + camera.translation)
    near = camera.center + 0.005 * camera.rotation[2]
    behind = Gaussians(np.concatenate([one(back, 3.0, 0.3), one(near, 3.0, 0.3)]), 0)
    assert not render(behind, camera).any()


@pytest.mark.parametrize("depth", [0.7, 2.0, 9.0])
def test_the_depth_of_one_gaussian_is_where_its_centre_is(camera, depth):
    single = Gaussians(one(camera.center + depth * camera.rotation[2], 4.0, 0.2 * depth), 0)
    depths, alpha = render_depth(single, camera)
    row, column = int(camera.cy), int(camera.cx)
    assert depths[row, column] == pytest.approx(depth, rel=1e-5)
    assert alpha[row, column] == pytest.approx(1 / (1 + np.exp(-4)), abs=0.01)


def test_the_depth_is_that_of_the_gaussian_where_half_of_the_light_is_stopped(camera):
    forward = camera.rotation[2]
    layers = [
        one(camera.center + z * forward, logit, 0.5 * z)
        for z, logit in [(1.0, -1.5), (2.0, -0.5), (3.0, 0.5), (4.0, 5.0)]
    ]
    stack = Gaussians(np.concatenate(layers), 0)
    depths, _ = render_depth(stack, camera)
    # Opacities 0.18, 0.38, 0.62, 0.99: 0.51 is left after the second, 0.19 after the third.
    assert depths[int(camera.cy), int(camera.cx)] == pytest.approx(3.0, rel=1e-5)


def test_where_less_than_half_of_the_light_is_stopped_the_depth_is_unknown(camera):
    faint = Gaussians(one(camera.center + 2 * camera.rotation[2], -1.0, 0.5), 0)
    depths, alpha = render_depth(faint, camera)
    assert not depths.any()
    assert 0.2 < alpha.max() < 0.5


def test_depths_are_those_of_the_reference(cloud, camera):
    expected = np.zeros((camera.height, camera.width))
    transmittance = np.ones((camera.height, camera.width))
    for depth, alpha, _ in reference_layers(cloud, camera):
        after = transmittance * (1 - alpha)
        expected = np.where((transmittance > 0.5) & (after <= 0.5), depth, expected)
        transmittance = after
    depths, alpha = render_depth(cloud, camera)
    np.testing.assert_allclose(alpha, 1 - transmittance, atol=5e-3)
    undecided = np.abs(depths - expected) > 1e-3
    assert undecided.mean() < 0.01


def test_spherical_harmonics_are_orthonormal_and_signed_as_in_the_usual_files():
    directions = fibonacci_sphere(4000).astype(np.float32)
    values = np.zeros((4000, 9), np.float32)
    for direction, row in zip(directions, values, strict=True):
        evaluate_basis(*direction, 2, row)
    product = values.T.astype(float) @ values * 4 * np.pi / 4000
    np.testing.assert_allclose(product, np.eye(9), atol=2e-3)
    up = np.zeros(9, np.float32)
    evaluate_basis(np.float32(0.6), np.float32(0.48), np.float32(0.64), 2, up)
    signs = [1, -1, 1, -1, 1, -1, 1, -1, 1]
    np.testing.assert_array_equal(np.sign(up), signs)


def test_the_same_view_at_half_the_size_is_the_average_of_its_pixels(cloud, camera):
    broad = Gaussians(cloud.values, cloud.degree)
    broad.log_scales[:] += 1.2
    full = render(broad, camera)
    half = render(broad, camera.resized(camera.width // 2, camera.height // 2))
    averaged = full.reshape(camera.height // 2, 2, camera.width // 2, 2, 3).mean(axis=(1, 3))
    assert np.abs(half - averaged).mean() < 0.01
