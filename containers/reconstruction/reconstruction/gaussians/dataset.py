"""The photos to learn from, and those kept aside to measure with."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pycolmap
from PIL import Image

from reconstruction.gaussians.camera import Camera

HOLD_OUT_EVERY = 8
HOLD_OUT_FIRST = 3
MAX_POINT_ERROR_PX = 2.0
NEAR_SHARE = 0.2


@dataclass(frozen=True)
class Photo:
    """`pixels` is uint8 (3, h, w), on the pixel grid of `camera`."""

    name: str
    camera: Camera
    pixels: np.ndarray

    def colors(self) -> np.ndarray:
        """float32 (3, h, w), 0 to 1."""
        return self.pixels * np.float32(1 / 255)

    def halved(self) -> Photo:
        """The same at half the size."""
        camera = self.camera
        half = camera.resized(max(1, camera.width // 2), max(1, camera.height // 2))
        picture = Image.fromarray(np.ascontiguousarray(self.pixels.transpose(1, 2, 0)))
        return Photo(self.name, half, planes(picture, half))


@dataclass(frozen=True)
class Dataset:
    """Photos in order of name, and the points that structure from motion found.

    `points` (n, 3) in world units, `point_colors` (n, 3) in 0 to 1. No pixel of a photo in
    `held_out` reaches the training.
    """

    training: list[Photo]
    held_out: list[Photo]
    points: np.ndarray
    point_colors: np.ndarray


def load_dataset(undistorted: Path, longest_side_px: int) -> Dataset:
    """Reads what pycolmap's `undistort_images` wrote: `images/` and `sparse/`.

    Photos are shrunk to at most `longest_side_px`. Every eighth is held out, from the fourth on.
    Raises ValueError when the model holds no posed photo or no point.
    """
    model = pycolmap.Reconstruction(undistorted / "sparse")
    points = [point for point in model.points3D.values() if point.error < MAX_POINT_ERROR_PX]
    images = sorted((i for i in model.images.values() if i.has_pose), key=lambda i: i.name)
    if not images or not points:
        raise ValueError(
            f"the model under {undistorted.name}/sparse has {len(images)} posed photos and "
            f"{len(points)} points; training needs both"
        )
    positions = np.array([point.xyz for point in points])
    photos = [
        load_photo(undistorted / "images" / image.name, image, model, longest_side_px)
        for image in images
    ]
    near = near_plane([photo.camera for photo in photos], positions)
    photos = [replace(photo, camera=replace(photo.camera, near=near)) for photo in photos]
    return Dataset(
        training=[p for i, p in enumerate(photos) if i % HOLD_OUT_EVERY != HOLD_OUT_FIRST],
        held_out=[p for i, p in enumerate(photos) if i % HOLD_OUT_EVERY == HOLD_OUT_FIRST],
        points=positions,
        point_colors=np.array([point.color for point in points]) / 255,
    )


def near_plane(cameras: list[Camera], points: np.ndarray) -> float:
    """A depth that almost none of `points` (n, 3) comes near to where it is seen, world units."""
    seen = []
    for camera in cameras:
        x, y, z = camera.rotation @ points.T + camera.translation[:, None]
        u, v = camera.fx * x / z + camera.cx, camera.fy * y / z + camera.cy
        seen.append(z[(z > 0) & (u >= 0) & (v >= 0) & (u < camera.width) & (v < camera.height)])
    return float(NEAR_SHARE * np.percentile(np.concatenate(seen), 1))


def load_photo(path: Path, image, model, longest_side_px: int) -> Photo:
    """Reads one photo with its camera, shrunk."""
    intrinsics = model.cameras[image.camera_id]
    pose = image.cam_from_world().matrix()
    camera = Camera(
        width=intrinsics.width,
        height=intrinsics.height,
        fx=intrinsics.focal_length_x,
        fy=intrinsics.focal_length_y,
        cx=intrinsics.principal_point_x,
        cy=intrinsics.principal_point_y,
        rotation=pose[:, :3].copy(),
        translation=pose[:, 3].copy(),
    ).with_longest_side(longest_side_px)
    with Image.open(path) as picture:
        return Photo(image.name, camera, planes(picture.convert("RGB"), camera))


def planes(picture: Image.Image, camera: Camera) -> np.ndarray:
    """`picture` at the camera's size as uint8 (3, h, w)."""
    size = (camera.width, camera.height)
    if picture.size != size:
        picture = picture.resize(size, Image.Resampling.LANCZOS)
    return np.ascontiguousarray(np.asarray(picture).transpose(2, 0, 1))
