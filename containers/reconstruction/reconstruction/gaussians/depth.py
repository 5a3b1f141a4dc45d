"""Median depth of splats."""

from __future__ import annotations

import numpy as np
from numba import prange

from reconstruction.gaussians.compilation import parallel_kernel
from reconstruction.gaussians.projection import (
    CENTER,
    CONIC,
    CUTOFF,
    DEPTH,
    DEPTH_SLOPE,
    MIN_ALPHA,
    OPACITY,
    REACH,
)
from reconstruction.gaussians.rasterizer import (
    HALF,
    LOWEST_EXPONENT,
    MAX_ALPHA,
    ONE,
    OPAQUE,
    SPLATS_BETWEEN_CHECKS,
    ZERO,
    fast_exp,
    row_range,
)
from reconstruction.gaussians.tiles import TILE


@parallel_kernel
def rasterize_depth(columns, starts, entries, splats, depth, alpha):
    """Fills `depth` (h, w), 0 where half of the light is never stopped, and `alpha` (h, w)."""
    height, width = depth.shape
    for tile in prange(len(starts) - 1):
        left = tile % columns * TILE
        top = tile // columns * TILE
        # Median depth, transmittance.
        state = np.zeros((2, TILE, TILE), np.float32)
        state[1] = ONE
        for entry in range(starts[tile], starts[tile + 1]):
            splat = splats[entries[entry]]
            u = splat[CENTER] - np.float32(left) - HALF
            v = splat[CENTER + 1] - np.float32(top) - HALF
            uu, uv, vv = splat[CONIC], splat[CONIC + 1], splat[CONIC + 2]
            opacity, cutoff = splat[OPACITY], splat[CUTOFF]
            distance, slope_u = splat[DEPTH], splat[DEPTH_SLOPE]
            first, last = row_range(v, splat[REACH])
            for y in range(first, last + 1):
                dy = np.float32(y) - v
                constant = -HALF * vv * dy * dy
                linear = -uv * dy
                row_distance = distance + splat[DEPTH_SLOPE + 1] * dy
                nearest = min(max(linear / uu, -u), np.float32(TILE - 1) - u)
                if constant + nearest * (linear - HALF * uu * nearest) < cutoff:
                    continue
                for x in range(TILE):
                    dx = np.float32(x) - u
                    exponent = constant + dx * (linear - HALF * uu * dx)
                    share = opacity * fast_exp(max(exponent, LOWEST_EXPONENT))
                    share = min(share, MAX_ALPHA) if share >= MIN_ALPHA else ZERO
                    before = state[1, y, x]
                    # The last splat that still finds more than half of the light.
                    here = row_distance + slope_u * dx
                    state[0, y, x] = here if before > HALF and share > ZERO else state[0, y, x]
                    state[1, y, x] = before - before * share
            if (entry - starts[tile]) % SPLATS_BETWEEN_CHECKS == SPLATS_BETWEEN_CHECKS - 1:
                brightest = ZERO
                for y in range(TILE):
                    for x in range(TILE):
                        brightest = max(brightest, state[1, y, x])
                if brightest < OPAQUE:
                    break
        for y in range(min(TILE, height - top)):
            for x in range(min(TILE, width - left)):
                remaining = state[1, y, x]
                alpha[top + y, left + x] = ONE - remaining
                depth[top + y, left + x] = state[0, y, x] if remaining <= HALF else ZERO
