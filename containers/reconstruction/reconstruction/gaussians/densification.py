"""Where detail is missing, more Gaussians; where one no longer shows, none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reconstruction.gaussians.adam import Adam
from reconstruction.gaussians.parameters import LOG_SCALE, POSITION, Gaussians
from reconstruction.gaussians.render import Gradients

MIN_OPACITY = 0.01
SPREAD = 0.6
SHRINK = 1.6


@dataclass
class Pull:
    """How strongly the pixels pulled at each Gaussian since the last densification, (n,) each."""

    total: np.ndarray
    seen: np.ndarray

    @classmethod
    def none(cls, count: int) -> Pull:
        """For `count` Gaussians that no photo has pulled at yet."""
        return cls(np.zeros(count, np.float32), np.zeros(count, np.float32))

    def add(self, gradients: Gradients) -> None:
        """Counts one more photo."""
        self.total += gradients.pull
        self.seen += gradients.visible

    def mean(self) -> np.ndarray:
        """Per photo in which the Gaussian was visible."""
        return self.total / np.maximum(self.seen, 1)


def densify(
    gaussians: Gaussians, optimizer: Adam, pull: Pull, target: int, rng: np.random.Generator
) -> Gaussians:
    """Prunes what is nearly transparent, and splits those most pulled at, for `target` in all.

    A split Gaussian becomes two smaller ones, drawn apart along a random direction of its own
    shape; for a small one that is a clone, for a large one a division. The optimiser's history goes
    along; that of split ones starts anew.
    """
    keep = gaussians.opacities > MIN_OPACITY
    survivors = gaussians.select(keep)
    optimizer.select(keep)
    splits = min(target - len(survivors), len(survivors))
    if splits <= 0:
        return survivors
    chosen = np.argsort(-pull.mean()[keep], kind="stable")[:splits]
    offsets = rng.normal(size=(splits, 3)) * np.exp(survivors.log_scales[chosen]) * SPREAD
    offsets = np.einsum("nij,nj->ni", rotation_matrices(survivors.rotations[chosen]), offsets)
    first = survivors.values[chosen]
    first[:, LOG_SCALE : LOG_SCALE + 3] -= np.log(SHRINK)
    second = first.copy()
    first[:, POSITION : POSITION + 3] -= offsets
    second[:, POSITION : POSITION + 3] += offsets
    survivors.values[chosen] = first
    optimizer.mean[chosen] = 0
    optimizer.square[chosen] = 0
    optimizer.extend(splits)
    return Gaussians(np.concatenate([survivors.values, second]), gaussians.degree)


def rotation_matrices(quaternions: np.ndarray) -> np.ndarray:
    """(n, 3, 3) from (n, 4) wxyz of any length."""
    w, x, y, z = (quaternions / np.linalg.norm(quaternions, axis=1, keepdims=True)).T
    return np.stack(
        [
            np.stack([1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)], -1),
            np.stack([2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)], -1),
            np.stack([2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)], -1),
        ],
        axis=1,
    )
