"""Who descends from whom, on Linux and on systems that have only `ps`."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import eventually

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
