"""Whether a finished USDZ keeps what it promises: OpenUSD's validators, and what they miss."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from pxr import Usd, UsdGeom, UsdPhysics, UsdValidation, UsdVol

QUATERNION_TOLERANCE = 1e-3
EXTENT_TOLERANCE = 1e-4


def find_defects(path: Path) -> list[str]:
    """Everything wrong with the file, in words; nothing when it is sound."""
    stage = Usd.Stage.Open(str(path))
    if stage is None:
        return ["the file cannot be opened as a stage"]
    return [*find_usd_errors(stage), *find_stage_defects(stage), *find_content_defects(stage)]


def find_usd_errors(stage: Usd.Stage) -> Iterator[str]:
    validators = UsdValidation.ValidationRegistry().GetOrLoadAllValidators()
    for error in UsdValidation.ValidationContext(validators).Validate(stage):
        yield f"{error.GetName()}: {error.GetMessage()}"


def find_stage_defects(stage: Usd.Stage) -> Iterator[str]:
    if not stage.GetDefaultPrim():
        yield "the stage has no default prim"
    if UsdGeom.GetStageUpAxis(stage) != UsdGeom.Tokens.z:
        yield "the stage's up axis is not Z"
    if not UsdGeom.StageHasAuthoredMetersPerUnit(stage):
        yield "the stage does not say how long its unit is"


def find_content_defects(stage: Usd.Stage) -> Iterator[str]:
    fields = 0
    for prim in stage.Traverse():
        if prim.IsA(UsdVol.ParticleField3DGaussianSplat):
            fields += 1
            yield from find_field_defects(UsdVol.ParticleField3DGaussianSplat(prim))
        if prim.IsA(UsdGeom.Mesh) and prim.HasAPI(UsdPhysics.CollisionAPI):
            yield from find_collider_defects(UsdGeom.Mesh(prim))
    if fields != 1:
        yield f"the stage holds {fields} fields of Gaussians instead of one"


def find_field_defects(field: UsdVol.ParticleField3DGaussianSplat) -> Iterator[str]:
    """UsdValidation checks none of this: readers drop the field, or show it wrongly."""
    degree = field.GetRadianceSphericalHarmonicsDegreeAttr().Get()
    positions = np.array(field.GetPositionsAttr().Get())
    arrays = {
        "orientations": (np.array(field.GetOrientationsAttr().Get()), 1),
        "scales": (np.array(field.GetScalesAttr().Get()), 1),
        "opacities": (np.array(field.GetOpacitiesAttr().Get()), 1),
        "radiance": (
            np.array(field.GetRadianceSphericalHarmonicsCoefficientsAttr().Get()),
            (degree + 1) ** 2,
        ),
    }
    if len(positions) == 0:
        yield "the field holds no Gaussians"
        return
    for name, (array, per_gaussian) in arrays.items():
        if len(array) != per_gaussian * len(positions):
            yield f"{name} has {len(array)} entries for {len(positions)} Gaussians"
            return
        if not np.isfinite(array).all():
            yield f"{name} holds values that are no numbers"
    if not np.isfinite(positions).all():
        yield "positions hold values that are no numbers"
    scales, opacities = arrays["scales"][0], arrays["opacities"][0]
    if (scales <= 0).any():
        yield "a scale is not positive"
    if (opacities < 0).any() or (opacities > 1).any():
        yield "an opacity is not between 0 and 1"
    lengths = np.linalg.norm(arrays["orientations"][0], axis=1)
    if (np.abs(lengths - 1) > QUATERNION_TOLERANCE).any():
        yield "an orientation is no unit quaternion"
    low, high = np.array(field.GetExtentAttr().Get())
    tolerance = EXTENT_TOLERANCE * (1 + np.abs(positions).max())
    if (positions < low - tolerance).any() or (positions > high + tolerance).any():
        yield "the extent does not hold all Gaussians"


def find_collider_defects(mesh: UsdGeom.Mesh) -> Iterator[str]:
    points = np.array(mesh.GetPointsAttr().Get())
    indices = np.array(mesh.GetFaceVertexIndicesAttr().Get())
    counts = np.array(mesh.GetFaceVertexCountsAttr().Get())
    where = mesh.GetPath()
    if not np.isfinite(points).all():
        yield f"{where} holds points that are no numbers"
    if (counts != 3).any() or counts.sum() != len(indices):
        yield f"{where} is not made of triangles"
    if len(indices) == 0 or indices.min() < 0 or indices.max() >= len(points):
        yield f"{where} names points that it does not have"
