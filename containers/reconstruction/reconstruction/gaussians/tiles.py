"""Which splats touch which 16 x 16 pixel tile, nearest first."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import prange

from reconstruction.gaussians.compilation import exact_kernel, exact_parallel_kernel
from reconstruction.gaussians.projection import CENTER, CONIC, CUTOFF, DEPTH, REACH

TILE = 16
# Splats are counted and filed in this many independent slices of the depth order. A constant, so
# that the lists do not depend on the number of cores.
SLICES = 8


@dataclass
class Tiles:
    """Lists of splats per tile.

    Tile t (row by row, `columns` per row) holds `entries[starts[t]:starts[t + 1]]`, indices of
    splats by increasing depth. Entry e is number `slots[e]` when entries are counted splat by
    splat; splat i has the slots `first_slots[i]` to `first_slots[i + 1]`.
    """

    columns: int
    starts: np.ndarray
    entries: np.ndarray
    slots: np.ndarray
    first_slots: np.ndarray


def sort_into_tiles(splats: np.ndarray, width: int, height: int) -> Tiles:
    """Files `splats` (n, SPLAT_COLUMNS) for an image of `width` x `height` pixels."""
    columns, rows = -(-width // TILE), -(-height // TILE)
    order = depth_order(splats[:, DEPTH])
    counts = np.zeros((SLICES, columns * rows), np.int32)
    splat_counts = np.zeros(len(splats), np.int32)
    count_entries(splats, order, columns, rows, counts, splat_counts)

    first_slots = np.zeros(len(splats) + 1, np.int32)
    np.cumsum(splat_counts, out=first_slots[1:])
    starts = np.zeros(columns * rows + 1, np.int32)
    np.cumsum(counts.sum(axis=0), out=starts[1:])
    write_at = starts[:-1] + np.cumsum(counts, axis=0, dtype=np.int32) - counts

    entries = np.empty(starts[-1], np.int32)
    slots = np.empty(starts[-1], np.int32)
    file_entries(splats, order, columns, rows, first_slots, write_at, entries, slots)
    return Tiles(columns, starts, entries, slots, first_slots)


def depth_order(depths: np.ndarray) -> np.ndarray:
    """Indices of the visible splats by increasing depth, ties by index."""
    visible = np.flatnonzero(depths)
    # The bits of a positive float sort like the float; the index below them breaks ties, and
    # numpy sorts plain integers with vector instructions.
    keys = np.ascontiguousarray(depths[visible]).view(np.uint32).astype(np.uint64) << 32
    keys |= visible.astype(np.uint64)
    keys.sort()
    return (keys & 0xFFFFFFFF).astype(np.int32)


# Counting and filing must agree to the last bit on what touches a tile: no fast mathematics here.
@exact_kernel
def tile_span(splat, tile_row, columns):
    """First and last tile in `tile_row` that the splat's ellipse touches; empty if last < first."""
    uu, uv, vv = splat[CONIC], splat[CONIC + 1], splat[CONIC + 2]
    level = np.float32(-2) * splat[CUTOFF]
    reach = splat[REACH]
    top = np.float32(tile_row * TILE) + np.float32(0.5) - splat[CENTER + 1]
    low = max(top, -reach)
    high = min(top + np.float32(TILE - 1), reach)
    if low > high:
        return 0, -1
    # The ellipse is widest to the right at this height, to the left at its opposite.
    widest = -uv / vv * math.sqrt(level * vv / max(uu * vv - uv * uv, np.float32(1e-30)))
    right = edge(uu, uv, vv, level, min(max(widest, low), high), np.float32(1))
    left = edge(uu, uv, vv, level, min(max(-widest, low), high), np.float32(-1))
    first = math.floor((splat[CENTER] + left - np.float32(0.5)) / TILE)
    last = math.floor((splat[CENTER] + right - np.float32(0.5)) / TILE)
    return max(0, first), min(columns - 1, last)


@exact_kernel
def edge(uu, uv, vv, level, height, side):
    """Where the ellipse's edge lies `height` pixels below its centre, in pixels from the centre."""
    square = max(level * uu - (uu * vv - uv * uv) * height * height, np.float32(0))
    return (-uv * height + side * math.sqrt(square)) / uu


@exact_kernel
def tile_rows(splat, rows):
    """First and last row of tiles that the splat's ellipse touches."""
    first = math.floor((splat[CENTER + 1] - splat[REACH] - np.float32(0.5)) / TILE)
    last = math.floor((splat[CENTER + 1] + splat[REACH] - np.float32(0.5)) / TILE)
    return max(0, first), min(rows - 1, last)


@exact_parallel_kernel
def count_entries(splats, order, columns, rows, counts, splat_counts):
    """Adds up entries per slice and tile in `counts`, per splat in `splat_counts`."""
    size = -(-len(order) // SLICES)
    for part in prange(SLICES):
        for rank in range(part * size, min(len(order), (part + 1) * size)):
            i = order[rank]
            first_row, last_row = tile_rows(splats[i], rows)
            for row in range(first_row, last_row + 1):
                first, last = tile_span(splats[i], row, columns)
                for column in range(first, last + 1):
                    counts[part, row * columns + column] += 1
                    splat_counts[i] += 1


@exact_parallel_kernel
def file_entries(splats, order, columns, rows, first_slots, write_at, entries, slots):
    """Writes `entries` and `slots`; `write_at` says where each slice begins in each tile."""
    size = -(-len(order) // SLICES)
    for part in prange(SLICES):
        for rank in range(part * size, min(len(order), (part + 1) * size)):
            i = order[rank]
            slot = first_slots[i]
            first_row, last_row = tile_rows(splats[i], rows)
            for row in range(first_row, last_row + 1):
                first, last = tile_span(splats[i], row, columns)
                for column in range(first, last + 1):
                    at = write_at[part, row * columns + column]
                    entries[at] = i
                    slots[at] = slot
                    slot += 1
                    write_at[part, row * columns + column] = at + 1
