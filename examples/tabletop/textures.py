"""Procedural materials: the colour of a surface as a function of the point on it.

Every pattern is irregular, because repeated patterns mislead feature matching, and none is finer
than about 3 mm, what the cameras resolve from where they stand. Colours are linear, 0 to 1.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit

TERRAZZO, PLANKS, WOOD, PAINT, BANDS, CLOTH, PAGES, SWIRL = range(8)


class Material(NamedTuple):
    """A pattern, its four colours in sRGB, and the size of what it repeats."""

    pattern: int
    colours: tuple[str, str, str, str]
    size_meters: float = 0.03


class Palette(NamedTuple):
    """Materials as arrays: pattern (M,), linear colours (M, 4, 3), size in metres (M,)."""

    pattern: np.ndarray
    colour: np.ndarray
    size: np.ndarray


def linear_from_srgb(srgb: np.ndarray) -> np.ndarray:
    """Undo the sRGB transfer function (IEC 61966-2-1); values 0 to 1, any shape."""
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def palette(materials: dict[str, Material]) -> Palette:
    """Pack the materials in their order."""
    hexes = [[bytes.fromhex(c.lstrip("#")) for c in m.colours] for m in materials.values()]
    srgb = np.array([[list(c) for c in row] for row in hexes]) / 255
    return Palette(
        np.array([m.pattern for m in materials.values()]),
        linear_from_srgb(srgb),
        np.array([m.size_meters for m in materials.values()]),
    )


@njit
def hashed(x, y, z, seed):
    """A well-mixed 32-bit integer of a lattice point."""
    h = (x * 374761393 + y * 668265263 + z * 1440662683 + seed * 1274126177) & 0xFFFFFFFF
    h = ((h ^ (h >> 15)) * 2246822519) & 0xFFFFFFFF
    h = ((h ^ (h >> 13)) * 3266489917) & 0xFFFFFFFF
    return h ^ (h >> 16)


@njit
def chance(x, y, z, seed):
    """A uniform number in 0 to 1 of a lattice point."""
    return hashed(x, y, z, seed) / 4294967296.0


@njit
def gradient(h, x, y, z):
    """Perlin's twelve gradients ("Improving noise", SIGGRAPH 2002)."""
    h &= 15
    a = x if h < 8 else y
    b = y if h < 4 else (x if h == 12 or h == 14 else z)
    return (a if h & 1 == 0 else -a) + (b if h & 2 == 0 else -b)


@njit
def mixed(a, b, t):
    return a + (b - a) * t


@njit
def step(low, high, x):
    """0 below `low`, 1 above `high`, smooth between."""
    t = min(1.0, max(0.0, (x - low) / (high - low)))
    return t * t * (3 - 2 * t)


@njit
def noise(x, y, z, seed):
    """Perlin noise, about -1 to 1, one feature per unit."""
    i, j, k = math.floor(x), math.floor(y), math.floor(z)
    fx, fy, fz = x - i, y - j, z - k
    u = fx * fx * fx * (fx * (fx * 6 - 15) + 10)
    v = fy * fy * fy * (fy * (fy * 6 - 15) + 10)
    w = fz * fz * fz * (fz * (fz * 6 - 15) + 10)
    low = mixed(
        mixed(
            gradient(hashed(i, j, k, seed), fx, fy, fz),
            gradient(hashed(i + 1, j, k, seed), fx - 1, fy, fz),
            u,
        ),
        mixed(
            gradient(hashed(i, j + 1, k, seed), fx, fy - 1, fz),
            gradient(hashed(i + 1, j + 1, k, seed), fx - 1, fy - 1, fz),
            u,
        ),
        v,
    )
    high = mixed(
        mixed(
            gradient(hashed(i, j, k + 1, seed), fx, fy, fz - 1),
            gradient(hashed(i + 1, j, k + 1, seed), fx - 1, fy, fz - 1),
            u,
        ),
        mixed(
            gradient(hashed(i, j + 1, k + 1, seed), fx, fy - 1, fz - 1),
            gradient(hashed(i + 1, j + 1, k + 1, seed), fx - 1, fy - 1, fz - 1),
            u,
        ),
        v,
    )
    return mixed(low, high, w)


@njit
def cloud(x, y, z, octaves, seed):
    """Octaves of noise, each half as strong and twice as fine."""
    total, strength = 0.0, 1.0
    for octave in range(octaves):
        total += strength * noise(x, y, z, seed + octave)
        x, y, z, strength = 2.03 * x + 7.1, 2.03 * y + 3.7, 2.03 * z + 5.3, strength / 2
    return total


