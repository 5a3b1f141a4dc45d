"""Ways to a model, from the usual one to those that difficult sets need."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from reconstruction.report import Report
from reconstruction.sfm.effort import MAX_PHOTOS_PAIRED_WITH_ALL
from reconstruction.sfm.isolation import NativeCrash, isolated, result_of, run_isolated
from reconstruction.sfm.mapping import MappingTask, Model, map_photos
from reconstruction.sfm.matching import Matching, extract, match_all, match_neighbours
from reconstruction.sfm.quality import is_good, rank
from reconstruction.sfm.watch import Phase, watch

EXTRACTED_PERCENT = 30.0
MATCHED_PERCENT = 75.0
MAPPED_PERCENT = 92.0


@dataclass
class Solution:
    """The best model so far, the other models of the same attempt, and what was tried."""

    best: Model | None = None
    others: list[Model] = field(default_factory=list)
    attempts: list[dict[str, object]] = field(default_factory=list)


class Ladder:
    """Structure from motion on one set of photos; `is_ordered` says that neighbours overlap."""

    def __init__(self, matching: Matching, scratch: Path, is_ordered: bool, report: Report) -> None:
        self.matching = matching
        self.scratch = scratch
        self.report = report
        self.photos = sum(len(camera) for camera in matching.cameras)
        can_pair_all = self.photos <= MAX_PHOTOS_PAIRED_WITH_ALL
        self.starts_with_neighbours = is_ordered or not can_pair_all
        self.can_top_up = self.starts_with_neighbours and can_pair_all
        self.start = time.monotonic()
        self.has_prior_focal_length = False

    def climb(self) -> Solution:
        """Try one way after the other until a model is good, and return the best."""
        self.has_prior_focal_length = self.work(extract, self.extraction_phase())
        if self.starts_with_neighbours:
            self.work(match_neighbours, self.matching_phase(neighbours=True))
        else:
            self.work(match_all, self.matching_phase(neighbours=False))
        solution = Solution()
        for number, mapper in enumerate(self.rungs()):
            models = self.map(mapper, number, solution)
            if models and (solution.best is None or rank(models[0]) > rank(solution.best)):
                solution.best, solution.others = models[0], models[1:]
            if solution.best and is_good(solution.best, self.photos):
                break
        return solution

    def rungs(self) -> Iterator[str]:
        """The mappers to try in turn; between them more pairs are matched where that is left."""
        yield "incremental"
        yield "incremental-relaxed"
        if self.can_top_up:
            self.work(match_all, self.matching_phase(neighbours=False))
            yield "incremental"
            yield "incremental-relaxed"
        yield "global"

    def map(self, mapper: str, number: int, solution: Solution) -> list[Model]:
        """Run one mapper; one that dies has found nothing."""
        begin = time.monotonic()
        task = MappingTask(
            database=self.matching.database,
            images=self.matching.images,
            output=self.scratch / f"{number}-{mapper}",
            seed=self.matching.seed,
            has_prior_focal_length=self.has_prior_focal_length,
            total_photos=self.photos,
            percents=(MATCHED_PERCENT, MAPPED_PERCENT),
        )
        self.report.progress(MATCHED_PERCENT, None, f"placing photos ({mapper})")
        try:
            models = run_isolated(map_photos, task, mapper)
        except NativeCrash as crash:
            self.report.log("the mapper died", level="error", mapper=mapper, detail=str(crash))
            models = []
        attempt = {
            "mapper": mapper,
            "seconds": round(time.monotonic() - begin, 2),
            "models": [describe(model) for model in models],
        }
        solution.attempts.append(attempt)
        self.report.log("mapped", **attempt)
        return models

    def work(self, function: Callable[[Matching], object], phase: Phase) -> object:
        """Run `function` in a process of its own and report its progress."""
        self.report.progress(
            phase.percents[0], None, phase.message.format(done=0, total=phase.total)
        )
        with isolated(function, self.matching) as future:
            watch(future, self.matching.database, phase, self.start, self.report)
            return result_of(future)

    def extraction_phase(self) -> Phase:
        message = "looking for detail in photo {done} of {total}"
        return Phase("descriptors", self.photos, message, (0.0, EXTRACTED_PERCENT))

    def matching_phase(self, neighbours: bool) -> Phase:
        count = self.photos
        pairs = count * (count - 1) // 2
        if neighbours:
            pairs = min(pairs, sum(count - step for step in neighbour_steps(count)))
        message = "comparing pair {done} of {total}"
        return Phase("two_view_geometries", pairs, message, (EXTRACTED_PERCENT, MATCHED_PERCENT))


def neighbour_steps(photos: int) -> set[int]:
    """How far apart in order the photos are that COLMAP's sequential matching compares."""
    overlap = range(10)
    steps = {step + 1 for step in overlap} | {2**step for step in overlap}
    return {step for step in steps if step < photos}


def describe(model: Model) -> dict[str, object]:
    """A model's figures, for logs and reports."""
    return {
        "registeredPhotos": len(model.images),
        "points": model.points,
        "reprojectionErrorPx": round(model.reprojection_error_px, 3),
        "meanTrackLength": round(model.mean_track_length, 2),
        "medianObservations": round(model.median_observations),
    }
