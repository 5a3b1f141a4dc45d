"""`python -m reconstruction <stage> <workdir>` runs one stage and speaks to the runtime."""

from __future__ import annotations

import argparse
import errno
import importlib
import signal
import sys
from pathlib import Path

from reconstruction.failures import StageFailed, StageStopped
from reconstruction.report import Report
from reconstruction.spec import read_spec
from reconstruction.stages import STAGES

EX_TEMPFAIL = 75
STOPPED_BY_SIGTERM = 128 + signal.SIGTERM
OUT_OF_SPACE = {errno.ENOSPC, errno.EDQUOT}


def main() -> int:
    arguments = parse_arguments()
    stage = STAGES[arguments.stage]
    report = Report(sys.stdout)
    spec = read_spec(arguments.workdir / "spec.json")
    if stage.checkpoint:
        signal.signal(signal.SIGTERM, lambda *_: report.request_stop())
    try:
        run = importlib.import_module(stage.module).run
        outcome = run(arguments.workdir, spec, report)
    except StageFailed as failure:
        report.failed(failure)
    except StageStopped:
        return STOPPED_BY_SIGTERM
    except OSError as error:
        if error.errno not in OUT_OF_SPACE:
            raise
        report.log("the disk is full", level="error", detail=str(error))
        return EX_TEMPFAIL
    else:
        report.succeeded(outcome.metrics, outcome.artifacts)
    return 0


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="reconstruction", description=__doc__)
    parser.add_argument("stage", choices=STAGES)
    parser.add_argument("workdir", type=Path, help="the job's folder, with spec.json in it")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
