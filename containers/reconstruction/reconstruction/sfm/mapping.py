"""From matches to cameras and points, by several methods. Runs in a process of its own."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pycolmap
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from reconstruction.report import Report
from reconstruction.sfm.matching import quieten

# Two photos of one scene share dozens of points, two of different scenes one or two by chance.
MIN_SHARED_POINTS = 15


@dataclass(frozen=True)
class Model:
    """One connected model and its figures; `folder` holds it in COLMAP's binary format.

    `median_observations` is the number of points that the median photo sees.
    """

    folder: Path
    mapper: str
    images: Sequence[str]
    points: int
    reprojection_error_px: float
    mean_track_length: float
    median_observations: float


@dataclass(frozen=True)
class MappingTask:
    """What a mapper works on. `percents` are where its progress begins and ends."""

    database: Path
    images: Path
    output: Path
    seed: int
    has_prior_focal_length: bool
    total_photos: int
    percents: tuple[float, float]


def map_photos(task: MappingTask, mapper: str) -> list[Model]:
    """Run one mapper and return its models, the largest first."""
    quieten()
    pycolmap.set_random_seed(task.seed)
    task.output.mkdir(parents=True)
    models = map_globally(task) if mapper == "global" else map_incrementally(task, mapper)
    summaries = [summarise(model, mapper, task.output / str(key)) for key, model in models.items()]
    return sorted(summaries, key=lambda model: (-len(model.images), -model.points))


def map_incrementally(task: MappingTask, mapper: str) -> dict[int, pycolmap.Reconstruction]:
    """Photo by photo (Schönberger and Frahm 2016).

    Relaxed, it also starts from, and adds, photos with less in common and closer together.
    """
    options = pycolmap.IncrementalPipelineOptions()
    options.random_seed = options.mapper.random_seed = task.seed
    options.triangulation.random_seed = task.seed
    options.min_model_size = 3
    if mapper == "incremental-relaxed":
        options.mapper.init_min_tri_angle = 4
        options.mapper.init_min_num_inliers = 50
        options.mapper.abs_pose_min_num_inliers = 15
        options.init_num_trials = 50
    report, placed = Report(sys.stdout), 0
    first, last = task.percents
    begin = time.monotonic()

    def one_more() -> None:
        nonlocal placed
        placed = min(placed + 1, task.total_photos)
        left = task.total_photos - placed
        eta = left * (time.monotonic() - begin) / placed
        percent = first + (last - first) * placed / task.total_photos
        report.progress(percent, eta, f"{placed} of {task.total_photos} photos placed")

    return pycolmap.incremental_mapping(
        task.database, task.images, task.output, options, next_image_callback=one_more
    )


def map_globally(task: MappingTask) -> dict[int, pycolmap.Reconstruction]:
    """All photos at once (GLOMAP, Pan et al. 2024): repeated facades mislead it less.

    Focal lengths that no EXIF states are found first, in a copy of the database since that
    changes it.
    """
    options = pycolmap.GlobalPipelineOptions()
    options.random_seed = task.seed
    database = task.output / "database.db"
    shutil.copy(task.database, database)
    if not task.has_prior_focal_length:
        calibration = pycolmap.ViewGraphCalibrationOptions()
        calibration.random_seed = task.seed
        pycolmap.calibrate_view_graph(database, calibration)
    return pycolmap.global_mapping(database, task.images, task.output, options)


def summarise(model: pycolmap.Reconstruction, mapper: str, folder: Path) -> Model:
    """Write the model to `folder`, the part of it that holds together, and take its figures."""
    keep_largest_part(model)
    folder.mkdir(exist_ok=True)
    model.write(folder)
    images = [image for image in model.images.values() if image.has_pose]
    observations = [image.num_points3D for image in images]
    return Model(
        folder=folder,
        mapper=mapper,
        images=sorted(image.name for image in images),
        points=model.num_points3D(),
        reprojection_error_px=float(model.compute_mean_reprojection_error()),
        mean_track_length=float(model.compute_mean_track_length()),
        median_observations=float(np.median(observations)) if observations else 0.0,
    )


def keep_largest_part(model: pycolmap.Reconstruction) -> None:
    """Take the places away from photos that share too few points with the others.

    The global mapper puts scenes that have nothing to do with each other into one model, held
    together by a handful of wrong matches; where they lie to each other then means nothing.
    """
    images = sorted(image.image_id for image in model.images.values() if image.has_pose)
    row = {image_id: index for index, image_id in enumerate(images)}
    tracks = [
        sorted({row[element.image_id] for element in point.track.elements})
        for point in model.points3D.values()
    ]
    columns = np.repeat(np.arange(len(tracks)), [len(track) for track in tracks])
    rows = np.array([index for track in tracks for index in track], int)
    sees = csr_matrix((np.ones(len(rows), int), (rows, columns)), (len(images), len(tracks)))
    shared = (sees @ sees.T).toarray()
    part = connected_components(csr_matrix(shared >= MIN_SHARED_POINTS), directed=False)[1]
    largest = np.argmax(np.bincount(part)) if len(part) else 0
    for image_id in images:
        if part[row[image_id]] != largest:
            model.deregister_frame(model.images[image_id].frame_id)
