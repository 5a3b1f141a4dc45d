"""What Batch tells the job, by environment variables."""

from __future__ import annotations

import importlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from job_runtime.faults import InfrastructureFault


@dataclass(frozen=True)
class S3Location:
    """A bucket and a prefix in it that ends in `/`, or is empty."""

    bucket: str
    prefix: str


@dataclass(frozen=True)
class JobEnvironment:
    """One attempt at one stage of a job. `stage` is an entry of the package's `STAGES`."""

    package: str
    stage_name: str
    stage: Any
    location: S3Location
    attempt: int
    batch_job_id: str | None


def read_environment(variables: Mapping[str, str], package: str) -> JobEnvironment:
    """Read the job's variables and the package's declaration of the stage.

    Raises InfrastructureFault when a variable is missing or wrong, or the stage is unknown.
    """
    spec_uri = required(variables, "JOB_SPEC_URI")
    if not spec_uri.endswith("/spec.json"):
        raise InfrastructureFault(f"JOB_SPEC_URI must end in /spec.json: {spec_uri}")
    stage_name = required(variables, "JOB_STAGE")
    try:
        stages = importlib.import_module(f"{package}.stages").STAGES
    except ModuleNotFoundError as error:
        raise InfrastructureFault(f"there is no package {package} with stages: {error}") from error
    if stage_name not in stages:
        raise InfrastructureFault(f"JOB_STAGE {stage_name!r} is none of {', '.join(stages)}")
    return JobEnvironment(
        package=package,
        stage_name=stage_name,
        stage=stages[stage_name],
        location=parse_s3_uri(spec_uri.removesuffix("spec.json")),
        attempt=int(variables.get("AWS_BATCH_JOB_ATTEMPT", "1")),
        batch_job_id=variables.get("AWS_BATCH_JOB_ID"),
    )


def required(variables: Mapping[str, str], name: str) -> str:
    try:
        return variables[name]
    except KeyError:
        raise InfrastructureFault(f"the environment variable {name} is not set") from None


def parse_s3_uri(uri: str) -> S3Location:
    """Split `s3://bucket/prefix/`. Raises InfrastructureFault for anything else."""
    match = re.fullmatch(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/(.*)", uri, re.DOTALL)
    if not match or (match[2] and not match[2].endswith("/")):
        raise InfrastructureFault(f"not an S3 folder: {uri!r}")
    return S3Location(bucket=match[1], prefix=match[2])


def child_environment(variables: Mapping[str, str]) -> dict[str, str]:
    """The environment of the stage: ours without anything of AWS, credentials above all."""
    kept = {name: value for name, value in variables.items() if not name.startswith("AWS_")}
    return kept | {"PYTHONUNBUFFERED": "1"}
