"""Files for the browser, made by PlayCanvas' `splat-transform`: SPZ, and a viewer in one file."""

from __future__ import annotations

import json
import math
import subprocess
from pathlib import Path

import numpy as np

from reconstruction.gaussians.camera import Camera
from reconstruction.report import Report

PROGRAM = "splat-transform"
TIMEOUT_SECONDS = 300
# The viewer's world is y up.
TURN_UPRIGHT_DEGREES = "-90,0,0"
MIN_ORBIT_SHARE = 0.2


class ConversionFailed(Exception):
    """`splat-transform` did not do it; its own words are the message."""


def write_spz(ply: Path, spz: Path) -> None:
    convert([str(ply), str(spz)])


def write_viewer(ply: Path, html: Path, camera: Camera, middle: np.ndarray) -> None:
    """One HTML file that shows the scene, at first from where `camera` took its photo.

    `middle` (3,) is a point in the scene that orbiting goes around.
    """
    settings = html.with_suffix(".settings.json")
    settings.write_text(json.dumps(viewer_settings(camera, middle)), encoding="utf-8")
    try:
        turned = [str(ply), "--rotate", TURN_UPRIGHT_DEGREES]
        convert(["--viewer-settings", str(settings), *turned, str(html)])
    finally:
        settings.unlink()


def viewer_settings(camera: Camera, middle: np.ndarray) -> dict[str, object]:
    """Version 2 of the SuperSplat viewer's settings."""
    forward = camera.rotation[2]
    reach = np.linalg.norm(middle - camera.center)
    ahead = max(float(forward @ (middle - camera.center)), MIN_ORBIT_SHARE * reach)
    return {
        "version": 2,
        "tonemapping": "linear",
        "highPrecisionRendering": False,
        "background": {"color": [0, 0, 0]},
        "postEffectSettings": {
            "sharpness": {"enabled": False, "amount": 0},
            "bloom": {"enabled": False, "intensity": 0.1, "blurLevel": 2},
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
        },
        "animTracks": [],
        "cameras": [
            {
                "initial": {
                    "position": y_up(camera.center),
                    "target": y_up(camera.center + ahead * forward),
                    "fov": math.degrees(2 * math.atan(camera.width / (2 * camera.fx))),
                }
            }
        ],
        "annotations": [],
        "startMode": "default",
    }


def y_up(point: np.ndarray) -> list[float]:
    x, y, z = (float(value) for value in point)
    return [x, z, -y]


def convert(arguments: list[str]) -> None:
    """Raises ConversionFailed."""
    command = [PROGRAM, "--quiet", "--no-tty", "--overwrite", "--gpu", "cpu", *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_SECONDS)
    except FileNotFoundError:
        raise ConversionFailed(f"{PROGRAM} is not on PATH") from None
    except subprocess.TimeoutExpired:
        raise ConversionFailed(f"{PROGRAM} took over {TIMEOUT_SECONDS} seconds") from None
    if done.returncode:
        raise ConversionFailed((done.stderr or done.stdout).strip()[-500:])


def convert_or_warn(report: Report, name: str, write, *arguments: object) -> bool:
    """Whether it worked. What is only for looking at does not fail a job that has its USDZ."""
    try:
        write(*arguments)
    except ConversionFailed as problem:
        report.log("conversion failed", level="error", file=name, detail=str(problem))
        report.warning("conversion_failed", f"{name} could not be made; everything else is there.")
        return False
    return True
