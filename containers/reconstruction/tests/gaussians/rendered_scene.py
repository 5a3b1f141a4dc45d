"""A floor, a box and a ball, ray cast: true photos of a true surface, and the model of them.

World units are metres, z is up, the floor is z = 0.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pycolmap
from PIL import Image

BOX_CENTER = np.array([0.35, -0.2, 0.2])
BOX_HALF_SIZE = np.array([0.22, 0.16, 0.2])
BALL_CENTER = np.array([-0.35, 0.2, 0.22])
BALL_RADIUS = 0.22
FLOOR_HALF_SIZE = 2.5
SUN = np.array([0.4, 0.3, 0.87])
SKY, FLOOR, BOX, BALL = range(4)
ORBIT_TARGET = np.array([0, 0, 0.12])
POINTS_PER_PHOTO = 120
SAMPLES_PER_PIXEL_SIDE = 2


def write_undistorted(folder: Path, photos: int, width: int, height: int, seed: int = 0) -> None:
    """Writes `photos` pictures of the scene and their model as `undistort_images` would."""
    rng = np.random.default_rng(seed)
    focal = 0.95 * width
    (folder / "images").mkdir(parents=True)
    (folder / "sparse").mkdir()
    camera = pycolmap.Camera(
        camera_id=1,
        model="PINHOLE",
        width=width,
        height=height,
        params=[focal, focal, width / 2, height / 2],
    )
    model = pycolmap.Reconstruction()
    model.add_camera_with_trivial_rig(camera)
    for number, (rotation, translation) in enumerate(orbit(photos), start=1):
        name = f"view_{number:02d}.png"
        picture = photograph(rotation, translation, width, height, focal)
        Image.fromarray((picture * 255 + 0.5).astype(np.uint8)).save(folder / "images" / name)
        pixels = rng.uniform([0, 0], [width, height], (POINTS_PER_PHOTO, 2))
        origin, directions = rays(rotation, translation, pixels, width, height, focal)
        distance, _, kind = first_hit(origin, directions)
        pixels = pixels[kind != SKY]
        surface = (origin + directions * distance[:, None])[kind != SKY]
        colors = (shade(origin, directions)[kind != SKY] * 255).astype(np.uint8)
        image = pycolmap.Image(name=name, keypoints=pixels, camera_id=1, image_id=number)
        pose = pycolmap.Rigid3d(pycolmap.Rotation3d(rotation), translation)
        model.add_image_with_trivial_frame(image, pose)
        for index, (point, color) in enumerate(zip(surface, colors, strict=True)):
            track = pycolmap.Track([pycolmap.TrackElement(number, index)])
            model.add_point3D(point, track, color)
    model.write(folder / "sparse")


def orbit(count: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """World-to-camera rotations (3, 3) and translations (3,) around the scene, at three heights."""
    poses = []
    for index in range(count):
        azimuth = 4 * np.pi * index / count
        elevation = np.radians((18, 33, 52)[index % 3])
        level = np.cos(elevation)
        away = np.array([np.cos(azimuth) * level, np.sin(azimuth) * level, np.sin(elevation)])
        forward = -away
        right = np.cross(forward, [0, 0, 1])
        right /= np.linalg.norm(right)
        rotation = np.stack([right, np.cross(forward, right), forward])
        poses.append((rotation, -rotation @ (ORBIT_TARGET + 1.75 * away)))
    return poses


def photograph(
    rotation: np.ndarray, translation: np.ndarray, width: int, height: int, focal: float
) -> np.ndarray:
    """Picture (height, width, 3), 0 to 1, four rays per pixel."""
    offsets = (np.arange(SAMPLES_PER_PIXEL_SIDE) + 0.5) / SAMPLES_PER_PIXEL_SIDE
    total = np.zeros((height * width, 3))
    for dx, dy in np.stack(np.meshgrid(offsets, offsets), -1).reshape(-1, 2):
        grid = np.meshgrid(np.arange(width) + dx, np.arange(height) + dy)
        pixels = np.stack(grid, -1).reshape(-1, 2)
        total += shade(*rays(rotation, translation, pixels, width, height, focal))
    return (total / SAMPLES_PER_PIXEL_SIDE**2).reshape(height, width, 3)


def rays(rotation, translation, pixels, width, height, focal) -> tuple[np.ndarray, np.ndarray]:
    """Origin (3,) and unit directions (n, 3) through `pixels` (n, 2)."""
    local = np.column_stack([(pixels - [width / 2, height / 2]) / focal, np.ones(len(pixels))])
    directions = local @ rotation
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    return -rotation.T @ translation, directions


def first_hit(origins, directions) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Distance, unit normal and kind of surface that each ray meets first."""
    origins = np.broadcast_to(origins, directions.shape)
    box, box_normals = hit_box(origins, directions)
    ball, ball_normals = hit_ball(origins, directions)
    candidates = np.stack([np.full(len(ball), 1e9), hit_floor(origins, directions), box, ball])
    kind = candidates.argmin(axis=0)
    up = np.broadcast_to([0.0, 0, 1], directions.shape)
    normals = np.choose(kind[:, None], [up, up, box_normals, ball_normals])
    return candidates.min(axis=0), normals, kind


