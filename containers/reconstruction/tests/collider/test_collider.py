"""The collision mesh against the surfaces that the Gaussians lie on."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
import trimesh
from flat_scene import (
    BOX_HIGH,
    BOX_LOW,
    FLOOR_HALF_SIZE,
    MODEL_FROM_UPRIGHT,
    box,
    dataset_of,
    distance_to_scene,
    facing_cameras,
    flat_gaussians,
    floor,
    joined,
    orbiting_cameras,
    wall,
    write_job,
)
from scipy.spatial import cKDTree

from reconstruction.collider import ColliderResult, build
from reconstruction.collider import collider as steps
from reconstruction.collider.surface import MAX_TRIANGLES, sample, triangle_areas
from reconstruction.gaussians.parameters import OPACITY_LOGIT
from reconstruction.report import Report

SCENE_SIZE = np.linalg.norm([2 * FLOOR_HALF_SIZE, 2 * FLOOR_HALF_SIZE, BOX_HIGH[2]])


@pytest.fixture(scope="module")
def table() -> ColliderResult:
    surface = joined([floor(), box()])
    return steps.collider_from(flat_gaussians(surface), dataset_of(surface, orbiting_cameras()))


def upright(result: ColliderResult, points: np.ndarray) -> np.ndarray:
    """`points` of the result's frame in the frame that the scene was built in."""
    upright_from_world = np.linalg.inv(result.world_from_colmap @ MODEL_FROM_UPRIGHT)
    return points @ upright_from_world[:3, :3].T + upright_from_world[:3, 3]


def test_the_mesh_lies_on_the_true_surface(table):
    away = distance_to_scene(upright(table, sample((table.vertices, table.triangles), 20_000)))
    assert np.median(away) < 0.002 * SCENE_SIZE
    assert np.percentile(away, 95) < 0.006 * SCENE_SIZE


def test_the_mesh_covers_the_floor_and_every_side_of_the_box(table):
    tree = cKDTree(upright(table, sample((table.vertices, table.triangles), 40_000)))
    floor_points = floor()[0]
    under_box = np.all((floor_points > BOX_LOW - 0.05) & (floor_points < BOX_HIGH + 0.05), axis=1)
    for points in (floor_points[~under_box], box()[0]):
        nearest, _ = tree.query(points)
        assert np.percentile(nearest, 90) < 0.03


def test_triangles_face_the_free_space(table):
    corners = upright(table, table.vertices)[table.triangles]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    lengths = np.linalg.norm(normals, axis=1)
    middle = corners.mean(axis=1)
    inside = np.all((middle[:, :2] > BOX_LOW[:2]) & (middle[:, :2] < BOX_HIGH[:2]), axis=1)
    up = normals[:, 2] / lengths
    on_floor = ~inside & (middle[:, 2] < 0.02)
    on_top = inside & (middle[:, 2] > BOX_HIGH[2] - 0.02)
    assert np.average(up[on_floor] > 0.8, weights=lengths[on_floor]) > 0.97
    assert np.average(up[on_top] > 0.8, weights=lengths[on_top]) > 0.9
    sides = (np.abs(up) < 0.3) & (middle[:, 2] > 0.05) & (middle[:, 2] < 0.4)
    outward = middle[sides] - [*(BOX_LOW + BOX_HIGH)[:2] / 2, 0]
    faces_out = (outward[:, :2] * normals[sides][:, :2]).sum(axis=1) > 0
    assert np.average(faces_out, weights=lengths[sides]) > 0.97


def test_the_mesh_is_light_and_sound(table):
    assert 0 < len(table.triangles) <= MAX_TRIANGLES
    assert table.vertices.dtype == np.float32
    assert table.triangles.dtype == np.int32
    assert np.isfinite(table.vertices).all()
    assert table.triangles.min() == 0
    assert table.triangles.max() == len(table.vertices) - 1
    assert triangle_areas((table.vertices, table.triangles)).min() > 0
    mesh = trimesh.Trimesh(table.vertices, table.triangles, process=False)
    assert mesh.is_winding_consistent


def test_z_is_up_and_the_ground_is_at_zero(table):
    frame = table.world_from_colmap
    np.testing.assert_allclose(frame[:3, :3] @ frame[:3, :3].T, np.eye(3), atol=1e-9)
    assert np.linalg.det(frame[:3, :3]) == pytest.approx(1)
    up = (frame @ MODEL_FROM_UPRIGHT)[:3, :3] @ [0, 0, 1]
    assert np.degrees(np.arccos(up[2])) < 0.3
    on_floor = (frame @ MODEL_FROM_UPRIGHT @ [0.9, -0.9, 0, 1])[2]
    assert abs(on_floor) < 0.002 * SCENE_SIZE


