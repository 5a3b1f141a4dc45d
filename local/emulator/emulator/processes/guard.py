"""Kills the processes it was told of when the emulator, at the other end of its input, is gone.

Each line on standard input is `PID START`. At the end of file every one that is still the same
process is killed with all that descends from it. One guard serves all Lambda workers; jobs have a
supervisor each.
"""

from __future__ import annotations

import signal
import sys

import process_tree


def main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # only the end of the emulator ends the guard
    watched: dict[int, str] = {}
    for line in sys.stdin:
        pid, started = line.rstrip("\n").split(" ", 1)
        watched[int(pid)] = started
    for pid, started in watched.items():
        process_tree.kill_tree(pid, started)


if __name__ == "__main__":
    main()
