"""Photos as they come: what is used, what is left out, and what the user is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter
from PIL.ExifTags import GPS, IFD, Base

from reconstruction.prepare import decoding
from reconstruction.prepare.manifest import IMAGES, read_manifest
from reconstruction.prepare.stage import run


@pytest.fixture
def job(new_job: Callable, example_photos: list[Path]):
    """A job with four good photos."""
    job = new_job("photos")
    job.add_examples(example_photos[:4])
    return job


def prepared(job) -> dict[str, Image.Image]:
    """The prepared pictures by the user's names."""
    photos = read_manifest(job.folder).photos
    return {photo.name: Image.open(job.folder / IMAGES / photo.image) for photo in photos}


def same_picture(picture: Image.Image, photo: Path, tolerance: float = 12.0) -> bool:
    """Whether the picture shows what the photo shows, in the same colours."""
    original = Image.open(photo).convert("RGB").resize(picture.size)
    difference = np.asarray(picture, float) - np.asarray(original, float)
    return bool(np.abs(difference).mean() < tolerance)


def test_good_photos_get_neutral_names_and_keep_their_own_in_the_manifest(job) -> None:
    run_ = job.run(run)
    assert run_.outcome.metrics == {
        "totalPhotos": 4,
        "usedPhotos": 4,
        "widthPx": 640,
        "heightPx": 480,
    }
    photos = read_manifest(job.folder).photos
    assert [photo.image for photo in photos] == [f"img_0000{number}.jpg" for number in range(1, 5)]
    assert [photo.name for photo in photos] == sorted(path.name for path in job.input("").iterdir())


def test_fewer_than_three_usable_photos_fail_with_what_is_wrong_with_the_others(job) -> None:
    for path in sorted(job.input("").iterdir())[2:]:
        path.unlink()
    job.input("notes.jpg").write_text("these are notes")
    job.input("empty.jpg").touch()
    failure = job.run(run).failure
    assert failure.code == "input_too_few_photos"
    assert "2 of 4 files can be used" in failure.message
    assert "empty.jpg is empty (0 bytes)" in failure.message
    assert "notes.jpg is no photo, whatever its name says" in failure.message
    assert "at least 3" in failure.next_action


