"""How long a unit of the scene is: structure from motion cannot know it, others may."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reconstruction.export.views import View
from reconstruction.prepare.manifest import Manifest, Position
from reconstruction.prepare.uploads import shown_list
from reconstruction.report import Report
from reconstruction.spec import ScaleReference

MIN_GPS_PHOTOS = 5
MIN_INLIER_SHARE = 0.6
# Phones are 3 to 5 m off: only a spread well beyond that says something about scale.
MIN_SPREAD_METERS = 15.0
INLIER_METERS = 6.0
MAX_RESIDUAL_SHARE = 0.1
# WGS 84
EQUATOR_RADIUS_METERS = 6_378_137.0
ECCENTRICITY_SQUARED = 6.69437999014e-3


@dataclass(frozen=True)
class Scale:
    """`factor` is metres per unit; `source` is gps, reference or arbitrary (then 1)."""

    factor: float
    source: str
    explanation: str


def find_scale(
    reference: ScaleReference | None, views: Sequence[View], manifest: Manifest, report: Report
) -> Scale:
    """The user's measurement before GPS before none; `views` stand upright, z up."""
    scale = from_reference(reference, views, report) if reference else None
    scale = scale or from_gps(views, manifest)
    if scale is None:
        scale = arbitrary()
        report.warning(
            "scale_arbitrary",
            "The size of the scene is not known: a length of 1 in it is not a metre. Give"
            " config.scaleReference, the measured distance between the places of two photos, to"
            " get true metres.",
        )
    report.log("scale", factor=scale.factor, source=scale.source, explanation=scale.explanation)
    return scale


def arbitrary() -> Scale:
    return Scale(1.0, "arbitrary", "The scale is arbitrary: nothing said how large the scene is.")


def from_reference(
    reference: ScaleReference, views: Sequence[View], report: Report
) -> Scale | None:
    """From the distance the user measured; None, with a warning, where a photo has no place."""
    centers = {view.photo: view.camera.center for view in views}
    names = [reference.photo_a, reference.photo_b]
    unplaced = [name for name in names if name not in centers]
    if unplaced:
        report.warning(
            "scale_reference_unplaced",
            f"config.scaleReference was not used: {shown_list(unplaced)} could not be placed."
            f" Measure between photos that were, for example {shown_list(list(centers), 2)}.",
        )
        return None
    apart = float(np.linalg.norm(centers[names[0]] - centers[names[1]]))
    if apart < 1e-6 * extent(views):
        report.warning(
            "scale_reference_degenerate",
            f"config.scaleReference was not used: {shown_list(names)} were taken from the same"
            " place. Measure between two photos taken far apart.",
        )
        return None
    explanation = (
        f"{names[0]} and {names[1]} were taken {reference.distance_meters:g} m apart, as measured"
        " by the user."
    )
    return Scale(reference.distance_meters / apart, "reference", explanation)


def extent(views: Sequence[View]) -> float:
    centers = np.array([view.camera.center for view in views])
    return float(np.linalg.norm(np.ptp(centers, axis=0)))


def from_gps(views: Sequence[View], manifest: Manifest) -> Scale | None:
    """From the positions in the photos' EXIF, where they are spread well beyond their error.

    Only east and north are used, since GPS altitudes are poor: seen from above, the scene is
    moved onto them by w = a z + b in complex numbers, and |a| is the scale. Positions off by more
    than some metres are outvoted (RANSAC over all pairs of photos).
    """
    positions = {photo.image: photo.position for photo in manifest.photos if photo.position}
    placed = [view for view in views if view.image in positions]
    if len(placed) < MIN_GPS_PHOTOS:
        return None
    scene = np.array([complex(*view.camera.center[:2]) for view in placed])
    ground = east_north([positions[view.image] for view in placed])
    inliers = largest_agreement(scene, ground)
    if inliers.sum() < max(MIN_GPS_PHOTOS, MIN_INLIER_SHARE * len(placed)):
        return None
    turn, shift = np.linalg.lstsq(
        np.stack([scene[inliers], np.ones(inliers.sum())], axis=1), ground[inliers], rcond=None
    )[0]
    residual = root_mean_square(turn * scene[inliers] + shift - ground[inliers])
    spread = root_mean_square(ground[inliers] - ground[inliers].mean())
    if spread < MIN_SPREAD_METERS or residual > MAX_RESIDUAL_SHARE * spread:
        return None
    explanation = (
        f"GPS of {inliers.sum()} photos, spread over {spread:.0f} m (root mean square), fits to"
        f" {residual:.1f} m."
    )
    return Scale(float(abs(turn)), "gps", explanation)


def largest_agreement(scene: np.ndarray, ground: np.ndarray) -> np.ndarray:
    """Which positions, bool (n,), the best motion between the complex (n,) arrays explains."""
    best = np.zeros(len(scene), bool)
    for first in range(len(scene)):
        for second in range(first + 1, len(scene)):
            apart = scene[second] - scene[first]
            if abs(ground[second] - ground[first]) < MIN_SPREAD_METERS or apart == 0:
                continue
            turn = (ground[second] - ground[first]) / apart
            errors = np.abs(turn * (scene - scene[first]) - (ground - ground[first]))
            agreeing = errors < INLIER_METERS
            if agreeing.sum() > best.sum():
                best = agreeing
    return best


def east_north(positions: Sequence[Position]) -> np.ndarray:
    """Metres east and north of the first position, as complex numbers (n,)."""
    latitude = np.radians([position.latitude_degrees for position in positions])
    longitude = np.radians([position.longitude_degrees for position in positions])
    curvature = 1 - ECCENTRICITY_SQUARED * np.sin(latitude[0]) ** 2
    prime_vertical = EQUATOR_RADIUS_METERS / np.sqrt(curvature)
    meridian = prime_vertical * (1 - ECCENTRICITY_SQUARED) / curvature
    turned = np.angle(np.exp(1j * (longitude - longitude[0])))
    east = turned * prime_vertical * np.cos(latitude[0])
    return east + 1j * (latitude - latitude[0]) * meridian


def root_mean_square(values: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.abs(values) ** 2)))
