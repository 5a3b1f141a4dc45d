"""Whether a finished USDZ is what it says: OpenUSD's validators, and what they do not look at."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pxr import Usd, UsdValidation, UsdVol

UNIT_TOLERANCE = 1e-3


class InvalidScene(Exception):
    """The file that was written is wrong: a defect of ours, with each finding in the message."""


def check_usdz(path: Path) -> None:
    """Raises InvalidScene with every finding."""
    stage = Usd.Stage.Open(str(path))
    findings = [*validator_findings(stage), *splat_findings(stage)]
    if findings:
        raise InvalidScene("; ".join(findings))


def validator_findings(stage: Usd.Stage) -> list[str]:
    validators = UsdValidation.ValidationRegistry().GetOrLoadAllValidators()
    errors = UsdValidation.ValidationContext(validators).Validate(stage)
    severe = (UsdValidation.ValidationErrorType.Error,)
    return [f"{e.GetName()}: {e.GetMessage()}" for e in errors if e.GetType() in severe]


def splat_findings(stage: Usd.Stage) -> list[str]:
    """Readers ignore splats whose arrays disagree, without a word."""
    findings: list[str] = []
    for prim in stage.Traverse():
        if not prim.IsA(UsdVol.ParticleField3DGaussianSplat):
            continue
        splats = UsdVol.ParticleField3DGaussianSplat(prim)
        read = lambda attribute: np.asarray(attribute.Get(), np.float64)  # noqa: E731
        positions = read(splats.GetPositionsAttr())
        opacities = read(splats.GetOpacitiesAttr())
        scales = read(splats.GetScalesAttr())
        orientations = read(splats.GetOrientationsAttr()).reshape(-1, 4)
        coefficients = read(splats.GetRadianceSphericalHarmonicsCoefficientsAttr())
        extent = read(splats.GetExtentAttr())
        degree = splats.GetRadianceSphericalHarmonicsDegreeAttr().Get()
        count = len(positions)
        lengths = {
            "opacities": len(opacities),
            "scales": len(scales),
            "orientations": len(orientations),
            "coefficients": len(coefficients) / (degree + 1) ** 2,
        }
        where = str(prim.GetPath())
        findings += [f"{where} has no Gaussian"] if count == 0 else []
        findings += [
            f"{where} has {length} {name} for {count} positions"
            for name, length in lengths.items()
            if length != count
        ]
        arrays = (positions, opacities, scales, orientations, coefficients)
        if not all(np.isfinite(array).all() for array in arrays):
            findings.append(f"{where} holds numbers that are not finite")
        elif count:
            units = np.abs(np.linalg.norm(orientations, axis=1) - 1).max()
            faults = {
                "opacities beyond 0 to 1": opacities.min() < 0 or opacities.max() > 1,
                "scales that are not positive": scales.min() <= 0,
                "quaternions off the unit": units > UNIT_TOLERANCE,
                "positions outside its extent": (
                    (positions < extent[0]).any() or (positions > extent[1]).any()
                ),
            }
            findings += [f"{where} has {fault}" for fault, found in faults.items() if found]
    return findings
