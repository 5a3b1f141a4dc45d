"""The undistorted photos and cameras, laid out as 3DGRUT looks for them.

    dataset/images/<photo>            as sparse/0/images.bin names them
    dataset/sparse/0/{cameras,images,points3D}.bin

(threedgrut/datasets/dataset_colmap.py; pycolmap writes the model to `sparse/` itself.)
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

from reconstruction.threedgrut.faults import TrainerFault

MODEL_FILES = ("cameras.bin", "images.bin", "points3D.bin")
HOLD_OUT_EVERY = 8


@dataclass(frozen=True)
class Dataset:
    folder: Path
    photo_count: int

    @property
    def held_out_count(self) -> int:
        """Photos kept aside to measure with: every eighth from the first on, given eight or more.

        With fewer, each is worth more as training material than as a measurement.
        """
        if self.photo_count < HOLD_OUT_EVERY:
            return 0
        return -(-self.photo_count // HOLD_OUT_EVERY)

    @property
    def test_split_interval(self) -> int:
        """3DGRUT's word for it; -1 trains on all photos."""
        return HOLD_OUT_EVERY if self.held_out_count else -1


def lay_out_dataset(undistorted: Path, folder: Path) -> Dataset:
    """Link `undistorted` (`images/`, `sparse/`) into `folder`, copying nothing.

    Raises TrainerFault when a file of the model is missing.
    """
    missing = [name for name in MODEL_FILES if not (undistorted / "sparse" / name).is_file()]
    if missing:
        raise TrainerFault(f"sfm/undistorted/sparse has no {', '.join(missing)}")
    (folder / "sparse").mkdir(parents=True, exist_ok=True)
    link(folder / "images", undistorted / "images")
    link(folder / "sparse" / "0", undistorted / "sparse")
    return Dataset(folder, count_photos(undistorted / "sparse" / "images.bin"))


def link(path: Path, target: Path) -> None:
    path.unlink(missing_ok=True)
    path.symlink_to(target.resolve(), target_is_directory=True)


def count_photos(images_bin: Path) -> int:
    """The number at the head of `images.bin`: uint64, little endian (COLMAP, "Output Format")."""
    with images_bin.open("rb") as stream:
        return struct.unpack("<Q", stream.read(8))[0]
