"""The two shapes that the scene is made of, boxes and surfaces of revolution, and their arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

BOX, LATHE = 0, 1
Outline = list[tuple[float, float]]
FACES = ("+x", "-x", "+y", "-y", "+z", "-z")


@dataclass(frozen=True)
class Box:
    """A box of `size` metres around `position`, turned by `rotation` (3x3, own axes to world)."""

    size: Sequence[float]
    position: Sequence[float]
    material: str
    rotation: np.ndarray = field(default_factory=lambda: np.eye(3))
    decals: dict[str, str] = field(default_factory=dict)  # face -> decal
    texel_meters: float = 0.004
    unseen: tuple[str, ...] = ()  # faces that need no light map


@dataclass(frozen=True)
class Lathe:
    """An outline of (radius, height) in metres, bottom to top, revolved about its own z axis."""

    profile: Outline
    position: Sequence[float]
    material: str
    rotation: np.ndarray = field(default_factory=lambda: np.eye(3))
    decal: str = ""
    decal_area: tuple[float, float, float, float] = (0, 1, 0, 1)  # turn from, to; outline from, to
    texel_meters: float = 0.004


Shape = Box | Lathe


class World(NamedTuple):
    """Everything a ray needs: S shapes in K objects, P outline segments, T light-map texels."""

    kind: np.ndarray  # (S,) BOX or LATHE
    rotation: np.ndarray  # (S, 3, 3) local to world
    position: np.ndarray  # (S, 3) metres
    half: np.ndarray  # (S, 3) metres; lathe: (largest radius, lowest z, highest z)
    segment_range: np.ndarray  # (S, 2) into `segment`
    segment: np.ndarray  # (P, 4) r0, z0, r1, z1 metres
    segment_normal: np.ndarray  # (P, 4) (r, z) of the shading normal at both ends
    segment_span: np.ndarray  # (P, 2) where the segment lies along the outline, 0 to 1
    material: np.ndarray  # (S,)
    decal: np.ndarray  # (S, 6) per box face, or the lathe's in column 0; -1 for none
    decal_area: np.ndarray  # (S, 4)
    map_start: np.ndarray  # (S, 6) first texel per box face, or column 0
    map_size: np.ndarray  # (S, 6, 2) texels along u, v
    object_range: np.ndarray  # (K, 2) into the shapes
    object_centre: np.ndarray  # (K, 3)
    object_radius: np.ndarray  # (K,)


def turn(z: float = 0, y: float = 0, x: float = 0) -> np.ndarray:
    """Rotation by `x`, then `y`, then `z` degrees about the fixed axes, shape (3, 3)."""
    (cx, cy, cz), (sx, sy, sz) = np.cos(np.radians((x, y, z))), np.sin(np.radians((x, y, z)))
    about_x = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_z = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    return about_z @ about_y @ about_x


def placed(shapes: list[Shape], position: Sequence[float], z_degrees: float = 0) -> list[Shape]:
    """The same shapes turned about the vertical through the origin, then moved to `position`."""
    rotation = turn(z=z_degrees)
    return [
        type(shape)(
            **{
                **shape.__dict__,
                "position": rotation @ np.asarray(shape.position, float) + position,
                "rotation": rotation @ shape.rotation,
            }
        )
        for shape in shapes
    ]


def cylinder(radius: float, z0: float, z1: float, bevel: float = 0.003) -> Outline:
    """Outline of an upright cylinder with bevelled rims."""
    return [
        (0, z0),
        (radius - bevel, z0),
        (radius, z0 + bevel),
        (radius, z1 - bevel),
        (radius - bevel, z1),
        (0, z1),
    ]


def sphere(radius: float, segments: int = 40) -> Outline:
    """Outline of a sphere around the origin: its sagitta stays below a thousandth of the radius."""
    angle = np.linspace(-np.pi / 2, np.pi / 2, segments + 1)
    outline = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    outline[[0, -1], 0] = 0
    return [tuple(point) for point in outline]


def rounded(points: Outline, steps: int = 8) -> Outline:
    """A Catmull-Rom curve through `points`, for outlines thrown on a wheel."""
    known = np.array([points[0], *points, points[-1]], float)
    at = np.linspace(0, 1, steps, endpoint=False)[:, None]
    curve = []
    for a, b, c, d in zip(known[:-3], known[1:-2], known[2:-1], known[3:], strict=True):
        cubic = -a + 3 * b - 3 * c + d
        curve.append(
            0.5 * (2 * b + (c - a) * at + (2 * a - 5 * b + 4 * c - d) * at**2 + cubic * at**3)
        )
    curve = np.concatenate([*curve, known[-1:]])
    curve[:, 0] = np.maximum(curve[:, 0], 0)
    return [tuple(point) for point in curve]


def _segments(profile: np.ndarray, crease_degrees: float = 35) -> tuple[np.ndarray, np.ndarray]:
    """Segments (n, 4) of an outline and their end normals (n, 4), averaged across soft corners."""
    along = np.diff(profile, axis=0)
    normal = np.stack([along[:, 1], -along[:, 0]], axis=1)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    first, last = normal.copy(), normal.copy()
    for i in range(1, len(normal)):
        if normal[i - 1] @ normal[i] > np.cos(np.radians(crease_degrees)):
            last[i - 1] = first[i] = (normal[i - 1] + normal[i]) / 2
    return np.hstack([profile[:-1], profile[1:]]), np.hstack([first, last])


def assemble(objects: dict[str, list[Shape]], materials: list[str], decals: list[str]) -> World:
    """Flatten the objects into the arrays that rays are traced through."""
    shapes = [shape for parts in objects.values() for shape in parts]
    count = len(shapes)
    world = World(
        kind=np.array([BOX if isinstance(shape, Box) else LATHE for shape in shapes]),
        rotation=np.array([shape.rotation for shape in shapes], float),
        position=np.array([shape.position for shape in shapes], float),
        half=np.zeros((count, 3)),
        segment_range=np.zeros((count, 2), int),
        segment=np.zeros((0, 4)),
        segment_normal=np.zeros((0, 4)),
        segment_span=np.zeros((0, 2)),
        material=np.array([materials.index(shape.material) for shape in shapes]),
        decal=np.full((count, 6), -1),
        decal_area=np.tile([0.0, 1.0, 0.0, 1.0], (count, 1)),
        map_start=np.zeros((count, 6), int),
        map_size=np.ones((count, 6, 2), int),
        object_range=np.zeros((len(objects), 2), int),
        object_centre=np.zeros((len(objects), 3)),
        object_radius=np.zeros(len(objects)),
    )
    segments, normals, spans = [], [], []
    reach = np.zeros(count)
    for i, shape in enumerate(shapes):
        if isinstance(shape, Box):
            world.half[i] = np.asarray(shape.size) / 2
            reach[i] = np.linalg.norm(world.half[i])
            x, y, z = shape.size
            world.map_size[i] = [
                [max(3, round(u / shape.texel_meters)), max(3, round(v / shape.texel_meters))]
                for u, v in ((y, z), (y, z), (x, z), (x, z), (x, y), (x, y))
            ]
            for face in shape.unseen:
                world.map_size[i, FACES.index(face)] = 1
            for face, name in shape.decals.items():
                world.decal[i, FACES.index(face)] = decals.index(name)
        else:
            outline = np.asarray(shape.profile, float)
            ends, normal = _segments(outline)
            length = np.concatenate([[0], np.hypot(*np.diff(outline, axis=0).T).cumsum()])
            world.segment_range[i] = sum(map(len, segments)) + np.array([0, len(ends)])
            segments.append(ends)
            normals.append(normal)
            spans.append(np.stack([length[:-1], length[1:]], axis=1) / length[-1])
            radius = outline[:, 0].max()
            world.half[i] = radius, outline[:, 1].min(), outline[:, 1].max()
            reach[i] = np.hypot(*outline.T).max()
            world.map_size[i, 0] = (
                max(12, round(2 * np.pi * radius / shape.texel_meters)),
                max(3, round(length[-1] / shape.texel_meters)),
            )
            if shape.decal:
                world.decal[i, 0] = decals.index(shape.decal)
                world.decal_area[i] = shape.decal_area
    texels = np.where(
        (world.kind == BOX)[:, None] | (np.arange(6) == 0), world.map_size.prod(axis=2), 0
    )
    world.map_start[:] = (texels.cumsum() - texels.ravel()).reshape(count, 6)
    first = 0
    for k, parts in enumerate(objects.values()):
        here = slice(first, first + len(parts))
        world.object_range[k] = first, here.stop
        low = (world.position[here] - reach[here, None]).min(axis=0)
        high = (world.position[here] + reach[here, None]).max(axis=0)
        centre = (low + high) / 2
        world.object_centre[k] = centre
        world.object_radius[k] = (
            np.linalg.norm(world.position[here] - centre, axis=1) + reach[here]
        ).max()
        first = here.stop
    return world._replace(
        segment=np.concatenate(segments),
        segment_normal=np.concatenate(normals),
        segment_span=np.concatenate(spans),
    )


def extent(parts: list[Shape]) -> np.ndarray:
    """Edge lengths (3) in metres of the upright box around the shapes."""
    low, high = np.full(3, np.inf), np.full(3, -np.inf)
    for shape in parts:
        centre, half = np.zeros(3), np.zeros(3)
        if isinstance(shape, Box):
            half[:] = np.asarray(shape.size) / 2
        else:
            radius, height = np.asarray(shape.profile, float).T
            centre[2] = (height.min() + height.max()) / 2
            half[:] = radius.max(), radius.max(), (height.max() - height.min()) / 2
        middle = shape.rotation @ centre + shape.position
        reach = np.abs(shape.rotation) @ half
        low, high = np.minimum(low, middle - reach), np.maximum(high, middle + reach)
    return high - low
