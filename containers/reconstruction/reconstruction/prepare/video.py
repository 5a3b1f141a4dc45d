"""A video to its sharpest frames, evenly spread, by the ffmpeg that imageio-ffmpeg brings."""

from __future__ import annotations

import math
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg
import numpy as np
from PIL import Image

from reconstruction.failures import StageFailed
from reconstruction.prepare.exif import Lens
from reconstruction.prepare.likeness import fingerprint, measure_blur
from reconstruction.prepare.selection import Candidate
from reconstruction.prepare.uploads import Upload, shown
from reconstruction.report import Report

MIN_FRAMES = 10
MAX_FRAMES = 300
# Of each window the sharpest of so many frames is taken.
FRAMES_PER_WINDOW = 4
BLUR_MEASURED_AT_PX = 640
MAX_EXTRACT_FPS = 30.0

# Phones record HDR in these transfer functions; unconverted, it comes out pale.
HDR_TRANSFERS = ("arib-std-b67", "smpte2084")
HDR_TO_SDR = (
    "zscale=transfer=linear:npl=100,format=gbrpf32le,tonemap=hable,"
    "zscale=transfer=bt709:matrix=bt709:primaries=bt709:range=tv"
)


@dataclass(frozen=True)
class Video:
    """What ffmpeg says of a file. `frames_per_second` is nominal."""

    path: Path
    name: str
    duration_seconds: float
    frames_per_second: float
    is_hdr: bool


@dataclass(frozen=True)
class Sampling:
    """`frames` frames are wanted at `fps`, each the sharpest of those in its window."""

    fps: float
    frames: int
    candidate_fps: float


def extract_frames(
    upload: Upload, folder: Path, extract_fps: float, max_side_px: int, report: Report
) -> list[Candidate]:
    """Take the sharpest frame of each window of the video into `folder`.

    Raises StageFailed when the file is no video or too short for ten frames.
    """
    folder.mkdir(parents=True, exist_ok=True)
    video = probe(upload)
    sampling = plan_sampling(video, extract_fps, report)
    report.log("video", **vars(sampling), durationSeconds=video.duration_seconds, hdr=video.is_hdr)
    blur = []
    for value in measure_frames(video, sampling):
        blur.append(value)
        percent = 45 * len(blur) / (video.duration_seconds * sampling.candidate_fps)
        report.progress(min(45, percent), None, f"{len(blur)} frames measured")
    chosen = sharpest_of_windows(np.array(blur), sampling)
    if len(chosen) < MIN_FRAMES:
        raise too_few_frames(video, len(chosen), sampling.fps)
    save_frames(video, sampling, chosen, folder, max_side_px)
    report.progress(85, None, f"{len(chosen)} frames taken")
    frames = sorted(folder.glob("*.jpg"))
    return [
        as_candidate(path, video.name, index / sampling.candidate_fps)
        for path, index in zip(frames, chosen, strict=False)
    ]


def probe(upload: Upload) -> Video:
    """Ask ffmpeg what the file holds. Raises StageFailed when that is no video."""
    if upload.path.stat().st_size == 0:
        raise unreadable(upload.name, "the file is empty (0 bytes)")
    answer = ffmpeg("-i", upload.path, fails=True)
    description = answer.stderr.decode("utf-8", errors="replace")
    stream = re.search(r"^\s*Stream #.*: Video: (.*)$", description, re.MULTILINE)
    if "Invalid data found" in description or "Input #0" not in description:
        raise unreadable(upload.name, "its content is not that of a video")
    if not stream or "(attached pic)" in stream[1]:
        raise unreadable(upload.name, "it holds no moving picture")
    rate = re.search(r"([\d.]+)(k?) fps", stream[1])
    fps = float(rate[1]) * (1000 if rate[2] else 1) if rate else 25.0
    seconds = duration_seconds(description) or decoded_seconds(upload)
    if seconds <= 0:
        raise unreadable(upload.name, "not one frame of it can be decoded")
    is_hdr = any(transfer in stream[1] for transfer in HDR_TRANSFERS)
    return Video(upload.path, upload.name, seconds, fps, is_hdr)


def duration_seconds(description: str) -> float | None:
    match = re.search(r"Duration: (\d+):(\d+):([\d.]+)", description)
    if not match:
        return None
    return int(match[1]) * 3600 + int(match[2]) * 60 + float(match[3])


def decoded_seconds(upload: Upload) -> float:
    """The length by decoding all of it: what browsers record states none."""
    answer = ffmpeg("-i", upload.path, "-map", "0:v:0", "-f", "null", "-", fails=True)
    times = re.findall(r"time=(\d+):(\d+):([\d.]+)", answer.stderr.decode(errors="replace"))
    if not times:
        return 0.0
    hours, minutes, seconds = times[-1]
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)


