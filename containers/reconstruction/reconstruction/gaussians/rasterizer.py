"""Splats to pixels, and pixel gradients back to splats: front-to-back alpha compositing per tile.

Both kernels walk a tile's list splat by splat and a splat's pixels row by row, so that the inner
loop is one row of 16 pixels: one or two vector registers. A row that a splat does not reach is
left out by looking at the row's highest point only.
"""

from __future__ import annotations

import math

import numpy as np
from numba import prange

from reconstruction.gaussians.compilation import parallel_kernel, serial_kernel
from reconstruction.gaussians.projection import (
    CENTER,
    CONIC,
    CUTOFF,
    GRADIENT_COLUMNS,
    MIN_ALPHA,
    OPACITY,
    REACH,
    RGB,
)
from reconstruction.gaussians.tiles import TILE

MAX_ALPHA = np.float32(0.99)
# A tile is finished when no pixel lets more than this through; looked at every few splats.
OPAQUE = np.float32(2e-3)
SPLATS_BETWEEN_CHECKS = 16

# exp(x) = polynomial(x / 8)^8 for x in [LOWEST_EXPONENT, 0]: least squares over the range, relative
# error below 1e-6. The library's exp would keep the inner loops from being vectorised. Below
# LOWEST_EXPONENT any alpha is under MIN_ALPHA, so clamping there changes nothing.
LOWEST_EXPONENT = np.float32(-5.76)
E1 = np.float32(0.99999371145597)
E2 = np.float32(0.49988520951018)
E3 = np.float32(0.16596417336370)
E4 = np.float32(0.03973566141076)
E5 = np.float32(0.00581689638)
ZERO, HALF, ONE = np.float32(0), np.float32(0.5), np.float32(1)


@serial_kernel
def fast_exp(x):
    """exp(x) for x in [LOWEST_EXPONENT, 0]."""
    x *= np.float32(0.125)
    root = ONE + x * (E1 + x * (E2 + x * (E3 + x * (E4 + x * E5))))
    square = root * root
    fourth = square * square
    return fourth * fourth


@serial_kernel
def row_range(center_v, reach):
    """First and last row of the tile that the ellipse spans; `center_v` counts from the first."""
    return max(0, math.ceil(center_v - reach)), min(TILE - 1, math.floor(center_v + reach))


@parallel_kernel
def rasterize(columns, starts, entries, splats, image, transmittance, ends):
    """Draws `splats` over black.

    Fills `image` (3, h, w), `transmittance` (h, w), the share of light from behind that remains,
    and `ends` (tiles,), how far into each tile's list the drawing went.
    """
    height, width = transmittance.shape
    for tile in prange(len(starts) - 1):
        left = tile % columns * TILE
        top = tile // columns * TILE
        state = np.zeros((4, TILE, TILE), np.float32)
        state[3] = ONE
        end = starts[tile + 1]
        for entry in range(starts[tile], starts[tile + 1]):
            splat = splats[entries[entry]]
            u = splat[CENTER] - np.float32(left) - HALF
            v = splat[CENTER + 1] - np.float32(top) - HALF
            uu, uv, vv = splat[CONIC], splat[CONIC + 1], splat[CONIC + 2]
            opacity, cutoff = splat[OPACITY], splat[CUTOFF]
            red, green, blue = splat[RGB], splat[RGB + 1], splat[RGB + 2]
            first, last = row_range(v, splat[REACH])
            for y in range(first, last + 1):
                dy = np.float32(y) - v
                constant = -HALF * vv * dy * dy
                linear = -uv * dy
                nearest = min(max(linear / uu, -u), np.float32(TILE - 1) - u)
                if constant + nearest * (linear - HALF * uu * nearest) < cutoff:
                    continue
                for x in range(TILE):
                    dx = np.float32(x) - u
                    exponent = constant + dx * (linear - HALF * uu * dx)
                    alpha = opacity * fast_exp(max(exponent, LOWEST_EXPONENT))
                    alpha = min(alpha, MAX_ALPHA) if alpha >= MIN_ALPHA else ZERO
                    weight = alpha * state[3, y, x]
                    state[0, y, x] += weight * red
                    state[1, y, x] += weight * green
                    state[2, y, x] += weight * blue
                    state[3, y, x] -= weight
            if (entry - starts[tile]) % SPLATS_BETWEEN_CHECKS == SPLATS_BETWEEN_CHECKS - 1:
                brightest = ZERO
                for y in range(TILE):
                    for x in range(TILE):
                        brightest = max(brightest, state[3, y, x])
                if brightest < OPAQUE:
                    end = entry + 1
                    break
        ends[tile] = end
        for y in range(min(TILE, height - top)):
            for x in range(min(TILE, width - left)):
                for channel in range(3):
                    image[channel, top + y, left + x] = state[channel, y, x]
                transmittance[top + y, left + x] = state[3, y, x]


