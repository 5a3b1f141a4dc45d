"""Who descends from a process, and whether a pid still means the process it once meant.

Linux answers from `/proc` (proc(5)), other systems from `ps` (POSIX, `lstart` as BSD and macOS
have it). Standard library only: the job supervisor imports this file on its own.
"""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

PROC = Path("/proc")
HAS_PROC = (PROC / "self" / "stat").exists()


def start_time(pid: int) -> str | None:
    """When `pid` started, in the system's own unit; None when there is no such process.

    A pid is reused, a pid together with its start time is not.
    """
    return processes().get(pid, (0, None))[1] if not HAS_PROC else _start_time_from_proc(pid)


def processes() -> dict[int, tuple[int, str]]:
    """Every process as `{pid: (parent pid, start time)}`, zombies left out."""
    return _processes_from_proc() if HAS_PROC else _processes_from_ps()


def descendants(root: int) -> dict[int, str]:
    """Every living descendant of `root` as `{pid: start time}`, `root` itself left out."""
    table = processes()
    children: dict[int, list[int]] = {}
    for pid, (parent, _) in table.items():
        children.setdefault(parent, []).append(pid)
    found: dict[int, str] = {}
    pending = list(children.get(root, []))
    while pending:
        pid = pending.pop()
        if pid not in found:
            found[pid] = table[pid][1]
            pending.extend(children.get(pid, []))
    return found


def kill_if_same(pid: int, started: str, signal_number: int = signal.SIGKILL) -> bool:
    """Signal `pid` unless it has ended or now belongs to another process; True when signalled."""
    if start_time(pid) != started:
        return False
    try:
        os.kill(pid, signal_number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def kill_tree(pid: int, started: str) -> int:
    """SIGKILL a process and all that descends from it; answers how many were signalled."""
    if start_time(pid) != started:
        return 0
    below = descendants(pid)
    killed = int(kill_if_same(pid, started))
    return killed + sum(kill_if_same(child, since) for child, since in below.items())


def _stat_fields(pid: int) -> list[str] | None:
    try:
        stat = (PROC / str(pid) / "stat").read_text()
    except OSError:
        return None
    return stat.rsplit(")", 1)[1].split()  # the command name may hold spaces and brackets


def _start_time_from_proc(pid: int) -> str | None:
    fields = _stat_fields(pid)
    return fields[19] if fields and fields[0] != "Z" else None


def _processes_from_proc() -> dict[int, tuple[int, str]]:
    table = {}
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            fields = _stat_fields(int(entry.name))
            if fields and fields[0] != "Z":
                table[int(entry.name)] = (int(fields[1]), fields[19])
    return table


def _processes_from_ps() -> dict[int, tuple[int, str]]:
    listing = subprocess.run(
        ["ps", "-axo", "pid=,ppid=,stat=,lstart="],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
    ).stdout
    table = {}
    for line in listing.splitlines():
        pid, parent, state, started = line.split(None, 3)
        if not state.startswith("Z"):
            table[int(pid)] = (int(parent), started)
    return table
