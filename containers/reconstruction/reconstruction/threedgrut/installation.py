"""Where 3DGRUT is installed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from reconstruction.threedgrut.faults import TrainerFault


@dataclass(frozen=True)
class Installation:
    """`home` is 3DGRUT's checkout, `python` the interpreter of its environment."""

    home: Path
    python: Path

    def environment(self, variables: Mapping[str, str]) -> dict[str, str]:
        """The trainer's environment: its own programs first (slangc, ninja), no modules of ours."""
        kept = {name: value for name, value in variables.items() if name != "PYTHONPATH"}
        path = os.pathsep.join([str(self.python.parent), variables.get("PATH", os.defpath)])
        return kept | {"PATH": path, "PYTHONUNBUFFERED": "1"}


def find_installation(variables: Mapping[str, str]) -> Installation:
    """The installation that `THREEDGRUT_HOME` and `THREEDGRUT_PYTHON` name.

    Raises TrainerFault when there is none.
    """
    try:
        home = Path(variables["THREEDGRUT_HOME"])
        python = Path(variables["THREEDGRUT_PYTHON"])
    except KeyError as missing:
        raise TrainerFault(
            f"{missing.args[0]} is not set: engine 3dgrut runs only in the image of this package"
        ) from None
    if not (home / "train.py").is_file():
        raise TrainerFault(f"there is no 3DGRUT in {home}: it has no train.py")
    return Installation(home, python)
