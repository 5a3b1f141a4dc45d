"""The environment that MiniStack starts in, and so the one that it hands to every Lambda function.

Upstream takes its settings from environment variables when it is imported, and starts each worker
with a copy of its own environment (`lambda_runtime.Worker._spawn`); credentials and settings of
whoever starts the emulator would end up in functions. So the environment is emptied first.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from .configuration import Configuration

KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "SYSTEMROOT", "PYTHONPATH")


def enter(configuration: Configuration, mark: Mapping[str, str]) -> None:
    """Replace this process's environment; to be called before `ministack` is imported."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    os.environ.clear()
    os.environ.update(kept)
    os.environ.update(mark)
    os.environ.update(
        BIND_HOST="127.0.0.1",
        GATEWAY_PORT=str(configuration.port),
        IOT_MTLS_ENABLED="0",
        LAMBDA_EXECUTOR="local",
        LOG_LEVEL=configuration.log_level,
        MINISTACK_ACCOUNT_ID=configuration.account_id,
        MINISTACK_HOST="127.0.0.1",
        MINISTACK_REGION=configuration.region,
        PERSIST_STATE="1",
        S3_DATA_DIR=str(configuration.data_dir / "s3"),
        S3_PERSIST="1",
        SFTP_ENABLED="0",
        STATE_DIR=str(configuration.data_dir / "state"),
        TMPDIR=str(_fresh_directory(configuration.data_dir / "tmp")),
    )
    if configuration.node_path:
        os.environ["NODE_PATH"] = configuration.node_path


def _fresh_directory(path: Path) -> Path:
    """Empty: what a killed emulator's functions and jobs left there is of no use to anyone."""
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    # Upstream's worker script is CommonJS and named .js: Node looks upwards for what that means,
    # and a project around the data directory may well say that it is an ES module.
    (path / "package.json").write_text('{"type": "commonjs"}')
    return path
