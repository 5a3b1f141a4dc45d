"""Scenes of flat Gaussians on known surfaces, in a frame turned away from the upright one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pycolmap
from PIL import Image
from scipy.spatial.transform import Rotation

from reconstruction.gaussians.camera import Camera
from reconstruction.gaussians.dataset import Dataset, Photo
from reconstruction.gaussians.initialization import round_gaussians
from reconstruction.gaussians.parameters import LOG_SCALE, ROTATION, Gaussians
from reconstruction.gaussians.ply import write_ply

FLOOR_HALF_SIZE = 1.5
BOX_LOW = np.array([-0.3, -0.5, 0.0])
BOX_HIGH = np.array([0.5, 0.1, 0.45])
SPACING = 0.03
# The upright frame in which everything is built, seen from the frame of the model.
MODEL_FROM_UPRIGHT = np.eye(4)
MODEL_FROM_UPRIGHT[:3, :3] = Rotation.from_euler("xyz", [118, 21, -64], degrees=True).as_matrix()
MODEL_FROM_UPRIGHT[:3, 3] = [0.7, -2.0, 3.1]


def patch(corner, along, across) -> tuple[np.ndarray, np.ndarray]:
    """Points (n, 3) on the parallelogram, and its normal for each, along x across."""
    corner, along, across = (np.asarray(v, float) for v in (corner, along, across))
    steps = [np.arange(0.5, np.ceil(np.linalg.norm(v) / SPACING)) for v in (along, across)]
    u, v = np.meshgrid(*(s / (s[-1] + 0.5) for s in steps))
    points = corner + u.reshape(-1, 1) * along + v.reshape(-1, 1) * across
    normal = np.cross(along, across)
    return points, np.tile(normal / np.linalg.norm(normal), (len(points), 1))


def floor() -> tuple[np.ndarray, np.ndarray]:
    size = FLOOR_HALF_SIZE
    return patch([-size, -size, 0], [2 * size, 0, 0], [0, 2 * size, 0])


def box() -> tuple[np.ndarray, np.ndarray]:
    """Top and four sides."""
    (x0, y0, z0), (x1, y1, z1) = BOX_LOW, BOX_HIGH
    x, y, z = np.diag(BOX_HIGH - BOX_LOW)
    faces = [
        patch([x0, y0, z1], x, y),
        patch([x0, y0, z0], x, z),
        patch([x1, y1, z0], -x, z),
        patch([x1, y0, z0], y, z),
        patch([x0, y1, z0], -y, z),
    ]
    return joined(faces)


def wall() -> tuple[np.ndarray, np.ndarray]:
    """An upright facade in the plane y = 0, facing -y."""
    return patch([-2, 0, 0], [4, 0, 0], [0, 0, 2.5])


def joined(surfaces) -> tuple[np.ndarray, np.ndarray]:
    points, normals = zip(*surfaces, strict=True)
    return np.concatenate(points), np.concatenate(normals)


def orbiting_cameras(count: int = 24, roll_degrees: float = 3.0) -> list[Camera]:
    """Around the box, at two heights, held level within `roll_degrees`."""
    rng = np.random.default_rng(1)
    cameras = []
    for index in range(count):
        azimuth = 2 * np.pi * index / count
        away = np.array([np.cos(azimuth), np.sin(azimuth), 0.5 + 0.5 * (index % 2)])
        center = 2.6 * away / np.linalg.norm(away)
        cameras.append(looking_at(center, np.array([0, 0, 0.1]), roll_degrees * rng.normal()))
    return cameras


def facing_cameras(count: int = 12) -> list[Camera]:
    """Along the wall, at eye height, one behind the other looking straight ahead."""
    places = np.linspace(-1.2, 1.2, count)
    return [looking_at(np.array([x, -2.5, 1.3]), np.array([0.6 * x, 0, 1.2]), 0.0) for x in places]


def looking_at(center: np.ndarray, target: np.ndarray, roll_degrees: float) -> Camera:
    """A camera given in the upright frame, returned in the model's."""
    forward = (target - center) / np.linalg.norm(target - center)
    right = np.cross(forward, [0, 0, 1])
    right /= np.linalg.norm(right)
    level = np.stack([right, np.cross(forward, right), forward])
    rotation = Rotation.from_euler("z", roll_degrees, degrees=True).as_matrix() @ level
    upright = Camera(200, 150, 190.0, 190.0, 100.0, 75.0, rotation, -rotation @ center, near=0.1)
    return upright.transformed(MODEL_FROM_UPRIGHT)


