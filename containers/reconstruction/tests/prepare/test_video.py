"""Videos: which frames are taken, and what is no video."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest
from PIL import Image, ImageFilter

from reconstruction.prepare import video
from reconstruction.prepare.manifest import IMAGES, read_manifest
from reconstruction.prepare.stage import run


def make_video(
    pictures: list[Image.Image], path: Path, *options: str, fps: float = 4, scratch: Path
) -> None:
    for number, picture in enumerate(pictures):
        picture.save(scratch / f"{number:04d}.png")
    encode("-framerate", str(fps), "-i", str(scratch / "%04d.png"), *options, str(path))


def encode(*arguments: str) -> None:
    program = imageio_ffmpeg.get_ffmpeg_exe()
    subprocess.run([program, "-nostdin", "-v", "error", "-y", *arguments], check=True)


@pytest.fixture
def pictures(example_photos: list[Path]) -> list[Image.Image]:
    """Forty different frames, landscape."""
    return [Image.open(path).resize((320, 240)) for path in example_photos[:40]]


@pytest.fixture
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("frames")


def test_frames_come_at_the_rate_asked_for_named_by_their_time(
    new_job: Callable, pictures: list[Image.Image], scratch: Path
) -> None:
    job = new_job("video")
    make_video(pictures, job.input("walk.mp4"), "-pix_fmt", "yuv420p", scratch=scratch)
    job.config["extractFps"] = 2
    metrics = job.run(run).outcome.metrics
    assert metrics == {"totalPhotos": 20, "usedPhotos": 20, "widthPx": 320, "heightPx": 240}
    names = [photo.name for photo in read_manifest(job.folder).photos]
    assert names == sorted(names) and names[0].startswith("walk.mp4 at 0:00.")


def test_of_each_window_the_sharpest_frame_is_taken(
    new_job: Callable, pictures: list[Image.Image], scratch: Path
) -> None:
    sharp = {2 + 4 * window for window in range(12)}
    frames = [
        pictures[number // 4 * 3]
        if number in sharp
        else pictures[number // 4 * 3].filter(ImageFilter.GaussianBlur(3))
        for number in range(48)
    ]
    job = new_job("video")
    make_video(frames, job.input("walk.mp4"), "-pix_fmt", "yuv420p", scratch=scratch)
    job.config["extractFps"] = 1
    job.run(run)
    names = [photo.name for photo in read_manifest(job.folder).photos]
    assert names == [f"walk.mp4 at 0:{window + 0.5:05.2f}" for window in range(12)]


def test_a_long_video_is_thinned_and_says_so(
    new_job: Callable,
    pictures: list[Image.Image],
    scratch: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(video, "MAX_FRAMES", 12)
    job = new_job("video")
    make_video(pictures, job.input("walk.mp4"), "-pix_fmt", "yuv420p", scratch=scratch)
    outcome = job.run(run)
    assert outcome.outcome.metrics["usedPhotos"] == 12
    assert "12 were taken" in outcome.warnings["video_thinned"]


def test_ten_bit_hdr_video_turned_on_its_side_comes_out_upright_in_eight_bits(
    new_job: Callable, pictures: list[Image.Image], scratch: Path
) -> None:
    job = new_job("video")
    hdr = ("-pix_fmt", "yuv420p10le", "-color_trc", "arib-std-b67", "-color_primaries", "bt2020")
    hdr += ("-colorspace", "bt2020nc", "-c:v", "libx265", "-x265-params", "log-level=none")
    upright = scratch / "upright.mp4"
    make_video(pictures, upright, *hdr, scratch=scratch)
    encode("-display_rotation", "90", "-i", str(upright), "-c", "copy", str(job.input("phone.mov")))
    job.run(run)
    photo = read_manifest(job.folder).photos[0]
    picture = Image.open(job.folder / IMAGES / photo.image)
    assert (picture.mode, picture.size) == ("RGB", (240, 320))
    assert np.asarray(picture).std() > 25


def test_too_short_a_video_says_which_rate_would_do(
    new_job: Callable, pictures: list[Image.Image], scratch: Path
) -> None:
    job = new_job("video")
    make_video(pictures, job.input("blink.mp4"), "-pix_fmt", "yuv420p", fps=20, scratch=scratch)
    failure = job.run(run).failure
    assert failure.code == "video_too_few_frames"
    assert "2.0 s long and gives 6 frames at extractFps 3" in failure.message
    assert "Set extractFps to 5 at least" in failure.next_action


def test_what_is_no_video_is_refused_with_the_reason(
    new_job: Callable, pictures: list[Image.Image], scratch: Path
) -> None:
    job = new_job("video")
    path = job.input("walk.mp4")
    make_video(pictures, path, "-pix_fmt", "yuv420p", scratch=scratch)
    sound = scratch / "sound.mp4"
    encode("-f", "lavfi", "-i", "sine=duration=2", str(sound))
    reasons = {
        "the file is empty": b"",
        "its content is not that of a video": b"this is a diary " * 500,
        "it holds no moving picture": sound.read_bytes(),
        "not that of a video": path.read_bytes()[:2000],
    }
    for reason, content in reasons.items():
        path.write_bytes(content)
        failure = job.run(run).failure
        assert failure.code == "video_unreadable" and reason in failure.message, reason


def test_two_videos_are_refused(new_job: Callable) -> None:
    job = new_job("video")
    job.input("a.mp4").write_bytes(b"1")
    job.input("b.mp4").write_bytes(b"2")
    failure = job.run(run).failure
    assert failure.code == "video_unreadable" and "2 files instead of one" in failure.message
