"""Stage `export`: trained Gaussians, or the user's own, become `artifacts/`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from reconstruction.collider import ColliderResult, build
from reconstruction.export.cameras import read_cameras, write_cameras
from reconstruction.export.frame import Similarity
from reconstruction.export.scale import Scale, find_scale
from reconstruction.export.summary import write_summary
from reconstruction.export.thumbnail import most_central, overview_camera, write_thumbnail
from reconstruction.export.usd_checks import check_usdz
from reconstruction.export.usd_scene import Scene, write_usdz
from reconstruction.export.viewer import convert_or_warn, write_spz, write_viewer
from reconstruction.gaussians.camera import Camera
from reconstruction.gaussians.ply import read_ply, write_ply
from reconstruction.prepare.manifest import read_manifest
from reconstruction.report import Report
from reconstruction.spec import Spec
from reconstruction.stages import StageOutcome


def run(workdir: Path, spec: Spec, report: Report) -> StageOutcome:
    """Write the artifacts. Raises `InvalidScene` where our own USDZ fails its checks."""
    scene = (
        user_scene(workdir, spec, report)
        if spec.input_kind == "splat"
        else trained_scene(workdir, spec, report)
    )
    folder = workdir / "artifacts"
    folder.mkdir(exist_ok=True)
    artifacts = write_artifacts(scene, folder, spec, report)
    metrics = metrics_of(scene)
    report.progress(97, 1, "writing the report")
    write_summary(workdir, spec, metrics, folder / "report.json")
    return StageOutcome(metrics, {**artifacts, "report": "artifacts/report.json"})


def trained_scene(workdir: Path, spec: Spec, report: Report) -> Scene:
    """The scene upright, on the ground and in metres as far as that can be told."""
    report.progress(2, None, "finding the surfaces")
    collider = build(workdir, spec, report)
    manifest = read_manifest(workdir)
    name_of = {photo.image: photo.name for photo in manifest.photos}
    placed = read_cameras(workdir / "sfm" / "undistorted")
    placed = {name_of[image]: camera for image, camera in placed.items()}
    centers = {name: camera.center for name, camera in placed.items()}
    positions = {photo.name: photo.position for photo in manifest.photos if photo.position}
    scale = find_scale(centers, positions, spec.scale_reference, report)
    world = Similarity.of(collider.world_from_colmap, scale.meters_per_unit)
    return Scene(
        gaussians=world.gaussians(read_ply(workdir / "train" / "splats.ply")),
        cameras={name: world.camera(camera) for name, camera in placed.items()},
        collider=scaled(collider, scale.meters_per_unit),
        scale=scale,
        engine=spec.engine,
    )


def scaled(collider: ColliderResult, scale: float) -> ColliderResult:
    ground = collider.ground and replace(collider.ground, polygon=scale * collider.ground.polygon)
    return replace(collider, vertices=scale * collider.vertices, ground=ground)


def user_scene(workdir: Path, spec: Spec, report: Report) -> Scene:
    """The user's splats as they are, but upright: trainers leave y pointing down."""
    upright = np.eye(4)
    upright[:3, :3] = [[1, 0, 0], [0, 0, 1], [0, -1, 0]]
    report.warning(
        "collider_absent",
        "Splats alone do not tell where surfaces are, so the USDZ has no collision mesh.",
    )
    return Scene(
        gaussians=Similarity.of(upright, 1.0).gaussians(
            read_ply(workdir / "prepare" / "splats.ply")
        ),
        cameras={},
        collider=None,
        scale=Scale(1.0, "arbitrary"),
        engine=spec.engine,
    )


def write_artifacts(scene: Scene, folder: Path, spec: Spec, report: Report) -> dict[str, str]:
    """Each file by its name in the API, path relative to the job's folder."""
    made: dict[str, str] = {}

    def path_of(name: str, file: str) -> Path:
        made[name] = f"artifacts/{file}"
        return folder / file

    if spec.export_usdz:
        report.progress(45, 8, "writing the USDZ")
        usdz = path_of("usdz", "scene.usdz")
        write_usdz(scene, usdz)
        report.progress(60, 6, "checking the USDZ")
        check_usdz(usdz)
    ply = path_of("ply", "scene.ply")
    write_ply(scene.gaussians, ply)
    if scene.cameras:
        write_cameras(scene.cameras, scene.scale.source, path_of("cameras", "cameras.json"))
    camera, middle = first_view(scene)
    report.progress(70, 5, "drawing the thumbnail")
    write_thumbnail(scene.gaussians, camera, path_of("thumbnail", "thumbnail.jpg"))
    report.progress(80, 4, "making files for the browser")
    if convert_or_warn(report, "scene.spz", write_spz, ply, folder / "scene.spz"):
        path_of("spz", "scene.spz")
    viewer = folder / "viewer.html"
    if convert_or_warn(report, "viewer.html", write_viewer, ply, viewer, camera, middle):
        path_of("viewer", "viewer.html")
    return made


def first_view(scene: Scene) -> tuple[Camera, np.ndarray]:
    """From where the scene is shown at first, and what to orbit."""
    solid = scene.gaussians.positions[scene.gaussians.opacities > 0.5]
    positions = solid if len(solid) else scene.gaussians.positions
    if scene.collider is not None and len(scene.collider.vertices):
        positions = scene.collider.vertices
    middle = np.median(positions, axis=0)
    if not scene.cameras:
        return overview_camera(positions), middle
    return most_central(scene.cameras, middle), middle


def metrics_of(scene: Scene) -> dict[str, object]:
    return {
        "gaussians": len(scene.gaussians),
        "colliderTriangles": len(scene.collider.triangles) if scene.collider else 0,
        "metersPerUnit": scene.scale.meters_per_unit,
        "scaleSource": scene.scale.source,
        "upAxis": "Z",
    }
