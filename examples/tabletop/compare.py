"""Measures a reconstruction of the tabletop against the truth.

    python examples/tabletop/compare.py cameras.json [collider.ply | scene.usdz]
    python examples/tabletop/compare.py colmap/sparse/0

The cameras are those of the result, `cameras.json` or a COLMAP model; the collider lies in the same
frame. Both are brought onto the truth by the similarity that fits the camera centres best, so the
result's own scale and orientation do not matter. Exit status: 0 within the limits, 1 beyond them,
2 for input that cannot be compared. Needs numpy and trimesh; pycolmap for COLMAP models, usd-core
for USDZ.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np

from true_surface import distances

CAMERA_LIMIT_PERCENT = 1.0  # of the scene's size, for the worst camera
SURFACE_LIMIT_PERCENT = 0.5  # of the scene's size, for the median of the collider
SAMPLES = 40_000


class NotComparableError(Exception):
    """The input holds nothing that could be compared; the message says what to give instead."""


class Similarity(NamedTuple):
    """world = scale * rotation @ own + translation."""

    scale: float
    rotation: np.ndarray  # (3, 3)
    translation: np.ndarray  # (3,)

    def __call__(self, points: np.ndarray) -> np.ndarray:
        return self.scale * points @ self.rotation.T + self.translation


def fit_similarity(own: np.ndarray, world: np.ndarray) -> Similarity:
    """Least-squares similarity from `own` (N, 3) onto `world` (N, 3).

    Umeyama, "Least-squares estimation of transformation parameters between two point patterns",
    PAMI 1991.
    """
    own_mean, world_mean = own.mean(axis=0), world.mean(axis=0)
    u, spread, vt = np.linalg.svd((world - world_mean).T @ (own - own_mean) / len(own))
    sign = np.array([1, 1, np.sign(np.linalg.det(u @ vt))])
    rotation = u * sign @ vt
    scale = float(spread @ sign / own.var(axis=0).sum())
    return Similarity(scale, rotation, world_mean - scale * rotation @ own_mean)


def centres_of_json(path: Path) -> dict[str, np.ndarray]:
    """Camera centres by photo, from a list of `name` and `cameraToWorld` (4x4)."""
    try:
        photos = json.loads(path.read_text())["photos"]
        return {p["name"]: np.array(p["cameraToWorld"], float)[:3, 3] for p in photos}
    except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError, IndexError) as error:
        raise NotComparableError(
            f"{path} is no cameras.json: it needs photos[] with name and a 4x4 cameraToWorld "
            f"({type(error).__name__}: {error})"
        ) from error


def centres_of_colmap(folder: Path) -> dict[str, np.ndarray]:
    """Camera centres by photo, from a COLMAP model."""
    import pycolmap

    try:
        model = pycolmap.Reconstruction(folder)
    except (ValueError, RuntimeError) as error:
        raise NotComparableError(
            f"{folder} holds no COLMAP model: give the folder of cameras.bin ({error})"
        ) from error
    return {i.name: i.projection_center() for i in model.images.values() if i.has_pose}


def triangles_of_mesh(path: Path) -> np.ndarray:
    """Triangles (T, 3, 3) of a PLY, OBJ, STL or GLB file."""
    import trimesh

    return np.asarray(trimesh.load(path, force="mesh").triangles)


def triangles_of_usd(path: Path) -> np.ndarray:
    """Triangles (T, 3, 3) of every mesh that collides, in the stage's frame and units."""
    from pxr import Usd, UsdGeom, UsdPhysics

    stage = Usd.Stage.Open(str(path))
    parts = []
    for prim in stage.Traverse():
        if not (prim.IsA(UsdGeom.Mesh) and prim.HasAPI(UsdPhysics.CollisionAPI)):
            continue
        mesh = UsdGeom.Mesh(prim)
        if set(mesh.GetFaceVertexCountsAttr().Get()) != {3}:
            raise NotComparableError(f"{prim.GetPath()} in {path} has faces that are not triangles")
        to_stage = np.array(UsdGeom.Xformable(prim).ComputeLocalToWorldTransform(0))
        points = np.array(mesh.GetPointsAttr().Get(), float) @ to_stage[:3, :3] + to_stage[3, :3]
        parts.append(points[np.array(mesh.GetFaceVertexIndicesAttr().Get()).reshape(-1, 3)])
    if not parts:
        raise NotComparableError(f"{path} has no mesh with UsdPhysics.CollisionAPI")
    return np.concatenate(parts)


