"""The file that leaves the trainer."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh

from reconstruction.gaussians.initialization import round_gaussians
from reconstruction.gaussians.parameters import COLOR, Gaussians
from reconstruction.gaussians.ply import read_ply, write_ply
from reconstruction.gaussians.render import render


def test_gaussians_come_back_as_they_were_written(cloud, camera, tmp_path):
    write_ply(cloud, tmp_path / "splats.ply")
    back = read_ply(tmp_path / "splats.ply")
    lengths = np.linalg.norm(cloud.rotations, axis=1, keepdims=True)
    np.testing.assert_allclose(back.rotations, cloud.rotations / lengths, rtol=1e-6)
    back.rotations[:] = cloud.rotations
    np.testing.assert_array_equal(back.values, cloud.values)
    np.testing.assert_allclose(render(back, camera), render(cloud, camera), atol=1e-5)


def test_another_reader_finds_the_properties_where_trainers_put_them(cloud, tmp_path):
    """f_rest is channel by channel: all of red, then green, then blue."""
    write_ply(cloud, tmp_path / "splats.ply")
    cloud_read = trimesh.load(tmp_path / "splats.ply")
    vertices = cloud_read.metadata["_ply_raw"]["vertex"]["data"]
    np.testing.assert_array_equal(vertices["f_dc_1"], cloud.values[:, COLOR + 1])
    for channel in range(3):
        for k in range(1, 9):
            name = f"f_rest_{channel * 8 + k - 1}"
            np.testing.assert_array_equal(vertices[name], cloud.coefficients[:, k, channel])
    np.testing.assert_array_equal(vertices["opacity"], cloud.opacity_logits)
    np.testing.assert_array_equal(vertices["scale_2"], cloud.log_scales[:, 2])
    assert set(vertices.dtype.names) >= {"x", "y", "z", "rot_0", "rot_1", "rot_2", "rot_3"}


def test_every_degree_can_be_written(tmp_path):
    for degree in range(4):
        values = round_gaussians(np.eye(3), np.ones(3), np.eye(3), 0.5, degree)
        write_ply(Gaussians(values, degree), tmp_path / "splats.ply")
        assert read_ply(tmp_path / "splats.ply").degree == degree


def test_a_file_of_another_layout_is_refused(tmp_path):
    trimesh.creation.box().export(tmp_path / "box.ply")
    with pytest.raises(ValueError, match=r"box\.ply is not a PLY that this trainer wrote"):
        read_ply(tmp_path / "box.ply")
