"""Gaussians as PLY, laid out as 3D Gaussian Splatting trainers do (Kerbl et al. 2023)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from reconstruction.gaussians.parameters import (
    COLOR,
    LOG_SCALE,
    OPACITY_LOGIT,
    POSITION,
    ROTATION,
    Gaussians,
    column_count,
)


def property_names(degree: int) -> list[str]:
    """Names in the order of the file; f_rest goes channel by channel."""
    rest = 3 * ((degree + 1) ** 2 - 1)
    return [
        *("x", "y", "z"),
        *("f_dc_0", "f_dc_1", "f_dc_2"),
        *(f"f_rest_{k}" for k in range(rest)),
        "opacity",
        *("scale_0", "scale_1", "scale_2"),
        *("rot_0", "rot_1", "rot_2", "rot_3"),
    ]


def columns_in_file_order(degree: int) -> list[int]:
    """Which column of `Gaussians.values` each property is."""
    coefficients = (degree + 1) ** 2
    return [
        *range(POSITION, POSITION + 3),
        *range(COLOR, COLOR + 3),
        *(COLOR + 3 * k + channel for channel in range(3) for k in range(1, coefficients)),
        OPACITY_LOGIT,
        *range(LOG_SCALE, LOG_SCALE + 3),
        *range(ROTATION, ROTATION + 4),
    ]


def write_ply(gaussians: Gaussians, path: Path) -> None:
    """Writes binary little-endian float properties; quaternions are normalised."""
    values = gaussians.values.copy()
    rotations = values[:, ROTATION : ROTATION + 4]
    rotations /= np.linalg.norm(rotations, axis=1, keepdims=True)
    names = property_names(gaussians.degree)
    header = ["ply", "format binary_little_endian 1.0", f"element vertex {len(gaussians)}"]
    header += [f"property float {name}" for name in names] + ["end_header", ""]
    rows = values[:, columns_in_file_order(gaussians.degree)].astype("<f4")
    path.write_bytes("\n".join(header).encode("ascii") + rows.tobytes())


def read_ply(path: Path) -> Gaussians:
    """Reads what `write_ply` wrote.

    Raises ValueError for any other layout: the prepare stage brings files of users into this one.
    """
    content = path.read_bytes()
    header, separator, body = content.partition(b"end_header\n")
    lines = header.decode("ascii", errors="replace").split("\n")
    names = [line.split()[-1] for line in lines if line.startswith("property float ")]
    degrees = [degree for degree in range(4) if property_names(degree) == names]
    if not separator or not degrees or "format binary_little_endian 1.0" not in lines:
        raise ValueError(f"{path.name} is not a PLY that this trainer wrote")
    degree = degrees[0]
    rows = np.frombuffer(body, "<f4").reshape(-1, column_count(degree))
    values = np.empty(rows.shape, np.float32)
    values[:, columns_in_file_order(degree)] = rows
    return Gaussians(values, degree)
