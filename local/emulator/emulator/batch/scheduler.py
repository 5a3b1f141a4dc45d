"""Moves jobs through their states: one thread that decides, one per running attempt.

    SUBMITTED -> PENDING (waits for other jobs) -> RUNNABLE (waits for room) -> STARTING -> RUNNING
    -> SUCCEEDED | FAILED, or back to RUNNABLE for the next attempt.

Batch User Guide, "Job states". Every step is on disk before it is announced. Jobs that were
STARTING or RUNNING when an earlier emulator ended have lost their host, and are retried or failed
as that.
"""

from __future__ import annotations

import logging
import threading
import uuid
from typing import Any

from . import retry
from .announcements import announce_state
from .attempt import Attempt, Host, Outcome, PreparedImages, host_terminated
from .clock import now_ms
from .fair_share import Candidate, Run, in_fair_order
from .placement import Placement, Queue, Waiting, can_ever_fit, next_placement
from .resources import NOTHING, Resources, resources_of
from .store import BatchStore, Record

logger = logging.getLogger("emulator.batch")

ENDED = ("SUCCEEDED", "FAILED")
OCCUPYING = ("STARTING", "RUNNING")
WAITING = ("SUBMITTED", "PENDING", "RUNNABLE")
DOES_NOT_FIT = (
    "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT - The job resource requirement (vCPU/memory/GPU) is"
    " higher than that can be met by the CE(s) attached to the job queue."
)


