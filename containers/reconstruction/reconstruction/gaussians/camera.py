"""The pinhole camera all rendering is done through."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True)
class Camera:
    """A pinhole camera in COLMAP's convention: x right, y down, z forward; pixel centres at .5.

    `rotation` (3, 3) and `translation` (3,) take world to camera coordinates. Focal lengths and
    principal point are in pixels. Nothing closer than `near` (world units) is drawn.
    """

    width: int
    height: int
    fx: float
    fy: float
    cx: float
    cy: float
    rotation: np.ndarray
    translation: np.ndarray
    near: float = 0.01

    @property
    def center(self) -> np.ndarray:
        """Position of the camera in the world, (3,)."""
        return -self.rotation.T @ self.translation

    def resized(self, width: int, height: int) -> Camera:
        """The same view on a pixel grid of another size."""
        horizontal, vertical = width / self.width, height / self.height
        return replace(
            self,
            width=width,
            height=height,
            fx=self.fx * horizontal,
            fy=self.fy * vertical,
            cx=self.cx * horizontal,
            cy=self.cy * vertical,
        )

    def with_longest_side(self, pixels: int) -> Camera:
        """The same view with its longest side at most `pixels`."""
        scale = min(1.0, pixels / max(self.width, self.height))
        return self.resized(max(1, round(self.width * scale)), max(1, round(self.height * scale)))

    def transformed(self, world_from_old: np.ndarray) -> Camera:
        """The same camera after the world was moved by the rigid `world_from_old` (4, 4)."""
        turn, shift = world_from_old[:3, :3], world_from_old[:3, 3]
        rotation = self.rotation @ turn.T
        return replace(self, rotation=rotation, translation=self.translation - rotation @ shift)

    def packed(self) -> np.ndarray:
        """Kernel form, float32 (17,): rotation row by row, translation, fx, fy, cx, cy, near."""
        intrinsics = [self.fx, self.fy, self.cx, self.cy, self.near]
        return np.concatenate([self.rotation.ravel(), self.translation, intrinsics]).astype(
            np.float32
        )
