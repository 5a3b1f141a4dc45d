"""What can go wrong with the trainer: whose doing it is, and what to do about it.

Three kinds end a job differently (containers/README.md, "Exit codes"): `StageFailed` is for the
user to mend, `TrainerFault` for whoever runs the platform, `TransientFault` is worth another host.
"""

from __future__ import annotations

import re
import signal
from dataclasses import dataclass

from reconstruction.failures import StageFailed

EX_TEMPFAIL = 75
LAST_LINES = 5


class TrainerFault(Exception):
    """The image, the job definition or the host is at fault: exit code 1, no retry."""


class TransientFault(SystemExit):
    """Another attempt may well succeed: ends the process with EX_TEMPFAIL (sysexits.h)."""

    def __init__(self, message: str) -> None:
        super().__init__(EX_TEMPFAIL)
        self.message = message


@dataclass(frozen=True)
class Sign:
    """Words in the trainer's output, and what they mean."""

    pattern: str
    meaning: str


# Shared memory comes before the disk: torch says "No space left on device" of both.
FAULTS = (
    Sign(
        r"killed by signal: Bus error|insufficient shared memory|unable to (write to file|mmap|open"
        r" shared memory object).*/torch_",
        "shared memory ran out: raise linuxParameters.sharedMemorySize of the GPU job definition"
        " to 8192 MiB or more",
    ),
    Sign(
        r"driver version is insufficient|driver on your system is too old",
        "the NVIDIA driver of the host is too old for CUDA 12.8: use a GPU AMI with driver 570 or"
        " newer",
    ),
    Sign(
        r"Found no NVIDIA driver|no CUDA-capable device|No CUDA GPUs are available"
        r"|libcuda\.so\.1: cannot open",
        "the container sees no GPU: the job definition must ask for one, on a GPU AMI",
    ),
    Sign(
        r"no kernel image is available for execution",
        "the image holds no code for this GPU: add its architecture to CUDA_ARCHITECTURES in the"
        " Dockerfile",
    ),
    Sign(
        r"Could not override|Key '.*' is not in struct|MissingConfigException",
        "3DGRUT does not know one of our options: its commit and command.py do not fit together",
    ),
)
TRANSIENT = (
    Sign(
        r"uncorrectable ECC error|device.{0,20}(is )?unavailable|GPU is lost|unspecified launch"
        r" failure|CUDA error: (misaligned address|hardware stack error)",
        "the GPU failed",
    ),
    Sign(r"No space left on device|Disk quota exceeded", "the disk is full"),
)
OUT_OF_GPU_MEMORY = r"CUDA out of memory|OutOfMemoryError|CUBLAS_STATUS_ALLOC_FAILED"


@dataclass(frozen=True)
class Ending:
    """What to raise; `unexplained` where it may as well be the checkpoint that is damaged."""

    exception: Exception | SystemExit
    unexplained: bool = False


def explain_end(status: int, lines: list[str], max_resolution_px: int) -> Ending:
    """Why a trainer ended with `status` (negative: a signal) before its export.

    `lines` are the last it printed, oldest first.
    """
    text = "\n".join(lines)
    if re.search(OUT_OF_GPU_MEMORY, text):
        return Ending(
            StageFailed(
                "training_failed",
                reason=f"the GPU's memory does not suffice for photos of {max_resolution_px} px",
                advice="Lower config.maxResolution, or raise costGuardrails.gpuMinVram to get a "
                "larger GPU, and start a new job.",
            )
        )
    for sign in FAULTS:
        if re.search(sign.pattern, text, re.IGNORECASE):
            return Ending(TrainerFault(sign.meaning))
    if status == -signal.SIGBUS:
        return Ending(TrainerFault(FAULTS[0].meaning))
    for sign in TRANSIENT:
        if re.search(sign.pattern, text, re.IGNORECASE):
            return Ending(TransientFault(sign.meaning))
    if status == -signal.SIGKILL:
        return Ending(
            TransientFault("the trainer was killed from outside, most likely for its memory")
        )
    last = " | ".join(lines[-LAST_LINES:])
    fault = TrainerFault(f"3DGRUT ended with status {status} without a usable export: {last}")
    return Ending(fault, unexplained=True)
