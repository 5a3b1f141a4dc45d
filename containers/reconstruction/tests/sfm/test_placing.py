"""Structure from motion on rendered photos, whose true cameras are known."""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pycolmap
import pytest
from PIL import Image, ImageOps

from reconstruction.prepare.stage import run as prepare
from reconstruction.sfm import quality
from reconstruction.sfm.isolation import NativeCrash, run_isolated
from reconstruction.sfm.mapping import Model, summarise
from reconstruction.sfm.stage import run as place

TRUTH = json.loads((Path(__file__).parents[4] / "examples" / "tabletop" / "truth.json").read_text())


def true_centers(names: list[str]) -> np.ndarray:
    poses = {photo["name"]: np.array(photo["cameraToWorld"]) for photo in TRUTH["photos"]}
    return np.array([poses[name][:3, 3] for name in names])


def placed_centers(job) -> tuple[list[str], np.ndarray]:
    """The users' names of the photos that have a place, and where, in COLMAP's frame."""
    model = pycolmap.Reconstruction(job.folder / "sfm" / "sparse")
    names = json.loads((job.folder / "sfm" / "report.json").read_text())["names"]
    images = sorted(model.images.values(), key=lambda image: image.name)
    centers = np.array([image.projection_center() for image in images if image.has_pose])
    return [names[image.name] for image in images if image.has_pose], centers


def half_size(photo: Path) -> Image.Image:
    """The photo with half as many pixels: features to spare, in half the time."""
    return Image.open(photo).resize((448, 336))


def error_share(centers: np.ndarray, truth: np.ndarray) -> float:
    """The worst distance after the best similarity, as a share of the cameras' extent."""
    similarity = pycolmap.estimate_sim3d(centers, truth)
    moved = centers @ similarity.matrix()[:, :3].T + similarity.matrix()[:, 3]
    extent = np.linalg.norm(np.ptp(truth, axis=0))
    return float(np.linalg.norm(moved - truth, axis=1).max() / extent)


@pytest.fixture(scope="module")
def placed_job(
    tmp_path_factory: pytest.TempPathFactory, job_in: Callable, example_photos: list[Path]
):
    """Eight photos from all around, the least that hold together, with what `sfm` said of them."""
    job = job_in(tmp_path_factory.mktemp("job"), "photos")
    job.add_examples(example_photos[::6])
    job.run(prepare)
    return job, job.run(place)


def test_every_photo_is_placed_where_it_was_taken(placed_job) -> None:
    job, run = placed_job
    metrics = run.outcome.metrics
    assert metrics["registeredPhotos"] == metrics["totalPhotos"] == 8
    assert metrics["mapper"] == "incremental" and metrics["reprojectionErrorPx"] < 1
    names, centers = placed_centers(job)
    assert error_share(centers, true_centers(names)) < 0.01


def test_two_runs_are_alike_to_the_bit(placed_job, new_job: Callable) -> None:
    first, _ = placed_job
    again = new_job("photos")
    shutil.copytree(first.folder / "prepare", again.folder / "prepare")
    again.run(place)
    for name in ("cameras.bin", "images.bin", "points3D.bin"):
        path = Path("sfm") / "sparse" / name
        assert (again.folder / path).read_bytes() == (first.folder / path).read_bytes(), name


def test_the_next_stage_gets_pinhole_photos(placed_job) -> None:
    folder = placed_job[0].folder / "sfm" / "undistorted"
    assert {path.name for path in folder.iterdir()} == {"images", "sparse"}
    model = pycolmap.Reconstruction(folder / "sparse")
    assert {camera.model.name for camera in model.cameras.values()} == {"PINHOLE"}
    for image in model.images.values():
        camera = model.cameras[image.camera_id]
        assert Image.open(folder / "images" / image.name).size == (camera.width, camera.height)


def test_the_user_gets_the_model_in_every_format_and_progress_that_only_grows(placed_job) -> None:
    job, run = placed_job
    with zipfile.ZipFile(job.folder / run.outcome.artifacts["colmapSparse"]) as content:
        names = set(content.namelist())
    assert names > {"report.json", "points.ply", "sparse/images.bin", "text/images.txt"}
    percents = [event["percent"] for event in run.events if event["event"] == "progress"]
    assert len(percents) >= 5 and percents == sorted(percents)


