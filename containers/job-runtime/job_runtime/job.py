"""One attempt at one stage, from its spec to its result."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from job_runtime.bucket import Bucket
from job_runtime.checkpoint import Checkpoints
from job_runtime.child import Child
from job_runtime.clock import timestamp
from job_runtime.environment import JobEnvironment, child_environment, parse_s3_uri
from job_runtime.faults import (
    Fault,
    InfrastructureFault,
    Stopped,
    TransientFault,
    faults_named,
)
from job_runtime.files import fetch_inputs, fetch_user_files, store_outputs
from job_runtime.job_log import JobLog, merge_logs
from job_runtime.progress import Progress
from job_runtime.stage_events import StageEvents

EX_TEMPFAIL = 75
MERGED_LOG = "artifacts/logs.jsonl"


def run_job(environment: JobEnvironment) -> int:
    """Run the stage unless its result is there already. Returns the exit code, or raises Fault."""
    stop = StopSignal()
    bucket = Bucket.connect(environment.location)
    if bucket.read_json(f"{environment.stage_name}/result.json") is not None:
        print(f"stage {environment.stage_name} is finished already", flush=True)
        return 0
    spec = bucket.read_json("spec.json")
    if spec is None:
        raise InfrastructureFault(f"there is no spec.json in {environment.location}")
    workdir = Path(tempfile.mkdtemp(prefix="job-")).resolve()
    try:
        return Attempt(environment, bucket, spec, workdir, stop).run()
    finally:
        shutil.rmtree(workdir, ignore_errors=True)


class StopSignal:
    """SIGTERM: ends the job at once while it fetches, and is handed to the stage once it runs."""

    def __init__(self) -> None:
        self.received = False
        self._child: Child | None = None
        self._finishing = False
        signal.signal(signal.SIGTERM, self._on_signal)

    def hand_to(self, child: Child) -> None:
        self._child = child
        if self.received:
            child.stop()

    def ignore(self) -> None:
        """The stage is over: what it made is worth storing."""
        self._finishing = True

    def _on_signal(self, *_: object) -> None:
        self.received = True
        if self._finishing:
            return
        if self._child is None:
            raise Stopped("stopped before the stage was started")
        self._child.stop()


class Attempt:
    """The state of one attempt; `workdir` mirrors the job's prefix."""

    def __init__(
        self,
        environment: JobEnvironment,
        bucket: Bucket,
        spec: dict[str, Any],
        workdir: Path,
        stop: StopSignal,
    ) -> None:
        self.environment = environment
        self.stage = environment.stage
        self.bucket = bucket
        self.spec = spec
        self.workdir = workdir
        self.stop = stop
        self.started_at = timestamp()
        name, attempt = environment.stage_name, environment.attempt
        self.log = JobLog(bucket, f"logs/{name}-{attempt}.jsonl")
        self.progress = Progress(bucket, name, attempt, self.delivery_failed)
        self.checkpoints = self.make_checkpoints()
        self.events = StageEvents(self.log, self.progress, self.checkpoints)

    def run(self) -> int:
        """The whole attempt; whatever happens, the log is stored."""
        self.log.write(
            "started",
            stage=self.environment.stage_name,
            attempt=self.environment.attempt,
            batchJobId=self.environment.batch_job_id,
            engine=self.spec.get("engine"),
        )
        try:
            self.fetch()
            status = self.run_stage()
            self.stop.ignore()
            if self.checkpoints:
                self.checkpoints.close()
            return self.conclude(status)
        except Fault as fault:
            self.log.write("fault", "error", fault=type(fault).__name__, message=str(fault))
            raise
        finally:
            self.progress.close()
            self.log.close()

    def fetch(self) -> None:
        """Bring the stage's inputs and its last checkpoint into the working directory."""
        start = time.monotonic()
        spec_text = json.dumps(self.spec, ensure_ascii=False, indent=2)
        (self.workdir / "spec.json").write_text(spec_text, encoding="utf-8")
        size_bytes = fetch_inputs(self.bucket, self.stage.inputs, self.workdir)
        if self.stage.user_files:
            source = self.bucket.elsewhere(parse_s3_uri(self.spec["inputUri"]))
            size_bytes += fetch_user_files(source, self.workdir)
        resumed = bool(self.checkpoints and self.checkpoints.restore())
        seconds = round(time.monotonic() - start, 2)
        self.log.write("inputs_fetched", bytes=size_bytes, seconds=seconds, resumed=resumed)

    def run_stage(self) -> int:
        """Run the stage as a child and return its exit status."""
        command = [
            sys.executable,
            *("-m", self.environment.package, self.environment.stage_name, str(self.workdir)),
        ]
        with faults_named():
            child = Child(command, child_environment(os.environ), self.workdir, self.events.line)
            self.stop.hand_to(child)
            return child.wait()

    def conclude(self, status: int) -> int:
        """Store what there is, the result last, and return the job's exit code."""
        if self.events.outcome is None:
            return self.conclude_without_outcome(status)
        start = time.monotonic()
        size_bytes = store_outputs(self.bucket, self.stage.outputs, self.workdir)
        seconds = round(time.monotonic() - start, 2)
        self.log.write("outputs_stored", bytes=size_bytes, seconds=seconds)
        result = self.result(self.events.outcome)
        self.log.write("finished", **{name: result[name] for name in ("outcome", "error")})
        if result["outcome"] == "succeeded":
            self.progress.update(100.0, 0, "done")
        self.progress.close()
        self.log.close()
        self.bucket.write(MERGED_LOG, merge_logs(self.bucket))
        self.bucket.write_json(f"{self.environment.stage_name}/result.json", result)
        if self.checkpoints:
            self.checkpoints.clear()
        return 0

    def conclude_without_outcome(self, status: int) -> int:
        """The stage ended without a word: stopped, killed, short of disk, or our defect."""
        if self.stop.received:
            self.log.write("stopped", "warning", status=status)
            self.log.close()
            self.bucket.write(MERGED_LOG, merge_logs(self.bucket))
            return Stopped.exit_code
        if status in (EX_TEMPFAIL, -signal.SIGKILL):
            reason = "killed from outside" if status < 0 else "short of something for a moment"
            raise TransientFault(f"the stage was {reason} (status {status})")
        last_lines = " | ".join(self.events.last_lines)
        raise InfrastructureFault(f"the stage ended with status {status}: {last_lines}")

    def result(self, outcome: dict[str, Any]) -> dict[str, Any]:
        """The document that says how the stage ended."""
        failed = outcome["outcome"] == "failed"
        error = (
            {name: outcome[name] for name in ("code", "message", "nextAction")} if failed else None
        )
        return {
            "schemaVersion": 1,
            "stage": self.environment.stage_name,
            "outcome": outcome["outcome"],
            "error": error,
            "warnings": self.events.warnings,
            "metrics": outcome.get("metrics") or {},
            "artifacts": {**(outcome.get("artifacts") or {}), "logs": MERGED_LOG},
            "engine": self.spec.get("engine"),
            "attempt": self.environment.attempt,
            "startedAt": self.started_at,
            "finishedAt": timestamp(),
        }

    def make_checkpoints(self) -> Checkpoints | None:
        path = self.stage.checkpoint
        if path is None:
            return None
        staging = self.workdir / "checkpoints-to-store"
        staging.mkdir()
        return Checkpoints(
            self.bucket,
            path,
            self.workdir / path,
            staging,
            self.environment.attempt,
            self.delivery_failed,
        )

    def delivery_failed(self, fault: Fault) -> None:
        """Progress and checkpoints are tried again; the log keeps that it happened."""
        self.log.write("delivery_failed", "warning", message=str(fault))
