"""What is printed on the objects: labels, letters, dials, drawn here with Pillow's own font."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from textures import linear_from_srgb

SIDE = 256


def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.load_default(size=size)


def _letter(text: str, ink: str, ground: str) -> Callable[[ImageDraw.ImageDraw], None]:
    """A toy block's face: a frame and one letter."""

    def draw(pen: ImageDraw.ImageDraw) -> None:
        pen.rounded_rectangle((14, 14, 242, 242), 26, outline=ink, width=16)
        pen.rounded_rectangle((38, 38, 218, 218), 14, fill=ground)
        pen.text((128, 128), text, fill=ink, font=_font(170), anchor="mm", stroke_width=5)

    return draw


def _title(lines: list[str], ink: str) -> Callable[[ImageDraw.ImageDraw], None]:
    """A book cover or spine: lines of text between two rules."""

    def draw(pen: ImageDraw.ImageDraw) -> None:
        pen.rectangle((14, 20, 242, 30), fill=ink)
        pen.rectangle((14, 226, 242, 236), fill=ink)
        size = 190 // max(len(lines), 2)
        while max(_font(size).getlength(line) for line in lines) > 220:
            size -= 2
        for i, line in enumerate(lines):
            y = 128 + (i - (len(lines) - 1) / 2) * (size + 8)
            pen.text((128, y), line, fill=ink, font=_font(size), anchor="mm", stroke_width=1)

    return draw


def _chest(pen: ImageDraw.ImageDraw) -> None:
    """The robot's instrument panel."""
    pen.rounded_rectangle((10, 10, 246, 246), 22, fill="#efe3c8", outline="#3a3330", width=8)
    pen.ellipse((28, 28, 132, 132), fill="#fbf6ea", outline="#3a3330", width=7)
    for degrees in range(150, 400, 30):
        a = np.radians(degrees)
        tick = [80 + reach * f(a) for reach in (32, 43) for f in (np.cos, np.sin)]
        pen.line(tick, fill="#3a3330", width=5)
    pen.line((80, 80, 108, 54), fill="#c8402f", width=8)
    for i, colour in enumerate(("#c8402f", "#e2a33a", "#4f8a5b")):
        pen.ellipse((154, 30 + 36 * i, 182, 58 + 36 * i), fill=colour, outline="#3a3330", width=4)
        pen.rectangle((194, 36 + 36 * i, 230 - 9 * i, 50 + 36 * i), fill="#3a3330")
    for i, height in enumerate((30, 62, 44, 76, 52, 24, 66)):
        pen.rectangle((30 + 22 * i, 232 - height, 44 + 22 * i, 232), fill="#2f6f86")
    pen.text((212, 196), "R3", fill="#c8402f", font=_font(54), anchor="mm", stroke_width=2)


def _label(pen: ImageDraw.ImageDraw) -> None:
    """A tin's paper label: hills, a sun, a name."""
    pen.rectangle((0, 0, 255, 255), fill="#f1dfb6")
    pen.ellipse((150, 40, 214, 104), fill="#dd6b36")
    pen.polygon([(0, 150), (60, 84), (110, 140), (150, 100), (255, 170), (255, 255), (0, 255)],
                fill="#6f9a86")  # fmt: skip
    pen.polygon([(0, 190), (90, 150), (180, 200), (255, 172), (255, 255), (0, 255)], fill="#35605a")
    pen.text((76, 44), "NUTS", fill="#7a2f22", font=_font(54), anchor="mm", stroke_width=2)
    pen.text((90, 88), "& BOLTS", fill="#7a2f22", font=_font(30), anchor="mm", stroke_width=1)
    pen.text((170, 226), "M3 250 g", fill="#f1dfb6", font=_font(36), anchor="mm", stroke_width=1)


def _stencil(pen: ImageDraw.ImageDraw) -> None:
    """A crate's marking."""
    ink = "#2b2420"
    pen.text((128, 56), "LIDAR", fill=ink, font=_font(72), anchor="mm", stroke_width=3)
    for x in (56, 112):
        pen.polygon([(x, 108), (x - 24, 146), (x - 9, 146), (x - 9, 206), (x + 9, 206),
                     (x + 9, 146), (x + 24, 146)], fill=ink)  # fmt: skip
    pen.text((192, 140), "No 7", fill=ink, font=_font(46), anchor="mm", stroke_width=2)
    pen.text((192, 190), "2 kg", fill=ink, font=_font(40), anchor="mm", stroke_width=1)
    pen.rectangle((20, 224, 236, 234), fill=ink)


def _face(pen: ImageDraw.ImageDraw) -> None:
    """The robot's mouth and rivets, below eyes that are shapes of their own."""
    pen.rounded_rectangle((62, 168, 194, 216), 16, fill="#3a3330")
    for i in range(5):
        pen.rectangle((72 + 23 * i, 176, 86 + 23 * i, 208), fill="#efe3c8")
    for x, y in ((24, 24), (232, 24), (24, 232), (232, 232)):
        pen.ellipse((x - 10, y - 10, x + 10, y + 10), fill="#3a3330")


def _hazard(pen: ImageDraw.ImageDraw) -> None:
    """Slanted stripes for the robot arm, drawn for a face four times as long as it is high."""
    for x in range(84, 180, 20):
        pen.polygon([(x, 255), (x + 10, 255), (x + 42, 0), (x + 32, 0)], fill="#2b2725")
    for x in (74, 218):
        pen.rectangle((x, 0, x + 5, 255), fill="#2b2725")


DRAWINGS: dict[str, Callable[[ImageDraw.ImageDraw], None]] = {
    "letter-c": _letter("C", "#a83a2b", "#f3e2c0"),
    "letter-p": _letter("P", "#2d5f78", "#f3e2c0"),
    "letter-7": _letter("7", "#b57a1e", "#f6ead0"),
    "letter-r": _letter("R", "#3f7350", "#f3e2c0"),
    "letter-q": _letter("Q", "#6b3f63", "#f6ead0"),
    "letter-s": _letter("S", "#2f3f60", "#f3e2c0"),
    "cover-b": _title(["SCREW", "THEORY"], "#f0e4cc"),
    "spine-a": _title(["BUNDLES"], "#e9c46a"),
    "spine-b": _title(["SCREWS"], "#f0e4cc"),
    "spine-c": _title(["SPLATS"], "#2b2420"),
    "chest": _chest,
    "label": _label,
    "stencil": _stencil,
    "face": _face,
    "hazard": _hazard,
}


def atlas() -> np.ndarray:
    """All drawings, linear RGB and coverage 0 to 1, rows from the bottom, (D, SIDE, SIDE, 4)."""
    pages = []
    for draw in DRAWINGS.values():
        image = Image.new("RGBA", (SIDE, SIDE))
        draw(ImageDraw.Draw(image))
        pages.append(np.asarray(image)[::-1] / 255)
    pages = np.stack(pages)
    return np.concatenate([linear_from_srgb(pages[..., :3]), pages[..., 3:]], axis=-1)
