"""Who descends from whom, on Linux and on systems that have only `ps`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import PACKAGE_ROOT, eventually

from emulator.processes import process_tree
from emulator.processes.ledger import ProcessLedger


@pytest.fixture(params=["proc", "ps"])
def source(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(process_tree, "HAS_PROC", request.param == "proc")
    return request.param


@pytest.fixture
def family() -> Iterator[subprocess.Popen[bytes]]:
    """A shell with a child that has left its session."""
    shell = subprocess.Popen(["sh", "-c", "setsid sleep 67 & wait"], start_new_session=True)
    eventually(lambda: len(process_tree.descendants(shell.pid)), lambda count: count == 1)
    yield shell
    for pid, started in process_tree.descendants(shell.pid).items():
        process_tree.kill_if_same(pid, started)
    shell.kill()
    shell.wait()


def test_a_child_in_a_session_of_its_own_is_a_descendant(source, family):
    assert len(process_tree.descendants(family.pid)) == 1
    assert family.pid in process_tree.descendants(os.getpid())


def test_a_tree_is_killed_whole(source, family):
    started = process_tree.start_time(family.pid)
    child = next(iter(process_tree.descendants(family.pid)))
    assert process_tree.kill_tree(family.pid, started) == 2
    family.wait()
    eventually(lambda: process_tree.start_time(child), lambda left: left is None)


def test_a_process_with_the_pid_of_another_is_left_alone(source, family):
    assert process_tree.kill_tree(family.pid, "another start") == 0
    assert family.poll() is None


def test_the_ledger_sweeps_what_it_wrote_down_and_what_carries_its_mark(tmp_path, family):
    ledger = ProcessLedger(tmp_path)
    ledger.add(family.pid)
    marked = subprocess.Popen(["sleep", "68"], env={**os.environ, **ledger.mark})
    other = {**os.environ, "LOCAL_CLOUD_DATA_DIR": str(tmp_path / "other")}
    unmarked = subprocess.Popen(["sleep", "69"], env=other)
    try:
        eventually(
            lambda: Path(f"/proc/{marked.pid}/comm").read_text(), lambda name: "sleep" in name
        )
        ProcessLedger(tmp_path).sweep()
        assert (family.wait(5), marked.wait(5)) == (-9, -9)
        assert unmarked.poll() is None
        assert list(ledger.directory.iterdir()) == []
    finally:
        for process in (marked, unmarked):
            process.kill()
            process.wait()


SUPERVISED = """
import sys
sys.path.insert(0, {directory!r})
import process_tree, supervisor
supervisor.IS_LINUX = process_tree.HAS_PROC = {linux}
sys.exit(supervisor.main())
"""


@pytest.fixture(params=[True, False], ids=["linux", "elsewhere"])
def supervised(request: pytest.FixtureRequest):
    """Starts a shell script under a supervisor; answers the supervisor and the script's pid."""
    directory = str(PACKAGE_ROOT / "emulator" / "processes")
    program = SUPERVISED.format(directory=directory, linux=request.param)
    started: list[subprocess.Popen[bytes]] = []

    def start(script: str, grace_seconds: float = 30) -> tuple[subprocess.Popen[bytes], int]:
        reading, writing = os.pipe()
        options = ["--status-fd", str(writing), "--grace-seconds", str(grace_seconds)]
        process = subprocess.Popen(
            [sys.executable, "-c", program, *options, "--", "sh", "-c", script],
            stdin=subprocess.PIPE,
            pass_fds=[writing],
            start_new_session=True,
        )
        os.close(writing)
        started.append(process)
        with os.fdopen(reading) as status:
            return process, json.loads(status.readline())["pid"]

    yield start
    for process in started:
        process.stdin.close()
        process.wait(20)


def test_a_supervisor_ends_with_the_exit_status_of_its_command(supervised):
    process, _ = supervised("exit 3")
    assert process.wait(10) == 3
    process, _ = supervised("kill -9 $$")
    assert process.wait(10) == 137


def test_what_a_command_has_started_ends_with_it(supervised):
    process, pid = supervised("setsid sleep 70 & sleep 2.5")
    child = eventually(lambda: process_tree.descendants(pid), lambda found: len(found) == 2)
    assert process.wait(20) == 0
    eventually(lambda: set(child) & set(process_tree.processes()), lambda left: left == set())


def test_all_ends_when_the_other_end_of_the_input_is_gone(supervised):
    process, pid = supervised("trap '' TERM; setsid sleep 71 & while true; do sleep 0.1; done", 1)
    eventually(lambda: process_tree.descendants(pid), lambda found: len(found) >= 1)
    everything = {pid, *process_tree.descendants(pid)}
    process.stdin.close()
    assert process.wait(20) == 137
    eventually(lambda: everything & set(process_tree.processes()), lambda left: left == set())
