"""What the stages of the sample read and leave behind."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Stage:
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    user_files: bool = False
    checkpoint: str | None = None


STAGES = {
    "copy": Stage(inputs=("before",), outputs=("copy", "artifacts"), user_files=True),
    "refuse": Stage(outputs=("artifacts",)),
    "count": Stage(outputs=("count",), checkpoint="count/checkpoint"),
    "stubborn": Stage(),
    "crash": Stage(),
    "full": Stage(),
    "killed": Stage(),
    "environment": Stage(),
    "chatter": Stage(),
}
