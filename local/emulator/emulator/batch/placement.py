"""Which waiting job starts next, and where. Pure: everything it looks at is handed in.

Queues of higher priority come first. A queue without a scheduling policy is first in, first out,
and its first job holds back the ones behind it. With a policy the share that has used least, by
weight, comes first (`fair_share.py`). A job takes the first of its queue's compute environments
with room. What the first job of a queue waits for is not given to queues of lower priority, so a
large job is not starved by small ones. (Batch User Guide: "Job scheduling", "Job queues".)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from .resources import NOTHING, Resources


@dataclass(frozen=True)
class Waiting:
    """A RUNNABLE job."""

    job_id: str
    resources: Resources


@dataclass(frozen=True)
class Queue:
    """A queue with its RUNNABLE jobs, the one to start first at the head."""

    priority: int
    compute_environments: Sequence[str]
    waiting: Sequence[Waiting]


@dataclass(frozen=True)
class Placement:
    """Start this job there."""

    job_id: str
    compute_environment: str


def next_placement(
    queues: Iterable[Queue],
    max_vcpus: Mapping[str, float],
    used: Mapping[str, Resources],
    gpu_slots: int,
) -> Placement | None:
    """The next job to start, or None while nothing fits.

    `max_vcpus` and `used` are by compute environment; `gpu_slots` belong to the machine as a whole.
    """
    gpus_free = gpu_slots - sum(resources.gpus for resources in used.values())
    spoken_for: set[str] = set()
    for queue in sorted(queues, key=lambda queue: -queue.priority):
        if not queue.waiting:
            continue
        job = queue.waiting[0]
        for name in queue.compute_environments:
            room = Resources(max_vcpus[name] - used.get(name, NOTHING).vcpus, gpus_free)
            if name not in spoken_for and job.resources.fits(room):
                return Placement(job.job_id, name)
        if can_ever_fit(job.resources, queue.compute_environments, max_vcpus, gpu_slots):
            spoken_for.update(queue.compute_environments)
            if job.resources.gpus:
                gpus_free = 0
    return None


def can_ever_fit(
    resources: Resources,
    compute_environments: Iterable[str],
    max_vcpus: Mapping[str, float],
    gpu_slots: int,
) -> bool:
    """Whether an empty machine could run a job that asks for `resources`."""
    return any(
        resources.fits(Resources(max_vcpus[name], gpu_slots)) for name in compute_environments
    )
