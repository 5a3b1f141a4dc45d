"""What bodies in the scene collide with."""

from __future__ import annotations

import numpy as np
from pxr import Gf, Usd, UsdGeom, UsdPhysics, Vt

from reconstruction.export.scene import Ground

GRAVITY_METERS_PER_SECOND_SQUARED = 9.81


def define_physics_scene(stage: Usd.Stage, path: str) -> None:
    scene = UsdPhysics.Scene.Define(stage, path)
    scene.CreateGravityDirectionAttr(Gf.Vec3f(0, 0, -1))
    scene.CreateGravityMagnitudeAttr(GRAVITY_METERS_PER_SECOND_SQUARED)


def define_collider(
    stage: Usd.Stage, path: str, vertices: np.ndarray, triangles: np.ndarray
) -> None:
    """A static collider of exactly these triangles; `vertices` (n, 3), `triangles` (m, 3).

    It is a guide: the Gaussians are what is seen.
    """
    mesh = UsdGeom.Mesh.Define(stage, path)
    points = np.ascontiguousarray(vertices, np.float32)
    mesh.CreatePointsAttr(Vt.Vec3fArray.FromNumpy(points))
    mesh.CreateFaceVertexCountsAttr(Vt.IntArray([3] * len(triangles)))
    indices = np.ascontiguousarray(triangles.ravel(), np.int32)
    mesh.CreateFaceVertexIndicesAttr(Vt.IntArray.FromNumpy(indices))
    mesh.CreateExtentAttr(UsdGeom.PointBased.ComputeExtent(mesh.GetPointsAttr().Get()))
    mesh.CreateSubdivisionSchemeAttr(UsdGeom.Tokens.none)
    mesh.CreateDoubleSidedAttr(True)
    mesh.CreatePurposeAttr(UsdGeom.Tokens.guide)
    UsdPhysics.CollisionAPI.Apply(mesh.GetPrim())
    shape = UsdPhysics.MeshCollisionAPI.Apply(mesh.GetPrim())
    shape.CreateApproximationAttr(UsdPhysics.Tokens.none)


def define_ground(stage: Usd.Stage, path: str, ground: Ground) -> None:
    """The ground at z = 0: an infinite plane where nothing lies underneath, else its outline.

    To UsdPhysics every UsdGeom.Plane is infinite; its width and length are for the eye.
    """
    if not ground.is_infinite:
        count = len(ground.polygon)
        vertices = np.column_stack([ground.polygon, np.zeros(count)])
        fan = np.array([[0, index, index + 1] for index in range(1, count - 1)])
        define_collider(stage, path, vertices, fan)
        return
    low, high = ground.polygon.min(axis=0), ground.polygon.max(axis=0)
    width, length = (high - low).tolist()
    center = (low + high) / 2
    plane = UsdGeom.Plane.Define(stage, path)
    plane.CreateAxisAttr(UsdGeom.Tokens.z)
    plane.CreateWidthAttr(width)
    plane.CreateLengthAttr(length)
    corner = Gf.Vec3f(width / 2, length / 2, 0)
    plane.CreateExtentAttr([-corner, corner])
    plane.AddTranslateOp().Set(Gf.Vec3d(*center.tolist(), 0))
    plane.CreatePurposeAttr(UsdGeom.Tokens.guide)
    UsdPhysics.CollisionAPI.Apply(plane.GetPrim())
