"""What a browser shows: a picture, a compressed copy, and a page with the scene in it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
from PIL import Image

from reconstruction.export.scene import Scene
from reconstruction.export.views import View
from reconstruction.gaussians.render import render

THUMBNAIL_SIDE_PX = 640
THUMBNAIL_QUALITY = 88
# Colours that depend on the view take most of the time to compress.
MAX_GAUSSIANS_WITH_VIEW_DEPENDENCE = 100_000
SH_ITERATIONS = 3
COMPRESSOR = "splat-transform"
TIMEOUT_SECONDS = 900

# The compressor reads a file as y down and turns it by 180 degrees about z, so that y is up. Since
# the scene has z up, -90 degrees about x after that make the viewer's axes (-x, z, y) of it.
TURN_FOR_VIEWER = "-90,0,0"
VIEWER_FROM_SCENE = np.array([[-1.0, 0, 0], [0, 0, 1.0], [0, 1.0, 0]])


def write_thumbnail(scene: Scene, path: Path) -> None:
    """The scene from its first view, as trained Gaussians look there."""
    camera = scene.first_view.camera.with_longest_side(THUMBNAIL_SIDE_PX)
    picture = render(scene.gaussians, camera)
    values = np.clip(picture * 255 + 0.5, 0, 255).astype(np.uint8)
    Image.fromarray(values).save(path, "JPEG", quality=THUMBNAIL_QUALITY)


def write_spz(ply: Path, path: Path) -> None:
    """Niantic's compressed format, about a tenth of the PLY."""
    run_compressor(ply, path)


def write_viewer(ply: Path, scene: Scene, path: Path, scratch: Path) -> None:
    """One HTML file that holds the scene and shows it, starting at a photo's place."""
    settings = scratch / "viewer-settings.json"
    settings.write_text(json.dumps(viewer_settings(scene.first_view)), encoding="utf-8")
    actions = ["--rotate", TURN_FOR_VIEWER]
    options = ["--gpu", "cpu", "--sh-iterations", SH_ITERATIONS, "--viewer-settings", settings]
    if len(scene.gaussians) > MAX_GAUSSIANS_WITH_VIEW_DEPENDENCE:
        actions += ["--filter-harmonics", "0"]
    run_compressor(*options, ply, *actions, path)


def viewer_settings(view: View) -> dict[str, object]:
    """Settings of the SuperSplat viewer, version 2 of its schema."""
    camera = view.camera
    target = camera.center + camera.rotation[2] * view.target_distance
    field_of_view = 2 * np.degrees(np.arctan(camera.height / 2 / camera.fy))
    initial = {
        "position": (VIEWER_FROM_SCENE @ camera.center).tolist(),
        "target": (VIEWER_FROM_SCENE @ target).tolist(),
        "fov": float(np.clip(field_of_view, 10, 120)),
    }
    effects = {
        "sharpness": {"enabled": False, "amount": 0},
        "bloom": {"enabled": False, "intensity": 1, "blurLevel": 2},
        "grading": {
            "enabled": False,
            "brightness": 1,
            "contrast": 1,
            "saturation": 1,
            "tint": [1, 1, 1],
        },
        "vignette": {
            "enabled": False,
            "intensity": 0.5,
            "inner": 0.3,
            "outer": 0.75,
            "curvature": 1,
        },
        "fringing": {"enabled": False, "intensity": 0.5},
    }
    return {
        "version": 2,
        "tonemapping": "none",
        "highPrecisionRendering": False,
        "background": {"color": [0.1, 0.1, 0.12]},
        "postEffectSettings": effects,
        "animTracks": [],
        "cameras": [{"initial": initial}],
        "annotations": [],
        "startMode": "default",
    }


class CompressionFailed(Exception):
    """`splat-transform` did not do it; its own last words are the message."""


def run_compressor(*arguments: object) -> None:
    """Run `splat-transform` of @playcanvas/splat-transform. Raises CompressionFailed."""
    command = [COMPRESSOR, "--quiet", "--overwrite", *map(str, arguments)]
    try:
        answer = subprocess.run(
            command, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CompressionFailed(str(error)) from error
    if answer.returncode != 0:
        raise CompressionFailed((answer.stderr or answer.stdout)[-1000:])
