"""Which photos are learned from, and what is read of them."""

from __future__ import annotations

import numpy as np
import pycolmap
import pytest
from rendered_scene import orbit

from reconstruction.gaussians.dataset import load_dataset


def test_every_eighth_photo_is_held_out_and_the_others_are_trained_on(dataset):
    assert [photo.name for photo in dataset.held_out] == ["view_04.png", "view_12.png"]
    names = {photo.name for photo in dataset.training}
    assert len(names) == 15
    assert names.isdisjoint(photo.name for photo in dataset.held_out)


def test_cameras_are_where_the_model_says(dataset):
    rotation, translation = orbit(17)[3]
    camera = dataset.held_out[0].camera
    np.testing.assert_allclose(camera.rotation, rotation, atol=1e-9)
    np.testing.assert_allclose(camera.translation, translation, atol=1e-9)
    np.testing.assert_allclose(camera.center, -rotation.T @ translation, atol=1e-9)


def test_photos_and_cameras_shrink_together(undistorted):
    photo = load_dataset(undistorted, longest_side_px=64).training[0]
    assert photo.pixels.shape == (3, 48, 64)
    assert (photo.camera.width, photo.camera.height) == (64, 48)
    assert photo.camera.fx == pytest.approx(0.95 * 64)
    assert photo.camera.cy == pytest.approx(24)


def test_photos_are_never_enlarged(undistorted):
    photo = load_dataset(undistorted, longest_side_px=4000).training[0]
    assert photo.pixels.shape == (3, 84, 112)


def test_half_of_a_photo_shows_the_same(dataset):
    photo = dataset.training[0]
    half = photo.halved()
    averaged = photo.colors().reshape(3, 42, 2, 56, 2).mean(axis=(2, 4))
    assert np.abs(half.colors() - averaged).mean() < 0.02
    assert half.camera.fx == pytest.approx(photo.camera.fx / 2)


def test_the_near_plane_is_closer_than_all_that_is_seen(dataset):
    for photo in dataset.training:
        camera = photo.camera
        x, y, z = camera.rotation @ dataset.points.T + camera.translation[:, None]
        seen = (z > 0) & (np.abs(x / z) < 56 / camera.fx) & (np.abs(y / z) < 42 / camera.fy)
        assert 0.05 < camera.near < 0.5 * z[seen].min()


def test_a_model_without_points_is_refused(undistorted, tmp_path):
    model = pycolmap.Reconstruction(undistorted / "sparse")
    for point in list(model.points3D):
        model.delete_point3D(point)
    (tmp_path / "sparse").mkdir()
    model.write(tmp_path / "sparse")
    with pytest.raises(ValueError, match="17 posed photos and 0 points"):
        load_dataset(tmp_path, longest_side_px=100)
