"""The order of a queue that has a fair-share scheduling policy. Pure.

Batch User Guide, "Fair-share scheduling policies": what a share has used over `shareDecaySeconds`
(600 when not given), multiplied by its weight factor, decides; the least comes first. Shares that
have used nothing take turns, the one served longest ago first. Within a share, jobs go by
scheduling priority, then by age. `computeReservation` is not taken into account.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

SHORTEST_WINDOW_SECONDS = 600


@dataclass(frozen=True)
class Run:
    """One job that a share has had running; `ended` is None while it still runs. Epoch seconds."""

    share: str
    vcpus: float
    started: float
    ended: float | None


@dataclass(frozen=True)
class Candidate:
    """A waiting job; a lower `sequence` was submitted earlier."""

    job_id: str
    share: str
    scheduling_priority: int
    sequence: int


def in_fair_order(
    candidates: Iterable[Candidate], runs: Sequence[Run], policy: dict[str, Any], now: float
) -> list[Candidate]:
    """`policy` is the `fairsharePolicy` of the Batch API; the first to start comes first."""
    window = max(SHORTEST_WINDOW_SECONDS, int(policy.get("shareDecaySeconds") or 0))

    def standing(share: str) -> tuple[float, float]:
        own = [run for run in runs if run.share == share]
        used = sum(
            run.vcpus * max(0.0, (run.ended or now) - max(run.started, now - window)) for run in own
        )
        return used * weight_of(share, policy), max((run.started for run in own), default=0.0)

    shares = {candidate.share for candidate in candidates}
    standings = {share: standing(share) for share in shares}
    return sorted(
        candidates,
        key=lambda job: (*standings[job.share], -job.scheduling_priority, job.sequence),
    )


def weight_of(share: str, policy: dict[str, Any]) -> float:
    """The weight factor of a share; an identifier that ends in `*` stands for all it begins."""
    for entry in policy.get("shareDistribution") or []:
        identifier = entry["shareIdentifier"]
        if share == identifier or (identifier.endswith("*") and share.startswith(identifier[:-1])):
            return float(entry.get("weightFactor") or 1.0)
    return 1.0
