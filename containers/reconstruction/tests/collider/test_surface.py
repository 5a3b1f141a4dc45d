"""Distance fields and the meshes drawn out of them."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh

from reconstruction.collider.fusion import TRUNCATION_VOXELS, DistanceField
from reconstruction.collider.surface import (
    MAX_TRIANGLES,
    extract_surface,
    sample,
    simplified,
    triangle_areas,
    without_fragments,
)
from reconstruction.gaussians.camera import Camera


def field_of_ball(radius: float = 0.7, resolution: int = 48) -> DistanceField:
    field = DistanceField.spanning(-np.ones(3), np.ones(3), resolution)
    grid = np.stack(np.meshgrid(*[np.arange(n) for n in field.distances.shape], indexing="ij"), -1)
    away = np.linalg.norm(grid * field.voxel + field.origin, axis=-1) - radius
    scaled = away / (TRUNCATION_VOXELS * field.voxel)
    field.distances[:] = np.clip(scaled, -1, 1)
    field.weights[:] = 5
    return field


def test_a_depth_map_of_a_plane_becomes_distances_to_it():
    field = DistanceField.spanning(np.array([-0.5, -0.5, 1.5]), np.array([0.5, 0.5, 2.5]), 41)
    camera = Camera(80, 60, 60.0, 60.0, 40.0, 30.0, np.eye(3), np.zeros(3), near=0.1)
    field.add(camera, np.full((60, 80), 2.01, np.float32))
    heights = 1.5 + field.voxel * np.arange(41)
    expected = np.clip((2.01 - heights) / (TRUNCATION_VOXELS * field.voxel), -1, 1)
    seen = 2.01 - heights > -TRUNCATION_VOXELS * field.voxel
    np.testing.assert_allclose(field.distances[20, 20, seen], expected[seen], atol=1e-4)
    np.testing.assert_array_equal(field.weights[20, 20, ~seen], 0)
    np.testing.assert_array_equal(field.weights[20, 20, seen & (expected < 1)], 1)


def test_a_few_views_that_see_through_a_surface_wear_no_hole_into_it():
    field = DistanceField.spanning(np.array([-0.5, -0.5, 1.5]), np.array([0.5, 0.5, 2.5]), 41)
    camera = Camera(80, 60, 60.0, 60.0, 40.0, 30.0, np.eye(3), np.zeros(3), near=0.1)
    for depth in (2.0, 2.0, 2.0, 9.0, 9.0, 9.0):
        field.add(camera, np.full((60, 80), depth, np.float32))
    crossing = np.interp(0, field.distances[20, 20, 25:15:-1], np.arange(25, 15, -1))
    assert 1.5 + crossing * field.voxel == pytest.approx(2.0, abs=1.5 * field.voxel)


def test_what_no_depth_is_known_of_stays_unseen():
    field = DistanceField.spanning(np.array([-0.5, -0.5, 1.5]), np.array([0.5, 0.5, 2.5]), 21)
    camera = Camera(80, 60, 60.0, 60.0, 40.0, 30.0, np.eye(3), np.zeros(3), near=0.1)
    field.add(camera, np.zeros((60, 80), np.float32))
    assert not field.weights.any()


def test_several_views_are_averaged():
    field = DistanceField.spanning(np.array([-0.5, -0.5, 1.5]), np.array([0.5, 0.5, 2.5]), 41)
    camera = Camera(80, 60, 60.0, 60.0, 40.0, 30.0, np.eye(3), np.zeros(3), near=0.1)
    for depth in (1.98, 2.02):
        field.add(camera, np.full((60, 80), depth, np.float32))
    crossing = np.interp(0, field.distances[20, 20, 25:15:-1], np.arange(25, 15, -1))
    assert 1.5 + crossing * field.voxel == pytest.approx(2.0, abs=2e-3)


def test_the_surface_of_a_ball_is_a_ball_seen_from_outside():
    mesh = extract_surface(field_of_ball(), min_views=3)
    ball = trimesh.Trimesh(*mesh, process=False)
    assert ball.is_watertight
    assert ball.volume == pytest.approx(4 / 3 * np.pi * 0.7**3, rel=0.01)
    np.testing.assert_allclose(np.linalg.norm(mesh[0], axis=1), 0.7, atol=0.005)


def test_there_is_no_surface_where_too_few_views_saw_it():
    field = field_of_ball()
    field.weights[:24] = 1
    vertices, _ = extract_surface(field, min_views=3)
    assert vertices[:, 0].min() >= field.origin[0] + 22.9 * field.voxel
    field.weights[:] = 1
    assert len(extract_surface(field, min_views=3)[1]) == 0


def test_an_empty_field_has_no_surface():
    field = DistanceField.spanning(-np.ones(3), np.ones(3), 16)
    field.weights[:] = 9
    vertices, triangles = extract_surface(field, min_views=3)
    assert vertices.shape == (0, 3)
    assert triangles.shape == (0, 3)


def test_blurring_keeps_a_plane_where_it_is_and_takes_bumps_off():
    field = DistanceField.spanning(-np.ones(3), np.ones(3), 32)
    heights = field.origin[2] + field.voxel * np.arange(field.distances.shape[2])
    bumps = np.random.default_rng(0).normal(size=field.distances.shape[:2]) * 0.3 * field.voxel
    truncation = TRUNCATION_VOXELS * field.voxel
    field.distances[:] = np.clip((heights - bumps[..., None]) / truncation, -1, 1)
    field.weights[:] = 4
    rough, _ = extract_surface(field, 3)
    smooth, _ = extract_surface(field.blurred(1.0), 3)
    assert smooth[:, 2].std() < 0.5 * rough[:, 2].std()
    assert abs(smooth[:, 2].mean()) < 0.1 * field.voxel


def test_fragments_are_dropped_and_large_parts_kept():
    large, medium, crumb = (
        trimesh.creation.icosphere(subdivisions=3, radius=r).apply_translation([x, 0, 0])
        for r, x in ((1.0, 0), (0.5, 3), (0.05, 6))
    )
    scene = trimesh.util.concatenate([large, medium, crumb])
    vertices, triangles = without_fragments((scene.vertices, scene.faces))
    assert vertices[:, 0].max() < 4
    assert len(triangles) == len(large.faces) + len(medium.faces)


def test_a_mesh_is_simplified_below_the_limit_without_moving():
    ball = trimesh.creation.icosphere(subdivisions=6)
    assert len(ball.faces) > MAX_TRIANGLES
    vertices, triangles = simplified((ball.vertices, ball.faces))
    assert len(triangles) <= MAX_TRIANGLES
    np.testing.assert_allclose(np.linalg.norm(vertices, axis=1), 1, atol=2e-3)
    assert trimesh.Trimesh(vertices, triangles, process=False).volume > 4.15


def test_samples_are_spread_by_area():
    vertices = np.array([[0, 0, 0], [3, 0, 0], [0, 1, 0], [0, 0, 5], [1, 0, 5], [0, 1, 5]], float)
    mesh = vertices, np.array([[0, 1, 2], [3, 4, 5]])
    points = sample(mesh, 4000)
    np.testing.assert_allclose(triangle_areas(mesh), [1.5, 0.5])
    assert (points[:, 2] < 1).mean() == pytest.approx(0.75, abs=0.03)
    lower = points[points[:, 2] < 1]
    np.testing.assert_allclose(lower.mean(axis=0), [1, 1 / 3, 0], atol=0.05)
