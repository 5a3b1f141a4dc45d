"""Light, gathered once for every spot of every surface, so that all photos agree on it.

A matt surface looks equally bright from everywhere, so what reaches it can be computed before any
photo is taken: soft shadows from a lamp, the glow of the room, and one bounce from what is around.
"""

import math

import numpy as np
from numba import njit, prange

from raytrace import FAR, first_hit, map_lookup, surface_at
from shapes import BOX, World
from textures import Palette, albedo

LAMP_CORNER = (-1.35, -1.25, 2.05)  # metres
LAMP_U = (0.62, -0.30, 0.14)
LAMP_V = (0.24, 0.52, 0.26)
LAMP_RADIANCE = (72.0, 58.0, 42.5)
ROOM_ABOVE = (0.22, 0.27, 0.35)
ROOM_BESIDE = (0.30, 0.25, 0.20)
OFF_SURFACE_METERS = 1e-5


@njit
def point_on(world, s, column, u, v):
    """World point (3) of shape `s` at a light-map position, and the part it lies on."""
    half = world.half[s]
    if world.kind[s] == BOX:
        a, b = 2 * u - 1, 2 * v - 1
        sign = 1.0 if column % 2 == 0 else -1.0
        if column < 2:
            px, py, pz = sign * half[0], sign * a * half[1], b * half[2]
        elif column < 4:
            px, py, pz = -sign * a * half[0], sign * half[1], b * half[2]
        else:
            px, py, pz = sign * a * half[0], b * half[1], sign * half[2]
        part = column
    else:
        part = world.segment_range[s, 0]
        while part + 1 < world.segment_range[s, 1] and v > world.segment_span[part, 1]:
            part += 1
        span, segment = world.segment_span[part], world.segment[part]
        share = (v - span[0]) / (span[1] - span[0])
        radius = segment[0] + share * (segment[2] - segment[0])
        turn = (u - 0.5) * 2 * math.pi
        px, py = radius * math.cos(turn), radius * math.sin(turn)
        pz = segment[1] + share * (segment[3] - segment[1])
    r, at = world.rotation[s], world.position[s]
    x = r[0, 0] * px + r[0, 1] * py + r[0, 2] * pz + at[0]
    y = r[1, 0] * px + r[1, 1] * py + r[1, 2] * pz + at[1]
    z = r[2, 0] * px + r[2, 1] * py + r[2, 2] * pz + at[2]
    return x, y, z, part


@njit
def lamp_light(world, x, y, z, nx, ny, nz, side, phase_u, phase_v):
    """Irradiance (3) from the lamp, over `side` x `side` places on it."""
    ex = LAMP_U[1] * LAMP_V[2] - LAMP_U[2] * LAMP_V[1]
    ey = LAMP_U[2] * LAMP_V[0] - LAMP_U[0] * LAMP_V[2]
    ez = LAMP_U[0] * LAMP_V[1] - LAMP_U[1] * LAMP_V[0]
    total = 0.0
    for i in range(side):
        for j in range(side):
            a, b = (i + phase_u) / side, (j + phase_v) / side
            dx = LAMP_CORNER[0] + a * LAMP_U[0] + b * LAMP_V[0] - x
            dy = LAMP_CORNER[1] + a * LAMP_U[1] + b * LAMP_V[1] - y
            dz = LAMP_CORNER[2] + a * LAMP_U[2] + b * LAMP_V[2] - z
            square = dx * dx + dy * dy + dz * dz
            distance = math.sqrt(square)
            dx, dy, dz = dx / distance, dy / distance, dz / distance
            facing = dx * nx + dy * ny + dz * nz
            if facing <= 0:
                continue
            if first_hit(world, x, y, z, dx, dy, dz, distance, True)[1] < 0:
                total += facing * abs(dx * ex + dy * ey + dz * ez) / square
    total /= side * side
    return LAMP_RADIANCE[0] * total, LAMP_RADIANCE[1] * total, LAMP_RADIANCE[2] * total


@njit
def room_light(world, materials, light, x, y, z, nx, ny, nz, count, phase_u, phase_v):
    """Irradiance (3) from the room and from lit surfaces, over `count` cosine-spread directions."""
    if abs(nz) < 0.9:
        tx, ty, tz = -ny, nx, 0.0
    else:
        tx, ty, tz = 0.0, -nz, ny
    length = math.sqrt(tx * tx + ty * ty + tz * tz)
    tx, ty, tz = tx / length, ty / length, tz / length
    bx, by, bz = ny * tz - nz * ty, nz * tx - nx * tz, nx * ty - ny * tx
    red, green, blue = 0.0, 0.0, 0.0
    for i in range(count):
        # Fibonacci lattice, turned differently at every texel
        share = (i + phase_u) / count
        turn = 2 * math.pi * ((i * 0.6180339887498949 + phase_v) % 1.0)
        out, up = math.sqrt(share), math.sqrt(1 - share)
        a, b = out * math.cos(turn), out * math.sin(turn)
        dx = a * tx + b * bx + up * nx
        dy = a * ty + b * by + up * ny
        dz = a * tz + b * bz + up * nz
        t, s, part = first_hit(world, x, y, z, dx, dy, dz, FAR, False)
        if s < 0:
            mix = min(1.0, max(0.0, dz))
            red += ROOM_BESIDE[0] + mix * (ROOM_ABOVE[0] - ROOM_BESIDE[0])
            green += ROOM_BESIDE[1] + mix * (ROOM_ABOVE[1] - ROOM_BESIDE[1])
            blue += ROOM_BESIDE[2] + mix * (ROOM_ABOVE[2] - ROOM_BESIDE[2])
        else:
            _, _, _, px, py, pz, column, u, v = surface_at(
                world, s, part, x + t * dx, y + t * dy, z + t * dz
            )
            colour = albedo(materials, world.material[s], px, py, pz, s)
            lit = map_lookup(world, light, s, column, u, v)
            red += colour[0] * lit[0] / math.pi
            green += colour[1] * lit[1] / math.pi
            blue += colour[2] * lit[2] / math.pi
    return math.pi * red / count, math.pi * green / count, math.pi * blue / count


