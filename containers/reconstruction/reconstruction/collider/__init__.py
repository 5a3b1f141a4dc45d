"""A mesh that a robot can stand on, from trained Gaussians."""

from reconstruction.collider.collider import build
from reconstruction.collider.result import ColliderResult, GroundPlane

__all__ = ["ColliderResult", "GroundPlane", "build"]
