"""How many metres a unit of the reconstruction is, and how that is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reconstruction.failures import StageFailed
from reconstruction.prepare.manifest import Position
from reconstruction.report import Report
from reconstruction.spec import ScaleReference

EARTH_RADIUS_METERS = 6_371_008.8
MIN_GPS_PHOTOS = 5
# Consumer GPS is off by some metres: only a spread well beyond that says anything about scale.
MIN_GPS_SPREAD_METERS = 15.0
MAX_GPS_RESIDUAL_SHARE = 0.1


@dataclass(frozen=True)
class Scale:
    """`source` is `reference`, `gps` or `arbitrary` (then one unit is called a metre)."""

    meters_per_unit: float
    source: str


def find_scale(
    centers: dict[str, np.ndarray],
    positions: dict[str, Position],
    reference: ScaleReference | None,
    report: Report,
) -> Scale:
    """The scale of a scene whose cameras stand at `centers` (by the user's file names).

    Raises StageFailed `scale_reference_unplaced` when a photo of the reference was not placed.
    """
    if reference:
        return scale_of_reference(centers, reference)
    meters_per_unit = scale_of_gps(centers, positions)
    if meters_per_unit is not None:
        return Scale(meters_per_unit, "gps")
    report.warning(
        "scale_arbitrary",
        "The photos do not say how large the scene is, so its scale is arbitrary. Measure the "
        "distance between two camera positions and send it as config.scaleReference.",
    )
    return Scale(1.0, "arbitrary")


def scale_of_reference(centers: dict[str, np.ndarray], reference: ScaleReference) -> Scale:
    names = [reference.photo_a, reference.photo_b]
    missing = [name for name in names if name not in centers]
    if missing:
        raise StageFailed("scale_reference_unplaced", names=", ".join(missing))
    distance = float(np.linalg.norm(centers[names[0]] - centers[names[1]]))
    return Scale(reference.distance_meters / distance, "reference")


def scale_of_gps(centers: dict[str, np.ndarray], positions: dict[str, Position]) -> float | None:
    """Metres per unit by fitting the cameras to where GPS places them; None where it can't tell.

    Umeyama 1991, the scale of the least-squares similarity.
    """
    names = sorted(centers.keys() & positions.keys())
    if len(names) < MIN_GPS_PHOTOS:
        return None
    measured = meters_east_north_up([positions[name] for name in names])
    measured -= measured.mean(0)
    placed = np.array([centers[name] for name in names])
    placed -= placed.mean(0)
    spread = np.sqrt((measured**2).sum(1).mean())
    if spread < MIN_GPS_SPREAD_METERS:
        return None
    u, singular, vt = np.linalg.svd(measured.T @ placed)
    signs = np.array([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
    scale = float((singular * signs).sum() / (placed**2).sum())
    residual = measured - scale * placed @ (u * signs @ vt).T
    if np.sqrt((residual**2).sum(1).mean()) > MAX_GPS_RESIDUAL_SHARE * spread:
        return None
    return scale


def meters_east_north_up(positions: list[Position]) -> np.ndarray:
    """(n, 3) around the first; the earth is flat over the size of a scene."""
    first = positions[0]
    radians = np.pi / 180
    level = np.cos(first.latitude_degrees * radians)
    return np.array(
        [
            [
                EARTH_RADIUS_METERS
                * radians
                * (p.longitude_degrees - first.longitude_degrees)
                * level,
                EARTH_RADIUS_METERS * radians * (p.latitude_degrees - first.latitude_degrees),
                (p.altitude_meters or 0.0) - (first.altitude_meters or 0.0),
            ]
            for p in positions
        ]
    )
