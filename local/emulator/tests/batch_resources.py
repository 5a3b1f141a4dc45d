"""Compute environments, queues and definitions that tests submit jobs with."""

from __future__ import annotations

import itertools
from typing import Any

from conftest import Emulator, eventually

names = (f"t{number}" for number in itertools.count())


class Batch:
    """A queue of its own on an emulator."""

    def __init__(
        self, emulator: Emulator, max_vcpus: int = 4, priority: int = 1, policy: Any = None
    ) -> None:
        self.client = emulator.client("batch")
        self.name = next(names)
        self.environment = self.client.create_compute_environment(
            computeEnvironmentName=self.name,
            type="MANAGED",
            computeResources={
                "type": "EC2",
                "minvCpus": 0,
                "maxvCpus": max_vcpus,
                "instanceTypes": ["g6"],
                "subnets": ["subnet-1"],
                "instanceRole": "role",
            },
        )["computeEnvironmentArn"]
        extra = {}
        if policy is not None:
            extra["schedulingPolicyArn"] = self.client.create_scheduling_policy(
                name=self.name, fairsharePolicy=policy
            )["arn"]
        self.queue = self.add_queue(priority, **extra)

    def add_queue(self, priority: int, **extra: Any) -> str:
        return self.client.create_job_queue(
            jobQueueName=next(names),
            priority=priority,
            computeEnvironmentOrder=[{"order": 1, "computeEnvironment": self.environment}],
            **extra,
        )["jobQueueArn"]

    def submit(self, script: str, vcpus: int = 1, gpus: int = 0, **request: Any) -> str:
        """Submit a shell script; answers the job's id."""
        requirements = [{"type": "VCPU", "value": str(vcpus)}, {"type": "MEMORY", "value": "128"}]
        if gpus:
            requirements.append({"type": "GPU", "value": str(gpus)})
        definition = self.client.register_job_definition(
            jobDefinitionName=next(names),
            type="container",
            containerProperties={
                "image": request.pop("image", "registry.example/test/shell:1"),
                "command": ["sh", "-c", script],
                "resourceRequirements": requirements,
            },
        )["jobDefinitionArn"]
        return self.client.submit_job(
            **{"jobName": "job", "jobQueue": self.queue, "jobDefinition": definition, **request}
        )["jobId"]

    def job(self, job_id: str) -> dict[str, Any]:
        return self.client.describe_jobs(jobs=[job_id])["jobs"][0]

    def status(self, job_id: str) -> str:
        return self.job(job_id)["status"]

    def ended(self, job_id: str) -> dict[str, Any]:
        return eventually(
            lambda: self.job(job_id), lambda job: job["status"] in ("SUCCEEDED", "FAILED")
        )

    def reaches(self, job_id: str, status: str) -> dict[str, Any]:
        return eventually(lambda: self.job(job_id), lambda job: job["status"] == status)
