"""What stands on the table. Metres; z is up, z = 0 is the top of the terrazzo slab."""

from __future__ import annotations

import numpy as np

from shapes import Box, Lathe, Shape, cylinder, placed, rounded, sphere, turn
from textures import (
    BANDS,
    CLOTH,
    PAGES,
    PAINT,
    PLANKS,
    SWIRL,
    TERRAZZO,
    WOOD,
    Material,
)

SLAB_RADIUS, SLAB_THICKNESS = 0.60, 0.03

MATERIALS = {
    "oak floor": Material(PLANKS, ("#75563d", "#644732", "#3d2a1e", "#33241a"), 0.17),
    "terrazzo": Material(TERRAZZO, ("#dccfb8", "#bb7457", "#8c9a80", "#66707a"), 0.042),
    "pine": Material(WOOD, ("#d9b47e", "#a9773f", "#6b4526", "#000000")),
    "walnut": Material(WOOD, ("#7d5436", "#4b2e1c", "#2d1a10", "#000000")),
    "beech": Material(WOOD, ("#e3c08f", "#c39a63", "#8a6238", "#000000")),
    "red paint": Material(PAINT, ("#b8402c", "#6e4a33", "#e5b48a", "#000000")),
    "teal paint": Material(PAINT, ("#2f7f86", "#8b6a48", "#b9d8cf", "#000000")),
    "cream paint": Material(PAINT, ("#e5d4b0", "#9b7a55", "#b98b58", "#000000")),
    "mustard paint": Material(PAINT, ("#d69a2d", "#7a5531", "#f3dca4", "#000000")),
    "orange paint": Material(PAINT, ("#d9642a", "#5a4a42", "#f2c09a", "#000000")),
    "graphite": Material(PAINT, ("#56534f", "#8d8578", "#2c2a28", "#000000")),
    "tin": Material(PAINT, ("#a8a49a", "#6d675e", "#d8d3c6", "#000000")),
    "vase glaze": Material(BANDS, ("#e9dcc0", "#c96f3f", "#2f5f73", "#7d3b2c"), 0.027),
    "cone stripes": Material(BANDS, ("#e8622a", "#d9541f", "#f0e6d6", "#f0e6d6"), 0.045),
    "marbled red": Material(SWIRL, ("#f0e2c4", "#d98e4a", "#b03a2e", "#3c2a3a"), 0.045),
    "marbled blue": Material(SWIRL, ("#f1e6cf", "#7fb0a8", "#2f6480", "#23304a"), 0.032),
    "red cloth": Material(CLOTH, ("#93352b", "#c98a68", "#000000", "#000000")),
    "green cloth": Material(CLOTH, ("#3f6650", "#8fae8a", "#000000", "#000000")),
    "ochre cloth": Material(CLOTH, ("#cf9a45", "#ecd09a", "#000000", "#000000")),
    "paper": Material(PAGES, ("#eadfc4", "#b9a783", "#000000", "#000000")),
}

ALONG_Y = turn(x=-90)  # a lathe's axis, turned from z to y
ALONG_X = turn(y=90)


def ground() -> list[Shape]:
    """The floor, wider than any photo sees, and the round slab on it."""
    slab = [
        (0, -SLAB_THICKNESS),
        (SLAB_RADIUS - 0.004, -SLAB_THICKNESS),
        (SLAB_RADIUS, -SLAB_THICKNESS + 0.004),
        (SLAB_RADIUS, -0.006),
        (SLAB_RADIUS - 0.006, 0),
        (0, 0),
    ]
    return [
        Box((7, 7, 0.1), (0, 0, -SLAB_THICKNESS - 0.05), "oak floor", texel_meters=0.010,
            unseen=("+x", "-x", "+y", "-y", "-z")),
        Lathe(slab, (0, 0, 0), "terrazzo", texel_meters=0.0035),
    ]  # fmt: skip


