"""The GPU that the job was given, looked at before any time is spent on it."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass

from reconstruction.threedgrut.faults import TrainerFault

# The driver that CUDA 12.8 came with ("CUDA Toolkit and Corresponding Driver Versions").
OLDEST_DRIVER = 570
QUERY = ("nvidia-smi", "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader")


@dataclass(frozen=True)
class Gpu:
    """`memory` as nvidia-smi says it, such as `23028 MiB`."""

    name: str
    memory: str
    driver: str


def require_gpu(environment: Mapping[str, str]) -> Gpu:
    """The first GPU. Raises TrainerFault when there is none, or its driver is too old."""
    try:
        answer = subprocess.run(
            QUERY, env=environment, capture_output=True, text=True, timeout=60, check=False
        )
    except FileNotFoundError:
        raise TrainerFault(
            "there is no nvidia-smi: the job definition must ask for a GPU, on a GPU AMI"
        ) from None
    except subprocess.TimeoutExpired:
        raise TrainerFault("nvidia-smi does not answer: the host's GPU or driver hangs") from None
    lines = answer.stdout.strip().splitlines()
    fields = [field.strip() for field in lines[0].split(",")] if lines else []
    if answer.returncode != 0 or len(fields) != 3:
        said = (answer.stdout + answer.stderr).strip() or "nothing"
        raise TrainerFault(f"there is no usable GPU: nvidia-smi says {said}")
    gpu = Gpu(*fields)
    major = gpu.driver.partition(".")[0]
    if not major.isdigit() or int(major) < OLDEST_DRIVER:
        raise TrainerFault(
            f"the host's NVIDIA driver is {gpu.driver}, and CUDA 12.8 needs {OLDEST_DRIVER} or "
            "newer: use a newer GPU AMI"
        )
    return gpu
