"""How a picture differs from a photo: mean absolute error and structural dissimilarity.

The loss is (1 - w) L1 + w (1 - SSIM) with w = 0.2, after Kerbl et al. 2023. SSIM is that of Wang et
al. 2004 over uniform 7 x 7 windows that lie wholly inside the picture, as in scikit-image's
`structural_similarity(win_size=7, use_sample_covariance=False)`: uniform windows are sums that
slide along, several times cheaper than Gaussian ones.
"""

from __future__ import annotations

import numpy as np
from numba import prange

from reconstruction.gaussians.compilation import parallel_kernel, serial_kernel

SSIM_WEIGHT = 0.2
WINDOW = 7
BAND = 48  # rows per independent piece of work
STABILITY_MEAN = np.float32(0.01**2)
STABILITY_VARIANCE = np.float32(0.03**2)
ZERO, ONE, TWO = np.float32(0), np.float32(1), np.float32(2)


def photometric_loss(
    image: np.ndarray, photo: np.ndarray, ssim_weight: float = SSIM_WEIGHT
) -> tuple[float, np.ndarray]:
    """Loss and its gradient by `image`; both pictures float32 (3, h, w) in 0 to 1.

    Raises ValueError for pictures smaller than one SSIM window.
    """
    height, width = image.shape[1:]
    if min(height, width) < WINDOW:
        raise ValueError(f"a picture of {width} x {height} pixels is too small for SSIM")
    gradient = np.empty_like(image)
    losses = np.zeros((3, -(-height // BAND)), np.float64)
    bandwise_loss(image, photo, np.float32(ssim_weight), gradient, losses)
    return float(losses.sum()), gradient


@parallel_kernel
def bandwise_loss(image, photo, ssim_weight, gradient, losses):
    """Fills `gradient` (3, h, w) and `losses` (3, bands), which add up to the loss."""
    _, height, width = image.shape
    bands = losses.shape[1]
    windows_down = height - WINDOW + 1
    windows_across = width - WINDOW + 1
    area = np.float32(1 / WINDOW**2)
    per_pixel = (ONE - ssim_weight) / np.float32(3 * height * width)
    per_window = ssim_weight / np.float32(3 * windows_down * windows_across)
    for piece in prange(3 * bands):
        channel = piece // bands
        top = piece % bands * BAND
        bottom = min(height, top + BAND)
        ours = image[channel]
        theirs = photo[channel]
        # Derivatives of SSIM by the window means of x, x x and x y, with a margin of zeros so that
        # every pixel is covered by 7 x 7 of them. Row 0 is window row `top` - 6.
        slopes = np.zeros((3, BAND + WINDOW - 1, width + WINDOW - 1), np.float32)
        columns = np.zeros((5, width), np.float32)
        loss = 0.0
        first_window = max(0, top - WINDOW + 1)
        for row in range(first_window, min(bottom, windows_down)):
            if row == first_window:
                for k in range(WINDOW):
                    slide(columns, ours[row + k], theirs[row + k], ONE)
            else:
                slide(columns, ours[row + WINDOW - 1], theirs[row + WINDOW - 1], ONE)
                slide(columns, ours[row - 1], theirs[row - 1], -ONE)
            similarity_sum = ZERO
            at = row - top + WINDOW - 1
            for x in range(windows_across):
                mean_x = mean_y = mean_xx = mean_yy = mean_xy = ZERO
                for k in range(WINDOW):
                    mean_x += columns[0, x + k]
                    mean_y += columns[1, x + k]
                    mean_xx += columns[2, x + k]
                    mean_yy += columns[3, x + k]
                    mean_xy += columns[4, x + k]
                mean_x *= area
                mean_y *= area
                variances = (mean_xx + mean_yy) * area - mean_x * mean_x - mean_y * mean_y
                covariance = mean_xy * area - mean_x * mean_y
                means_alike = TWO * mean_x * mean_y + STABILITY_MEAN
                means_total = mean_x * mean_x + mean_y * mean_y + STABILITY_MEAN
                shape_alike = TWO * covariance + STABILITY_VARIANCE
                shape_total = variances + STABILITY_VARIANCE
                scale = ONE / (means_total * shape_total)
                similarity = means_alike * shape_alike * scale
                similarity_sum += similarity
                slopes[0, at, x + WINDOW - 1] = TWO * (
                    mean_y * (shape_alike - means_alike) * scale
                    - mean_x * similarity * (ONE / means_total - ONE / shape_total)
                )
                slopes[1, at, x + WINDOW - 1] = -similarity / shape_total
                slopes[2, at, x + WINDOW - 1] = TWO * means_alike * scale
            if row >= top:
                loss += per_window * (np.float32(windows_across) - similarity_sum)

        covering = np.zeros((3, width + WINDOW - 1), np.float32)
        for k in range(WINDOW - 1):
            covering += slopes[:, k]
        for row in range(top, bottom):
            covering += slopes[:, row - top + WINDOW - 1]
            difference_sum = ZERO
            for x in range(width):
                by_mean = by_square = by_product = ZERO
                for k in range(WINDOW):
                    by_mean += covering[0, x + k]
                    by_square += covering[1, x + k]
                    by_product += covering[2, x + k]
                value, aim = ours[row, x], theirs[row, x]
                difference = value - aim
                difference_sum += abs(difference)
                by_ssim = (by_mean + TWO * value * by_square + aim * by_product) * area
                sign = ONE if difference > ZERO else -ONE
                gradient[channel, row, x] = per_pixel * sign - per_window * by_ssim
            loss += per_pixel * difference_sum
            covering -= slopes[:, row - top]
        losses[channel, piece % bands] = loss


@serial_kernel
def slide(columns, ours, theirs, sign):
    """Adds one row of both pictures to, or takes it from, the sums over a window's rows."""
    for x in range(len(ours)):
        columns[0, x] += sign * ours[x]
        columns[1, x] += sign * theirs[x]
        columns[2, x] += sign * ours[x] * ours[x]
        columns[3, x] += sign * theirs[x] * theirs[x]
        columns[4, x] += sign * ours[x] * theirs[x]
