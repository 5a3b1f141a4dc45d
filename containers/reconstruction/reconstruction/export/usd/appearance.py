"""What the scene looks like: Gaussians, points, cameras."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pxr import Gf, Sdf, Usd, UsdGeom, UsdVol, Vt

from reconstruction.export.views import SparsePoints, View
from reconstruction.gaussians.parameters import Gaussians

# Photos are in sRGB, and so are the colours that were trained on them.
COLOR_SPACE = Gf.ColorSpaceNames.SRGBRec709
EXTENT_SIGMAS = 3.0
POINT_WIDTH_SHARE = 0.001
# A camera's lengths are in tenths of a unit; only their ratio has an effect.
APERTURE = 36.0
USD_CAMERA_FROM_COLMAP = np.diag([1.0, -1.0, -1.0])


def define_gaussians(stage: Usd.Stage, path: str, gaussians: Gaussians) -> None:
    """Gaussians as a particle field (OpenUSD 26.03 and later; Isaac Sim 6 and later).

    Unlike in a PLY, sizes and opacities are linear, and the coefficients go Gaussian by Gaussian.
    """
    field = UsdVol.ParticleField3DGaussianSplat.Define(stage, path)
    scales = np.exp(gaussians.log_scales)
    rotations = gaussians.rotations.astype(np.float64)
    rotations /= np.linalg.norm(rotations, axis=1, keepdims=True)
    coefficients = gaussians.coefficients.reshape(-1, 3)
    field.CreatePositionsAttr(Vt.Vec3fArray.FromNumpy(packed(gaussians.positions)))
    field.CreateOrientationsAttr(Vt.QuatfArray.FromNumpy(packed(rotations[:, [1, 2, 3, 0]])))
    field.CreateScalesAttr(Vt.Vec3fArray.FromNumpy(packed(scales)))
    field.CreateOpacitiesAttr(Vt.FloatArray.FromNumpy(packed(gaussians.opacities)))
    field.CreateRadianceSphericalHarmonicsDegreeAttr(gaussians.degree)
    radiance = field.CreateRadianceSphericalHarmonicsCoefficientsAttr(
        Vt.Vec3fArray.FromNumpy(packed(coefficients))
    )
    radiance.SetMetadata("elementSize", (gaussians.degree + 1) ** 2)
    field.CreateProjectionModeHintAttr("perspective")
    field.CreateSortingModeHintAttr("cameraDistance")
    reach = EXTENT_SIGMAS * scales.max(axis=1, keepdims=True)
    low = (gaussians.positions - reach).min(axis=0)
    high = (gaussians.positions + reach).max(axis=0)
    field.CreateExtentAttr(Vt.Vec3fArray.FromNumpy(packed(np.stack([low, high]))))
    Usd.ColorSpaceAPI.Apply(field.GetPrim()).CreateColorSpaceNameAttr(COLOR_SPACE)


def define_points(stage: Usd.Stage, path: str, points: SparsePoints, size: float) -> None:
    """The points of structure from motion, shown as guides; `size` is the scene's."""
    positions = packed(points.positions)
    cloud = UsdGeom.Points.Define(stage, path)
    cloud.CreatePointsAttr(Vt.Vec3fArray.FromNumpy(positions))
    cloud.CreateWidthsAttr(Vt.FloatArray([POINT_WIDTH_SHARE * size]))
    cloud.SetWidthsInterpolation(UsdGeom.Tokens.constant)
    colors = cloud.CreateDisplayColorPrimvar(UsdGeom.Tokens.vertex)
    colors.Set(Vt.Vec3fArray.FromNumpy(packed(linear(points.colors / 255))))
    margin = POINT_WIDTH_SHARE * size / 2
    extent = np.stack([positions.min(axis=0) - margin, positions.max(axis=0) + margin])
    cloud.CreateExtentAttr(Vt.Vec3fArray.FromNumpy(packed(extent)))
    cloud.CreatePurposeAttr(UsdGeom.Tokens.guide)


def define_cameras(stage: Usd.Stage, path: str, views: Sequence[View]) -> None:
    """One camera per photo, named as its image; `photo` keeps the user's name for it."""
    UsdGeom.Scope.Define(stage, path)
    for view in views:
        name = view.image.rpartition(".")[0]
        define_camera(stage, f"{path}/{name}", view)


def define_camera(stage: Usd.Stage, path: str, view: View) -> None:
    camera = view.camera
    prim = UsdGeom.Camera.Define(stage, path)
    pose = np.eye(4)
    pose[:3, :3] = camera.rotation.T @ USD_CAMERA_FROM_COLMAP
    pose[:3, 3] = camera.center
    prim.AddTransformOp().Set(Gf.Matrix4d(pose.T.tolist()))
    per_pixel = APERTURE / camera.width
    prim.CreateHorizontalApertureAttr(APERTURE)
    prim.CreateVerticalApertureAttr(per_pixel * camera.height * camera.fx / camera.fy)
    prim.CreateFocalLengthAttr(per_pixel * camera.fx)
    prim.CreateHorizontalApertureOffsetAttr(per_pixel * (camera.width / 2 - camera.cx))
    prim.CreateVerticalApertureOffsetAttr(per_pixel * (camera.cy - camera.height / 2))
    near = max(camera.near, 1e-3 * view.target_distance)
    prim.CreateClippingRangeAttr(Gf.Vec2f(near, 1e4 * near))
    prim.GetPrim().CreateAttribute("userProperties:photo", Sdf.ValueTypeNames.String).Set(
        view.photo
    )


def linear(colors: np.ndarray) -> np.ndarray:
    """Linear light from sRGB of 0 to 1 (IEC 61966-2-1)."""
    return np.where(colors <= 0.04045, colors / 12.92, ((colors + 0.055) / 1.055) ** 2.4)


def packed(values: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(values, np.float32)