def sampled(triangles: np.ndarray, count: int) -> np.ndarray:
    """`count` points (count, 3), evenly over the area; the same ones every time."""
    random = np.random.default_rng(0)
    a, b, c = np.moveaxis(triangles, 1, 0)
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1)
    chosen = random.choice(len(area), count, p=area / area.sum())
    u, v = random.random((2, count, 1))
    folded = u + v > 1
    u, v = np.where(folded, 1 - u, u), np.where(folded, 1 - v, v)
    return a[chosen] + u * (b - a)[chosen] + v * (c - a)[chosen]


def compare_cameras(centres: dict[str, np.ndarray], truth: dict) -> tuple[Similarity, dict]:
    """The similarity onto the truth, and how far the cameras then are from their true places."""
    true = {p["name"]: np.array(p["cameraToWorld"])[:3, 3] for p in truth["photos"]}
    names = sorted(true.keys() & centres.keys())
    if len(names) < 3:
        raise NotComparableError(
            f"only {len(names)} of the {len(centres)} cameras have the name of a photo of the "
            f"tabletop, such as {min(true)}; at least 3 are needed"
        )
    own, world = (np.array([of[name] for name in names]) for of in (centres, true))
    onto = fit_similarity(own, world)
    errors = np.linalg.norm(onto(own) - world, axis=1) / truth["sceneSizeMeters"] * 100
    return onto, {
        "photos": len(names),
        "ofPhotos": len(true),
        "metersPerUnit": onto.scale,
        "cameraMedianPercent": float(np.median(errors)),
        "cameraWorstPercent": float(errors.max()),
    }


def compare_surface(triangles: np.ndarray, onto: Similarity, truth: dict) -> dict:
    """How far the collider lies from the true surface, over all and at every object."""
    away, shape = distances(sampled(onto(triangles), SAMPLES), truth["shapes"])
    away = away / truth["sceneSizeMeters"] * 100
    owner = np.array([s["object"] for s in truth["shapes"]])[shape]
    return {
        "triangles": len(triangles),
        "surfaceMedianPercent": float(np.median(away)),
        "surfaceP90Percent": float(np.percentile(away, 90)),
        "objects": {
            name: {
                "areaPercent": float((owner == name).mean() * 100),
                "medianPercent": float(np.median(away[owner == name])),
            }
            if (owner == name).any()
            else {"areaPercent": 0.0, "medianPercent": None}
            for name in dict.fromkeys(s["object"] for s in truth["shapes"])
        },
    }


def told(result: dict) -> str:
    """The result in words. Percentages are of the scene's size."""
    lines = [
        f"photos    {result['photos']} of {result['ofPhotos']} placed, "
        f"one unit is {result['metersPerUnit']:.4f} m",
        f"cameras   median {result['cameraMedianPercent']:.3f} %, "
        f"worst {result['cameraWorstPercent']:.3f} % (limit {CAMERA_LIMIT_PERCENT} %)",
    ]
    if "triangles" in result:
        lines.append(
            f"collider  median {result['surfaceMedianPercent']:.3f} % "
            f"(limit {SURFACE_LIMIT_PERCENT} %), p90 {result['surfaceP90Percent']:.3f} %, "
            f"{result['triangles']} triangles"
        )
        for name, at in result["objects"].items():
            median = "missing" if at["medianPercent"] is None else f"{at['medianPercent']:.3f} %"
            lines.append(f"  {name:<14} {median:>8}   {at['areaPercent']:5.1f} % of the area")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("cameras", type=Path, help="cameras.json, or the folder of a COLMAP model")
    parser.add_argument("collider", type=Path, nargs="?", help="a mesh, or a USDZ with colliders")
    parser.add_argument("--truth", type=Path, default=Path(__file__).with_name("truth.json"))
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    options = parser.parse_args()
    truth = json.loads(options.truth.read_text())
    try:
        for path in filter(None, (options.cameras, options.collider)):
            if not path.exists():
                raise NotComparableError(f"{path} does not exist")
        read = centres_of_colmap if options.cameras.is_dir() else centres_of_json
        onto, result = compare_cameras(read(options.cameras), truth)
        if options.collider:
            is_usd = options.collider.suffix in (".usdz", ".usd", ".usda", ".usdc")
            triangles = (triangles_of_usd if is_usd else triangles_of_mesh)(options.collider)
            result |= compare_surface(triangles, onto, truth)
    except NotComparableError as error:
        parser.error(str(error))
    result["withinLimits"] = (
        result["cameraWorstPercent"] <= CAMERA_LIMIT_PERCENT
        and result.get("surfaceMedianPercent", 0) <= SURFACE_LIMIT_PERCENT
    )
    print(json.dumps(result, indent=2) if options.json else told(result))
    return 0 if result["withinLimits"] else 1


if __name__ == "__main__":
    sys.exit(main())