def toy_robot() -> list[Shape]:
    """A wooden robot, about 40 cm tall, facing -y."""
    shapes: list[Shape] = []
    for side in (-1, 1):
        shapes += [
            Box((0.062, 0.095, 0.032), (side * 0.042, -0.012, 0.016), "walnut"),
            Box((0.044, 0.046, 0.075), (side * 0.042, 0, 0.0695), "beech"),
            Lathe(cylinder(0.021, 0, 0.016), (side * 0.076, 0, 0.212), "mustard paint",
                  turn(y=side * 90)),
            Box((0.032, 0.036, 0.085), (side * 0.108, -0.010, 0.178), "beech", turn(x=-18)),
            Box((0.040, 0.046, 0.036), (side * 0.108, -0.034, 0.128), "red paint", turn(x=-18)),
            Lathe(cylinder(0.0165, -0.002, 0.012), (side * 0.028, -0.046, 0.306), "cream paint",
                  turn(x=90)),
            Lathe(cylinder(0.009, 0.0, 0.017), (side * 0.028, -0.046, 0.306), "graphite",
                  turn(x=90)),
            Lathe(cylinder(0.015, -0.002, 0.012), (side * 0.061, 0, 0.292), "mustard paint",
                  turn(y=side * 90)),
        ]  # fmt: skip
    return [
        *shapes,
        Box((0.152, 0.098, 0.140), (0, 0, 0.177), "teal paint", decals={"-y": "chest"}),
        Lathe(cylinder(0.026, 0.245, 0.262), (0, 0, 0), "graphite"),
        Box((0.122, 0.092, 0.082), (0, 0, 0.302), "red paint", decals={"-y": "face"}),
        Lathe(cylinder(0.005, 0.340, 0.376, 0.001), (0, 0, 0), "tin"),
        Lathe(sphere(0.014, 20), (0, 0, 0.386), "mustard paint"),
    ]


def robot_arm() -> list[Shape]:
    """A desktop arm with two links, reaching along +x."""
    shoulder, elbow = np.array([0, 0, 0.150]), np.array([0.075, 0, 0.318])
    wrist = np.array([0.232, 0, 0.275])

    def link(start: np.ndarray, end: np.ndarray, width: float, decal: str) -> Box:
        along = end - start
        pitch = -np.degrees(np.arctan2(along[2], along[0]))
        size = (np.linalg.norm(along) + 0.02, width, width * 1.05)
        sides = {"-y": decal, "+y": decal} if decal else {}
        return Box(size, (start + end) / 2, "orange paint", turn(y=pitch), sides)

    def at_wrist(y: float, z: float) -> np.ndarray:
        return wrist + np.array([0, y, z])

    base = rounded([(0.095, 0), (0.095, 0.018), (0.070, 0.030), (0.056, 0.060), (0.054, 0.100)])
    return [
        Lathe([(0, 0), *base, (0, 0.100)], (0, 0, 0), "graphite"),
        Lathe(cylinder(0.052, 0.100, 0.130), (0, 0, 0), "orange paint"),
        Lathe(cylinder(0.036, -0.048, 0.048), shoulder, "graphite", ALONG_Y),
        link(shoulder, elbow, 0.050, "hazard"),
        Lathe(cylinder(0.031, -0.040, 0.040), elbow, "graphite", ALONG_Y),
        link(elbow, wrist, 0.038, ""),
        Lathe(cylinder(0.022, -0.028, 0.028), wrist, "graphite", ALONG_Y),
        Lathe(cylinder(0.015, -0.055, 0), wrist, "tin"),
        Box((0.030, 0.076, 0.018), at_wrist(0, -0.062), "orange paint"),
        Box((0.020, 0.013, 0.052), at_wrist(0.029, -0.094), "graphite"),
        Box((0.020, 0.013, 0.052), at_wrist(-0.029, -0.094), "graphite"),
        Box((0.045, 0.045, 0.045), at_wrist(0, -0.110), "beech",
            decals=dict.fromkeys(("+x", "-x", "+y", "-y", "+z"), "letter-q")),
    ]  # fmt: skip


def book(length: float, depth: float, height: float, cloth: str, cover: str, spine: str) -> list:
    """A closed book lying on z = 0, its spine towards -y."""
    board = 0.004
    return [
        Box((length, depth, board), (0, 0, board / 2), cloth),
        Box((length, depth, board), (0, 0, height - board / 2), cloth,
            decals={"+z": cover} if cover else {}),
        Box((length, 0.005, height), (0, -depth / 2 + 0.0025, height / 2), cloth,
            decals={"-y": spine}),
        Box((length - 0.008, depth - 0.012, height - 2 * board), (0, 0.001, height / 2), "paper"),
    ]  # fmt: skip


def books() -> list[Shape]:
    """Three books, carelessly stacked, with a ball on top."""
    return [
        *book(0.235, 0.170, 0.042, "red cloth", "", "spine-a"),
        *placed(book(0.215, 0.160, 0.034, "green cloth", "", "spine-b"), (0.004, 0.002, 0.042), 9),
        *placed(book(0.190, 0.140, 0.028, "ochre cloth", "cover-b", "spine-c"),
                (-0.004, 0.006, 0.076), -13),
        Lathe(sphere(0.037), (0.030, 0.012, 0.141), "marbled blue", turn(y=40, z=70)),
    ]  # fmt: skip


