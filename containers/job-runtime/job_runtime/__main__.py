"""`python -m job_runtime <package>` runs one stage of a job (containers/README.md)."""

from __future__ import annotations

import argparse
import os
import sys

from job_runtime.environment import read_environment
from job_runtime.faults import Fault
from job_runtime.job import run_job


def main() -> int:
    parser = argparse.ArgumentParser(prog="job_runtime", description=__doc__)
    parser.add_argument("package", help="the Python package that holds the stages")
    package = parser.parse_args().package
    try:
        return run_job(read_environment(os.environ, package))
    except Fault as fault:
        print(f"{type(fault).__name__}: {fault}", file=sys.stderr, flush=True)
        return fault.exit_code


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    # At once: a stopped job must not wait for downloads that its threads still have under way.
    os._exit(code)
