"""Makes the example: renders the photos of the tabletop and writes down what is true of them.

    python examples/tabletop/render.py [--out FOLDER] [--rays-per-pixel 16]

Needs numpy, numba and pillow; takes about three minutes on two cores. The same machine makes the
same files every time.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from PIL import Image
from PIL.ExifTags import IFD, Base
from PIL.TiffImagePlugin import IFDRational

import camera
import decals
import lightmap
import scene
import shapes
import textures

JPEG_QUALITY = 82
FILM_DIAGONAL_MM = 43.27
CONTACT_SHEET = (14, 10, 3, 28, 40, 24)  # photos, two rows of three


def exif(exposure: float) -> Image.Exif:
    """What a small camera writes: COLMAP starts from the 35 mm equivalent focal length."""
    equivalent_mm = camera.FOCAL_PX * FILM_DIAGONAL_MM / np.hypot(camera.WIDTH_PX, camera.HEIGHT_PX)
    tags = Image.Exif()
    tags[Base.Make] = "Cybernetic Physics"
    tags[Base.Model] = "Tabletop Renderer"
    tags[Base.Orientation] = 1
    tags.get_ifd(IFD.Exif).update(
        {
            Base.ExposureTime: IFDRational(round(exposure * 1000), 60000),
            Base.FNumber: IFDRational(8, 1),
            Base.ISOSpeedRatings: 100,
            Base.FocalLength: IFDRational(round(equivalent_mm * 10 / 5.6), 10),
            Base.FocalLengthIn35mmFilm: round(equivalent_mm),
        }
    )
    return tags


def described(shape: shapes.Shape, owner: str) -> dict:
    """A shape as truth.json holds it."""
    place = {
        "object": owner,
        "position": np.round(shape.position, 7).tolist(),
        "rotation": np.round(shape.rotation, 9).tolist(),
    }
    if isinstance(shape, shapes.Box):
        return {"shape": "box", **place, "size": list(shape.size)}
    return {"shape": "lathe", **place, "profile": np.round(shape.profile, 7).tolist()}


def truth(objects: dict[str, list[shapes.Shape]], views: dict[str, camera.Viewpoint]) -> dict:
    """Everything that a reconstruction of the photos can be measured against."""
    size = shapes.extent([shape for parts in objects.values() for shape in parts][1:])
    return {
        "conventions": {
            "world": "metres, right-handed, z up, z = 0 is the top of the terrazzo slab",
            "camera": "OpenCV: x right, y down, z into the picture; pixel centres at .5",
            "cameraToWorld": "4x4, row by row: world = cameraToWorld @ camera",
            "box": "size along its own axes, centre at position; world = rotation @ own + position",
            "lathe": "outline of (radius, height), bottom to top, revolved about its own z axis",
        },
        "camera": {
            "model": "PINHOLE",
            "widthPx": camera.WIDTH_PX,
            "heightPx": camera.HEIGHT_PX,
            "focalPx": camera.FOCAL_PX,
            "principalPointPx": [camera.WIDTH_PX / 2, camera.HEIGHT_PX / 2],
        },
        "sceneSizeMeters": round(float(np.linalg.norm(size)), 6),
        "sceneSizeIs": "the diagonal of the box around the slab and all that stands on it",
        "photos": [
            {
                "name": name,
                "cameraToWorld": np.round(view.camera_to_world, 9).tolist(),
                "exposure": round(view.exposure, 6),
            }
            for name, view in views.items()
        ],
        "shapes": [described(shape, owner) for owner, parts in objects.items() for shape in parts],
    }


def as_json(value: object, depth: int = 0) -> str:
    """JSON with one line per photo and per shape."""
    inner = "  " * (depth + 1)
    if isinstance(value, dict) and depth == 0:
        lines = [f"{inner}{json.dumps(k)}: {as_json(v, depth + 1)}" for k, v in value.items()]
        return "{\n" + ",\n".join(lines) + "\n}"
    if isinstance(value, list) and isinstance(value[0], dict):
        return "[\n" + ",\n".join(inner + json.dumps(item) for item in value) + "\n  ]"
    return json.dumps(value)


def write_contact_sheet(photos: list[Path], path: Path) -> None:
    """Two rows of three photos."""
    width, height = 400, 300
    sheet = Image.new("RGB", (3 * width, 2 * height))
    for i, photo in enumerate(CONTACT_SHEET):
        small = Image.open(photos[photo]).resize((width, height), Image.Resampling.LANCZOS)
        sheet.paste(small, (i % 3 * width, i // 3 * height))
    sheet.save(path, quality=80, optimize=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    parser.add_argument("--rays-per-pixel", type=int, default=16, help="a square number")
    options = parser.parse_args()
    side = max(1, round(options.rays_per_pixel**0.5))
    folder = options.out / "photos"
    folder.mkdir(parents=True, exist_ok=True)

    objects = scene.objects()
    world = shapes.assemble(objects, list(scene.MATERIALS), list(decals.DRAWINGS))
    materials, pages = textures.palette(scene.MATERIALS), decals.atlas()
    print("gathering light", flush=True)
    light = lightmap.bake(world, materials)

    jitter = np.random.default_rng(3).random((side * side, 2))
    views = {f"tabletop_{i + 1:02d}.jpg": view for i, view in enumerate(camera.viewpoints())}
    for i, (name, view) in enumerate(views.items()):
        size = camera.WIDTH_PX, camera.HEIGHT_PX, camera.FOCAL_PX
        radiance = camera.expose(
            world, materials, pages, light, view.camera_to_world, *size, side, jitter
        )
        picture = Image.fromarray(camera.develop(radiance, view.exposure, seed=i))
        picture.save(folder / name, quality=JPEG_QUALITY, optimize=True, exif=exif(view.exposure))
        print(f"{name}  {i + 1} of {len(views)}", flush=True)

    (options.out / "truth.json").write_text(as_json(truth(objects, views)) + "\n")
    write_contact_sheet([folder / name for name in views], options.out / "contact-sheet.jpg")


if __name__ == "__main__":
    main()