def flat_gaussians(surface: tuple[np.ndarray, np.ndarray], opacity_logit: float = 4.0) -> Gaussians:
    """Discs on `surface` (points, normals), given upright, returned in the model's frame."""
    points, normals = surface
    turn = MODEL_FROM_UPRIGHT[:3, :3]
    values = round_gaussians(
        points @ turn.T + MODEL_FROM_UPRIGHT[:3, 3],
        np.full(len(points), 0.7 * SPACING),
        np.full((len(points), 3), 0.6),
        opacity_logit,
        degree=0,
    )
    values[:, LOG_SCALE + 2] = np.log(0.02 * SPACING)
    facing = [Rotation.align_vectors(turn @ n, [0, 0, 1])[0] for n in np.unique(normals, axis=0)]
    which = np.unique(normals, axis=0, return_inverse=True)[1].ravel()
    quaternions = np.array([rotation.as_quat(scalar_first=True) for rotation in facing])
    values[:, ROTATION : ROTATION + 4] = quaternions[which]
    return Gaussians(values, 0)


def dataset_of(surface: tuple[np.ndarray, np.ndarray], cameras: list[Camera]) -> Dataset:
    """A model whose points are those of `surface`, seen by `cameras`; the photos are blank."""
    points = surface[0] @ MODEL_FROM_UPRIGHT[:3, :3].T + MODEL_FROM_UPRIGHT[:3, 3]
    blank = np.zeros((3, 150, 200), np.uint8)
    photos = [Photo(f"{i:02d}.jpg", camera, blank) for i, camera in enumerate(cameras)]
    return Dataset(photos, [], points, np.full(points.shape, 0.6))


def write_job(workdir: Path, surface, cameras: list[Camera], gaussians: Gaussians) -> None:
    """The files of a job that was trained: the model with its blank photos, and `gaussians`."""
    undistorted = workdir / "sfm" / "undistorted"
    for folder in (undistorted / "images", undistorted / "sparse", workdir / "train"):
        folder.mkdir(parents=True)
    dataset = dataset_of(surface, cameras)
    shot = cameras[0]
    lens = [shot.fx, shot.fy, shot.cx, shot.cy]
    model = pycolmap.Reconstruction()
    model.add_camera_with_trivial_rig(
        pycolmap.Camera(
            camera_id=1, model="PINHOLE", width=shot.width, height=shot.height, params=lens
        )
    )
    for number, photo in enumerate(dataset.training, start=1):
        Image.fromarray(photo.pixels.transpose(1, 2, 0)).save(undistorted / "images" / photo.name)
        image = pycolmap.Image(name=photo.name, camera_id=1, image_id=number)
        rotation = pycolmap.Rotation3d(photo.camera.rotation)
        pose = pycolmap.Rigid3d(rotation, photo.camera.translation)
        model.add_image_with_trivial_frame(image, pose)
    for point in dataset.points:
        model.add_point3D(point, pycolmap.Track())
    model.write(undistorted / "sparse")
    write_ply(gaussians, workdir / "train" / "splats.ply")


def distance_to_scene(points: np.ndarray) -> np.ndarray:
    """Of upright `points` (n, 3) to the floor or the box, whichever is nearer."""
    center, half = (BOX_LOW + BOX_HIGH) / 2, (BOX_HIGH - BOX_LOW) / 2
    beyond = np.abs(points - center) - half
    outside = np.linalg.norm(np.maximum(beyond, 0), axis=1)
    to_box = np.abs(outside + np.minimum(beyond.max(axis=1), 0))
    return np.minimum(to_box, np.abs(points[:, 2]))
