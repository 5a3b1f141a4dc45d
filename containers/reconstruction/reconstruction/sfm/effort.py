"""How much detail to look for: what a GPU machine does in minutes, a laptop must do in seconds."""

from __future__ import annotations

from dataclasses import dataclass

MAX_PHOTOS_PAIRED_WITH_ALL = 400
# Features per photo on a laptop, for sets of at most so many photos.
FEATURES = ((30, 4096), (100, 2048), (MAX_PHOTOS_PAIRED_WITH_ALL, 1500))


@dataclass(frozen=True)
class Effort:
    """Features are looked for at `max_image_size_px`; `undistorted_size_px` bounds the result.

    Matching time grows with the square of both the photos and `max_features`.
    """

    max_image_size_px: int
    max_features: int
    undistorted_size_px: int | None


def effort_for(engine: str, photos: int) -> Effort:
    if engine == "3dgrut":
        return Effort(max_image_size_px=3200, max_features=8192, undistorted_size_px=None)
    features = next((count for limit, count in FEATURES if photos <= limit), FEATURES[-1][1])
    return Effort(max_image_size_px=1000, max_features=features, undistorted_size_px=1000)
