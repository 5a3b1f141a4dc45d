"""The photos' cameras, and what they see of the points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pycolmap

from reconstruction.gaussians.camera import Camera
from reconstruction.gaussians.parameters import Gaussians
from reconstruction.prepare.manifest import Manifest

TELLING_SHARE = 0.75
OVERVIEW_SIZE_PX = (640, 480)
OVERVIEW_FIELD_OF_VIEW_DEGREES = 50.0
OVERVIEW_DIRECTION = np.array([0.6, -1.0, 0.55])


@dataclass(frozen=True)
class View:
    """One photo's place; `photo` is the user's name for it, `points` how many it shows.

    `target_distance` is how far away the median point is that it shows, in units of the scene.
    """

    image: str
    photo: str
    camera: Camera
    points: int
    target_distance: float


@dataclass(frozen=True)
class SparsePoints:
    """Points of structure from motion: `positions` (n, 3), `colors` uint8 (n, 3)."""

    positions: np.ndarray
    colors: np.ndarray


def read_views(workdir: Path, manifest: Manifest) -> tuple[list[View], SparsePoints]:
    """The views of `sfm/undistorted/` in order of image name, in COLMAP's frame."""
    model = pycolmap.Reconstruction(workdir / "sfm" / "undistorted" / "sparse")
    images = sorted(
        (image for image in model.images.values() if image.has_pose), key=lambda image: image.name
    )
    points = sorted(model.points3D.items())
    positions = np.array([point.xyz for _, point in points]).reshape(-1, 3)
    colors = np.array([point.color for _, point in points], np.uint8).reshape(-1, 3)
    views = [as_view(image, model, manifest) for image in images]
    return views, SparsePoints(positions, colors)


def as_view(image: pycolmap.Image, model: pycolmap.Reconstruction, manifest: Manifest) -> View:
    calibration = model.cameras[image.camera_id]
    pose = image.cam_from_world().matrix()
    seen = [model.points3D[point.point3D_id].xyz for point in image.points2D if point.has_point3D()]
    depths = np.array(seen).reshape(-1, 3) @ pose[2, :3] + pose[2, 3]
    camera = Camera(
        width=calibration.width,
        height=calibration.height,
        fx=calibration.focal_length_x,
        fy=calibration.focal_length_y,
        cx=calibration.principal_point_x,
        cy=calibration.principal_point_y,
        rotation=pose[:, :3],
        translation=pose[:, 3],
    )
    return View(
        image=image.name,
        photo=manifest.name_of(image.name),
        camera=camera,
        points=len(seen),
        target_distance=float(np.median(depths)) if seen else 1.0,
    )


def moved_view(view: View, similarity: np.ndarray) -> View:
    """The view after the world was moved by `similarity` (4, 4)."""
    scale = np.cbrt(np.linalg.det(similarity[:3, :3]))
    rotation = view.camera.rotation @ (similarity[:3, :3] / scale).T
    translation = scale * view.camera.translation - rotation @ similarity[:3, 3]
    camera = replace(
        view.camera,
        rotation=rotation,
        translation=translation,
        near=view.camera.near * scale,
    )
    return replace(view, camera=camera, target_distance=view.target_distance * scale)


def most_telling(views: Sequence[View]) -> View:
    """The view to look at the scene from first: of those that show most, one of middle height."""
    most = max(view.points for view in views)
    telling = [view for view in views if view.points >= TELLING_SHARE * most]
    telling.sort(key=lambda view: view.camera.center[2])
    return telling[len(telling) // 2]


def overview(gaussians: Gaussians) -> View:
    """A view of the whole from the front and above, z up, for a scene without photos."""
    positions = gaussians.positions
    low, high = np.percentile(positions, [5, 95], axis=0)
    center = (low + high) / 2
    width, height = OVERVIEW_SIZE_PX
    focal = width / 2 / np.tan(np.radians(OVERVIEW_FIELD_OF_VIEW_DEGREES / 2))
    distance = max(1e-3, float(np.linalg.norm(high - low))) * focal / height
    forward = -OVERVIEW_DIRECTION / np.linalg.norm(OVERVIEW_DIRECTION)
    right = np.cross(forward, [0.0, 0.0, 1.0])
    right /= np.linalg.norm(right)
    rotation = np.stack([right, np.cross(forward, right), forward])
    camera = Camera(
        width=width,
        height=height,
        fx=focal,
        fy=focal,
        cx=width / 2,
        cy=height / 2,
        rotation=rotation,
        translation=-rotation @ (center - forward * distance),
        near=distance / 1000,
    )
    return View("overview", "overview", camera, points=0, target_distance=distance)
