"""How much of the machine a container asks for (Batch API reference, "ResourceRequirement")."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Resources:
    """An amount of vCPUs and GPUs. Memory is recorded but not rationed on a laptop."""

    vcpus: float
    gpus: int

    def __add__(self, other: Resources) -> Resources:
        return Resources(self.vcpus + other.vcpus, self.gpus + other.gpus)

    def fits(self, limit: Resources) -> bool:
        return self.vcpus <= limit.vcpus and self.gpus <= limit.gpus


NOTHING = Resources(0, 0)


def resources_of(container: dict[str, Any]) -> Resources:
    """What a container asks for: `resourceRequirements`, or the older `vcpus`."""
    asked = {
        requirement["type"]: requirement["value"]
        for requirement in container.get("resourceRequirements") or []
    }
    return Resources(
        vcpus=float(asked.get("VCPU", container.get("vcpus") or 1)), gpus=int(asked.get("GPU", 0))
    )
