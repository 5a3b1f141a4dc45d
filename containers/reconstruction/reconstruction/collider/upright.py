"""Which way is up, and the frame that stands on it."""

from __future__ import annotations

import numpy as np

from reconstruction.collider.planes import Plane, main_plane
from reconstruction.gaussians.camera import Camera

MAX_GROUND_TILT_DEGREES = 30.0
MIN_WALL_TILT_DEGREES = 60.0
MAX_DISAGREEMENT_DEGREES = 40.0
MAX_AERIAL_SLANT_DEGREES = 30.0
MAX_SHEET_THICKNESS = 0.15  # of its length, standard deviations
MIN_SHEET_WIDTH = 0.3
PLANE_TOLERANCE = 0.01  # of the extent of the points
MIN_PLANE_SHARE = 0.2


def upright_frame(cameras: list[Camera], points: np.ndarray) -> np.ndarray:
    """world_from_colmap (4, 4) with z up and the origin in the middle of `points` (n, 3).

    Up is told by the cameras and then snapped to the main plane of the points: to its normal if
    that is the ground, into the plane if that is a wall. x points right as the cameras look, y into
    the scene.
    """
    center = np.median(points, axis=0)
    viewpoint = np.mean([camera.center for camera in cameras], axis=0)
    up = camera_up(cameras)
    extent = np.linalg.norm(np.percentile(points, 95, axis=0) - np.percentile(points, 5, axis=0))
    plane = main_plane(points, PLANE_TOLERANCE * extent)
    if plane is not None and plane.share >= MIN_PLANE_SHARE:
        up = snapped(up, plane)
    return frame_towards(up, viewpoint - center, center)


def camera_up(cameras: list[Camera]) -> np.ndarray:
    """Unit vector up, from the cameras alone.

    Photos from the air are taken against up. Otherwise it is the direction least spanned by the
    cameras' x axes, since photographers hold cameras level; unless the mean of their own up axes is
    more than 40 degrees from that: they were not held level, or all look the same way.
    """
    down = aerial_view_direction(cameras)
    if down is not None:
        return -down
    sideways = np.array([camera.rotation[0] for camera in cameras])
    mean_up = -np.mean([camera.rotation[1] for camera in cameras], axis=0)
    mean_up /= np.linalg.norm(mean_up)
    up = np.linalg.eigh(sideways.T @ sideways)[1][:, 0]
    up = up if up @ mean_up > 0 else -up
    return up if angle_degrees(up, mean_up) <= MAX_DISAGREEMENT_DEGREES else mean_up


def aerial_view_direction(cameras: list[Camera]) -> np.ndarray | None:
    """Unit vector down where the photos were taken from the air, None where not.

    They were where the cameras lie in a flat sheet, wide in both directions, and look straight
    through it. Someone who walks along a facade does not climb as far as they walk.
    """
    centers = np.array([camera.center for camera in cameras])
    spread, axes = np.linalg.eigh(np.cov(centers.T))
    thickness, width, length = np.sqrt(np.maximum(spread, 0))
    if thickness > MAX_SHEET_THICKNESS * length or width < MIN_SHEET_WIDTH * length:
        return None
    along = np.array([camera.rotation[2] for camera in cameras]) @ axes[:, 0]
    normal = axes[:, 0] if along.mean() > 0 else -axes[:, 0]
    if np.abs(along.mean()) < np.cos(np.radians(MAX_AERIAL_SLANT_DEGREES)):
        return None
    return normal


def snapped(up: np.ndarray, plane: Plane) -> np.ndarray:
    """`up` made consistent with the scene's main plane where that is nearly level or upright."""
    normal = plane.normal if plane.normal @ up > 0 else -plane.normal
    tilt = angle_degrees(up, normal)
    if tilt < MAX_GROUND_TILT_DEGREES:
        return normal
    if tilt > MIN_WALL_TILT_DEGREES:
        along = up - normal * (normal @ up)
        return along / np.linalg.norm(along)
    return up


def frame_towards(up: np.ndarray, towards_cameras: np.ndarray, origin: np.ndarray) -> np.ndarray:
    """(4, 4) to the frame at `origin` with z along `up` and the cameras on the side of -y."""
    back = towards_cameras - up * (up @ towards_cameras)
    if np.linalg.norm(back) < 1e-6 * np.linalg.norm(towards_cameras):
        back = np.cross(up, np.eye(3)[np.abs(up).argmin()])
    back /= np.linalg.norm(back)
    frame = np.eye(4)
    frame[:3, :3] = [np.cross(up, back), -back, up]
    frame[:3, 3] = -frame[:3, :3] @ origin
    return frame


def angle_degrees(a: np.ndarray, b: np.ndarray) -> float:
    """Between two unit vectors."""
    return float(np.degrees(np.arccos(np.clip(a @ b, -1, 1))))
