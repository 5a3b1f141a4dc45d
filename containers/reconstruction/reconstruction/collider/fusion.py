"""Depth maps fused to a truncated signed distance field (Curless and Levoy 1996)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import prange
from scipy.ndimage import gaussian_filter

from reconstruction.gaussians.camera import Camera
from reconstruction.gaussians.compilation import parallel_kernel

TRUNCATION_VOXELS = 5.0
# A view that looks past a grid point counts this much of one that sees a surface at it: where some
# views see through a thin or dark surface, they must not wear a hole into it.
FREE_SPACE_SHARE = np.float32(0.2)
ONE, ZERO = np.float32(1), np.float32(0)


@dataclass
class DistanceField:
    """Signed distance to the surface on a grid, positive in free space.

    `distances` float32 (nx, ny, nz) in units of the truncation distance, -1 to 1; `weights` how
    many views saw a surface near each grid point. Grid point (i, j, k) is at `origin` + `voxel`
    (i, j, k).
    """

    distances: np.ndarray
    weights: np.ndarray
    origin: np.ndarray
    voxel: float

    @classmethod
    def spanning(cls, low: np.ndarray, high: np.ndarray, resolution: int) -> DistanceField:
        """An empty field over a box, `resolution` grid points along its longest side."""
        voxel = float((high - low).max() / (resolution - 1))
        shape = tuple(np.ceil((high - low) / voxel).astype(int) + 1)
        return cls(np.ones(shape, np.float32), np.zeros(shape, np.float32), low, voxel)

    def add(self, camera: Camera, depth: np.ndarray) -> None:
        """Fuses one depth map (h, w), world units along the optical axis, 0 for unknown."""
        integrate(
            self.distances,
            self.weights,
            self.origin.astype(np.float32),
            np.float32(self.voxel),
            np.float32(TRUNCATION_VOXELS * self.voxel),
            camera.packed(),
            depth,
        )

    def blurred(self, voxels: float) -> DistanceField:
        """The field smoothed by a Gaussian, each grid point counting as much as it was seen.

        Depth rendered from Gaussians has bubbles on plain walls; they are shorter than this.
        """
        weights = np.minimum(self.weights, 10)
        total = gaussian_filter(self.distances * weights, voxels)
        distances = total / np.maximum(gaussian_filter(weights, voxels), 1e-3)
        return DistanceField(distances, self.weights, self.origin, self.voxel)


@parallel_kernel
def integrate(distances, weights, origin, voxel, truncation, camera, depth):
    """Averages one view into `distances` and `weights`, in place."""
    count_x, count_y, count_z = distances.shape
    height, width = depth.shape
    for i in prange(count_x):
        x = origin[0] + np.float32(i) * voxel
        for j in range(count_y):
            y = origin[1] + np.float32(j) * voxel
            for k in range(count_z):
                z = origin[2] + np.float32(k) * voxel
                along = camera[6] * x + camera[7] * y + camera[8] * z + camera[11]
                if along < camera[16]:
                    continue
                right = camera[0] * x + camera[1] * y + camera[2] * z + camera[9]
                down = camera[3] * x + camera[4] * y + camera[5] * z + camera[10]
                u = math.floor(camera[12] * right / along + camera[14])
                v = math.floor(camera[13] * down / along + camera[15])
                if u < 0 or v < 0 or u >= width or v >= height:
                    continue
                seen = depth[v, u]
                if seen <= ZERO or seen - along < -truncation:
                    continue
                distance = min(ONE, (seen - along) / truncation)
                share = FREE_SPACE_SHARE if distance == ONE else ONE
                weight = weights[i, j, k]
                total = weight + share
                distances[i, j, k] = (distances[i, j, k] * weight + distance * share) / total
                weights[i, j, k] = total
