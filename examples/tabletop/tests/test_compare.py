"""compare.py finds the errors that are there, and no others."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import trimesh

TABLETOP = Path(__file__).parents[1]
TRUTH = json.loads((TABLETOP / "truth.json").read_text())
SLAB_TOP = np.array([[[-0.2, 0, 0], [0.2, 0, 0], [0, -0.1, 0]]])


def compare(tmp_path: Path, cameras: dict, triangles: np.ndarray) -> tuple[int, dict]:
    (tmp_path / "cameras.json").write_text(json.dumps(cameras))
    collider = trimesh.Trimesh(triangles.reshape(-1, 3), np.arange(len(triangles) * 3)[None])
    collider.export(tmp_path / "collider.ply")
    run = subprocess.run(
        [
            sys.executable,
            TABLETOP / "compare.py",
            tmp_path / "cameras.json",
            tmp_path / "collider.ply",
            "--json",
        ],
        capture_output=True,
        text=True,
    )
    return run.returncode, json.loads(run.stdout) if run.stdout else {"stderr": run.stderr}


def moved(cameras: dict, move) -> dict:
    """The cameras with their centres moved by `move`."""
    photos = []
    for photo in cameras["photos"]:
        pose = np.array(photo["cameraToWorld"])
        pose[:3, 3] = move(pose[:3, 3])
        photos.append({"name": photo["name"], "cameraToWorld": pose.tolist()})
    return {"photos": photos}


def test_a_perfect_result_in_a_frame_of_its_own_has_no_error(tmp_path: Path) -> None:
    rotation = trimesh.transformations.euler_matrix(0.3, -1.1, 2.0)[:3, :3]

    def to_own(points: np.ndarray) -> np.ndarray:
        return 4.2 * points @ rotation.T + (1, -2, 3)

    status, result = compare(tmp_path, moved(TRUTH, to_own), to_own(SLAB_TOP))
    assert status == 0
    assert result["metersPerUnit"] == pytest.approx(1 / 4.2)
    assert result["cameraWorstPercent"] < 1e-4
    assert result["surfaceP90Percent"] < 1e-4


def test_a_collider_above_the_surface_is_off_by_its_height(tmp_path: Path) -> None:
    size = TRUTH["sceneSizeMeters"]
    status, result = compare(tmp_path, TRUTH, SLAB_TOP - (0, 0.45, -0.006 * size))
    assert result["surfaceMedianPercent"] == pytest.approx(0.6, abs=1e-3)
    assert status == 1


def test_one_camera_out_of_place_is_beyond_the_limit(tmp_path: Path) -> None:
    cameras = json.loads(json.dumps(TRUTH))
    cameras["photos"][7]["cameraToWorld"][0][3] += 0.02 * TRUTH["sceneSizeMeters"]
    status, result = compare(tmp_path, cameras, SLAB_TOP)
    assert result["cameraWorstPercent"] > 1.5
    assert status == 1


def test_cameras_of_other_photos_are_refused_with_a_reason(tmp_path: Path) -> None:
    strangers = {"photos": [{**photo, "name": "x" + photo["name"]} for photo in TRUTH["photos"]]}
    status, result = compare(tmp_path, strangers, SLAB_TOP)
    assert status == 2
    assert "such as tabletop_01.jpg" in result["stderr"]


def test_the_photos_are_those_of_the_truth() -> None:
    names = sorted(path.name for path in (TABLETOP / "photos").iterdir())
    assert names == [photo["name"] for photo in TRUTH["photos"]]
