"""How many iterations fit into the time that the user gives, and the phases scaled to them."""

from __future__ import annotations

from dataclasses import dataclass

FULL_ITERATIONS = 30_000
FEWEST_ITERATIONS = 1_000
# Expected, not measured: an A10G or L4 at 1600 px with a million Gaussians, from the times that
# 3DGRUT publishes for an RTX 5090. A faster GPU is done earlier; on a slower one the training ends
# before its last iteration, when its time is over.
EXPECTED_ITERATIONS_PER_SECOND = 11.0
CHECKPOINTS = 10


@dataclass(frozen=True)
class Schedule:
    """A training of `iterations`; all phases end at the shares of it that 3DGRUT's defaults have.

    The learning rate falls to its end value just when the training ends, so that a short training
    is a whole one, and not the beginning of a long one.
    """

    iterations: int

    @property
    def last_growth(self) -> int:
        """Until here Gaussians are added and dead ones moved (configs/strategy/mcmc.yaml)."""
        return self.iterations * 25_000 // FULL_ITERATIONS

    @property
    def last_perturbation(self) -> int:
        """Until here positions get noise (configs/strategy/mcmc.yaml)."""
        return self.iterations * 27_500 // FULL_ITERATIONS

    @property
    def checkpoints(self) -> list[int]:
        """Iterations after which a checkpoint is written; the end needs none."""
        return [self.iterations * part // CHECKPOINTS for part in range(1, CHECKPOINTS)]


def schedule_for(seconds: float) -> Schedule:
    """The schedule that a usual GPU gets done in `seconds`, at most 3DGRUT's own 30 000."""
    iterations = round(seconds * EXPECTED_ITERATIONS_PER_SECOND / 100) * 100
    return Schedule(max(FEWEST_ITERATIONS, min(FULL_ITERATIONS, iterations)))
