"""What the local cloud is told when it starts: command line, or one JSON file of the same names."""

from __future__ import annotations

import argparse
import dataclasses
import json
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


class BadConfiguration(ValueError):
    """The configuration can't be used; the message says what to change."""


@dataclass(frozen=True)
class Configuration:
    """Everything that can be set; paths are absolute once parsed."""

    data_dir: Path
    port: int = 4566
    region: str = "us-east-1"
    account_id: str = "000000000000"
    images_file: Path | None = None
    """JSON: container image name to how it runs on this machine (`batch/images.py`)."""
    node_binary: str | None = None
    """Node for Lambda functions; the first `node` on PATH when not given."""
    node_path: str | None = None
    """NODE_PATH of Lambda functions, where custom resources of CDK find an AWS SDK."""
    gpu_slots: int = 1
    """How many jobs that ask for a GPU run at once on this machine, whatever their queue."""
    terminate_grace_seconds: float = 30.0
    """From SIGTERM to SIGKILL of a terminated job; what AWS Batch waits."""
    lambda_concurrency: int = 16
    """Most worker processes per Lambda function."""
    log_level: str = "WARNING"


def parse(arguments: Sequence[str]) -> Configuration:
    """Read `--port 4566` and so on, over an optional `--config FILE`; raises `BadConfiguration`."""
    parser = argparse.ArgumentParser(prog="python -m emulator", description="The local cloud.")
    parser.add_argument("--config", type=Path, help="JSON object with any of the names below")
    fields = {field.name: field for field in dataclasses.fields(Configuration)}
    for name in fields:
        parser.add_argument("--" + name.replace("_", "-"), dest=name)
    given = {k: v for k, v in vars(parser.parse_args(arguments)).items() if v is not None}

    from_file = _read(given.pop("config")) if "config" in given else {}
    unknown = sorted(set(from_file) - set(fields))
    if unknown:
        raise BadConfiguration(
            f"Unknown setting {', '.join(unknown)}; known are {', '.join(sorted(fields))}."
        )
    values = {name: _convert(name, value) for name, value in {**from_file, **given}.items()}
    if "data_dir" not in values:
        raise BadConfiguration("Say where to keep the data: --data-dir DIRECTORY.")
    return _checked(Configuration(**values))


def _read(path: Path) -> dict[str, object]:
    try:
        content = json.loads(path.read_text())
    except OSError as error:
        raise BadConfiguration(f"Can't read {path}: {error.strerror}.") from error
    except json.JSONDecodeError as error:
        raise BadConfiguration(f"{path} is not JSON: {error}.") from error
    if not isinstance(content, dict):
        raise BadConfiguration(f"{path} must hold one JSON object.")
    return content


CONVERSIONS = {
    "data_dir": lambda value: Path(str(value)).resolve(),
    "images_file": lambda value: Path(str(value)).resolve(),
    "port": int,
    "gpu_slots": int,
    "lambda_concurrency": int,
    "terminate_grace_seconds": float,
}


def _convert(name: str, value: object) -> object:
    try:
        return CONVERSIONS.get(name, str)(value)
    except (TypeError, ValueError) as error:
        raise BadConfiguration(f"{name.replace('_', '-')} can't be {value!r}: {error}.") from error


def _checked(configuration: Configuration) -> Configuration:
    if not 0 < configuration.port < 65536:
        raise BadConfiguration(f"port must be 1 to 65535, not {configuration.port}.")
    if configuration.gpu_slots < 0:
        raise BadConfiguration("gpu-slots can't be negative; 0 keeps every GPU job waiting.")
    if configuration.images_file and not configuration.images_file.is_file():
        raise BadConfiguration(f"images-file {configuration.images_file} does not exist.")
    node = shutil.which(configuration.node_binary or "node")
    if node is None and configuration.node_binary:
        raise BadConfiguration(f"node-binary {configuration.node_binary} can't be executed.")
    if node is None:
        print("No node on PATH: Lambda functions can't run.", file=sys.stderr)
    return dataclasses.replace(configuration, node_binary=node)