class Scheduler:
    """Owns every change of a job's state; its lock guards the job records."""

    def __init__(self, store: BatchStore, host: Host, gpu_slots: int) -> None:
        self._store = store
        self._host = host
        self._gpu_slots = gpu_slots
        self._prepared = PreparedImages()
        self._attempts: dict[str, Attempt] = {}
        self._changed = threading.Condition(threading.RLock())
        self._stopping = False
        self._thread = threading.Thread(target=self._decide, name="batch-scheduler", daemon=True)

    def start(self) -> None:
        """Pick up where the last emulator ended, then go on."""
        with self._changed:
            for job in self._store.jobs:
                if job["status"] in OCCUPYING:
                    self._attempt_ended(job, host_terminated(job["jobId"]))
        self._thread.start()

    def stop(self, timeout_seconds: float) -> None:
        """End every attempt, by force when the time is over.

        To the next emulator the jobs are ones whose host went away.
        """
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
            for attempt in self._attempts.values():
                attempt.terminate()
            self._changed.wait_for(lambda: not self._attempts, timeout_seconds)
            for attempt in self._attempts.values():
                attempt.kill()
            self._changed.wait_for(lambda: not self._attempts, timeout_seconds)

    def submit(self, job: Record) -> None:
        with self._changed:
            self._move(job, "SUBMITTED")
            self._changed.notify_all()

    def reconsider(self) -> None:
        """A queue or a compute environment has changed."""
        with self._changed:
            self._changed.notify_all()

    def cancel(self, job_id: str, reason: str) -> None:
        """CancelJob: only a job that has not progressed to STARTING."""
        with self._changed:
            job = self._store.jobs.get(job_id)
            if job is not None and job["status"] in WAITING:
                job["isCancelled"] = True
                self._fail(job, reason)

    def terminate(self, job_id: str, reason: str) -> None:
        """TerminateJob: a waiting job fails at once, a running one is stopped."""
        with self._changed:
            job = self._store.jobs.get(job_id)
            if job is None or job["status"] in ENDED:
                return
            job["isTerminated"] = True
            job["_terminateReason"] = reason
            if job["status"] in WAITING:
                self._fail(job, reason)
                return
            self._store.jobs.save(job_id, job)
            attempt = self._attempts.get(job_id)
        if attempt is not None:
            attempt.terminate()

    def wait_until_ended(self, job_id: str, timeout_seconds: float) -> Record | None:
        """The job once it has ended, or None when that takes longer."""
        with self._changed:
            ended = self._changed.wait_for(
                lambda: self._store.jobs.get(job_id)["status"] in ENDED, timeout_seconds
            )
            return self._store.jobs.get(job_id) if ended else None

    def _decide(self) -> None:
        with self._changed:
            while not self._stopping:
                try:
                    self._release_dependents()
                    while (placement := self._next_placement()) is not None:
                        self._start(placement)
                except Exception:
                    logger.exception("A scheduling round failed; the next change starts another")
                self._changed.wait()

    def _release_dependents(self) -> None:
        """In order of submission, so a job comes after the ones it can depend on."""
        for job in self._store.jobs:
            if job["status"] not in ("SUBMITTED", "PENDING"):
                continue
            needed = [self._store.jobs.get(entry["jobId"]) for entry in job.get("dependsOn") or []]
            states = {"FAILED" if other is None else other["status"] for other in needed}
            if "FAILED" in states:
                self._fail(job, "Dependent Job failed")
            elif states <= {"SUCCEEDED"}:
                self._move(job, "RUNNABLE")
            elif job["status"] == "SUBMITTED":
                self._move(job, "PENDING")

    def _next_placement(self) -> Placement | None:
        jobs = list(self._store.jobs)
        max_vcpus = {
            environment["computeEnvironmentArn"]: float(
                environment["computeResources"].get("maxvCpus") or 0
            )
            for environment in self._store.compute_environments
            if environment["state"] == "ENABLED"
        }
        used: dict[str, Resources] = {}
        for job in jobs:
            if job["status"] in OCCUPYING:
                environment = job["_computeEnvironment"]
                used[environment] = used.get(environment, NOTHING) + resources_of(job["container"])
        queues = [
            self._queue(record, jobs, max_vcpus)
            for record in self._store.job_queues
            if record["state"] == "ENABLED"
        ]
        return next_placement(queues, max_vcpus, used, self._gpu_slots)

    def _queue(self, record: Record, jobs: list[Record], max_vcpus: dict[str, float]) -> Queue:
        own = [job for job in jobs if job["jobQueue"] == record["jobQueueArn"]]
        runnable = [job for job in own if job["status"] == "RUNNABLE"]
        policy = self._store.scheduling_policies.get(record.get("schedulingPolicyArn") or "")
        if policy is not None:
            runnable = self._fairly(runnable, own, policy.get("fairsharePolicy") or {})
        order = sorted(record["computeEnvironmentOrder"], key=lambda entry: entry["order"])
        environments = [
            entry["computeEnvironment"]
            for entry in order
            if entry["computeEnvironment"] in max_vcpus
        ]
        waiting = [Waiting(job["jobId"], resources_of(job["container"])) for job in runnable]
        if waiting and not can_ever_fit(
            waiting[0].resources, environments, max_vcpus, self._gpu_slots
        ):
            self._explain(runnable[0], DOES_NOT_FIT)
        return Queue(int(record["priority"]), environments, waiting)

    def _fairly(
        self, runnable: list[Record], own: list[Record], policy: dict[str, Any]
    ) -> list[Record]:
        runs = [
            Run(
                share=job["shareIdentifier"],
                vcpus=resources_of(job["container"]).vcpus,
                started=job["_placedAt"] / 1000,
                ended=job["stoppedAt"] / 1000 if job.get("stoppedAt") else None,
            )
            for job in own
            if job.get("_placedAt") and job["status"] not in WAITING
        ]
        candidates = [
            Candidate(
                job["jobId"],
                job["shareIdentifier"],
                int(job.get("schedulingPriority") or 0),
                job["_sequence"],
            )
            for job in runnable
        ]
        ordered = in_fair_order(candidates, runs, policy, now_ms() / 1000)
        return [self._store.jobs.get(candidate.job_id) for candidate in ordered]

    def _start(self, placement: Placement) -> None:
        job = self._store.jobs.get(placement.job_id)
        definition = job["jobDefinition"].rsplit("/", 1)[-1].split(":", 1)[0]
        task = uuid.uuid4().hex
        cluster = placement.compute_environment.rsplit("/", 1)[-1]
        prefix = job["jobArn"].split(":job/")[0].replace(":batch:", ":ecs:")
        job["container"].update(
            logStreamName=f"{definition}/default/{task}", taskArn=f"{prefix}:task/{cluster}/{task}"
        )
        for name in ("exitCode", "reason"):
            job["container"].pop(name, None)
        for name in ("startedAt", "stoppedAt"):
            job.pop(name, None)
        job["_computeEnvironment"] = placement.compute_environment
        job["_placedAt"] = now_ms()
        self._move(job, "STARTING", "")
        attempt = Attempt(job, len(job["attempts"]) + 1, self._host, self._prepared)
        self._attempts[job["jobId"]] = attempt
        threading.Thread(
            target=self._run, args=(job, attempt), name=f"batch-{job['jobId']}", daemon=True
        ).start()

    def _run(self, job: Record, attempt: Attempt) -> None:
        outcome = attempt.run(lambda: self._running(job))
        with self._changed:
            del self._attempts[job["jobId"]]
            if not self._stopping:
                self._attempt_ended(job, outcome)
            self._changed.notify_all()

    def _running(self, job: Record) -> None:
        with self._changed:
            job["startedAt"] = now_ms()
            self._move(job, "RUNNING")

    def _attempt_ended(self, job: Record, outcome: Outcome) -> None:
        container = job["container"]
        stopped_at = now_ms()
        ended = {
            key: value
            for key, value in (("exitCode", outcome.exit_code), ("reason", outcome.reason))
            if value is not None
        }
        job["attempts"].append(
            {
                "startedAt": job.get("startedAt") or job["_placedAt"],
                "stoppedAt": stopped_at,
                "statusReason": outcome.status_reason,
                "container": {
                    "logStreamName": container["logStreamName"],
                    "taskArn": container["taskArn"],
                    "networkInterfaces": [],
                    **ended,
                },
            }
        )
        container.update(ended)
        if "_terminateReason" in job:
            self._fail(job, job["_terminateReason"])
        elif outcome.exit_code == 0 and not outcome.timed_out:
            job["stoppedAt"] = stopped_at
            self._move(job, "SUCCEEDED", outcome.status_reason)
        elif not outcome.timed_out and retry.is_retried(
            job["retryStrategy"],
            len(job["attempts"]),
            {**ended, "statusReason": outcome.status_reason},
        ):
            self._move(job, "RUNNABLE", outcome.status_reason)
        else:
            self._fail(job, outcome.status_reason)

    def _fail(self, job: Record, reason: str) -> None:
        job["stoppedAt"] = now_ms()
        self._move(job, "FAILED", reason)

    def _explain(self, job: Record, reason: str) -> None:
        if job.get("statusReason") != reason:
            job["statusReason"] = reason
            self._store.jobs.save(job["jobId"], job)

    def _move(self, job: Record, status: str, reason: str | None = None) -> None:
        job["status"] = status
        if reason:
            job["statusReason"] = reason
        elif reason == "":
            job.pop("statusReason", None)
        self._store.jobs.save(job["jobId"], job)
        announce_state(job)
        self._changed.notify_all()