def plan_sampling(video: Video, extract_fps: float, report: Report) -> Sampling:
    """How often to take a frame: as asked, at most 300 of them, at most what there is."""
    fps = min(extract_fps, video.frames_per_second)
    frames = max(1, math.floor(video.duration_seconds * fps + 1e-6))
    if frames > MAX_FRAMES:
        thinned = MAX_FRAMES / video.duration_seconds
        report.warning(
            "video_thinned",
            f"extractFps {fps:g} would give {frames:,} frames of this video of"
            f" {video.duration_seconds:.0f} s; {MAX_FRAMES} were taken, one every"
            f" {1 / thinned:.2g} s. Upload a shorter part for more detail.",
        )
        fps, frames = thinned, MAX_FRAMES
    candidate_fps = min(video.frames_per_second, fps * FRAMES_PER_WINDOW)
    return Sampling(fps, frames, candidate_fps)


def measure_frames(video: Video, sampling: Sampling) -> Iterator[float]:
    """The blur of each candidate frame in turn, by ffmpeg's blurdetect: higher is worse."""
    filters = (
        f"fps={sampling.candidate_fps:.6f},"
        f"scale=w={BLUR_MEASURED_AT_PX}:h={BLUR_MEASURED_AT_PX}"
        ":force_original_aspect_ratio=decrease:force_divisible_by=2,format=yuv420p,"
        "blurdetect=block_width=32:block_height=32:block_pct=80,"
        "metadata=print:key=lavfi.blur:file=-"
    )
    command = [*FFMPEG, "-i", video.path, "-map", "0:v:0", "-vf", filters, "-f", "null", "-"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        for line in process.stdout:
            if line.startswith("lavfi.blur="):
                value = float(line.partition("=")[2])
                yield value if math.isfinite(value) else math.inf


def sharpest_of_windows(blur: np.ndarray, sampling: Sampling) -> list[int]:
    """The index of the sharpest candidate in each of the windows, ascending."""
    windows = np.floor(np.arange(len(blur)) * sampling.fps / sampling.candidate_fps + 1e-6)
    chosen = [
        int(members[np.argmin(blur[members])])
        for window in np.unique(windows)
        for members in [np.flatnonzero(windows == window)]
    ]
    return chosen[: sampling.frames]


def save_frames(
    video: Video, sampling: Sampling, chosen: list[int], folder: Path, max_side_px: int
) -> None:
    """Decode again and save the chosen frames, upright, as 8-bit JPEGs."""
    wanted = "+".join(f"eq(n,{index})" for index in chosen)
    tone = f"{HDR_TO_SDR}," if video.is_hdr else ""
    filters = (
        f"fps={sampling.candidate_fps:.6f},select='{wanted}',"
        f"scale=w='min({max_side_px},iw)':h='min({max_side_px},ih)'"
        ":force_original_aspect_ratio=decrease:force_divisible_by=2:flags=lanczos,"
        f"{tone}format=yuvj420p"
    )
    target = folder / "frame_%05d.jpg"
    ffmpeg(
        *("-i", video.path, "-map", "0:v:0", "-vf", filters),
        *("-fps_mode", "passthrough", "-q:v", "2", target),
    )


def as_candidate(path: Path, video_name: str, seconds: float) -> Candidate:
    with Image.open(path) as picture:
        picture.load()
    minutes, rest = divmod(seconds, 60)
    return Candidate(
        path=path,
        name=f"{video_name} at {int(minutes)}:{rest:05.2f}",
        width_px=picture.width,
        height_px=picture.height,
        lens=Lens(),
        position=None,
        fingerprint=fingerprint(picture),
        blur=measure_blur(picture),
    )


def too_few_frames(video: Video, frames: int, fps: float) -> StageFailed:
    seconds = video.duration_seconds
    enough = math.ceil(10 * MIN_FRAMES / seconds) / 10
    if enough <= min(MAX_EXTRACT_FPS, video.frames_per_second):
        better = min(video.frames_per_second, MAX_EXTRACT_FPS, max(enough, 60 / seconds))
        advice = (
            f"Set extractFps to {enough:g} at least; {better:.3g} would give"
            f" {int(better * seconds)} frames. Or record a longer video."
        )
    else:
        advice = "Record a longer video: walk slowly around the scene for 20 seconds or more."
    return StageFailed(
        "video_too_few_frames",
        duration_seconds=seconds,
        frames=frames,
        fps=fps,
        minimum=MIN_FRAMES,
        advice=advice,
    )


def unreadable(name: str, reason: str) -> StageFailed:
    return StageFailed("video_unreadable", name=shown(name), reason=reason)


FFMPEG = (imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-hide_banner", "-y")


def ffmpeg(*arguments: object, fails: bool = False) -> subprocess.CompletedProcess[bytes]:
    """Run ffmpeg. Raises RuntimeError with its last words unless it may fail."""
    answer = subprocess.run([*FFMPEG, *map(str, arguments)], capture_output=True, check=False)
    if answer.returncode != 0 and not fails:
        raise RuntimeError(f"ffmpeg: {answer.stderr.decode(errors='replace')[-1000:]}")
    return answer
