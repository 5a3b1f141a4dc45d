"""Features of each photo, and which of them two photos share. Runs in a process of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pycolmap

from reconstruction.sfm.effort import Effort

SEQUENTIAL_OVERLAP = 10


@dataclass(frozen=True)
class Matching:
    """What is to be matched: `cameras` holds the photos' names camera by camera."""

    database: Path
    images: Path
    cameras: Sequence[Sequence[str]]
    effort: Effort
    seed: int


def extract(matching: Matching) -> bool:
    """Find the features of all photos; whether the focal length of any is known from its EXIF.

    The photos are entered in the database first and in order: extraction on several threads
    would otherwise number them as they come, and no two runs would be alike.
    """
    quieten()
    pycolmap.set_random_seed(matching.seed)
    pycolmap.Database.open(matching.database).close()
    names = [name for camera in matching.cameras for name in camera]
    for camera in matching.cameras:
        pycolmap.import_images(
            matching.database,
            matching.images,
            camera_mode=pycolmap.CameraMode.SINGLE,
            image_names=list(camera),
        )
    options = pycolmap.FeatureExtractionOptions()
    options.max_image_size = matching.effort.max_image_size_px
    options.sift.max_num_features = matching.effort.max_features
    pycolmap.extract_features(
        matching.database,
        matching.images,
        image_names=names,
        camera_mode=pycolmap.CameraMode.PER_IMAGE,
        extraction_options=options,
        device=pycolmap.Device.auto,
    )
    database = pycolmap.Database.open(matching.database)
    try:
        return any(camera.has_prior_focal_length for camera in database.read_all_cameras())
    finally:
        database.close()


def match_all(matching: Matching) -> None:
    """Match every photo with every other; pairs already matched are left as they are."""
    quieten()
    pycolmap.set_random_seed(matching.seed)
    pycolmap.match_exhaustive(
        matching.database, verification_options=verification(matching), device=pycolmap.Device.auto
    )


def match_neighbours(matching: Matching) -> None:
    """Match each photo with the ten after it and with those 16, 32, 64… after it."""
    quieten()
    pycolmap.set_random_seed(matching.seed)
    pairing = pycolmap.SequentialPairingOptions()
    pairing.overlap = SEQUENTIAL_OVERLAP
    pairing.quadratic_overlap = True
    pycolmap.match_sequential(
        matching.database,
        pairing_options=pairing,
        verification_options=verification(matching),
        device=pycolmap.Device.auto,
    )


def verification(matching: Matching) -> pycolmap.TwoViewGeometryOptions:
    options = pycolmap.TwoViewGeometryOptions()
    options.ransac.random_seed = matching.seed
    return options


def quieten() -> None:
    """Warnings of COLMAP's and worse, no more."""
    pycolmap.logging.minloglevel = pycolmap.logging.WARNING.value