def test_a_cut_off_photo_is_left_out_by_name(job, example_photos: list[Path]) -> None:
    content = example_photos[10].read_bytes()
    job.input("cut.jpg").write_bytes(content[: len(content) // 2])
    outcome = job.run(run)
    assert outcome.outcome.metrics["usedPhotos"] == 4
    assert "cut.jpg is cut off" in outcome.warnings["photo_unusable"]
    assert [name for name, _ in read_manifest(job.folder).left_out] == ["cut.jpg"]


def test_nothing_uploaded_is_too_few(new_job: Callable) -> None:
    assert new_job("photos").run(run).failure.code == "input_too_few_photos"


def test_every_kind_of_picture_becomes_eight_bit_rgb(job, example_photos: list[Path]) -> None:
    sources = example_photos[5:45:5]
    pictures = [Image.open(path).convert("RGB") for path in sources]
    grey = np.asarray(pictures[1].convert("L"), np.uint16)
    wide = {
        "cmyk.jpg": pictures[0].convert("CMYK"),
        "grey16.png": Image.fromarray(grey * 257),
        "alpha.png": pictures[2].convert("RGBA"),
        "palette.png": pictures[3].convert("P", palette=Image.Palette.ADAPTIVE, colors=256),
        "grey.jpg": pictures[4].convert("L"),
        "photo.webp": pictures[5],
        "photo.heic": pictures[6],
        "photo.tiff": pictures[7],
    }
    for name, picture in wide.items():
        picture.save(job.input(name))
    outcome = job.run(run)
    assert outcome.failure is None and "photo_unusable" not in outcome.warnings
    shown = prepared(job)
    for name, source in zip(wide, sources, strict=True):
        assert shown[name].mode == "RGB", name
        if "grey" not in name:
            assert same_picture(shown[name], source), name
    brightness = np.asarray(shown["grey16.png"].convert("L"), float)
    assert np.abs(brightness - grey).mean() < 3


def test_photos_are_turned_upright_and_lose_all_exif_but_their_lens(job) -> None:
    upright = Image.open(job.input("tabletop_01.jpg"))
    exif = Image.Exif()
    exif[Base.Orientation] = 6
    exif[Base.Model] = "Camera 3000"
    exif[Base.Artist] = "someone"
    exif.get_ifd(IFD.Exif)[Base.FocalLengthIn35mmFilm] = 28
    exif.get_ifd(IFD.GPSInfo).update(
        {
            GPS.GPSLatitudeRef: "N",
            GPS.GPSLatitude: (48.0, 30.0, 36.0),
            GPS.GPSLongitudeRef: "W",
            GPS.GPSLongitude: (9.0, 0.0, 0.0),
            GPS.GPSAltitude: 320.5,
        }
    )
    turned = upright.transpose(Image.Transpose.ROTATE_90)
    turned.save(job.input("turned.jpg"), exif=exif)
    job.input("tabletop_01.jpg").unlink()
    job.run(run)
    picture = prepared(job)["turned.jpg"]
    assert picture.size == (640, 480)
    assert np.abs(np.asarray(picture, float) - np.asarray(upright, float)).mean() < 5
    kept = picture.getexif()
    assert {tag for tag in kept if tag != IFD.Exif} == {Base.Model}
    assert kept.get_ifd(IFD.Exif) == {Base.FocalLengthIn35mmFilm: 28}
    photos = {photo.name: photo for photo in read_manifest(job.folder).photos}
    position = photos["turned.jpg"].position
    assert position.latitude_degrees == pytest.approx(48.51)
    assert (position.longitude_degrees, position.altitude_meters) == (-9.0, 320.5)


def test_a_hundred_megapixels_are_read_and_shrunk(job) -> None:
    large = Image.open(job.input("tabletop_01.jpg")).resize((12000, 8400))
    large.save(job.input("large.jpg"))
    job.config["maxResolution"] = 500
    job.run(run)
    assert prepared(job)["large.jpg"].size == (500, 350)


def test_a_decompression_bomb_is_refused_before_it_is_decoded(
    job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoding, "MAX_MEGAPIXELS", 1)
    Image.new("RGB", (1200, 900)).save(job.input("bomb.png"))
    warnings = job.run(run).warnings
    assert "bomb.png has 1 megapixels, more than 1" in warnings["photo_unusable"]


def test_names_of_users_are_shown_but_never_used_as_paths(job, example_photos: list[Path]) -> None:
    names = ["../../etc/passwd.jpg", "Fotos/ünï 写真.jpg", "a\nb\x07.jpg", "x" * 400 + ".jpg"]
    listing = []
    for number, name in enumerate(names):
        path = f"input/{number}"
        (job.folder / path).write_bytes(example_photos[6 + 4 * number].read_bytes())
        listing.append({"path": path, "name": name})
    job.input("broken").write_text("no photo")
    listing.append({"path": "input/broken", "name": "../\x00bad" + "y" * 400})
    (job.folder / "input.json").write_text(json.dumps(listing))
    outcome = job.run(run)
    assert {photo.name for photo in read_manifest(job.folder).photos} == set(names)
    message = outcome.warnings["photo_unusable"]
    assert "\x00" not in message and len(message) < 200


def test_photos_all_alike_fail(new_job: Callable, example_photos: list[Path]) -> None:
    job = new_job("photos")
    picture = Image.open(example_photos[0])
    for quality in (95, 80, 60, 40):
        picture.save(job.input(f"{quality}.jpg"), quality=quality)
    failure = job.run(run).failure
    assert failure.code == "photos_identical"
    assert "4 photos show the same" in failure.message


def test_a_copy_among_good_photos_is_left_out(job) -> None:
    Image.open(job.input("tabletop_02.jpg")).save(job.input("tabletop_02 copy.jpg"), quality=70)
    outcome = job.run(run)
    assert outcome.outcome.metrics["usedPhotos"] == 4
    assert "tabletop_02.jpg" in outcome.warnings["photos_alike"]


def test_photos_all_blurred_fail(new_job: Callable, example_photos: list[Path]) -> None:
    job = new_job("photos")
    for path in example_photos[:5]:
        Image.open(path).filter(ImageFilter.GaussianBlur(8)).save(job.input(path.name))
    failure = job.run(run).failure
    assert failure.code == "photos_blurred"
    assert "shorter exposure" in failure.next_action


def test_a_blurred_photo_among_sharp_ones_is_left_out(job, example_photos: list[Path]) -> None:
    Image.open(example_photos[20]).filter(ImageFilter.GaussianBlur(6)).save(job.input("shaky.jpg"))
    outcome = job.run(run)
    assert outcome.outcome.metrics["usedPhotos"] == 4
    assert "shaky.jpg" in outcome.warnings["photos_blurred"]


def test_cameras_are_told_apart_by_lens_and_size(job, example_photos: list[Path]) -> None:
    for path in example_photos[20:22]:
        Image.open(path).resize((480, 360)).save(job.input(f"small_{path.name}"))
    outcome = job.run(run)
    cameras = [photo.camera for photo in read_manifest(job.folder).photos]
    assert sorted(cameras) == [0, 0, 1, 1, 1, 1]
    assert "2 combinations" in outcome.warnings["mixed_cameras"]


def test_the_photos_of_the_scale_reference_are_kept_whatever_they_look_like(
    job, example_photos: list[Path]
) -> None:
    Image.open(example_photos[20]).filter(ImageFilter.GaussianBlur(6)).save(job.input("shaky.jpg"))
    Image.open(job.input("tabletop_02.jpg")).save(job.input("z copy.jpg"), quality=70)
    job.config["scaleReference"] = {
        "photoA": "shaky.jpg",
        "photoB": "z copy.jpg",
        "distanceMeters": 2,
    }
    job.run(run)
    names = {photo.name for photo in read_manifest(job.folder).photos}
    assert {"shaky.jpg", "z copy.jpg"} < names and "tabletop_02.jpg" not in names


def test_a_scale_reference_to_a_photo_that_is_not_there_fails(job) -> None:
    job.config["scaleReference"] = {
        "photoA": "tabletop_01.jpg",
        "photoB": "nowhere.jpg",
        "distanceMeters": 2,
    }
    failure = job.run(run).failure
    assert failure.code == "scale_reference_unknown"
    assert "nowhere.jpg" in failure.message and "tabletop_01.jpg" in failure.next_action