@njit
def chips(x, y, size, seed):
    """Voronoi cells of about `size` metres: distance to the cell's edge in metres, and its id."""
    x /= size
    y /= size
    i, j = math.floor(x), math.floor(y)
    first, second, name = 9.0, 9.0, 0
    for b in range(j - 1, j + 2):
        for a in range(i - 1, i + 2):
            dx = a + 0.08 + 0.84 * chance(a, b, 0, seed) - x
            dy = b + 0.08 + 0.84 * chance(a, b, 1, seed) - y
            square = dx * dx + dy * dy
            if square < first:
                first, second, name = square, first, hashed(a, b, 2, seed)
            elif square < second:
                second = square
    return (math.sqrt(second) - math.sqrt(first)) * size / 2, name


@njit
def blend(a, b, t):
    """Mix two colours."""
    return mixed(a[0], b[0], t), mixed(a[1], b[1], t), mixed(a[2], b[2], t)


@njit
def shaded(colour, factor):
    return colour[0] * factor, colour[1] * factor, colour[2] * factor


@njit
def terrazzo(colour, size, x, y, z, seed):
    """Stone chips of three colours, and small ones, in a pale cement (colour 0)."""
    unfold = 1 - z / max(0.05, math.hypot(x, y))  # down the rim of a slab whose top is z = 0
    x *= unfold
    y *= unfold
    matrix = shaded(
        (colour[0, 0], colour[0, 1], colour[0, 2]),
        1 + 0.08 * cloud(x * 9, y * 9, 0.5, 3, seed) + 0.05 * noise(x * 160, y * 160, 0.5, seed),
    )
    inset, name = chips(x, y, size * 0.38, seed + 11)
    if name % 100 < 24:
        small = colour[1 + name // 128 % 3]
        tone = 0.8 + 0.5 * ((name // 4096) % 64) / 64
        solid = 0.75 * step(0.0008, 0.0022, inset - 0.001)
        matrix = blend(matrix, shaded((small[0], small[1], small[2]), tone), solid)
    inset, name = chips(x, y, size, seed)
    if name % 100 < 72:
        chip = colour[1 + name // 128 % 3]
        tone = 0.65 + 0.7 * ((name // 4096) % 64) / 64
        tone *= 1 + 0.2 * cloud(x * 60, y * 70, name % 97, 2, seed + 3)
        margin = 0.001 + 0.004 * ((name // 262144) % 64) / 64
        matrix = blend(
            matrix,
            shaded((chip[0], chip[1], chip[2]), tone),
            step(0.0, 0.0016, inset - margin),
        )
    return matrix


@njit
def grain(x, y, z, seed):
    """Wood with its grain along x: 0 in early, 1 in late wood."""
    bend = 0.012 * cloud(x * 2.3, y * 9, z * 9, 2, seed)
    radius = math.hypot(y - 0.11 + bend, z + 0.07 + bend) * 95
    radius += 0.8 * noise(x * 3, y * 22, z * 22, seed + 5)
    ring = radius - math.floor(radius)
    late = step(0.1, 0.85, ring) * (1 - step(0.86, 1.0, ring))
    fibre = noise(x * 12, y * 130, z * 130, seed + 9)
    return min(1.0, max(0.0, 0.7 * late + 0.2 + 0.24 * fibre))


@njit
def planks(colour, size, x, y, z, seed):
    """Floor boards `size` wide along x, each with its own tone, grain and knots."""
    row = math.floor(y / size)
    length = 0.75 + 0.5 * chance(row, 0, 5, seed)
    shifted = x + 4 * chance(row, 1, 5, seed)
    column = math.floor(shifted / length)
    name = hashed(row, column, 3, seed)
    inside_x = shifted - column * length
    inside_y = y - row * size
    knot = 0.0
    pull = 0.0
    for n in range(2):
        kx = length * (0.1 + 0.8 * chance(row, column, 10 + n, seed))
        ky = size * (0.2 + 0.6 * chance(row, column, 20 + n, seed))
        reach = 0.010 + 0.010 * chance(row, column, 30 + n, seed)
        away = math.hypot((inside_x - kx) / 2.2, inside_y - ky) / reach
        pull += math.exp(-away * away / 6) * reach * 0.9
        knot = max(knot, 1 - step(0.55, 1.0, away + 0.2 * noise(x * 60, y * 60, 0, seed)))
    late = grain(inside_x, inside_y + pull, 0.002 * (name % 50), name % 9973)
    tone = 0.78 + 0.44 * ((name // 512) % 128) / 128
    wood = blend(colour[0], colour[1], late)
    wood = blend(wood, colour[2], 0.8 * knot)
    tone *= 1 + 0.16 * cloud(x * 5, y * 11, 0.3, 3, seed)
    edge = min(min(inside_y, size - inside_y), min(inside_x, length - inside_x))
    return blend(colour[3], shaded(wood, tone), step(0.0004, 0.0030, edge))


@njit
def worn(coat, under, speck, x, y, z, seed):
    """Paint that has been handled: mottled, chipped down to `under`, splashed with `speck`."""
    coat = shaded(coat, 1 + 0.13 * cloud(x * 24, y * 24, z * 24, 3, seed))
    chipped = cloud(x * 38, y * 38, z * 38, 3, seed + 31)
    coat = blend(coat, under, 0.7 * step(0.60, 0.78, chipped))
    splash = noise(x * 70, y * 70, z * 70, seed + 57)
    return blend(coat, speck, 0.55 * step(0.46, 0.70, splash))


@njit
def bands(colour, size, x, y, z, seed):
    """Hand-painted rings about z, their edges not quite level."""
    turn = math.atan2(y, x)
    wobble = 0.10 * noise(2 * math.cos(turn), 2 * math.sin(turn), z * 8, seed)
    height = z / size + wobble + 40
    ring = math.floor(height)
    share = height - ring
    below = colour[hashed(ring - 1, 0, 0, seed) % 2 + 2 * ((ring + 1) % 2)]
    here = colour[hashed(ring, 0, 0, seed) % 2 + 2 * (ring % 2)]
    coat = blend(below, here, step(0.0, 0.0016 / size, share))
    dark = (0.10, 0.07, 0.05)
    return worn(coat, dark, colour[0], x, y, z, seed)


@njit
def swirl(colour, size, x, y, z, seed):
    """Marbled colours, folded into each other."""
    x, y, z = x / size, y / size, z / size
    fold = 1.3 * cloud(x * 0.8, y * 0.8, z * 0.8, 2, seed)
    t = 2.0 + 1.9 * cloud(x + fold, y - 0.7 * fold, z + 0.4 * fold, 3, seed + 17)
    t = min(2.999, max(0.0, t - 0.5))
    i = int(t)
    share = step(0.35, 0.65, t - i)
    tone = 1 + 0.1 * cloud(x * 5, y * 5, z * 5, 2, seed + 5)
    return shaded(blend(colour[i], colour[i + 1], share), tone)


@njit
def albedo(materials, m, x, y, z, seed):
    """Linear colour (3) of material `m` at the point (x, y, z) metres of a shape's own frame."""
    pattern, size = materials.pattern[m], materials.size[m]
    c = materials.colour[m]
    if pattern == TERRAZZO:
        return terrazzo(c, size, x, y, z, seed)
    if pattern == PLANKS:
        return planks(c, size, x, y, z, seed)
    if pattern == BANDS:
        return bands(c, size, x, y, z, seed)
    if pattern == SWIRL:
        return swirl(c, size, x, y, z, seed)
    first = (c[0, 0], c[0, 1], c[0, 2])
    second = (c[1, 0], c[1, 1], c[1, 2])
    third = (c[2, 0], c[2, 1], c[2, 2])
    if pattern == WOOD:
        wood = blend(first, second, grain(x, y, z, seed))
        wood = shaded(wood, 1 + 0.12 * cloud(x * 14, y * 14, z * 14, 2, seed + 2))
        stain = cloud(x * 30, y * 45, z * 45, 2, seed + 21)
        return blend(wood, third, 0.55 * step(0.45, 0.75, stain))
    if pattern == PAGES:
        leaf = noise(x * 7, y * 7, z * 330, seed) + 0.5 * cloud(x * 25, y * 25, z * 25, 2, seed)
        return blend(first, second, step(-0.7, 0.8, leaf))
    if pattern == CLOTH:
        weave = noise(x * 210, y * 60, z * 210, seed) + noise(x * 60, y * 210, z * 60, seed + 1)
        cloth = shaded(first, 1 + 0.16 * weave + 0.16 * cloud(x * 16, y * 16, z * 16, 3, seed))
        faded = cloud(x * 20, y * 20, z * 20, 3, seed + 41)
        return blend(cloth, second, 0.6 * step(0.45, 0.85, faded))
    return worn(first, second, third, x, y, z, seed)