@njit
def is_buried(world, owner, x, y, z):
    """Whether a point lies inside a shape other than its owner."""
    for s in range(world.kind.shape[0]):
        if s == owner:
            continue
        r, at, half = world.rotation[s], world.position[s], world.half[s]
        dx, dy, dz = x - at[0], y - at[1], z - at[2]
        px = r[0, 0] * dx + r[1, 0] * dy + r[2, 0] * dz
        py = r[0, 1] * dx + r[1, 1] * dy + r[2, 1] * dz
        pz = r[0, 2] * dx + r[1, 2] * dy + r[2, 2] * dz
        if world.kind[s] == BOX:
            if abs(px) < half[0] and abs(py) < half[1] and abs(pz) < half[2]:
                return True
        elif half[1] < pz < half[2]:
            # inside where a line outwards from here crosses the outline an odd number of times
            radius, crossings = math.hypot(px, py), 0
            for g in range(world.segment_range[s, 0], world.segment_range[s, 1]):
                r0, z0, r1, z1 = world.segment[g]
                if (z0 <= pz) != (z1 <= pz) and r0 + (pz - z0) / (z1 - z0) * (r1 - r0) > radius:
                    crossings += 1
            if crossings % 2 == 1:
                return True
    return False


@njit(parallel=True)
def _gather(world, materials, before, texel, bounce, side, count, seed, light, buried):
    """Fill `light` (T, 3) and `buried` (T,) for `texel` (T, 4): shape, column, x, y."""
    for n in prange(texel.shape[0]):
        s, column = texel[n, 0], texel[n, 1]
        u = (texel[n, 2] + 0.5) / world.map_size[s, column, 0]
        v = (texel[n, 3] + 0.5) / world.map_size[s, column, 1]
        x, y, z, part = point_on(world, s, column, u, v)
        nx, ny, nz = surface_at(world, s, part, x, y, z)[:3]
        x, y, z = (
            x + OFF_SURFACE_METERS * nx,
            y + OFF_SURFACE_METERS * ny,
            z + OFF_SURFACE_METERS * nz,
        )
        if is_buried(world, s, x, y, z):
            buried[n] = True
            continue
        phase = seed[n]
        if bounce:
            lit = room_light(
                world, materials, before, x, y, z, nx, ny, nz, count, phase[0], phase[1]
            )
        else:
            lit = lamp_light(world, x, y, z, nx, ny, nz, side, phase[0], phase[1])
        light[n, 0], light[n, 1], light[n, 2] = lit


def _texels(world: World) -> np.ndarray:
    """Every texel as (shape, column, x, y), in light-map order, shape (T, 4)."""
    rows = []
    for s in range(len(world.kind)):
        for column in range(6 if world.kind[s] == BOX else 1):
            width, height = world.map_size[s, column]
            y, x = np.mgrid[:height, :width]
            owner = np.full(x.size, s), np.full(x.size, column)
            rows.append(np.stack([*owner, x.ravel(), y.ravel()], axis=1))
    return np.concatenate(rows)


def _bleed(world: World, light: np.ndarray, buried: np.ndarray) -> None:
    """Give texels buried in other shapes their visible neighbours' light, against dark seams."""
    for s in range(len(world.kind)):
        for column in range(6 if world.kind[s] == BOX else 1):
            width, height = world.map_size[s, column]
            start = world.map_start[s, column]
            here = slice(start, start + width * height)
            image = light[here].reshape(height, width, 3)
            known = ~buried[here].reshape(height, width)
            if known.all() or not known.any():
                continue
            for _ in range(2):
                total, weight = np.zeros_like(image), np.zeros((height, width))
                for dy, dx in ((0, 1), (0, -1), (1, 0), (-1, 0)):
                    total += np.roll(image * known[..., None], (dy, dx), (0, 1))
                    weight += np.roll(known, (dy, dx), (0, 1))
                fresh = ~known & (weight > 0)
                image[fresh] = total[fresh] / weight[fresh, None]
                known |= fresh


def bake(world: World, materials: Palette, lamp_side: int = 9, directions: int = 160) -> np.ndarray:
    """Irradiance of every texel, linear RGB, shape (T, 3): lamp, room, and one bounce of both."""
    texel = _texels(world)
    seed = np.random.default_rng(7).random((len(texel), 2))
    lamp, room = np.zeros((2, len(texel), 3))
    buried = np.zeros(len(texel), bool)
    nothing = np.zeros_like(lamp)
    _gather(world, materials, nothing, texel, False, lamp_side, 0, seed, lamp, buried)
    _bleed(world, lamp, buried)
    # what the bounced light starts from: the lamp, and a guess at the room's share
    start = lamp + 0.6 * np.pi * np.array(ROOM_ABOVE)
    _gather(world, materials, start, texel, True, 0, directions, seed, room, buried)
    _bleed(world, room, buried)
    return lamp + room
