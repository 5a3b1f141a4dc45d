"""Pictures of Gaussians: colour, and gradients of a picture; depth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reconstruction.gaussians.backprojection import backproject
from reconstruction.gaussians.camera import Camera
from reconstruction.gaussians.depth import rasterize_depth
from reconstruction.gaussians.parameters import Gaussians
from reconstruction.gaussians.projection import (
    GRADIENT_COLUMNS,
    SPLAT_COLUMNS,
    project,
)
from reconstruction.gaussians.rasterizer import backrasterize, rasterize, sum_entries
from reconstruction.gaussians.spherical_harmonics import MAX_DEGREE
from reconstruction.gaussians.tiles import Tiles, sort_into_tiles


@dataclass
class Projection:
    """Gaussians as one camera sees them, filed by tile."""

    gaussians: Gaussians
    camera: Camera
    degree: int
    splats: np.ndarray
    tiles: Tiles


@dataclass
class Drawing:
    """A picture with what is needed to send gradients back through it.

    `image` is (3, h, w), `transmittance` (h, w), `ends` per tile how much of its list was drawn.
    """

    projection: Projection
    image: np.ndarray
    transmittance: np.ndarray
    ends: np.ndarray


@dataclass
class Gradients:
    """Of a loss with respect to the Gaussians of a drawing.

    `values` is shaped like `Gaussians.values`. `pull` (n,) is how strongly the pixels pull at each
    Gaussian's image, `visible` (n,) whether it has one.
    """

    values: np.ndarray
    pull: np.ndarray
    visible: np.ndarray


def render(gaussians: Gaussians, camera: Camera) -> np.ndarray:
    """Picture over black, float32 (h, w, 3), colours nominally 0 to 1 but not clipped."""
    return np.ascontiguousarray(draw(gaussians, camera).image.transpose(1, 2, 0))


def render_depth(gaussians: Gaussians, camera: Camera) -> tuple[np.ndarray, np.ndarray]:
    """Median depth and opacity, float32 (h, w) each.

    The depth, along the optical axis in world units, is that of the Gaussian at which half of the
    light is stopped, 0 where less than half is. Unlike the mean it does not smear an edge into the
    background, and a few far Gaussians cannot pull it away. Within a Gaussian it is where the ray
    meets most of it, so that a flat one seen at a slant is a slanted surface (Zhang et al. 2024,
    RaDe-GS).
    """
    projection = project_onto(gaussians, camera, gaussians.degree)
    depth = np.zeros((camera.height, camera.width), np.float32)
    alpha = np.zeros_like(depth)
    tiles = projection.tiles
    rasterize_depth(tiles.columns, tiles.starts, tiles.entries, projection.splats, depth, alpha)
    return depth, alpha


def project_onto(gaussians: Gaussians, camera: Camera, degree: int) -> Projection:
    """`gaussians` on the image plane of `camera`, colours up to `degree`, at most 2.

    Files of other trainers go up to degree 3, whose share of the colour is slight; it is left out.
    """
    degree = min(degree, MAX_DEGREE)
    splats = np.empty((len(gaussians), SPLAT_COLUMNS), np.float32)
    project(
        gaussians.values,
        degree,
        camera.packed(),
        camera.center.astype(np.float32),
        camera.width,
        camera.height,
        splats,
    )
    tiles = sort_into_tiles(splats, camera.width, camera.height)
    return Projection(gaussians, camera, degree, splats, tiles)


def draw(gaussians: Gaussians, camera: Camera, degree: int | None = None) -> Drawing:
    """Draws with spherical harmonics up to `degree`, all there are if not given."""
    degree = gaussians.degree if degree is None else min(degree, gaussians.degree)
    projection = project_onto(gaussians, camera, degree)
    tiles = projection.tiles
    image = np.empty((3, camera.height, camera.width), np.float32)
    transmittance = np.empty((camera.height, camera.width), np.float32)
    ends = np.empty(len(tiles.starts) - 1, np.int32)
    rasterize(
        tiles.columns, tiles.starts, tiles.entries, projection.splats, image, transmittance, ends
    )
    return Drawing(projection, image, transmittance, ends)


def backpropagate(drawing: Drawing, image_gradient: np.ndarray) -> Gradients:
    """Gradients of a loss whose gradient by the image is `image_gradient`, float32 (3, h, w)."""
    projection, camera = drawing.projection, drawing.projection.camera
    gaussians, splats, tiles = projection.gaussians, projection.splats, projection.tiles
    entry_gradients = np.empty((len(tiles.entries), GRADIENT_COLUMNS), np.float32)
    backrasterize(
        tiles.columns,
        tiles.starts,
        tiles.entries,
        tiles.slots,
        drawing.ends,
        splats,
        drawing.transmittance,
        image_gradient,
        entry_gradients,
    )
    splat_gradients = np.empty((len(gaussians), GRADIENT_COLUMNS), np.float32)
    pull = np.empty(len(gaussians), np.float32)
    sum_entries(tiles.first_slots, entry_gradients, splat_gradients, pull)
    gradients = np.empty_like(gaussians.values)
    backproject(
        gaussians.values,
        projection.degree,
        camera.packed(),
        camera.center.astype(np.float32),
        camera.width,
        camera.height,
        splats,
        splat_gradients,
        gradients,
    )
    return Gradients(gradients, pull, np.diff(tiles.first_slots) > 0)
