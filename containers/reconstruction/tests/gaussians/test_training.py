"""What training promises: quality, repeatability, honest measurement, going on after a stop."""

from __future__ import annotations

from dataclasses import replace

import numba
import numpy as np
import pytest

from reconstruction.gaussians.adam import Adam
from reconstruction.gaussians.checkpoint import load_checkpoint, save_checkpoint
from reconstruction.gaussians.densification import Pull, densify
from reconstruction.gaussians.exposure import Exposure
from reconstruction.gaussians.loss import photometric_loss
from reconstruction.gaussians.parameters import OPACITY_LOGIT
from reconstruction.gaussians.render import draw
from reconstruction.gaussians.trainer import Trainer, TrainingOptions, TrainingState, psnr_db

SHORT = TrainingOptions(seconds=60, max_iterations=240, capacity=6000)


def trained(dataset, options=SHORT, after_iteration=lambda trainer: None) -> Trainer:
    trainer = Trainer(dataset, options, TrainingState.initial(dataset, options))
    trainer.run(after_iteration)
    return trainer


def test_training_shows_held_out_photos_much_better_than_the_points_alone(dataset):
    state = trained(dataset, replace(SHORT, max_iterations=700)).state
    assert state.best.psnr_db > 23
    assert state.best.psnr_db > state.psnr_before_db + 6


def test_the_same_seed_gives_the_same_gaussians_with_any_number_of_threads(dataset):
    first = trained(dataset)
    threads = numba.get_num_threads()
    numba.set_num_threads(1)
    try:
        second = trained(dataset)
    finally:
        numba.set_num_threads(threads)
    np.testing.assert_array_equal(first.state.gaussians.values, second.state.gaussians.values)
    other = trained(dataset, replace(SHORT, seed=1))
    assert not np.array_equal(
        first.state.gaussians.values[:100], other.state.gaussians.values[:100]
    )


def test_nothing_of_a_held_out_photo_reaches_the_gaussians(dataset):
    black = [replace(photo, pixels=np.zeros_like(photo.pixels)) for photo in dataset.held_out]
    with_others = trained(replace(dataset, held_out=black)).state
    without = trained(replace(dataset, held_out=[])).state
    expected = trained(dataset).state.gaussians.values
    np.testing.assert_array_equal(with_others.gaussians.values, expected)
    np.testing.assert_array_equal(without.gaussians.values, expected)


def test_the_best_state_is_kept_when_training_goes_astray(dataset):
    seen = []

    def spoil(trainer: Trainer) -> None:
        if trainer.state.iteration == 180:
            seen.append(trainer.state.best.psnr_db)
            trainer.state.gaussians.values[:, OPACITY_LOGIT] = -9

    options = TrainingOptions(seconds=60, max_iterations=240)
    trainer = Trainer(dataset, options, TrainingState.initial(dataset, options))
    kept = trainer.run(spoil)
    measured = float(np.mean([psnr_db(kept, photo) for photo in dataset.held_out]))
    assert measured == pytest.approx(seen[0])
    assert measured == pytest.approx(trainer.state.best.psnr_db)
    assert measured > trainer.held_out_psnr_db() + 3
    assert trainer.state.best.iteration <= 180


def test_without_held_out_photos_the_last_state_is_the_result(dataset):
    options = TrainingOptions(seconds=60, max_iterations=5)
    alone = replace(dataset, held_out=[])
    trainer = Trainer(alone, options, TrainingState.initial(alone, options))
    assert trainer.run() is trainer.state.gaussians
    assert trainer.state.best is None
    assert trainer.state.psnr_before_db is None


class Stopped(Exception):
    pass


