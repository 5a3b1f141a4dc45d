"""The steps from trained Gaussians to a collision mesh."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from reconstruction.collider.fusion import DistanceField
from reconstruction.collider.ground import Ground, find_ground, outline
from reconstruction.collider.result import ColliderResult, GroundPlane
from reconstruction.collider.surface import (
    Mesh,
    extract_surface,
    sample,
    simplified,
    triangle_areas,
    without_fragments,
)
from reconstruction.collider.upright import frame_towards, upright_frame
from reconstruction.gaussians.camera import Camera
from reconstruction.gaussians.dataset import Dataset, load_dataset
from reconstruction.gaussians.parameters import Gaussians
from reconstruction.gaussians.ply import read_ply
from reconstruction.gaussians.render import render_depth
from reconstruction.gaussians.stage import LONGEST_SIDE_PX
from reconstruction.report import Report
from reconstruction.spec import Spec

GRID_RESOLUTION = 256
BOX_PERCENTILE = 1.0
BOX_MARGIN = 0.04
BLUR_VOXELS = 1.0
MIN_ALPHA = 0.6
MIN_VIEWS = 3
SURFACE_SAMPLES = 20_000
# A surface smaller than this share of the box's own is debris, not a scene.
MIN_AREA_SHARE = 0.02


def build(workdir: Path, spec: Spec, report: Report) -> ColliderResult:
    """The collider of the job in `workdir`, from `sfm/undistorted/` and `train/splats.ply`.

    Deterministic. Where the Gaussians give no surface to trust, the mesh is empty, `reason` says
    why, and the user is warned.
    """
    dataset = load_dataset(workdir / "sfm" / "undistorted", LONGEST_SIDE_PX)
    gaussians = read_ply(workdir / "train" / "splats.ply")
    result = collider_from(gaussians, dataset)
    if result.reason:
        report.warning("collider_empty", f"There is no collision mesh: {result.reason}.")
    elif result.ground is None:
        report.warning(
            "ground_not_found",
            "No level ground was found in the scene; up is taken from how the cameras were held.",
        )
    return result


def collider_from(gaussians: Gaussians, dataset: Dataset) -> ColliderResult:
    """The collider of a scene that is `gaussians`, seen by the photos of `dataset`."""
    cameras = [photo.camera for photo in dataset.training + dataset.held_out]
    frame = upright_frame(cameras, dataset.points)
    points = moved(frame, dataset.points)
    field = fuse(gaussians, cameras, frame, points)
    mesh = extract_surface(field.blurred(BLUR_VOXELS), min(MIN_VIEWS, len(cameras)))
    box = np.array(field.distances.shape) * field.voxel
    size = float(np.linalg.norm(box))
    if triangle_areas(mesh).sum() < MIN_AREA_SHARE * box[0] * box[1]:
        reason = "the trained scene has no surface that several photos agree on"
        return ColliderResult(frame, *empty_mesh(), ground=None, reason=reason)

    raw_triangles = len(mesh[1])
    mesh = without_fragments(mesh)
    samples = sample(mesh, SURFACE_SAMPLES)
    centers = moved(frame, np.array([camera.center for camera in cameras]))
    ground = find_ground(samples, centers, np.array([0.0, 0.0, 1.0]), size)
    settle = standing_on(ground, centers, samples)
    vertices, triangles = simplified(mesh)
    return ColliderResult(
        world_from_colmap=settle @ frame,
        vertices=moved(settle, vertices).astype(np.float32),
        triangles=triangles,
        ground=ground_plane(ground, settle) if ground else None,
        stats={
            "sceneSize": size,
            "voxel": field.voxel,
            "rawTriangles": raw_triangles,
            "groundConfidence": ground.confidence if ground else None,
        },
    )


def fuse(
    gaussians: Gaussians, cameras: list[Camera], frame: np.ndarray, points: np.ndarray
) -> DistanceField:
    """Depth of `gaussians` from every camera, fused in the frame that `frame` leads to."""
    low, high = np.percentile(points, [BOX_PERCENTILE, 100 - BOX_PERCENTILE], axis=0)
    margin = BOX_MARGIN * (high - low).max()
    field = DistanceField.spanning(low - margin, high + margin, GRID_RESOLUTION)
    for camera in cameras:
        depth, alpha = render_depth(gaussians, camera)
        depth[alpha < MIN_ALPHA] = 0
        field.add(camera.transformed(frame), depth)
    return field


def standing_on(ground: Ground | None, centers: np.ndarray, samples: np.ndarray) -> np.ndarray:
    """(4, 4) that lays the ground on z = 0; without one, the lowest of the surface."""
    settle = np.eye(4)
    if ground is None:
        settle[2, 3] = -np.percentile(samples[:, 2], 1)
        return settle
    up = ground.plane.normal
    origin = np.median(ground.inliers, axis=0)
    origin = origin - up * ground.plane.heights(origin)
    return frame_towards(up, centers.mean(axis=0) - origin, origin)


def ground_plane(ground: Ground, settle: np.ndarray) -> GroundPlane:
    """`ground` in the frame that `settle` leads to."""
    return GroundPlane(
        point=np.zeros(3),
        normal=np.array([0.0, 0.0, 1.0]),
        polygon=outline(moved(settle, ground.inliers)[:, :2]),
        confidence=ground.confidence,
    )


def moved(transform: np.ndarray, points: np.ndarray) -> np.ndarray:
    """`points` (n, 3) under a rigid `transform` (4, 4)."""
    return points @ transform[:3, :3].T + transform[:3, 3]


def empty_mesh() -> Mesh:
    """No vertex, no triangle."""
    return np.zeros((0, 3), np.float32), np.zeros((0, 3), np.int32)
