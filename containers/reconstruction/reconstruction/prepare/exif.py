"""The few facts of a photo's EXIF block that matter here (CIPA DC-008, Exif 2.32)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from PIL import Image
from PIL.ExifTags import GPS, IFD, Base

from reconstruction.prepare.manifest import Position


@dataclass(frozen=True)
class Lens:
    """What structure from motion wants to know of a camera; lengths in millimetres."""

    make: str | None = None
    model: str | None = None
    focal_length_mm: float | None = None
    focal_length_35mm: int | None = None

    def as_exif(self) -> Image.Exif:
        """An EXIF block of these facts and no others."""
        exif = Image.Exif()
        details = exif.get_ifd(IFD.Exif)
        if self.make:
            exif[Base.Make] = self.make
        if self.model:
            exif[Base.Model] = self.model
        if self.focal_length_mm:
            details[Base.FocalLength] = self.focal_length_mm
        if self.focal_length_35mm:
            details[Base.FocalLengthIn35mmFilm] = self.focal_length_35mm
        return exif


def read_lens(exif: Image.Exif) -> Lens:
    details = exif.get_ifd(IFD.Exif)
    focal_35mm = positive(details.get(Base.FocalLengthIn35mmFilm))
    return Lens(
        make=text(exif.get(Base.Make)),
        model=text(exif.get(Base.Model)),
        focal_length_mm=positive(details.get(Base.FocalLength)),
        focal_length_35mm=round(focal_35mm) if focal_35mm else None,
    )


def read_position(exif: Image.Exif) -> Position | None:
    """Where the photo was taken, None where that is not or not sensibly stated."""
    gps = exif.get_ifd(IFD.GPSInfo)
    latitude = degrees(gps.get(GPS.GPSLatitude), gps.get(GPS.GPSLatitudeRef), "S")
    longitude = degrees(gps.get(GPS.GPSLongitude), gps.get(GPS.GPSLongitudeRef), "W")
    if latitude is None or longitude is None or abs(latitude) > 90 or abs(longitude) > 180:
        return None
    if latitude == longitude == 0:
        return None
    return Position(latitude, longitude, altitude(gps))


def altitude(gps: Mapping[int, Any]) -> float | None:
    value = number(gps.get(GPS.GPSAltitude))
    if value is None:
        return None
    below_sea_level = gps.get(GPS.GPSAltitudeRef) in (1, b"\x01")
    return -value if below_sea_level else value


def degrees(parts: Any, reference: Any, negative: str) -> float | None:
    """Degrees, minutes and seconds as one number."""
    try:
        values = [number(part) for part in parts]
    except TypeError:
        return None
    if len(values) != 3 or None in values:
        return None
    value = values[0] + values[1] / 60 + values[2] / 3600
    return -value if text(reference) == negative else value


def number(value: Any) -> float | None:
    """A finite number, None for what cameras write when they do not know."""
    try:
        value = float(value)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return value if math.isfinite(value) else None


def positive(value: Any) -> float | None:
    value = number(value)
    return value if value and value > 0 else None


def text(value: Any) -> str | None:
    if not isinstance(value, str):
        return None
    return value.replace("\x00", "").strip() or None
