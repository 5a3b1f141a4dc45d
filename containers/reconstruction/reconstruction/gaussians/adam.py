"""The Adam optimiser (Kingma and Ba 2015), moving only Gaussians that the picture shows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import prange

from reconstruction.gaussians.compilation import parallel_kernel

MEAN_DECAY = 0.9
SQUARE_DECAY = 0.999
EPSILON = np.float32(1e-15)


@dataclass
class Adam:
    """Running means of gradients and of their squares, float32 (n, columns), and steps taken."""

    mean: np.ndarray
    square: np.ndarray
    step: int = 0

    @classmethod
    def for_values(cls, values: np.ndarray) -> Adam:
        """A fresh optimiser for `values`."""
        return cls(np.zeros_like(values), np.zeros_like(values))

    def update(
        self,
        values: np.ndarray,
        gradients: np.ndarray,
        moving: np.ndarray,
        learning_rates: np.ndarray,
    ) -> None:
        """Takes one step in place: rows of `values` where `moving` (n,), a rate per column."""
        self.step += 1
        # The corrections for the zero start are the same for all: they go into the rates.
        mean_correction = 1 - MEAN_DECAY**self.step
        square_correction = 1 - SQUARE_DECAY**self.step
        step_sizes = learning_rates * np.sqrt(square_correction) / mean_correction
        move(values, gradients, moving, self.mean, self.square, step_sizes.astype(np.float32))

    def select(self, which: np.ndarray) -> None:
        """Keeps the rows that `which` names."""
        self.mean, self.square = self.mean[which], self.square[which]

    def extend(self, count: int) -> None:
        """Adds `count` rows without history."""
        blank = np.zeros((count, self.mean.shape[1]), np.float32)
        self.mean = np.concatenate([self.mean, blank])
        self.square = np.concatenate([self.square, blank])


@parallel_kernel
def move(values, gradients, moving, mean, square, step_sizes):
    """Updates `mean`, `square` and `values` in place."""
    old_mean, new_mean = np.float32(MEAN_DECAY), np.float32(1 - MEAN_DECAY)
    old_square, new_square = np.float32(SQUARE_DECAY), np.float32(1 - SQUARE_DECAY)
    for i in prange(values.shape[0]):
        if not moving[i]:
            continue
        for k in range(values.shape[1]):
            gradient = gradients[i, k]
            mean[i, k] = old_mean * mean[i, k] + new_mean * gradient
            square[i, k] = old_square * square[i, k] + new_square * gradient * gradient
            values[i, k] -= step_sizes[k] * mean[i, k] / (np.sqrt(square[i, k]) + EPSILON)
