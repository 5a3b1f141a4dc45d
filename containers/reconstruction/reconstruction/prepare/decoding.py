"""One file of the user's to one upright 8-bit RGB picture of bounded size."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError
from pillow_heif import register_heif_opener

from reconstruction.prepare.exif import Lens, read_lens, read_position
from reconstruction.prepare.manifest import Position

MAX_MEGAPIXELS = 250
MIN_SIDE_PX = 64
SIXTEEN_BIT_MODES = ("I;16", "I;16B", "I;16L", "I;16N")

register_heif_opener()
# Pillow's own limit warns long before memory is short; ours is checked before decoding.
Image.MAX_IMAGE_PIXELS = None


class Unusable(Exception):
    """The file is no photo that can be used; the message says why, to follow the file's name."""


@dataclass(frozen=True)
class Photo:
    """A decoded photo: upright, RGB, 8 bits per channel."""

    picture: Image.Image
    lens: Lens
    position: Position | None


def decode_photo(path: Path, max_side_px: int) -> Photo:
    """Decode `path`, turn it upright and shrink it to at most `max_side_px` (Lanczos).

    Raises Unusable for a file that is empty, cut off, no picture, too small or too large.
    """
    if path.stat().st_size == 0:
        raise Unusable("is empty (0 bytes)")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path) as image:
                return decode_image(image, max_side_px)
    except UnidentifiedImageError:
        raise Unusable("is no photo, whatever its name says") from None
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError) as error:
        raise Unusable(describe(error)) from error


def decode_image(image: Image.Image, max_side_px: int) -> Photo:
    width, height = image.size
    megapixels = width * height / 1e6
    if megapixels > MAX_MEGAPIXELS:
        raise Unusable(f"has {megapixels:,.0f} megapixels, more than {MAX_MEGAPIXELS}")
    if min(width, height) < MIN_SIDE_PX:
        raise Unusable(f"is only {width} x {height} pixels small")
    # A JPEG can be decoded at a half, quarter or eighth: 100 megapixels then cost as much as 6.
    image.draft("RGB", (2 * max_side_px, 2 * max_side_px))
    image.load()
    exif = image.getexif()
    picture = ImageOps.exif_transpose(image)
    picture.thumbnail((max_side_px, max_side_px), Image.Resampling.LANCZOS)
    return Photo(to_rgb(picture), read_lens(exif), read_position(exif))


def to_rgb(picture: Image.Image) -> Image.Image:
    """8-bit RGB from any mode; what is transparent becomes white."""
    if picture.mode in SIXTEEN_BIT_MODES:
        values = np.asarray(picture).astype(np.uint16) >> 8
        return Image.fromarray(values.astype(np.uint8)).convert("RGB")
    if picture.mode in ("I", "F"):
        return stretched(np.asarray(picture, np.float64)).convert("RGB")
    if picture.has_transparency_data:
        layers = picture.convert("RGBA")
        white = Image.new("RGBA", layers.size, "white")
        return Image.alpha_composite(white, layers).convert("RGB")
    return picture.convert("RGB")


def stretched(values: np.ndarray) -> Image.Image:
    """32-bit grey (h, w) as 8 bits. 16 bits in 32 are common, else the range is unknown."""
    values = np.nan_to_num(values)
    brightest = values.max(initial=0.0)
    full_scale = next((limit for limit in (1.0, 255.0, 65535.0) if brightest <= limit), brightest)
    return Image.fromarray(np.clip(values * (255 / full_scale), 0, 255).astype(np.uint8))


def describe(error: Exception) -> str:
    """Why decoding failed, in words for a photographer."""
    detail = str(error).lower()
    if "truncated" in detail or isinstance(error, EOFError):
        return "is cut off: its end is missing"
    return "is damaged and cannot be decoded"
