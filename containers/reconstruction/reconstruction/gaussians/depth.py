"""Median depth of splats."""

from __future__ import annotations

import numpy as np
from numba import prange

from reconstruction.gaussians.compilation import parallel_kernel
from reconstruction.gaussians.projection import CENTER, CONIC, DEPTH, MIN_ALPHA, OPACITY, REACH
from reconstruction.gaussians.rasterizer import (
    HALF,
    LOWEST_EXPONENT,
    MAX_ALPHA,
    ONE,
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
        remaining = np.ones((TILE, TILE), np.float32)
        median = np.zeros((TILE, TILE), np.float32)
        for entry in range(starts[tile], starts[tile + 1]):
            splat = splats[entries[entry]]
            u = splat[CENTER] - np.float32(left) - HALF
            v = splat[CENTER + 1] - np.float32(top) - HALF
            first, last = row_range(v, splat[REACH])
            for y in range(first, last + 1):
                dy = np.float32(y) - v
                for x in range(TILE):
                    dx = np.float32(x) - u
                    exponent = -HALF * (splat[CONIC] * dx * dx + splat[CONIC + 2] * dy * dy)
                    exponent -= splat[CONIC + 1] * dx * dy
                    share = splat[OPACITY] * fast_exp(max(exponent, LOWEST_EXPONENT))
                    share = min(share, MAX_ALPHA) if share >= MIN_ALPHA else ZERO
                    before = remaining[y, x]
                    after = before * (ONE - share)
                    crossed = before > HALF and after <= HALF
                    median[y, x] = splat[DEPTH] if crossed else median[y, x]
                    remaining[y, x] = after
        for y in range(min(TILE, height - top)):
            for x in range(min(TILE, width - left)):
                depth[top + y, left + x] = median[y, x]
                alpha[top + y, left + x] = ONE - remaining[y, x]
