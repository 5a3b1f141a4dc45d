"""`python -m emulator --port 4566 --data-dir DIRECTORY`: see `README.md`.

Exit status: 0 after SIGTERM or SIGINT, 2 when it can't start; the reason is on standard error.
"""

from __future__ import annotations

import sys

from . import configuration, data_directory, environment, upstream
from .processes.ledger import ProcessLedger


def main() -> int:
    try:
        upstream.require_version()
        settings = configuration.parse(sys.argv[1:])
        lock = data_directory.claim(settings.data_dir)
    except (
        configuration.BadConfiguration,
        data_directory.DataDirectoryInUse,
        upstream.WrongUpstream,
    ) as problem:
        print(problem, file=sys.stderr)
        return 2
    ledger = ProcessLedger(settings.data_dir)
    ledger.sweep()
    environment.enter(settings, ledger.mark)

    from .server import PortInUse, serve  # imports MiniStack, which reads its settings then

    try:
        with lock:
            serve(settings, ledger)
    except PortInUse as problem:
        print(problem, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
