"""The optimiser against the algorithm of the paper."""

from __future__ import annotations

import numpy as np

from reconstruction.gaussians.adam import Adam


def test_steps_are_those_of_the_paper():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(5, 3)).astype(np.float32)
    expected = values.astype(np.float64)
    optimizer = Adam.for_values(values)
    rates = np.array([0.1, 0.01, 0.5])
    mean = square = np.zeros((5, 3))
    for step in range(1, 8):
        gradients = rng.normal(size=(5, 3)).astype(np.float32) * 1e-4
        optimizer.update(values, gradients, np.ones(5, bool), rates)
        mean = 0.9 * mean + 0.1 * gradients
        square = 0.999 * square + 0.001 * gradients.astype(np.float64) ** 2
        unbiased = np.sqrt(square / (1 - 0.999**step))
        expected -= rates * mean / (1 - 0.9**step) / unbiased
    np.testing.assert_allclose(values, expected, rtol=1e-4)


def test_what_is_not_seen_does_not_move_and_keeps_its_history():
    values = np.ones((2, 4), np.float32)
    optimizer = Adam.for_values(values)
    rates = np.full(4, 0.1)
    optimizer.update(values, np.ones_like(values), np.array([True, True]), rates)
    before, history = values[1].copy(), optimizer.square[1].copy()
    optimizer.update(values, np.ones_like(values), np.array([True, False]), rates)
    np.testing.assert_array_equal(values[1], before)
    np.testing.assert_array_equal(optimizer.square[1], history)
    assert (values[0] < before).all()
