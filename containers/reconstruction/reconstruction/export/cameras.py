"""Where each photo was taken, in the world of the scene."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pycolmap

from reconstruction.gaussians.camera import Camera


def read_cameras(undistorted: Path) -> dict[str, Camera]:
    """Cameras of an undistorted COLMAP model by file name, in order of name, in COLMAP's frame."""
    model = pycolmap.Reconstruction(undistorted / "sparse")
    posed = sorted((i for i in model.images.values() if i.has_pose), key=lambda i: i.name)
    return {image.name: camera_of(image, model.cameras[image.camera_id]) for image in posed}


def camera_of(image: pycolmap.Image, lens: pycolmap.Camera) -> Camera:
    pose = image.cam_from_world().matrix()
    return Camera(
        width=lens.width,
        height=lens.height,
        fx=lens.focal_length_x,
        fy=lens.focal_length_y,
        cx=lens.principal_point_x,
        cy=lens.principal_point_y,
        rotation=pose[:, :3].copy(),
        translation=pose[:, 3].copy(),
    )


def camera_to_world(camera: Camera) -> np.ndarray:
    """(4, 4), camera axes x right, y down, z forward."""
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = camera.rotation.T, camera.center
    return matrix


def write_cameras(cameras: dict[str, Camera], scale_source: str, path: Path) -> None:
    """`cameras.json`: intrinsics in pixels and poses, by the user's own file names."""
    document = {
        "axes": "camera: x right, y down, z forward; world: z up",
        "units": "arbitrary" if scale_source == "arbitrary" else "meters",
        "photos": [
            {
                "name": name,
                "widthPx": camera.width,
                "heightPx": camera.height,
                "focalLengthPx": [camera.fx, camera.fy],
                "principalPointPx": [camera.cx, camera.cy],
                "cameraToWorld": camera_to_world(camera).tolist(),
            }
            for name, camera in cameras.items()
        ],
    }
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False), encoding="utf-8")
