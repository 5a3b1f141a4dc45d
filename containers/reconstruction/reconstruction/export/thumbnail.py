"""A picture of the result, from where one of the photos was taken."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from reconstruction.gaussians.camera import Camera
from reconstruction.gaussians.parameters import Gaussians
from reconstruction.gaussians.render import render

LONGEST_SIDE_PX = 640


def write_thumbnail(gaussians: Gaussians, camera: Camera, path: Path) -> None:
    picture = render(gaussians, camera.with_longest_side(LONGEST_SIDE_PX))
    pixels = (np.clip(picture, 0, 1) * 255).round().astype(np.uint8)
    Image.fromarray(pixels).save(path, quality=88)


def most_central(cameras: dict[str, Camera], middle: np.ndarray) -> Camera:
    """The camera that looks most directly at `middle` (3,)."""

    def aim(camera: Camera) -> float:
        towards = middle - camera.center
        return float(camera.rotation[2] @ towards / (np.linalg.norm(towards) + 1e-12))

    return max(cameras.values(), key=aim)


def overview_camera(positions: np.ndarray) -> Camera:
    """A camera that sees most of the points (n, 3), for scenes that come without photos."""
    middle = np.median(positions, axis=0)
    reach = float(np.quantile(np.linalg.norm(positions - middle, axis=1), 0.9)) or 1.0
    back = np.array([0.0, -1.0, 0.6]) / np.linalg.norm([0.0, -1.0, 0.6])
    forward = -back
    right = np.cross(forward, [0.0, 0.0, 1.0])
    right /= np.linalg.norm(right)
    rotation = np.stack([right, np.cross(forward, right), forward])
    center = middle + 2.2 * reach * back
    focal = 0.9 * LONGEST_SIDE_PX
    return Camera(
        width=LONGEST_SIDE_PX,
        height=LONGEST_SIDE_PX * 3 // 4,
        fx=focal,
        fy=focal,
        cx=LONGEST_SIDE_PX / 2,
        cy=LONGEST_SIDE_PX * 3 / 8,
        rotation=rotation,
        translation=-rotation @ center,
        near=0.01 * reach,
    )
