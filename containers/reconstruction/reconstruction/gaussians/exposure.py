"""What each camera did to the light: gain and bias per photo and colour channel.

Photos of one set differ in exposure and white balance. Left alone, the difference would be baked
into view-dependent colour. Each training photo therefore gets a gain and an offset per channel,
held near 1 and 0 by a spring so that the scene's own brightness is their average. Held-out photos
are measured without any correction.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reconstruction.gaussians.adam import Adam

LEARNING_RATE = 1e-3
STIFFNESS = 0.05


@dataclass
class Exposure:
    """`values` is float32 (photos, 6): gains of red, green and blue, then offsets."""

    values: np.ndarray
    optimizer: Adam

    @classmethod
    def neutral(cls, photos: int) -> Exposure:
        """Gain 1 and offset 0 for each of `photos` photos."""
        values = np.tile(np.array([1, 1, 1, 0, 0, 0], np.float32), (photos, 1))
        return cls(values, Adam.for_values(values))

    def apply(self, photo: int, image: np.ndarray) -> np.ndarray:
        """`image` (3, h, w) as the camera of number `photo` would have recorded it."""
        gain, offset = self.values[photo, :3], self.values[photo, 3:]
        return image * gain[:, None, None] + offset[:, None, None]

    def gradients(
        self, photo: int, image: np.ndarray, recorded_gradient: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Gradients by this photo's six values and by `image`, given that by the recorded image."""
        # einsum rather than a product of matrices: BLAS would bring threads of its own.
        own = np.concatenate(
            [np.einsum("chw,chw->c", recorded_gradient, image), recorded_gradient.sum(axis=(1, 2))]
        )
        return own, recorded_gradient * self.values[photo, :3, None, None]

    def update(self, photo: int, gradient: np.ndarray) -> None:
        """One step for `photo` against `gradient` (6,) and the spring."""
        rest = np.array([1, 1, 1, 0, 0, 0], np.float32)
        gradients = np.zeros_like(self.values)
        gradients[photo] = gradient + STIFFNESS * (self.values[photo] - rest)
        moving = np.arange(len(self.values)) == photo
        self.optimizer.update(self.values, gradients, moving, np.full(6, LEARNING_RATE))