def hit_floor(origins, directions) -> np.ndarray:
    with np.errstate(divide="ignore"):
        distance = np.where(directions[:, 2] < 0, -origins[:, 2] / directions[:, 2], np.inf)
    reached = origins + directions * np.minimum(distance, 1e3)[:, None]
    inside = np.abs(reached[:, :2]).max(axis=1) < FLOOR_HALF_SIZE
    return np.where(inside & (distance > 1e-4), distance, np.inf)


def hit_box(origins, directions) -> tuple[np.ndarray, np.ndarray]:
    with np.errstate(divide="ignore", invalid="ignore"):
        near = (BOX_CENTER - BOX_HALF_SIZE - origins) / directions
        far = (BOX_CENTER + BOX_HALF_SIZE - origins) / directions
    low, high = np.minimum(near, far), np.maximum(near, far)
    enter, leave = low.max(axis=1), high.min(axis=1)
    side = low.argmax(axis=1)
    rows = np.arange(len(side))
    normals = np.zeros(directions.shape)
    normals[rows, side] = -np.sign(directions[rows, side])
    return np.where((enter < leave) & (enter > 1e-4), enter, np.inf), normals


def hit_ball(origins, directions) -> tuple[np.ndarray, np.ndarray]:
    offset = origins - BALL_CENTER
    half = (offset * directions).sum(axis=1)
    square = half**2 - (offset**2).sum(axis=1) + BALL_RADIUS**2
    distance = -half - np.sqrt(np.maximum(square, 0))
    normals = (offset + directions * distance[:, None]) / BALL_RADIUS
    return np.where((square > 0) & (distance > 1e-4), distance, np.inf), normals


def shade(origin, directions) -> np.ndarray:
    """Colours (n, 3) of rays: textured, lit by a sun with shadows, the ball glossy."""
    distance, normals, kind = first_hit(origin, directions)
    colors = np.array([0.55, 0.68, 0.85]) + 0.25 * directions[:, 2:]
    lit = kind != SKY
    normals, kind = normals[lit], kind[lit]
    points = origin + directions[lit] * distance[lit, None]
    sun = SUN / np.linalg.norm(SUN)
    blocked = first_hit(points + 2e-3 * normals, np.broadcast_to(sun, points.shape))[2] > FLOOR
    light = 0.35 + 0.65 * np.maximum(normals @ sun, 0) * np.where(blocked, 0.15, 1)
    mirrored = (
        directions[lit] - 2 * (directions[lit] * normals).sum(axis=1, keepdims=True) * normals
    )
    gloss = np.where((kind == BALL) & ~blocked, 0.4, 0) * np.maximum(mirrored @ sun, 0) ** 8
    colors[lit] = texture(points, kind) * light[:, None] + gloss[:, None]
    return np.clip(colors, 0, 1)


def texture(points, kind) -> np.ndarray:
    """A pattern of waves of several lengths and directions, another per surface."""
    waves = np.random.default_rng(5).normal(size=(12, 3)) * np.geomspace(3, 22, 12)[:, None]
    phases = points @ waves.T + 1.7 * kind[:, None]
    mixing = np.random.default_rng(6).normal(size=(12, 3)) * 0.12
    return np.clip(0.5 + np.sin(phases) @ mixing, 0.03, 0.97)
