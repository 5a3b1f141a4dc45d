"""Which way is up."""

from __future__ import annotations

import numpy as np
import pytest
from flat_scene import (
    MODEL_FROM_UPRIGHT,
    box,
    facing_cameras,
    floor,
    joined,
    looking_at,
    orbiting_cameras,
    wall,
)

from reconstruction.collider.ground import find_ground
from reconstruction.collider.planes import main_plane
from reconstruction.collider.upright import aerial_view_direction, camera_up, upright_frame

TRUE_UP = MODEL_FROM_UPRIGHT[:3, 2]


def degrees_between(a, b) -> float:
    return float(np.degrees(np.arccos(np.clip(a @ b, -1, 1))))


def in_model(points: np.ndarray) -> np.ndarray:
    return points @ MODEL_FROM_UPRIGHT[:3, :3].T + MODEL_FROM_UPRIGHT[:3, 3]


def test_cameras_held_level_tell_up_though_they_all_look_down():
    assert degrees_between(camera_up(orbiting_cameras(roll_degrees=0)), TRUE_UP) < 0.1
    assert degrees_between(camera_up(orbiting_cameras(roll_degrees=4)), TRUE_UP) < 3


def test_cameras_that_all_look_the_same_way_tell_up_by_their_own():
    cameras = [looking_at(np.array([x, -2.0, 1.0]), np.array([x, 0, 1.0]), 0) for x in range(4)]
    assert degrees_between(camera_up(cameras), TRUE_UP) < 0.1


def test_photos_from_the_air_are_taken_against_up():
    """All with the same heading, so that the cameras' own axes say nothing about it."""
    places = [np.array([x, y, 3.0]) for x in (-1, 0, 1.0) for y in (-1, 0, 1.0)]
    cameras = [looking_at(p, p - [0, -0.01, 3], 0) for p in places]
    assert degrees_between(camera_up(cameras), TRUE_UP) < 1
    frame = upright_frame(cameras, in_model(joined([floor(), box()])[0]))
    assert degrees_between(frame[2, :3], TRUE_UP) < 0.2


def test_a_walk_along_a_facade_is_no_flight():
    rng = np.random.default_rng(0)
    places = [np.array([x, -3, 1.5]) + 0.2 * rng.normal(size=3) for x in np.linspace(-2, 2, 12)]
    cameras = [looking_at(p, p + np.array([0, 3, 0.1]), 0) for p in places]
    assert aerial_view_direction(cameras) is None
    assert degrees_between(camera_up(cameras), TRUE_UP) < 5


def test_up_is_snapped_to_the_floor():
    points = in_model(joined([floor(), box()])[0])
    frame = upright_frame(orbiting_cameras(roll_degrees=4), points)
    assert degrees_between(frame[2, :3], TRUE_UP) < 0.2


def test_up_is_laid_into_a_wall():
    rng = np.random.default_rng(0)
    points = in_model(wall()[0] + rng.normal(size=wall()[0].shape) * 0.002)
    frame = upright_frame(facing_cameras(), points)
    assert degrees_between(frame[2, :3], TRUE_UP) < 0.5


def test_the_frame_is_a_rotation_that_puts_the_cameras_at_negative_y():
    cameras = facing_cameras()
    frame = upright_frame(cameras, in_model(wall()[0]))
    np.testing.assert_allclose(frame[:3, :3] @ frame[:3, :3].T, np.eye(3), atol=1e-12)
    assert np.linalg.det(frame[:3, :3]) == pytest.approx(1)
    centers = np.array([camera.center for camera in cameras])
    assert (centers @ frame[1, :3] + frame[1, 3] < 0).all()


def test_a_plane_is_found_among_points_that_are_not_on_it():
    rng = np.random.default_rng(0)
    on = rng.uniform(-1, 1, (600, 3)) * [1, 1, 0.003] + [0, 0, 0.4]
    off = rng.uniform(-1, 1, (400, 3))
    plane = main_plane(np.concatenate([off, on]), tolerance=0.01)
    assert abs(plane.normal[2]) > 0.9999
    assert abs(plane.offset) == pytest.approx(0.4, abs=0.002)
    assert 0.6 <= plane.share < 0.63


def test_points_on_a_line_span_no_plane():
    line = np.outer(np.linspace(0, 1, 50), [1.0, 2, 3])
    assert main_plane(line, tolerance=0.01) is None
    assert main_plane(line[:2], tolerance=0.01) is None


def level_points(height: float, count: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.uniform(-1, 1, (count, 3)) * [1, 1, 0.002] + [0, 0, height]


ABOVE = np.array([[0.0, 0, 2], [1, 0, 2], [0, 1, 1.5]])
UP = np.array([0.0, 0, 1])


def test_the_ground_is_the_level_plane_with_nothing_below():
    clutter = np.random.default_rng(3).uniform([-1, -1, 0], [1, 1, 1], (300, 3))
    ground = find_ground(np.concatenate([level_points(0, 500, 0), clutter]), ABOVE, UP, 3.0)
    assert ground.confidence == 1
    assert ground.plane.normal[2] > 0.999
    assert ground.plane.offset == pytest.approx(0, abs=0.003)


def test_a_shelf_above_much_else_is_no_ground():
    below = np.random.default_rng(3).uniform([-1, -1, -1], [1, 1, -0.1], (500, 3))
    points = np.concatenate([level_points(0, 500, 0), below])
    assert find_ground(points, ABOVE, UP, 3.0) is None


def test_a_ceiling_is_no_ground():
    assert find_ground(level_points(3, 500, 0), ABOVE, UP, 3.0) is None


def test_a_slope_is_no_ground():
    points = level_points(0, 500, 0)
    points[:, 2] += 0.4 * points[:, 0]
    assert find_ground(points, ABOVE, UP, 3.0) is None
