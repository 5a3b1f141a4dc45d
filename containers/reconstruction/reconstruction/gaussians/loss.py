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
    windows = (height - WINDOW + 1) * (width - WINDOW + 1)
    per_pixel = (ONE - ssim_weight) / np.float32(3 * height * width)
    per_window = ssim_weight / np.float32(3 * windows)
    for piece in prange(3 * bands):
        channel = piece // bands
        band = piece % bands
        losses[channel, band] = band_loss(
            image[channel], photo[channel], band * BAND, per_pixel, per_window, gradient[channel]
        )


@serial_kernel
def band_loss(ours, theirs, top, per_pixel, per_window, gradient):
    """Loss of one channel (h, w) over `BAND` rows from `top`; fills these rows of `gradient`."""
    height, width = ours.shape
    bottom = min(height, top + BAND)
    # Derivatives of SSIM by the window means of x, x x and x y, with a margin of zeros so that
    # every pixel is covered by 7 x 7 of them. Row 0 is window row `top` - 6.
    slopes = np.zeros((BAND + WINDOW - 1, 3, width + WINDOW - 1), np.float32)
    columns = np.zeros((5, width), np.float32)
    loss = 0.0
    first = max(0, top - WINDOW + 1)
    for row in range(first, min(first + WINDOW - 1, height)):
        slide(columns, ours[row], theirs[row], ONE)
    for row in range(first, min(bottom, height - WINDOW + 1)):
        slide(columns, ours[row + WINDOW - 1], theirs[row + WINDOW - 1], ONE)
        similarities = compare_windows(columns, slopes[row - top + WINDOW - 1])
        if row >= top:
            loss += per_window * (width - WINDOW + 1 - similarities)
        slide(columns, ours[row], theirs[row], -ONE)

    covering = np.zeros((3, width + WINDOW - 1), np.float32)
    for row in range(WINDOW - 1):
        covering += slopes[row]
    for row in range(top, bottom):
        covering += slopes[row - top + WINDOW - 1]
        difference = differentiate_row(
            ours[row], theirs[row], covering, per_pixel, per_window, gradient[row]
        )
        loss += per_pixel * difference
        covering -= slopes[row - top]
    return loss


@serial_kernel
def slide(columns, ours, theirs, sign):
    """Adds one row of both pictures to, or takes it from, the sums over a window's rows.

    The rows of `columns` (5, w) are the sums of x, y, x x, y y and x y, x being ours.
    """
    for x in range(len(ours)):
        columns[0, x] += sign * ours[x]
        columns[1, x] += sign * theirs[x]
        columns[2, x] += sign * ours[x] * ours[x]
        columns[3, x] += sign * theirs[x] * theirs[x]
        columns[4, x] += sign * ours[x] * theirs[x]


@serial_kernel
def compare_windows(columns, slopes):
    """Sum of SSIM over one row of windows; fills its derivatives, `slopes` (3, w + margin)."""
    area = np.float32(1 / WINDOW**2)
    total = ZERO
    for x in range(columns.shape[1] - WINDOW + 1):
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
        total += similarity
        slopes[0, x + WINDOW - 1] = TWO * (
            mean_y * (shape_alike - means_alike) * scale
            - mean_x * similarity * (ONE / means_total - ONE / shape_total)
        )
        slopes[1, x + WINDOW - 1] = -similarity / shape_total
        slopes[2, x + WINDOW - 1] = TWO * means_alike * scale
    return total


@serial_kernel
def differentiate_row(ours, theirs, covering, per_pixel, per_window, gradient):
    """Sum of absolute differences over a row; fills the loss's `gradient` (w,) in it.

    `covering` (3, w + margin) are the derivatives of SSIM, summed over the rows of windows that the
    row is in.
    """
    area = np.float32(1 / WINDOW**2)
    total = ZERO
    for x in range(len(ours)):
        by_mean = by_square = by_product = ZERO
        for k in range(WINDOW):
            by_mean += covering[0, x + k]
            by_square += covering[1, x + k]
            by_product += covering[2, x + k]
        difference = ours[x] - theirs[x]
        total += abs(difference)
        by_ssim = (by_mean + TWO * ours[x] * by_square + theirs[x] * by_product) * area
        sign = ONE if difference > ZERO else -ONE
        gradient[x] = per_pixel * sign - per_window * by_ssim
    return total
