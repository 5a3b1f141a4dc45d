"""The launcher says in a sentence why it can't start, and serves what its settings say."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import PACKAGE_ROOT, free_port

from emulator import configuration
from emulator.configuration import BadConfiguration


def refusal(*arguments: str) -> str:
    """What an emulator that can't start says on standard error."""
    ended = subprocess.run(
        [sys.executable, "-m", "emulator", *arguments],
        env={**os.environ, "PYTHONPATH": str(PACKAGE_ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    return ended.stderr.strip()


def test_a_port_in_use_is_named(tmp_path: Path):
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        said = refusal("--port", str(port), "--data-dir", str(tmp_path / "data"))
    assert said.startswith(f"Port {port} is in use")
    assert "choose another --port" in said


def test_a_data_directory_in_use_is_named_with_its_holder(emulator):
    said = refusal("--port", str(free_port()), "--data-dir", str(emulator.data_dir))
    assert said.startswith(f"{emulator.data_dir} is in use by another emulator")
    assert str(emulator.pid) in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "Say where to keep the data: --data-dir DIRECTORY."),
        (["--data-dir=d", "--port=no"], "port can't be 'no'"),
        (["--data-dir=d", "--port=70000"], "port must be 1 to 65535, not 70000."),
        (["--data-dir=d", "--gpu-slots=-1"], "gpu-slots can't be negative"),
        (["--data-dir=d", "--images-file=/none"], "images-file /none does not exist."),
        (["--data-dir=d", "--node-binary=/none"], "node-binary /none can't be executed."),
        (["--config=/none"], "Can't read /none: No such file or directory."),
    ],
)
def test_a_bad_setting_is_named(arguments: list[str], said: str):
    with pytest.raises(BadConfiguration) as refused:
        configuration.parse(arguments)
    assert said in str(refused.value)


def test_settings_come_from_a_file_and_arguments_come_first(tmp_path: Path):
    file = tmp_path / "settings.json"
    file.write_text(json.dumps({"data_dir": str(tmp_path), "port": 1111, "gpu_slots": 3}))
    parsed = configuration.parse(["--config", str(file), "--port", "2222"])
    assert (parsed.port, parsed.gpu_slots, parsed.data_dir) == (2222, 3, tmp_path)
    file.write_text(json.dumps({"data_dir": "d", "prot": 1}))
    with pytest.raises(BadConfiguration, match="Unknown setting prot"):
        configuration.parse(["--config", str(file)])