def vase() -> list[Shape]:
    """A thrown vase with a hollow neck."""
    outside = rounded(
        [
            (0.045, 0), (0.062, 0.035), (0.080, 0.085), (0.074, 0.140),
            (0.044, 0.190), (0.030, 0.220), (0.036, 0.250), (0.043, 0.260),
        ]
    )  # fmt: skip
    inside = [(0.036, 0.260), (0.030, 0.250), (0.024, 0.222), (0.028, 0.195), (0, 0.190)]
    return [Lathe([(0, 0), *outside, *inside], (0, 0, 0), "vase glaze")]


def crate() -> list[Shape]:
    """A closed shipping crate with battens along its edges."""
    x, y, z, batten = 0.200, 0.150, 0.140, 0.020
    panel = {"-y": "stencil", "+y": "stencil"}
    shapes: list[Shape] = [
        Box((x - 0.012, y - 0.012, z - 0.012), (0, 0, z / 2), "pine", decals=panel)
    ]
    for a in (-1, 1):
        for b in (-1, 1):
            shapes += [
                Box((x, batten, batten), (0, a * (y - batten) / 2, z / 2 + b * (z - batten) / 2),
                    "walnut"),
                Box((y - 2 * batten, batten, batten),
                    (a * (x - batten) / 2, 0, z / 2 + b * (z - batten) / 2), "walnut", turn(z=90)),
                Box((z - 2 * batten, batten, batten),
                    (a * (x - batten) / 2, b * (y - batten) / 2, z / 2), "walnut", turn(y=90)),
            ]  # fmt: skip
    return shapes


def letter_blocks() -> list[Shape]:
    """Four toy blocks and one on top of them, each turned a little."""
    side = 0.052
    layout = [
        ("cp7r", (0, 0, 0), 8),
        ("rcsp", (0.066, 0.012, 0), -14),
        ("7qpc", (0.028, 0.068, 0), 31),
        ("sr7q", (-0.040, 0.058, 0), -22),
        ("pscr", (0.030, 0.030, side), 20),
    ]
    return [
        Box(
            (side, side, side),
            (x, y, z + side / 2),
            "beech",
            turn(z=degrees),
            {
                face: f"letter-{letter}"
                for face, letter in zip(("-y", "+x", "+y", "-x", "+z"), word + word[1], strict=True)
            },
        )
        for word, (x, y, z), degrees in layout
    ]


def cone() -> list[Shape]:
    """A traffic cone on its foot."""
    side = [(0.056, 0.012), (0.052, 0.020), (0.016, 0.196), (0.010, 0.200)]
    return [
        Box((0.150, 0.150, 0.013), (0, 0, 0.0065), "graphite", turn(z=25)),
        Lathe([(0, 0.012), *side, (0, 0.200)], (0, 0, 0), "cone stripes"),
    ]


def tin() -> list[Shape]:
    """A tin with a paper label."""
    outline = [
        (0, 0), (0.043, 0), (0.045, 0.003), (0.0435, 0.007), (0.0435, 0.108),
        (0.045, 0.112), (0.045, 0.116), (0.041, 0.116), (0.041, 0.112), (0, 0.112),
    ]  # fmt: skip
    return [Lathe(outline, (0, 0, 0), "tin", decal="label", decal_area=(0.04, 0.56, 0.24, 0.68))]


def ball() -> list[Shape]:
    """A marbled ball, resting on the slab."""
    return [Lathe(sphere(0.068), (0, 0, 0.068), "marbled red", turn(x=35, z=20))]


def objects() -> dict[str, list[Shape]]:
    """Every object by name, standing in its place."""
    return {
        "ground": ground(),
        "toy robot": placed(toy_robot(), (0.030, -0.010, 0), -12),
        "robot arm": placed(robot_arm(), (-0.390, 0.010, 0), -62),
        "books": placed(books(), (0.345, 0.135, 0), -24),
        "vase": placed(vase(), (0.060, 0.365, 0)),
        "crate": placed(crate(), (-0.255, -0.225, 0), 24),
        "letter blocks": placed(letter_blocks(), (0.045, -0.365, 0), 10),
        "cone": placed(cone(), (0.395, -0.175, 0)),
        "tin": placed(tin(), (-0.190, 0.330, 0), 200),
        "ball": placed(ball(), (0.215, -0.215, 0)),
    }
