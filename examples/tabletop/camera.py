"""Where the photos are taken from, and how light becomes a picture."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit, prange

from raytrace import FAR, first_hit, map_lookup, surface_at
from shapes import BOX
from textures import albedo

WIDTH_PX, HEIGHT_PX = 640, 480
FOCAL_PX = 648.0
SPOT_PX = 1.5  # what one pixel sees: a lens is not perfectly sharp
RINGS = (  # photos, degrees above the table, metres from its middle, degrees turned
    (18, 37, 1.30, 0),
    (16, 52, 1.26, 9),
    (11, 68, 1.28, 4),
)


class Viewpoint(NamedTuple):
    """One photo's pose, OpenCV axes (x right, y down, z into the picture), and its exposure."""

    camera_to_world: np.ndarray  # (4, 4), metres
    exposure: float


def look_at(position: np.ndarray, target: np.ndarray, roll_degrees: float) -> np.ndarray:
    """Camera-to-world matrix (4, 4) of a camera at `position` that looks at `target`."""
    forward = (target - position) / np.linalg.norm(target - position)
    right = np.cross(forward, (0, 0, 1))
    right /= np.linalg.norm(right)
    down = np.cross(forward, right)
    c, s = math.cos(math.radians(roll_degrees)), math.sin(math.radians(roll_degrees))
    pose = np.eye(4)
    pose[:3, 0], pose[:3, 1] = c * right + s * down, c * down - s * right
    pose[:3, 2], pose[:3, 3] = forward, position
    return pose


def viewpoints() -> list[Viewpoint]:
    """A walk around the table at three heights, by hand: nothing is quite even."""
    random = np.random.default_rng(20)
    walk = []
    for count, elevation, distance, start in RINGS:
        for i in range(count):
            turn = math.radians(start + 360 * i / count + random.normal(0, 1.6))
            rise = math.radians(elevation + random.normal(0, 1.3))
            away = distance * (1 + random.normal(0, 0.025))
            position = away * np.array(
                [math.cos(rise) * math.cos(turn), math.cos(rise) * math.sin(turn), math.sin(rise)]
            )
            target = random.normal((0, 0, 0.06), (0.025, 0.025, 0.012))
            exposure = 2 ** random.normal(0, 0.05)
            walk.append(Viewpoint(look_at(position, target, random.normal(0, 1.2)), exposure))
    return walk


@njit
def printed(world, decals, s, column, u, v):
    """What is printed at a spot of a surface: linear colour and coverage."""
    page = world.decal[s, column]
    if page < 0:
        return 0.0, 0.0, 0.0, 0.0
    if world.kind[s] != BOX:
        area = world.decal_area[s]
        u, v = (u - area[0]) / (area[1] - area[0]), (v - area[2]) / (area[3] - area[2])
        if u < 0 or u >= 1 or v < 0 or v >= 1:
            return 0.0, 0.0, 0.0, 0.0
    side = decals.shape[1]
    ink = decals[page, min(side - 1, int(v * side)), min(side - 1, int(u * side))]
    return ink[0], ink[1], ink[2], ink[3]


@njit(parallel=True)
def expose(world, materials, decals, light, pose, width, height, focal, side, jitter):
    """Radiance of every pixel, linear RGB (height, width, 3), from side x side rays each.

    `jitter` (side * side, 2) shifts the rays inside their cells, the same way in every pixel.
    """
    picture = np.zeros((height, width, 3))
    for row in prange(height):
        for col in range(width):
            red, green, blue = 0.0, 0.0, 0.0
            for n in range(side * side):
                across = (n % side + jitter[n, 0]) / side - 0.5
                along = (n // side + jitter[n, 1]) / side - 0.5
                a = (col + 0.5 + SPOT_PX * across - width / 2) / focal
                b = (row + 0.5 + SPOT_PX * along - height / 2) / focal
                dx = pose[0, 0] * a + pose[0, 1] * b + pose[0, 2]
                dy = pose[1, 0] * a + pose[1, 1] * b + pose[1, 2]
                dz = pose[2, 0] * a + pose[2, 1] * b + pose[2, 2]
                length = math.sqrt(dx * dx + dy * dy + dz * dz)
                dx, dy, dz = dx / length, dy / length, dz / length
                ox, oy, oz = pose[0, 3], pose[1, 3], pose[2, 3]
                t, s, part = first_hit(world, ox, oy, oz, dx, dy, dz, FAR, False)
                if s < 0:
                    continue
                _, _, _, px, py, pz, column, u, v = surface_at(
                    world, s, part, ox + t * dx, oy + t * dy, oz + t * dz
                )
                colour = albedo(materials, world.material[s], px, py, pz, s)
                ink = printed(world, decals, s, column, u, v)
                lit = map_lookup(world, light, s, column, u, v)
                red += lit[0] * (colour[0] + ink[3] * (ink[0] - colour[0]))
                green += lit[1] * (colour[1] + ink[3] * (ink[1] - colour[1]))
                blue += lit[2] * (colour[2] + ink[3] * (ink[2] - colour[2]))
            scale = 1 / (math.pi * side * side)
            picture[row, col, 0] = red * scale
            picture[row, col, 1] = green * scale
            picture[row, col, 2] = blue * scale
    return picture


def develop(radiance: np.ndarray, exposure: float, seed: int) -> np.ndarray:
    """Radiance to 8-bit sRGB: exposure, sensor noise, a film-like shoulder in the highlights."""
    sensed = radiance * exposure
    grain = np.random.default_rng(seed).normal(size=sensed.shape)
    sensed = np.maximum(0, sensed + grain * np.sqrt(2e-6 + 4e-5 * sensed))
    toned = 1 - np.exp(-1.35 * sensed)
    srgb = np.where(toned <= 0.0031308, 12.92 * toned, 1.055 * toned ** (1 / 2.4) - 0.055)
    return np.round(255 * np.clip(srgb, 0, 1)).astype(np.uint8)
