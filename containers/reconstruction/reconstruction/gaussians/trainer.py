"""The training loop."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from reconstruction.gaussians.adam import Adam
from reconstruction.gaussians.dataset import Dataset, Photo
from reconstruction.gaussians.densification import Pull, densify
from reconstruction.gaussians.exposure import Exposure
from reconstruction.gaussians.initialization import initial_gaussians
from reconstruction.gaussians.loss import photometric_loss
from reconstruction.gaussians.parameters import (
    COLOR,
    LOG_SCALE,
    OPACITY_LOGIT,
    POSITION,
    ROTATION,
    Gaussians,
)
from reconstruction.gaussians.render import backpropagate, draw

# Schedules go by the share of the training that is done, so that a slow machine does the same in
# fewer iterations.
DENSIFICATIONS = 8
DENSIFY_UNTIL = 0.5
MEASUREMENTS = 25
HALF_SIZE_UNTIL = 0.2
DEGREE_AT = (0.0, 0.15, 0.4)
FINAL_POSITION_RATE, FINAL_RATE = 0.03, 0.3


@dataclass(frozen=True)
class TrainingOptions:
    """Training ends after `seconds`, or after `max_iterations` where given.

    Only the second makes two runs equal bit by bit: the schedules go by the clock otherwise.
    `capacity` is the most Gaussians there may be, `degree` the highest of the colour's spherical
    harmonics.
    """

    seconds: float
    max_iterations: int | None = None
    seed: int = 0
    degree: int = 1
    capacity: int = 25_000


@dataclass
class Snapshot:
    """The best Gaussians so far by the mean PSNR of the held-out photos, in decibels."""

    gaussians: Gaussians
    psnr_db: float
    iteration: int


@dataclass
class TrainingState:
    """All that a later process needs to go on as if nothing had happened."""

    gaussians: Gaussians
    optimizer: Adam
    exposure: Exposure
    pull: Pull
    rng: np.random.Generator
    queue: list[int] = field(default_factory=list)
    iteration: int = 0
    seconds: float = 0.0
    densifications: int = 0
    measurements: int = 0
    best: Snapshot | None = None
    psnr_before_db: float | None = None

    @classmethod
    def initial(cls, dataset: Dataset, options: TrainingOptions) -> TrainingState:
        """Before the first iteration."""
        gaussians = initial_gaussians(dataset, options.degree, options.capacity)
        return cls(
            gaussians=gaussians,
            optimizer=Adam.for_values(gaussians.values),
            exposure=Exposure.neutral(len(dataset.training)),
            pull=Pull.none(len(gaussians)),
            rng=np.random.default_rng(options.seed),
        )


class Trainer:
    """Fits Gaussians to the training photos of `dataset`, from `state` on."""

    def __init__(self, dataset: Dataset, options: TrainingOptions, state: TrainingState) -> None:
        self.dataset = dataset
        self.options = options
        self.state = state
        self.halves = [photo.halved() for photo in dataset.training]
        centers = np.array([photo.camera.center for photo in dataset.training])
        extent = np.linalg.norm(centers - centers.mean(axis=0), axis=1).max()
        self.learning_rates = initial_learning_rates(extent, options.degree)

    @property
    def progress(self) -> float:
        """Share of the training that is done, 0 to 1."""
        if self.options.max_iterations is not None:
            return min(1.0, self.state.iteration / self.options.max_iterations)
        return min(1.0, self.state.seconds / self.options.seconds)

    def run(self, after_iteration: Callable[[Trainer], None] = lambda trainer: None) -> Gaussians:
        """Trains until done and returns the best Gaussians."""
        state = self.state
        if state.psnr_before_db is None:
            state.psnr_before_db = self.held_out_psnr_db()
        while self.progress < 1:
            started = time.monotonic()
            self.step()
            self.densify_when_due()
            self.measure_when_due()
            state.seconds += time.monotonic() - started
            after_iteration(self)
        if state.measurements < MEASUREMENTS:
            self.measure()
        return state.best.gaussians if state.best else state.gaussians

    def step(self) -> None:
        """One photo: draw, compare, move."""
        state, progress = self.state, self.progress
        number = self.next_photo()
        photo = (self.halves if progress < HALF_SIZE_UNTIL else self.dataset.training)[number]
        degree = int(np.searchsorted(DEGREE_AT, progress, side="right")) - 1

        drawing = draw(state.gaussians, photo.camera, degree)
        recorded = state.exposure.apply(number, drawing.image)
        _, recorded_gradient = photometric_loss(recorded, photo.colors())
        exposure_gradient, image_gradient = state.exposure.gradients(
            number, drawing.image, recorded_gradient
        )
        gradients = backpropagate(drawing, image_gradient)

        rates = self.learning_rates * FINAL_RATE**progress
        rates[POSITION : POSITION + 3] *= (FINAL_POSITION_RATE / FINAL_RATE) ** progress
        state.optimizer.update(state.gaussians.values, gradients.values, gradients.visible, rates)
        state.exposure.update(number, exposure_gradient)
        state.pull.add(gradients)
        state.iteration += 1

    def densify_when_due(self) -> None:
        """At even steps of the first half, growing evenly to the capacity; the rest settles."""
        state = self.state
        due = min(int(self.progress / DENSIFY_UNTIL * DENSIFICATIONS), DENSIFICATIONS)
        if due == state.densifications:
            return
        count = max(1, len(state.gaussians))
        steps_left = DENSIFICATIONS - state.densifications
        target = int(count * (self.options.capacity / count) ** (1 / steps_left))
        state.gaussians = densify(state.gaussians, state.optimizer, state.pull, target, state.rng)
        state.pull = Pull.none(len(state.gaussians))
        state.densifications = due

    def measure_when_due(self) -> None:
        """At even steps of progress."""
        due = int(self.progress * MEASUREMENTS)
        if due != self.state.measurements:
            self.state.measurements = due
            self.measure()

    def next_photo(self) -> int:
        """Every training photo once in random order, then again."""
        state = self.state
        if not state.queue:
            state.queue = state.rng.permutation(len(self.dataset.training)).tolist()
        return state.queue.pop()

    def held_out_psnr_db(self) -> float | None:
        """Mean PSNR of the held-out photos, none if there are none."""
        if not self.dataset.held_out:
            return None
        return float(np.mean([psnr_db(self.state.gaussians, p) for p in self.dataset.held_out]))

    def measure(self) -> None:
        """Keeps the Gaussians if they are the best so far."""
        state = self.state
        found = self.held_out_psnr_db()
        if found is not None and (state.best is None or found > state.best.psnr_db):
            values = state.gaussians.values.copy()
            state.best = Snapshot(Gaussians(values, state.gaussians.degree), found, state.iteration)


def psnr_db(gaussians: Gaussians, photo: Photo) -> float:
    """Peak signal-to-noise ratio of the picture of `gaussians` against `photo`, decibels."""
    image = np.clip(draw(gaussians, photo.camera).image, 0, 1)
    return float(-10 * np.log10(np.mean((image - photo.colors()) ** 2, dtype=np.float64)))


def initial_learning_rates(extent: float, degree: int) -> np.ndarray:
    """Per column; `extent` is how far the cameras spread from their mean, world units."""
    rates = np.zeros(COLOR + 3 * (degree + 1) ** 2)
    rates[POSITION : POSITION + 3] = 2.4e-4 * extent
    rates[LOG_SCALE : LOG_SCALE + 3] = 0.04
    rates[ROTATION : ROTATION + 4] = 0.002
    rates[OPACITY_LOGIT] = 0.05
    rates[COLOR : COLOR + 3] = 0.04
    rates[COLOR + 3 :] = 0.002
    return rates
