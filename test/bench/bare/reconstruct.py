"""Photos to Gaussians with nothing around: pycolmap as it comes, then the bare training loop.

`python reconstruct.py PHOTOS WORKDIR TRAIN_SECONDS` prints one JSON object with what it reached.
"""

from __future__ import annotations

import json
import sys
import time

# Before pycolmap, which brings another zlib and makes a zlib loaded after it crash.
import zlib  # noqa: F401
from pathlib import Path

import pycolmap

from reconstruction.gaussians.dataset import load_dataset
from reconstruction.gaussians.ply import write_ply
from reconstruction.gaussians.stage import LONGEST_SIDE_PX, warm_up
from reconstruction.gaussians.trainer import Trainer, TrainingOptions, TrainingState


def main(photos: Path, workdir: Path, train_seconds: float) -> dict[str, float]:
    started = time.monotonic()
    model = place(photos, workdir)
    placed = time.monotonic()
    dataset = load_dataset(workdir / "undistorted", LONGEST_SIDE_PX)
    # Not counted in the seconds of training on either side: the kernels come from the same cache.
    warm_up(dataset)
    options = TrainingOptions(seconds=train_seconds)
    trainer = Trainer(dataset, options, TrainingState.initial(dataset, options))
    write_ply(trainer.run(), workdir / "splats.ply")
    return {
        "sfm": round(placed - started, 1),
        "train": round(time.monotonic() - placed, 1),
        "registeredPhotos": model.num_reg_images(),
        "psnrDb": round(trainer.state.best.psnr_db, 2),
    }


def place(photos: Path, workdir: Path) -> pycolmap.Reconstruction:
    """Features, matches between all pairs, cameras and points, undistorted photos."""
    database = workdir / "database.db"
    pycolmap.extract_features(database, photos)
    pycolmap.match_exhaustive(database)
    models = pycolmap.incremental_mapping(database, photos, workdir / "sparse")
    largest = max(models.values(), key=lambda model: model.num_reg_images())
    chosen = workdir / "largest"
    chosen.mkdir()
    largest.write(chosen)
    pycolmap.undistort_images(workdir / "undistorted", chosen, photos)
    return largest


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3]))))