@parallel_kernel
def backrasterize(
    columns, starts, entries, slots, ends, splats, transmittance, image_gradient, entry_gradients
):
    """Fills `entry_gradients` (slots, GRADIENT_COLUMNS) from `image_gradient` (3, h, w).

    Walks each tile's list backwards, taking splats off the pixels again: dividing a pixel's
    transmittance by 1 - alpha gives what it was before the splat.
    """
    height, width = transmittance.shape
    for tile in prange(len(starts) - 1):
        left = tile % columns * TILE
        top = tile // columns * TILE
        # Gradients of red, green, blue; transmittance; gradient times colour of all that is behind.
        state = np.zeros((5, TILE, TILE), np.float32)
        # Sums down the columns; dx is the same all the way, so it is multiplied in at the end.
        sums = np.empty((6, TILE), np.float32)
        for y in range(min(TILE, height - top)):
            for x in range(min(TILE, width - left)):
                for channel in range(3):
                    state[channel, y, x] = image_gradient[channel, top + y, left + x]
                state[3, y, x] = transmittance[top + y, left + x]
        for entry in range(ends[tile], starts[tile + 1]):
            entry_gradients[slots[entry]] = ZERO
        for entry in range(ends[tile] - 1, starts[tile] - 1, -1):
            splat = splats[entries[entry]]
            u = splat[CENTER] - np.float32(left) - HALF
            v = splat[CENTER + 1] - np.float32(top) - HALF
            uu, uv, vv = splat[CONIC], splat[CONIC + 1], splat[CONIC + 2]
            opacity, cutoff = splat[OPACITY], splat[CUTOFF]
            red, green, blue = splat[RGB], splat[RGB + 1], splat[RGB + 2]
            first, last = row_range(v, splat[REACH])
            sums[:] = ZERO
            for y in range(first, last + 1):
                dy = np.float32(y) - v
                constant = -HALF * vv * dy * dy
                linear = -uv * dy
                nearest = min(max(linear / uu, -u), np.float32(TILE - 1) - u)
                if constant + nearest * (linear - HALF * uu * nearest) < cutoff:
                    continue
                for x in range(TILE):
                    dx = np.float32(x) - u
                    exponent = constant + dx * (linear - HALF * uu * dx)
                    unclamped = opacity * fast_exp(max(exponent, LOWEST_EXPONENT))
                    alpha = min(unclamped, MAX_ALPHA) if unclamped >= MIN_ALPHA else ZERO
                    before = state[3, y, x] / (ONE - alpha)
                    state[3, y, x] = before
                    g_red, g_green, g_blue = state[0, y, x], state[1, y, x], state[2, y, x]
                    weight = alpha * before
                    contrast = g_red * red + g_green * green + g_blue * blue - state[4, y, x]
                    state[4, y, x] += alpha * contrast
                    g_exponent = weight * contrast if unclamped < MAX_ALPHA else ZERO
                    sums[0, x] += g_exponent
                    sums[1, x] += g_exponent * dy
                    sums[2, x] += g_exponent * (dy * dy)
                    sums[3, x] += weight * g_red
                    sums[4, x] += weight * g_green
                    sums[5, x] += weight * g_blue
            total = total_x = total_y = total_xx = total_xy = total_yy = ZERO
            total_red = total_green = total_blue = ZERO
            for x in range(TILE):
                dx = np.float32(x) - u
                total += sums[0, x]
                total_x += sums[0, x] * dx
                total_xx += sums[0, x] * (dx * dx)
                total_y += sums[1, x]
                total_xy += sums[1, x] * dx
                total_yy += sums[2, x]
                total_red += sums[3, x]
                total_green += sums[4, x]
                total_blue += sums[5, x]
            gradient = entry_gradients[slots[entry]]
            gradient[CENTER] = uu * total_x + uv * total_y
            gradient[CENTER + 1] = uv * total_x + vv * total_y
            gradient[CONIC] = -HALF * total_xx
            gradient[CONIC + 1] = -total_xy
            gradient[CONIC + 2] = -HALF * total_yy
            gradient[OPACITY] = total / opacity
            gradient[RGB] = total_red
            gradient[RGB + 1] = total_green
            gradient[RGB + 2] = total_blue


@parallel_kernel
def sum_entries(first_slots, entry_gradients, splat_gradients, pull):
    """Adds up each splat's entries in `splat_gradients` (n, GRADIENT_COLUMNS).

    `pull` (n,) gets the sum over tiles of the lengths of the gradient of the centre: tiles that
    pull in opposite directions do not cancel, which is the sign of a splat too large for what it
    covers (Ye et al. 2024, AbsGS, by tiles instead of pixels).
    """
    for i in prange(len(pull)):
        splat_gradients[i] = ZERO
        pull[i] = ZERO
        for slot in range(first_slots[i], first_slots[i + 1]):
            for column in range(GRADIENT_COLUMNS):
                splat_gradients[i, column] += entry_gradients[slot, column]
            pull[i] += math.sqrt(
                entry_gradients[slot, CENTER] ** 2 + entry_gradients[slot, CENTER + 1] ** 2
            )
