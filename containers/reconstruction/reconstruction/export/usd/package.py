"""The stage as one USDZ file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pxr import Kind, Sdf, Usd, UsdGeom, UsdUtils

from reconstruction.export.scene import Scene
from reconstruction.export.usd.appearance import define_cameras, define_gaussians, define_points
from reconstruction.export.usd.physics import define_collider, define_ground, define_physics_scene

ROOT = "/World"
GAUSSIANS = f"{ROOT}/Gaussians"
COLLIDER = f"{ROOT}/Collider"
GROUND = f"{ROOT}/Ground"


def write_usdz(scene: Scene, facts: dict[str, object], path: Path, scratch: Path) -> None:
    """Write the scene to `path`; `facts` are kept in the stage's metadata."""
    layer = scratch / "scene.usdc"
    stage = Usd.Stage.CreateNew(str(layer))
    UsdGeom.SetStageUpAxis(stage, UsdGeom.Tokens.z)
    UsdGeom.SetStageMetersPerUnit(stage, 1.0)
    stage.SetMetadata("documentation", scene.scale.explanation)
    stage.SetMetadata("customLayerData", facts)
    world = UsdGeom.Xform.Define(stage, ROOT)
    Usd.ModelAPI(world).SetKind(Kind.Tokens.component)
    stage.SetDefaultPrim(world.GetPrim())
    define_gaussians(stage, GAUSSIANS, scene.gaussians)
    if scene.points is not None and len(scene.points.positions):
        size = float(np.linalg.norm(np.ptp(scene.points.positions, axis=0)))
        define_points(stage, f"{ROOT}/SfmPoints", scene.points, size)
    if scene.views:
        define_cameras(stage, f"{ROOT}/Cameras", scene.views)
    if len(scene.triangles):
        define_collider(stage, COLLIDER, scene.vertices, scene.triangles)
    if scene.ground:
        define_ground(stage, GROUND, scene.ground)
    if len(scene.triangles) or scene.ground:
        define_physics_scene(stage, f"{ROOT}/PhysicsScene")
    stage.GetRootLayer().Save()
    if not UsdUtils.CreateNewUsdzPackage(Sdf.AssetPath(str(layer)), str(path), "scene.usdc"):
        raise RuntimeError("OpenUSD could not write the package")
