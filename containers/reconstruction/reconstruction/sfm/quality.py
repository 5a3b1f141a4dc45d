"""When a model can be trusted."""

from __future__ import annotations

from reconstruction.sfm.mapping import Model

MIN_PHOTOS = 3
MIN_SHARE_PLACED = 0.5
GOOD_SHARE_PLACED = 0.9
# Models that agree with the truth show 190 points and more to their median photo, down to sets
# of eight; chance models from photos that hardly overlap show fewer than 60, with small
# reprojection errors all the same.
MIN_MEDIAN_OBSERVATIONS = 100
MAX_REPROJECTION_ERROR_PX = 2.0
SPLIT_SHARE = 0.2


def is_coherent(model: Model) -> bool:
    """Whether the photos that are placed are placed rightly, however few they are."""
    return (
        len(model.images) >= MIN_PHOTOS
        and model.median_observations >= MIN_MEDIAN_OBSERVATIONS
        and model.reprojection_error_px <= MAX_REPROJECTION_ERROR_PX
    )


def is_good(model: Model, photos: int) -> bool:
    """Whether there is no need to try for a better model."""
    return is_coherent(model) and len(model.images) >= GOOD_SHARE_PLACED * photos


def is_acceptable(model: Model, photos: int) -> bool:
    """Whether to go on with this model, the best there is."""
    return is_coherent(model) and len(model.images) >= MIN_SHARE_PLACED * photos


def rank(model: Model) -> tuple[bool, int, int]:
    """To choose the best by: coherent before large."""
    return is_coherent(model), len(model.images), model.points