def test_the_ground_is_the_floor_as_far_as_it_was_seen(table):
    assert table.ground is not None
    assert table.ground.confidence > 0.95
    np.testing.assert_array_equal(table.ground.point, [0, 0, 0])
    np.testing.assert_array_equal(table.ground.normal, [0, 0, 1])
    x, y = table.ground.polygon.T
    area = 0.5 * np.sum(x * np.roll(y, -1) - y * np.roll(x, -1))
    assert area == pytest.approx((2 * FLOOR_HALF_SIZE) ** 2, rel=0.1)


def test_a_robot_standing_anywhere_on_the_floor_is_held(table):
    rng = np.random.default_rng(0)
    places = rng.uniform(-1.2, 1.2, (60, 2))
    beside = np.any((places < BOX_LOW[:2] - 0.1) | (places > BOX_HIGH[:2] + 0.1), axis=1)
    standing = np.column_stack([places[beside], np.zeros(beside.sum())])
    world = table.world_from_colmap @ MODEL_FROM_UPRIGHT
    for x, y, _ in standing @ world[:3, :3].T + world[:3, 3]:
        heights = heights_above(table, np.array([x, y]))
        assert len(heights) > 0
        assert abs(heights.max()) < 0.005 * SCENE_SIZE


def heights_above(result: ColliderResult, place: np.ndarray) -> np.ndarray:
    """Where the vertical line through `place` (2,) goes through the mesh."""
    a, b, c = np.moveaxis(result.vertices[result.triangles].astype(float), 1, 0)
    sides = np.stack([b - a, c - a], axis=-1)
    flat = np.linalg.det(sides[:, :2])
    crossed = np.flatnonzero(np.abs(flat) > 1e-12)
    target = (place - a[crossed, :2])[..., None]
    along, across = np.linalg.solve(sides[crossed, :2], target)[..., 0].T
    hit = (along >= 0) & (across >= 0) & (along + across <= 1)
    inside = crossed[hit]
    return a[inside, 2] + along[hit] * sides[inside, 2, 0] + across[hit] * sides[inside, 2, 1]


def test_the_same_gaussians_give_the_same_mesh(table):
    surface = joined([floor(), box()])
    again = steps.collider_from(flat_gaussians(surface), dataset_of(surface, orbiting_cameras()))
    np.testing.assert_array_equal(again.vertices, table.vertices)
    np.testing.assert_array_equal(again.triangles, table.triangles)
    np.testing.assert_array_equal(again.world_from_colmap, table.world_from_colmap)


def test_a_facade_stands_upright_and_has_no_ground():
    surface = wall()
    result = steps.collider_from(flat_gaussians(surface), dataset_of(surface, facing_cameras()))
    assert result.ground is None
    assert len(result.triangles) > 0
    up = (result.world_from_colmap @ MODEL_FROM_UPRIGHT)[:3, :3] @ [0, 0, 1]
    assert np.degrees(np.arccos(up[2])) < 1
    assert np.percentile(result.vertices[:, 2], 1) == pytest.approx(0, abs=0.05)


def test_a_scene_that_stops_no_light_has_no_mesh_but_a_reason():
    surface = joined([floor(), box()])
    mist = flat_gaussians(surface)
    mist.values[:, OPACITY_LOGIT] = -4
    result = steps.collider_from(mist, dataset_of(surface, orbiting_cameras()))
    assert result.vertices.shape == (0, 3)
    assert result.triangles.shape == (0, 3)
    assert result.ground is None
    assert "no surface" in result.reason


@pytest.mark.parametrize(
    ("opacity_logit", "code"), [(4.0, "ground_not_found"), (-4.0, "collider_empty")]
)
def test_the_user_is_told_what_is_missing(tmp_path, opacity_logit, code):
    write_job(tmp_path, wall(), facing_cameras(), flat_gaussians(wall(), opacity_logit))
    stream = io.StringIO()
    build(tmp_path, None, Report(stream))
    assert [json.loads(line)["code"] for line in stream.getvalue().splitlines()] == [code]


def test_a_job_on_disk_gives_the_same_collider_as_in_memory(table, tmp_path):
    surface = joined([floor(), box()])
    write_job(tmp_path, surface, orbiting_cameras(), flat_gaussians(surface))
    stream = io.StringIO()
    built = build(tmp_path, None, Report(stream))
    assert stream.getvalue() == ""
    np.testing.assert_allclose(built.world_from_colmap, table.world_from_colmap, atol=1e-3)
    assert built.ground.confidence == pytest.approx(table.ground.confidence, abs=0.01)
    away = distance_to_scene(upright(built, sample((built.vertices, built.triangles), 5000)))
    assert np.median(away) < 0.002 * SCENE_SIZE
