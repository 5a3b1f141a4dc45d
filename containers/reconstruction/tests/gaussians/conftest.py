"""A rendered scene, and Gaussians to look at."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from rendered_scene import write_undistorted

from reconstruction.gaussians.camera import Camera
from reconstruction.gaussians.dataset import Dataset, load_dataset
from reconstruction.gaussians.parameters import Gaussians, column_count


@pytest.fixture(scope="session")
def undistorted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder like `sfm/undistorted/`: 17 small photos of the rendered scene."""
    folder = tmp_path_factory.mktemp("scene") / "undistorted"
    write_undistorted(folder, photos=17, width=112, height=84)
    return folder


@pytest.fixture(scope="session")
def dataset(undistorted: Path) -> Dataset:
    return load_dataset(undistorted, longest_side_px=112)


@pytest.fixture
def camera() -> Camera:
    """Looks along +z from the origin of the world, turned a little."""
    angle = 0.2
    rotation = np.array(
        [[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]]
    )
    return Camera(56, 40, 50.0, 52.0, 27.3, 20.6, rotation, np.array([0.1, -0.05, 0.2]))


@pytest.fixture
def cloud(camera: Camera) -> Gaussians:
    """Sixty Gaussians of all shapes at different depths, some far off the axis of `camera`."""
    rng = np.random.default_rng(3)
    depths = rng.permutation(np.linspace(1.5, 4, 60))
    slopes = rng.uniform([-0.9, -0.5], [0.9, 0.5], (60, 2))
    in_camera = np.column_stack([slopes * depths[:, None], depths])
    values = np.zeros((60, column_count(2)), np.float32)
    values[:, 0:3] = (in_camera - camera.translation) @ camera.rotation
    values[:, 3:6] = np.log(rng.uniform(0.06, 0.5, (60, 3)))
    values[:, 6:10] = rng.normal(size=(60, 4))
    values[:, 10] = rng.normal(size=60) + 1
    values[:, 11:] = rng.normal(size=(60, 27)) * 0.25
    values[:, 11:14] += 0.8
    return Gaussians(values, 2)
