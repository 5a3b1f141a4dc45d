"""Everything that can be wrong with what the user gave: what happened, and what to do about it.

The codes are part of the API. A sentence here is read by someone who takes photos, not by someone
who knows structure from motion.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Explanation:
    """`message` says what happened and may hold `{facts}`; `next_action` says what to do."""

    message: str
    next_action: str


FAILURES = {
    "input_too_few_photos": Explanation(
        "{usable} of {total} files can be used as photos, and at least {minimum} are needed."
        "{unusable}",
        "Upload at least {minimum} photos as JPEG, PNG, WebP, TIFF or HEIC; 30 to 200 that overlap"
        " by two thirds give a good scene.",
    ),
    "photos_identical": Explanation(
        "The {total} photos show the same picture: only {distinct} differ from one another.",
        "Walk around the scene and take each photo from another place, a step to the side each"
        " time. A depth can only be seen from two places.",
    ),
    "photos_blurred": Explanation(
        "All {total} photos are blurred: none has edges sharp enough to measure.",
        "Take the photos again with more light or a shorter exposure, hold the camera still for"
        " each and let it focus.",
    ),
    "video_unreadable": Explanation(
        "{name} cannot be read as a video: {reason}.",
        "Play the file on your own machine first; if it plays, convert it to MP4 (H.264) and"
        " upload that.",
    ),
    "video_too_few_frames": Explanation(
        "The video is {duration_seconds:.1f} s long and gives {frames} frames at extractFps"
        " {fps:g}; at least {minimum} are needed.",
        "{advice}",
    ),
    "splat_unreadable": Explanation(
        "{name} is not a PLY file of Gaussians: {reason}.",
        "Upload a PLY as 3D Gaussian Splatting trainers write it: binary, with x, y, z, f_dc_0..2,"
        " opacity, scale_0..2 and rot_0..3.",
    ),
    "splat_too_large": Explanation(
        "{name} is too large: {size}, and the limit is {limit}.",
        "Thin it out first, for example with: splat-transform scene.ply --decimate 50% small.ply",
    ),
    "scale_reference_unknown": Explanation(
        "config.scaleReference names {names}, and no photo of that name was uploaded.",
        "Use the file names as you uploaded them, for example {example}.",
    ),
    "scale_reference_degenerate": Explanation(
        "config.scaleReference measures between {names}, which were taken from the same place.",
        "Measure the distance between two photos taken far apart.",
    ),
    "sfm_no_model": Explanation(
        "The photos have too little in common to build a scene from: the best attempt gives"
        " {placed} of {total} a place, and none that can be trusted.{unplaced}",
        "Take more photos in small steps: two neighbours should show two thirds of the same"
        " things. Move sideways rather than only turning, and avoid blur, glass, mirrors and plain"
        " walls.",
    ),
    "sfm_low_registration": Explanation(
        "Only {placed} of {total} photos could be placed, too few to trust the scene.{unplaced}",
        "Take photos between the places of those that are missing, so that each overlaps with its"
        " neighbours by two thirds, or leave the missing ones out.",
    ),
    "training_failed": Explanation(
        "The scene could not be trained: {reason}.",
        "{advice}",
    ),
}


class StageFailed(Exception):
    """The user's input is at fault. `metrics` and `artifacts` still reach the user.

    Raises KeyError when `code` is not registered, or a fact that its sentences need is missing.
    """

    def __init__(
        self,
        code: str,
        *,
        metrics: dict[str, object] | None = None,
        artifacts: dict[str, str] | None = None,
        **facts: object,
    ) -> None:
        explanation = FAILURES[code]
        self.code = code
        self.message = explanation.message.format(**facts)
        self.next_action = explanation.next_action.format(**facts)
        self.metrics = metrics or {}
        self.artifacts = artifacts or {}
        super().__init__(f"{code}: {self.message}")


class StageStopped(Exception):
    """SIGTERM came, and the checkpoint is written and announced."""