def test_training_that_was_stopped_goes_on_as_if_it_had_not_been(dataset, tmp_path):
    uninterrupted = trained(dataset).state

    def stop(trainer: Trainer) -> None:
        if trainer.state.iteration == 130:
            save_checkpoint(trainer.state, tmp_path)
            raise Stopped

    with pytest.raises(Stopped):
        trained(dataset, SHORT, stop)
    resumed = Trainer(dataset, SHORT, load_checkpoint(tmp_path))
    resumed.run()
    assert resumed.state.iteration == uninterrupted.iteration == 240
    np.testing.assert_array_equal(resumed.state.gaussians.values, uninterrupted.gaussians.values)
    np.testing.assert_array_equal(resumed.state.exposure.values, uninterrupted.exposure.values)
    assert resumed.state.best.psnr_db == uninterrupted.best.psnr_db
    assert resumed.state.best.iteration == uninterrupted.best.iteration
    assert resumed.state.psnr_before_db == uninterrupted.psnr_before_db


def test_time_spent_before_a_stop_counts(dataset, tmp_path):
    state = trained(dataset, TrainingOptions(seconds=60, max_iterations=3)).state
    state.seconds = 59.9
    save_checkpoint(state, tmp_path)
    resumed = Trainer(dataset, TrainingOptions(seconds=60), load_checkpoint(tmp_path))
    assert resumed.progress == pytest.approx(59.9 / 60)
    resumed.run()
    assert 60 <= resumed.state.seconds < 63


def test_there_is_no_state_where_no_checkpoint_was_written(tmp_path):
    assert load_checkpoint(tmp_path) is None


def test_densification_splits_where_the_pull_is_strong_and_drops_the_transparent(dataset):
    options = TrainingOptions(seconds=1)
    gaussians = TrainingState.initial(dataset, options).gaussians
    gaussians.values[:50, OPACITY_LOGIT] = -7
    optimizer = Adam.for_values(gaussians.values)
    pull = Pull.none(len(gaussians))
    pull.seen[:] = 1
    pull.total[100:120] = 5
    before = gaussians.positions[100:120].copy()
    count = len(gaussians)
    capacity = count - 50 + 20
    grown = densify(gaussians, optimizer, pull, capacity, np.random.default_rng(0))
    assert len(grown) == len(optimizer.mean) == len(optimizer.square) == capacity
    assert grown.opacities.min() > 0.01
    middle = (grown.positions[50:70] + grown.positions[-20:]) / 2
    np.testing.assert_allclose(middle, before, atol=1e-5)
    assert (grown.log_scales[50:70] < gaussians.log_scales[100:120]).all()


def test_gaussians_stay_within_the_capacity(dataset):
    options = replace(SHORT, capacity=3000, max_iterations=400)
    counts = []
    trained(dataset, options, lambda trainer: counts.append(len(trainer.state.gaussians)))
    assert counts[0] == 1500 + 1000
    assert counts[-1] > counts[0]
    assert max(counts) == 3000


def test_the_exposure_of_a_dimmed_photo_is_found(dataset):
    photo = dataset.training[0].colors()
    dimmed = photo * np.array([0.8, 0.85, 0.9], np.float32)[:, None, None] + np.float32(0.02)
    exposure = Exposure.neutral(3)
    for _ in range(400):
        _, gradient = photometric_loss(exposure.apply(1, photo), dimmed)
        own, _ = exposure.gradients(1, photo, gradient)
        exposure.update(1, own)
    np.testing.assert_allclose(exposure.values[1, :3], [0.8, 0.85, 0.9], atol=0.05)
    assert np.abs(exposure.apply(1, photo) - dimmed).mean() < 0.006
    np.testing.assert_array_equal(exposure.values[[0, 2]], Exposure.neutral(2).values)


def test_photos_of_different_exposure_are_not_baked_into_the_scene(dataset):
    """Half of the photos dimmed: held-out photos, which are not, come out undimmed."""
    dimmed = [
        replace(photo, pixels=(photo.pixels * (0.75 if i % 2 else 1)).astype(np.uint8))
        for i, photo in enumerate(dataset.training)
    ]
    options = replace(SHORT, max_iterations=700)
    state = trained(replace(dataset, training=dimmed), options).state
    gains = state.exposure.values[:, :3].mean(axis=1)
    assert gains[0::2].mean() - gains[1::2].mean() > 0.1
    view = dataset.training[0].camera
    assert draw(state.best.gaussians, view).image.mean() > 0.8 * dataset.training[0].colors().mean()
