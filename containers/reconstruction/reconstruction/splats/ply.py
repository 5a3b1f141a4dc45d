"""PLY files of Gaussians as users have them: any order, any number type, properties to spare.

The layout is that of Kerbl et al. 2023; the file format is Turk's PLY 1.0.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from reconstruction.failures import StageFailed
from reconstruction.gaussians.parameters import OPACITY_LOGIT, Gaussians, column_count
from reconstruction.gaussians.ply import columns_in_file_order, property_names
from reconstruction.prepare.uploads import shown
from reconstruction.report import Report

MAX_BYTES = 256 * 1024 * 1024
MAX_GAUSSIANS = 1_000_000
MAX_HEADER_BYTES = 64 * 1024
MAX_DROPPED_SHARE = 0.5
REST_COUNTS = {0: 0, 9: 1, 24: 2, 45: 3}
# exp(20) is half a billion units: no scene has such a Gaussian, and squared it still is a number.
MAX_LOG_SCALE = 20.0
MAX_LOGIT = 20.0

NUMBER_TYPES = {
    **dict.fromkeys(("char", "int8"), "i1"),
    **dict.fromkeys(("uchar", "uint8"), "u1"),
    **dict.fromkeys(("short", "int16"), "i2"),
    **dict.fromkeys(("ushort", "uint16"), "u2"),
    **dict.fromkeys(("int", "int32"), "i4"),
    **dict.fromkeys(("uint", "uint32"), "u4"),
    **dict.fromkeys(("float", "float32"), "f4"),
    **dict.fromkeys(("double", "float64"), "f8"),
}
BYTE_ORDERS = {"binary_little_endian": "<", "binary_big_endian": ">", "ascii": ""}


class NotSplats(Exception):
    """The file is no PLY of Gaussians; the message says why."""


@dataclass(frozen=True)
class Header:
    """What a PLY says of its vertices; `byte_order` is empty for text."""

    byte_order: str
    count: int
    properties: list[tuple[str, str]]


def read_user_splats(path: Path, name: str, report: Report) -> Gaussians:
    """Read the user's file. Gaussians that hold no numbers are dropped with a warning.

    Raises StageFailed when the file is too large, or is no PLY of Gaussians.
    """
    check_limit(name, path.stat().st_size / 2**20, MAX_BYTES / 2**20, "MiB")
    try:
        with path.open("rb") as stream:
            header = read_header(stream)
            check_limit(name, header.count, MAX_GAUSSIANS, "Gaussians")
            degree = find_degree({name for name, _ in header.properties})
            gaussians = as_gaussians(read_vertices(stream, header), degree)
        usable = find_usable(gaussians)
    except NotSplats as reason:
        raise StageFailed("splat_unreadable", name=shown(name), reason=reason) from None
    dropped = len(gaussians) - int(usable.sum())
    if dropped:
        report.warning(
            "gaussians_dropped",
            f"{dropped:,} of {len(gaussians):,} Gaussians hold values that are no numbers or have"
            " no rotation; they were left out.",
        )
    return Gaussians(gaussians.values[usable], degree)


def check_limit(name: str, value: float, limit: float, unit: str) -> None:
    if value > limit:
        raise StageFailed(
            "splat_too_large",
            name=shown(name),
            size=f"{value:,.0f} {unit}",
            limit=f"{limit:,.0f} {unit}",
        )


def read_header(stream: BinaryIO) -> Header:
    """Read up to and with `end_header`. Raises NotSplats."""
    if stream.readline(5).rstrip() != b"ply":
        raise NotSplats("it does not begin with the word ply")
    byte_order, count, properties, element = None, None, [], None
    while stream.tell() < MAX_HEADER_BYTES:
        line = stream.readline(MAX_HEADER_BYTES)
        words = line.decode("ascii", errors="replace").split()
        if not line:
            break
        if words == ["end_header"]:
            return checked_header(byte_order, count, properties)
        if words[:1] == ["format"] and len(words) == 3:
            byte_order = BYTE_ORDERS.get(words[1])
        elif words[:1] == ["element"] and len(words) == 3:
            if element is None and words[1] != "vertex":
                raise NotSplats(f"its first element is {words[1]!r}, not vertex")
            element = words[1]
            if element == "vertex":
                count = int(words[2]) if re.fullmatch(r"\d{1,12}", words[2]) else None
        elif words[:1] == ["property"] and element == "vertex":
            if len(words) != 3 or words[1] not in NUMBER_TYPES:
                raise NotSplats(f"it has a property that is no number: {' '.join(words[1:])}")
            properties.append((words[2], NUMBER_TYPES[words[1]]))
    raise NotSplats("its header has no end")


def checked_header(
    byte_order: str | None, count: int | None, properties: list[tuple[str, str]]
) -> Header:
    names = [name for name, _ in properties]
    if byte_order is None:
        raise NotSplats("its format is unknown")
    if not count:
        raise NotSplats("it holds no Gaussians")
    if len(set(names)) != len(names):
        raise NotSplats("it names a property twice")
    if "packed_position" in names:
        raise NotSplats(
            "it is compressed; unpack it first with: splat-transform scene.compressed.ply scene.ply"
        )
    return Header(byte_order, count, properties)


def find_degree(names: set[str]) -> int:
    """The degree of the spherical harmonics. Raises NotSplats when properties are missing."""
    rest = sum(bool(re.fullmatch(r"f_rest_\d+", name)) for name in names)
    if rest not in REST_COUNTS:
        raise NotSplats(f"it has {rest} f_rest properties; 0, 9, 24 or 45 make sense")
    degree = REST_COUNTS[rest]
    missing = [name for name in property_names(degree) if name not in names]
    if missing:
        raise NotSplats(f"it lacks the properties {', '.join(missing)}")
    return degree


def read_vertices(stream: BinaryIO, header: Header) -> np.ndarray:
    """Structured array (n,) of the vertices. Raises NotSplats when the file is cut off."""
    dtype = np.dtype([(name, header.byte_order + kind) for name, kind in header.properties])
    if header.byte_order:
        content = stream.read(header.count * dtype.itemsize)
        if len(content) < header.count * dtype.itemsize:
            raise NotSplats(
                f"it is cut off: {len(content) // dtype.itemsize:,} of {header.count:,}"
                " Gaussians are there"
            )
        return np.frombuffer(content, dtype)
    try:
        rows = np.loadtxt(stream, np.float64, max_rows=header.count, ndmin=2)
    except (ValueError, UnicodeDecodeError) as error:
        raise NotSplats(f"its text cannot be read: {error}") from None
    if rows.shape != (header.count, len(header.properties)):
        raise NotSplats(f"it is cut off: {len(rows):,} of {header.count:,} Gaussians are there")
    return np.rec.fromarrays(rows.T, dtype=dtype)


def as_gaussians(vertices: np.ndarray, degree: int) -> Gaussians:
    values = np.empty((len(vertices), column_count(degree)), np.float32)
    with np.errstate(over="ignore", invalid="ignore"):
        for name, column in zip(property_names(degree), columns_in_file_order(degree), strict=True):
            values[:, column] = vertices[name]
    return Gaussians(values, degree)


def find_usable(gaussians: Gaussians) -> np.ndarray:
    """Which Gaussians, bool (n,), are finite, of a size and turned somehow. Raises NotSplats.

    An opacity logit may be infinite: that is how some trainers write opaque and invisible.
    """
    logits = gaussians.values[:, OPACITY_LOGIT]
    np.clip(logits, -MAX_LOGIT, MAX_LOGIT, out=logits)
    usable = np.isfinite(gaussians.values).all(axis=1)
    with np.errstate(invalid="ignore", over="ignore"):
        usable &= (np.abs(gaussians.log_scales) < MAX_LOG_SCALE).all(axis=1)
        usable &= np.linalg.norm(gaussians.rotations, axis=1) > 1e-6
    share = 1 - usable.mean()
    if share > MAX_DROPPED_SHARE:
        raise NotSplats(f"{share:.0%} of its Gaussians hold values that are no numbers")
    return usable
