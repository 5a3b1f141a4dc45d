"""From COLMAP's frame to the world of the scene: upright, and in metres where that is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reconstruction.export.harmonics import rotated_coefficients
from reconstruction.gaussians.camera import Camera
from reconstruction.gaussians.parameters import Gaussians


@dataclass(frozen=True)
class Similarity:
    """`x -> scale * (rotation @ x) + translation`, (3, 3) and (3,)."""

    rotation: np.ndarray
    translation: np.ndarray
    scale: float

    @classmethod
    def of(cls, rigid: np.ndarray, scale: float) -> Similarity:
        """The rigid motion (4, 4), then everything `scale` times as large."""
        return cls(rigid[:3, :3], scale * rigid[:3, 3], scale)

    @classmethod
    def identity(cls) -> Similarity:
        return cls(np.eye(3), np.zeros(3), 1.0)

    def points(self, points: np.ndarray) -> np.ndarray:
        """Points (n, 3), moved."""
        return self.scale * points @ self.rotation.T + self.translation

    def camera(self, camera: Camera) -> Camera:
        """The same picture of the moved world."""
        rigid = np.eye(4)
        rigid[:3, :3], rigid[:3, 3] = self.rotation, self.translation / self.scale
        moved = camera.transformed(rigid)
        return Camera(
            **{
                **vars(moved),
                "translation": moved.translation * self.scale,
                "near": moved.near * self.scale,
            }
        )

    def gaussians(self, gaussians: Gaussians) -> Gaussians:
        """Gaussians that look the same from the moved cameras, colours of every direction too."""
        values = gaussians.values.copy()
        moved = Gaussians(values, gaussians.degree)
        moved.positions[:] = self.points(gaussians.positions)
        moved.log_scales[:] += np.log(self.scale)
        moved.rotations[:] = quaternion_product(quaternion_of(self.rotation), gaussians.rotations)
        moved.coefficients[:] = rotated_coefficients(gaussians.coefficients, self.rotation)
        return moved


def quaternion_of(rotation: np.ndarray) -> np.ndarray:
    """Unit quaternion wxyz of a rotation matrix."""
    from scipy.spatial.transform import Rotation

    x, y, z, w = Rotation.from_matrix(rotation).as_quat()
    return np.array([w, x, y, z])


def quaternion_product(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Hamilton products of one quaternion (4,) with many (n, 4), wxyz."""
    w, x, y, z = left
    a, b, c, d = right.T
    return np.stack(
        [
            w * a - x * b - y * c - z * d,
            w * b + x * a + y * d - z * c,
            w * c - x * d + y * a + z * b,
            w * d + x * c - y * b + z * a,
        ],
        axis=1,
    )
