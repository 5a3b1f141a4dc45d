"""Runs a command that must not outlive whoever started it.

    leash.py COMMAND [ARGUMENT...]

The end of standard input means: stop. It comes when the one who holds the other end closes it, and
also when they are killed without a chance to say anything. The command then gets SIGTERM, and
whatever is left of the process group is killed when the grace is over.

To be started as the leader of a process group of its own. Exit status: the command's, or 128 + its
signal; 127 when it can't be started.
"""

import os
import signal
import subprocess
import sys
import threading

GRACE_SECONDS = 12.0


def main() -> int:
    # Heard and passed over; unlike ignoring them, this ends where the command begins.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    try:
        command = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)
    except OSError as error:
        print(f"{sys.argv[1]}: {error.strerror}", file=sys.stderr)
        return 127
    threading.Thread(target=_stop_when_let_go, args=(command,), daemon=True).start()
    code = command.wait()
    return code if code >= 0 else 128 - code


def _stop_when_let_go(command: "subprocess.Popen[bytes]") -> None:
    while os.read(0, 4096):
        pass
    command.terminate()
    try:
        command.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