def test_photos_that_hardly_overlap_fail_with_their_names_and_the_archive_is_there(
    new_job: Callable, example_photos: list[Path]
) -> None:
    job = new_job("photos")
    middle = (200, 150, 440, 330)
    for index, path in enumerate(example_photos[::15]):
        Image.open(path).crop(middle).resize((480, 360)).save(job.input(f"view {index}.jpg"))
    job.run(prepare)
    failure = job.run(place).failure
    assert failure.code == "sfm_no_model"
    assert "Without a place: view" in failure.message
    assert "two thirds" in failure.next_action
    assert failure.metrics["totalPhotos"] == 3
    archive = job.folder / failure.artifacts["colmapSparse"]
    with zipfile.ZipFile(archive) as content:
        report = json.loads(content.read("report.json"))
    tried = [attempt["mapper"] for attempt in report["attempts"]]
    assert tried == ["incremental", "incremental-relaxed", "global"]


def test_a_scene_in_two_parts_goes_on_with_the_larger_and_names_the_other(
    new_job: Callable, example_photos: list[Path]
) -> None:
    job = new_job("photos")
    for path in example_photos[:6]:
        half_size(path).save(job.input(path.name))
    for path in example_photos[24:28]:
        ImageOps.mirror(half_size(path)).save(job.input(f"mirrored_{path.name}"))
    job.run(prepare)
    outcome = job.run(place)
    assert outcome.outcome.metrics["registeredPhotos"] == 6
    for code in ("photos_unplaced", "scene_split"):
        assert "mirrored_tabletop_25.jpg" in outcome.warnings[code], code
        assert "tabletop_01.jpg" not in outcome.warnings[code].replace("mirrored_", "")


def test_mixed_cameras_are_calibrated_each_by_itself(
    new_job: Callable, example_photos: list[Path]
) -> None:
    job = new_job("photos")
    for index, path in enumerate(example_photos[:8]):
        picture = half_size(path)
        picture = picture.crop((56, 42, 392, 294)) if index % 2 else picture
        picture.save(job.input(path.name))
    job.run(prepare)
    outcome = job.run(place).outcome
    assert outcome.metrics["registeredPhotos"] == 8
    cameras = pycolmap.Reconstruction(job.folder / "sfm" / "sparse").cameras.values()
    focal = {(camera.width, camera.height): camera.mean_focal_length() for camera in cameras}
    assert focal[448, 336] == pytest.approx(focal[336, 252], rel=0.03)


def test_frames_of_a_video_are_matched_with_their_neighbours(
    new_job: Callable, example_photos: list[Path]
) -> None:
    job = new_job("photos")
    for path in example_photos[:14]:
        half_size(path).save(job.input(path.name))
    job.run(prepare)
    manifest = job.folder / "prepare" / "manifest.json"
    document = json.loads(manifest.read_text())
    manifest.write_text(json.dumps({**document, "input_kind": "video"}))
    outcome = job.run(place)
    assert outcome.outcome.metrics["registeredPhotos"] == 14
    messages = [event.get("message", "") for event in outcome.events]
    assert "comparing pair 0 of 85" in messages


def test_native_code_that_aborts_takes_only_its_own_process_along() -> None:
    with pytest.raises(NativeCrash):
        run_isolated(os.abort)
    assert run_isolated(abs, -3) == 3


def test_the_global_mapper_may_not_glue_together_what_shares_no_points(
    placed_job, tmp_path: Path
) -> None:
    glued = pycolmap.Reconstruction(placed_job[0].folder / "sfm" / "sparse")
    alone = sorted(image.image_id for image in glued.images.values())[0]
    for point_id, point in list(glued.points3D.items()):
        if alone in {element.image_id for element in point.track.elements}:
            glued.delete_point3D(point_id)
    summary = summarise(glued, "global", tmp_path / "model")
    assert len(summary.images) == 7 and glued.images[alone].name not in summary.images
    assert pycolmap.Reconstruction(tmp_path / "model").num_reg_images() == 7


def model(photos: int, observations: float, error_px: float = 0.4) -> Model:
    images = [str(number) for number in range(photos)]
    return Model(Path(), "incremental", images, 50 * photos, error_px, 3.5, observations)


@pytest.mark.parametrize(
    ("found", "photos", "acceptable"),
    [
        # As measured on real sets: 18 aerial photos, 8 of them, 29 of repeated facades.
        (model(18, 700), 18, True),
        (model(8, 197), 8, True),
        (model(29, 247, 0.83), 29, True),
        # Thirteen photos of a statue from far apart, by three mappers.
        (model(3, 54), 13, False),
        (model(10, 67), 13, False),
        (model(11, 46, 0.25), 13, False),
        # Two photos, a poor fit, too small a part.
        (model(2, 900), 2, False),
        (model(18, 700, 2.5), 18, False),
        (model(8, 300), 18, False),
    ],
)
def test_a_model_is_trusted_by_what_its_photos_have_in_common(
    found: Model, photos: int, acceptable: bool
) -> None:
    assert quality.is_acceptable(found, photos) is acceptable
