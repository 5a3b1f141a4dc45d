"""What is trained: one row of numbers per Gaussian."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# Columns of a row. Colour is the last group: coefficient k of channel c is at COLOR + 3 k + c.
POSITION = 0
LOG_SCALE = 3
ROTATION = 6
OPACITY_LOGIT = 10
COLOR = 11


def column_count(degree: int) -> int:
    """Columns per Gaussian for spherical harmonics up to `degree`."""
    return COLOR + 3 * (degree + 1) ** 2


@dataclass
class Gaussians:
    """Anisotropic Gaussians with view-dependent colour (Kerbl et al. 2023).

    `values` is float32 (n, columns): position (world units), natural logarithm of the three
    standard deviations, rotation as an unnormalised quaternion wxyz, logit of the opacity, and the
    spherical-harmonics coefficients of the colour, real basis without the Condon-Shortley phase,
    offset by one half.
    """

    values: np.ndarray
    degree: int

    def __post_init__(self) -> None:
        self.values = np.ascontiguousarray(self.values, np.float32)
        if self.values.ndim != 2 or self.values.shape[1] != column_count(self.degree):
            raise ValueError(
                f"degree {self.degree} needs {column_count(self.degree)} columns per Gaussian, "
                f"got an array of shape {self.values.shape}"
            )

    def __len__(self) -> int:
        return len(self.values)

    @property
    def positions(self) -> np.ndarray:
        """(n, 3), world units."""
        return self.values[:, POSITION : POSITION + 3]

    @property
    def log_scales(self) -> np.ndarray:
        """(n, 3), natural logarithm of world units."""
        return self.values[:, LOG_SCALE : LOG_SCALE + 3]

    @property
    def rotations(self) -> np.ndarray:
        """(n, 4), quaternions wxyz, not normalised."""
        return self.values[:, ROTATION : ROTATION + 4]

    @property
    def opacity_logits(self) -> np.ndarray:
        """(n,)."""
        return self.values[:, OPACITY_LOGIT]

    @property
    def opacities(self) -> np.ndarray:
        """(n,), in 0 to 1."""
        return 1 / (1 + np.exp(-self.opacity_logits))

    @property
    def coefficients(self) -> np.ndarray:
        """(n, (degree + 1)^2, 3), spherical harmonics of red, green and blue."""
        return self.values[:, COLOR:].reshape(len(self), -1, 3)

    def select(self, which: np.ndarray) -> Gaussians:
        """Those that `which` (indices or a mask) names, copied."""
        return Gaussians(self.values[which], self.degree)
