"""One attempt of a job: its image made ready, its command run, how it ended."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..processes.ledger import ProcessLedger
from .announcements import JobLog
from .images import CannotPullContainer, Image, find_image
from .process import CannotStart, JobProcess, SupervisorLost
from .store import Record

EXITED = "Essential container in task exited"
TIMED_OUT = "Job attempt duration exceeded timeout"


@dataclass(frozen=True)
class Outcome:
    """How an attempt ended, in Batch's words. `exit_code` is None when there was no process."""

    exit_code: int | None
    status_reason: str
    reason: str | None = None
    timed_out: bool = False


@dataclass(frozen=True)
class Host:
    """What an attempt needs of the machine and the emulator."""

    images_file: Path | None
    ledger: ProcessLedger
    endpoint_url: str
    grace_seconds: float


class PreparedImages:
    """Images are prepared once per life of the emulator, one at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ready: set[tuple[str, tuple[str, ...]]] = set()

    def prepare(self, image: Image, run: Callable[[tuple[str, ...]], int]) -> None:
        """Run the image's `prepareCommand` unless it is ready; raises `CannotPullContainer`."""
        key = (image.name, image.prepare_command)
        with self._lock:
            if not image.prepare_command or key in self._ready:
                return
            exit_code = run(image.prepare_command)
            if exit_code != 0:
                raise CannotPullContainer(
                    f"preparing {image.name} ended with exit code {exit_code}, see the job's log"
                )
            self._ready.add(key)


def host_terminated(job_id: str) -> Outcome:
    """What Batch reports when the instance under a job goes away."""
    instance = "i-" + job_id.replace("-", "")[:17]
    return Outcome(None, f"Host EC2 (instance {instance}) terminated.")


class Attempt:
    """Runs once; `terminate` may come from another thread at any time."""

    def __init__(self, job: Record, number: int, host: Host, prepared: PreparedImages) -> None:
        self._job = job
        self._number = number
        self._host = host
        self._prepared = prepared
        self._log = JobLog(job["jobArn"], job["container"]["logStreamName"])
        self._lock = threading.Lock()
        self._process: JobProcess | None = None
        self._stopping = False

    def terminate(self) -> None:
        with self._lock:
            self._stopping = True
            if self._process is not None:
                self._process.terminate()

    def kill(self) -> None:
        with self._lock:
            if self._process is not None:
                self._process.kill()

    def run(self, on_running: Callable[[], None]) -> Outcome:
        """Run to the end; `on_running` is called when the job's own command has started."""
        try:
            image = find_image(self._host.images_file, self._job["container"]["image"])
            self._prepared.prepare(image, lambda command: self._run_command(command, image))
        except (CannotPullContainer, CannotStart, SupervisorLost) as error:
            reason = f"CannotPullContainerError: {error}"
            self._log.write(reason)
            return Outcome(None, reason, reason)
        command = self._job["container"].get("command") or []
        if not command:
            reason = "CannotStartContainerError: the job definition has no command"
            return Outcome(None, reason, reason)
        seconds = (self._job.get("timeout") or {}).get("attemptDurationSeconds")
        try:
            process = self._start(tuple(command), image)
            on_running()
            exit_code = process.wait(seconds)
            if exit_code is not None:
                return Outcome(exit_code, EXITED)
            process.terminate()
            return Outcome(process.wait(), TIMED_OUT, timed_out=True)
        except CannotStart as error:
            reason = f"CannotStartContainerError: {error}"
            self._log.write(reason)
            return Outcome(127, reason, reason)
        except SupervisorLost:
            return host_terminated(self._job["jobId"])

    def _run_command(self, command: tuple[str, ...], image: Image) -> int:
        exit_code = self._start(command, image).wait()
        return 0 if exit_code is None else exit_code

    def _start(self, command: tuple[str, ...], image: Image) -> JobProcess:
        with self._lock:
            process = JobProcess(
                command,
                self._environment(image),
                image.working_directory,
                self._host.grace_seconds,
                self._host.ledger,
                self._log.write,
            )
            self._process = process
            if self._stopping:
                process.terminate()
            return process

    def _environment(self, image: Image) -> dict[str, str]:
        """Batch User Guide, "Environment variables of Batch jobs", and where AWS is."""
        job = self._job
        region = job["jobArn"].split(":")[3]
        own = {entry["name"]: entry["value"] for entry in job["container"]["environment"]}
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(Path.home()),
            "LANG": os.environ.get("LANG", "C.UTF-8"),
            "TMPDIR": tempfile.gettempdir(),
            **image.environment,
            "AWS_ENDPOINT_URL": self._host.endpoint_url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": region,
            "AWS_DEFAULT_REGION": region,
            **own,
            "AWS_BATCH_JOB_ID": job["jobId"],
            "AWS_BATCH_JOB_ATTEMPT": str(self._number),
            "AWS_BATCH_JQ_NAME": job["jobQueue"].rsplit("/", 1)[-1],
            "AWS_BATCH_CE_NAME": job["_computeEnvironment"].rsplit("/", 1)[-1],
        }
