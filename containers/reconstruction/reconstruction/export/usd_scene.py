"""The scene as USDZ: Gaussians to look at, a collider to stand on, the cameras it was made from.

Schemas: `UsdVolParticleField3DGaussianSplat` (OpenUSD 26.03 and later), `UsdPhysicsCollisionAPI`,
`UsdPhysicsMeshCollisionAPI`, `UsdGeomCamera`.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pxr import Gf, Sdf, Usd, UsdGeom, UsdPhysics, UsdUtils, UsdVol, Vt

from reconstruction.collider.result import ColliderResult
from reconstruction.export.scale import Scale
from reconstruction.gaussians.camera import Camera
from reconstruction.gaussians.parameters import Gaussians

# A Gaussian is drawn out to about three standard deviations.
EXTENT_SIGMAS = 3.0
SENSOR_WIDTH_MM = 36.0


@dataclass(frozen=True)
class Scene:
    """Everything in world coordinates: z up, metres. Cameras by the user's file names."""

    gaussians: Gaussians
    cameras: dict[str, Camera]
    collider: ColliderResult | None
    scale: Scale
    engine: str


def write_usdz(scene: Scene, path: Path) -> None:
    """Write the package. Raises RuntimeError where OpenUSD refuses to make it."""
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        layer = Path(folder) / "scene.usdc"
        stage = Usd.Stage.CreateNew(str(layer))
        world = define_world(stage, scene)
        define_gaussians(stage, world.AppendChild("Gaussians"), scene.gaussians)
        define_cameras(stage, world.AppendChild("Cameras"), scene.cameras)
        if scene.collider is not None:
            define_collision(stage, world, scene.collider)
        stage.GetRootLayer().Save()
        if not UsdUtils.CreateNewUsdzPackage(Sdf.AssetPath(str(layer)), str(path)):
            raise RuntimeError("OpenUSD could not package the scene")


def define_world(stage: Usd.Stage, scene: Scene) -> Sdf.Path:
    UsdGeom.SetStageUpAxis(stage, UsdGeom.Tokens.z)
    UsdGeom.SetStageMetersPerUnit(stage, 1.0)
    world = UsdGeom.Xform.Define(stage, "/World")
    Usd.ModelAPI(world).SetKind("component")
    stage.SetDefaultPrim(world.GetPrim())
    source = scene.scale.source
    arbitrary = "The scale is arbitrary: the photos do not tell it."
    stage.GetRootLayer().documentation = (
        arbitrary if source == "arbitrary" else f"The scale is metric, from {source}."
    )
    stage.SetMetadataByDictKey(
        "customLayerData",
        "reconstruction",
        {"engine": scene.engine, "scaleSource": source, "gaussians": len(scene.gaussians)},
    )
    return world.GetPath()


def define_gaussians(stage: Usd.Stage, path: Sdf.Path, gaussians: Gaussians) -> None:
    splats = UsdVol.ParticleField3DGaussianSplat.Define(stage, path)
    sigmas = np.exp(gaussians.log_scales)
    quaternions = gaussians.rotations / np.linalg.norm(gaussians.rotations, axis=1, keepdims=True)
    reach = EXTENT_SIGMAS * sigmas.max(axis=1, keepdims=True)
    extent = np.stack(
        [(gaussians.positions - reach).min(0), (gaussians.positions + reach).max(0)]
    ).astype(np.float32)
    # Vt takes quaternions with the real part last.
    orientations = Vt.QuatfArray.FromNumpy(
        np.ascontiguousarray(quaternions[:, [1, 2, 3, 0]], np.float32)
    )
    splats.CreatePositionsAttr(vec3(gaussians.positions))
    splats.CreateOrientationsAttr(orientations)
    splats.CreateScalesAttr(vec3(sigmas))
    splats.CreateOpacitiesAttr(Vt.FloatArray.FromNumpy(gaussians.opacities.astype(np.float32)))
    splats.CreateRadianceSphericalHarmonicsDegreeAttr(gaussians.degree)
    coefficients = splats.CreateRadianceSphericalHarmonicsCoefficientsAttr(
        vec3(gaussians.coefficients.reshape(-1, 3))
    )
    coefficients.SetMetadata("elementSize", (gaussians.degree + 1) ** 2)
    splats.CreateExtentAttr(vec3(extent))
    color = Usd.ColorSpaceAPI.Apply(splats.GetPrim())
    color.CreateColorSpaceNameAttr("srgb_rec709_display")


