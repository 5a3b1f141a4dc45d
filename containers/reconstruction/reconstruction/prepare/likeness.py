"""Which photos show the same, and which are blurred."""

from __future__ import annotations

import numpy as np
from PIL import Image
from skimage.measure import blur_effect

MEASURED_SIDE_PX = 640
GRADIENTS_PER_SIDE = 16
# Neighbours of real sets differ in 70 bits of 256 and more, copies saved anew in fewer than 8.
MAX_BITS_APART = 10
# 0.25 to 0.5 is sharp; a Gaussian blur of 3 pixels in 1000 gives 0.75, one of 5 gives 0.85.
BLURRED = 0.65
BLURRED_BEYOND_MEDIAN = 0.15
HOPELESSLY_BLURRED = 0.78


def fingerprint(picture: Image.Image) -> np.ndarray:
    """Signs of the horizontal brightness steps of a tiny copy, bool (256,) ("dHash")."""
    size = (GRADIENTS_PER_SIDE + 1, GRADIENTS_PER_SIDE)
    tiny = picture.convert("L").resize(size, Image.Resampling.BOX)
    values = np.asarray(tiny, np.int16)
    return (values[:, 1:] > values[:, :-1]).ravel()


def find_duplicates(fingerprints: np.ndarray) -> dict[int, int]:
    """Which photo shows what an earlier one shows, as index to index; the earlier one is kept.

    `fingerprints` is bool (n, 256).
    """
    copies: dict[int, int] = {}
    for later in range(1, len(fingerprints)):
        apart = (fingerprints[:later] != fingerprints[later]).sum(axis=1)
        alike = np.flatnonzero(apart <= MAX_BITS_APART).tolist()
        original = next((earlier for earlier in alike if earlier not in copies), None)
        if original is not None:
            copies[later] = original
    return copies


def measure_blur(picture: Image.Image) -> float:
    """From 0, sharp, to 1, blurred, whatever the picture shows (Crete et al. 2007)."""
    small = picture.convert("L")
    small.thumbnail((MEASURED_SIDE_PX, MEASURED_SIDE_PX), Image.Resampling.BILINEAR)
    values = np.asarray(small, np.float32) / 255
    if np.ptp(values) == 0:
        return 1.0
    with np.errstate(divide="ignore", invalid="ignore"):
        blur = float(blur_effect(values))
    return blur if np.isfinite(blur) else 1.0


def find_blurred(blur: np.ndarray) -> np.ndarray:
    """Indices of photos much more blurred than the others, given the blur of each, (n,)."""
    threshold = max(BLURRED, float(np.median(blur)) + BLURRED_BEYOND_MEDIAN)
    return np.flatnonzero(blur > threshold)