def define_cameras(stage: Usd.Stage, path: Sdf.Path, cameras: dict[str, Camera]) -> None:
    UsdGeom.Scope.Define(stage, path)
    for number, (name, camera) in enumerate(cameras.items(), start=1):
        prim = UsdGeom.Camera.Define(stage, path.AppendChild(f"camera_{number:04d}"))
        prim.GetPrim().SetCustomDataByKey("photo", name)
        millimetres = SENSOR_WIDTH_MM / camera.width
        prim.CreateHorizontalApertureAttr(SENSOR_WIDTH_MM)
        prim.CreateVerticalApertureAttr(camera.height * camera.fx / camera.fy * millimetres)
        prim.CreateFocalLengthAttr(camera.fx * millimetres)
        prim.CreateHorizontalApertureOffsetAttr((camera.width / 2 - camera.cx) * millimetres)
        prim.CreateVerticalApertureOffsetAttr((camera.cy - camera.height / 2) * millimetres)
        prim.CreateClippingRangeAttr(Gf.Vec2f(camera.near, camera.near * 1e5))
        prim.AddTransformOp().Set(Gf.Matrix4d(usd_matrix(camera)))


def usd_matrix(camera: Camera) -> list[list[float]]:
    """Camera to world as USD has it: row vectors, y up, looking along -z."""
    matrix = np.eye(4)
    matrix[:3, :3] = np.diag([1.0, -1.0, -1.0]) @ camera.rotation
    matrix[3, :3] = camera.center
    return matrix.tolist()


def define_collision(stage: Usd.Stage, world: Sdf.Path, collider: ColliderResult) -> None:
    """Static colliders: no rigid body, so physics never moves them. Invisible to renderers."""
    scope = UsdGeom.Scope.Define(stage, world.AppendChild("Collision"))
    if len(collider.triangles):
        surface = scope.GetPath().AppendChild("Surface")
        define_mesh(stage, surface, collider.vertices, collider.triangles)
    if collider.ground is not None:
        outline = np.asarray(collider.ground.polygon)
        corners = np.column_stack([outline, np.zeros(len(outline))])
        fan = np.array([[0, k, k + 1] for k in range(1, len(outline) - 1)], np.int32)
        define_mesh(stage, scope.GetPath().AppendChild("Ground"), corners, fan)


def define_mesh(
    stage: Usd.Stage, path: Sdf.Path, vertices: np.ndarray, triangles: np.ndarray
) -> None:
    mesh = UsdGeom.Mesh.Define(stage, path)
    mesh.CreatePointsAttr(vec3(vertices))
    mesh.CreateFaceVertexCountsAttr(Vt.IntArray.FromNumpy(np.full(len(triangles), 3, np.int32)))
    mesh.CreateFaceVertexIndicesAttr(
        Vt.IntArray.FromNumpy(np.ascontiguousarray(triangles, np.int32).ravel())
    )
    mesh.CreateSubdivisionSchemeAttr(UsdGeom.Tokens.none)
    mesh.CreateExtentAttr(vec3(np.stack([vertices.min(0), vertices.max(0)])))
    mesh.CreatePurposeAttr(UsdGeom.Tokens.guide)
    UsdPhysics.CollisionAPI.Apply(mesh.GetPrim())
    UsdPhysics.MeshCollisionAPI.Apply(mesh.GetPrim()).CreateApproximationAttr(
        UsdPhysics.Tokens.none
    )


def vec3(rows: np.ndarray) -> Vt.Vec3fArray:
    return Vt.Vec3fArray.FromNumpy(np.ascontiguousarray(rows, np.float32))
