"""Which job starts next: room, priority, order, fair shares, retries."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest
from batch_resources import Batch
from botocore.exceptions import ClientError
from conftest import Emulator, eventually

from emulator.batch.fair_share import Candidate, Run, in_fair_order, weight_of
from emulator.batch.images import CannotPullContainer, find_image, repository_of
from emulator.batch.placement import Placement, Queue, Waiting, next_placement
from emulator.batch.resources import Resources
from emulator.batch.retry import is_retried

ROOMY = {"spot": 4.0, "on-demand": 4.0}


def queue(*jobs: tuple[str, float, int], priority: int = 1, environments: str = "spot") -> Queue:
    waiting = [Waiting(name, Resources(vcpus, gpus)) for name, vcpus, gpus in jobs]
    return Queue(priority, environments.split(), waiting)


def test_the_queue_of_higher_priority_comes_first():
    queues = [queue(("low", 1, 0)), queue(("high", 1, 0), priority=10)]
    assert next_placement(queues, ROOMY, {}, 1) == Placement("high", "spot")


def test_a_job_overflows_into_the_next_compute_environment():
    used = {"spot": Resources(4, 0)}
    placed = next_placement([queue(("a", 1, 0), environments="spot on-demand")], ROOMY, used, 1)
    assert placed == Placement("a", "on-demand")


def test_the_first_job_of_a_queue_holds_back_the_ones_behind_it():
    used = {"spot": Resources(2, 0)}
    assert next_placement([queue(("big", 4, 0), ("small", 1, 0))], ROOMY, used, 1) is None


def test_a_big_job_is_not_starved_by_small_ones_of_a_lower_queue():
    used = {"spot": Resources(2, 0)}
    queues = [queue(("big", 4, 0), priority=10), queue(("small", 1, 0))]
    assert next_placement(queues, ROOMY, used, 1) is None


def test_a_job_that_can_never_fit_holds_back_only_its_own_queue():
    queues = [queue(("huge", 64, 0), priority=10), queue(("small", 1, 0))]
    assert next_placement(queues, ROOMY, {}, 1) == Placement("small", "spot")


def test_gpu_slots_belong_to_the_machine_whatever_the_compute_environment():
    used = {"spot": Resources(1, 1)}
    waiting = [queue(("a", 1, 1), environments="on-demand")]
    assert next_placement(waiting, ROOMY, used, 1) is None
    assert next_placement(waiting, ROOMY, used, 2) == Placement("a", "on-demand")


def ordered(candidates: list[Candidate], runs: list[Run], **policy) -> list[str]:
    return [job.job_id for job in in_fair_order(candidates, runs, policy, now=1000.0)]


def waiting_jobs(*shares: str) -> list[Candidate]:
    return [Candidate(f"{share}{n}", share, 0, n) for n, share in enumerate(shares)]


def test_the_share_that_has_used_least_comes_first():
    runs = [Run("a", 1, 900, None), Run("b", 1, 950, None)]
    assert ordered(waiting_jobs("a", "b"), runs) == ["b1", "a0"]


def test_a_heavier_weight_factor_counts_use_the_more():
    runs = [Run("a", 1, 900, None), Run("b", 1, 950, None)]
    shares = [{"shareIdentifier": "b", "weightFactor": 4}]
    assert ordered(waiting_jobs("a", "b"), runs, shareDistribution=shares) == ["a0", "b1"]


def test_what_was_used_before_the_window_is_forgotten():
    runs = [Run("a", 8, 0, 300), Run("b", 1, 950, 960)]
    assert ordered(waiting_jobs("a", "b"), runs, shareDecaySeconds=600) == ["a0", "b1"]


def test_within_a_share_priority_comes_before_age():
    jobs = [Candidate("old", "a", 0, 1), Candidate("urgent", "a", 9, 2)]
    assert ordered(jobs, []) == ["urgent", "old"]


def test_a_share_identifier_may_end_in_an_asterisk():
    policy = {"shareDistribution": [{"shareIdentifier": "free*", "weightFactor": 10}]}
    assert (weight_of("free1", policy), weight_of("paid", policy)) == (10, 1)


SPOT_RULES = {
    "attempts": 3,
    "evaluateOnExit": [
        {"onStatusReason": "Host EC2*", "action": "RETRY"},
        {"onExitCode": "75", "action": "retry"},
        {"onReason": "*", "action": "EXIT"},
    ],
}


@pytest.mark.parametrize(
    ("attempt", "retried"),
    [
        ({"statusReason": "Host EC2 (instance i-1) terminated."}, True),
        ({"statusReason": "Essential container in task exited", "exitCode": 75}, True),
        ({"statusReason": "Essential container in task exited", "exitCode": 1}, False),
        ({"statusReason": "Essential container in task exited", "exitCode": 7}, False),
    ],
)
def test_the_first_matching_condition_decides_about_a_retry(attempt, retried):
    assert is_retried(SPOT_RULES, 1, attempt) is retried


def test_attempts_are_limited_and_without_a_matching_condition_all_are_used():
    attempt = {"statusReason": "Essential container in task exited", "exitCode": 1}
    rules = {"attempts": 2, "evaluateOnExit": [{"onExitCode": "9*", "action": "EXIT"}]}
    assert is_retried(rules, 1, attempt)
    assert not is_retried(rules, 2, attempt)
    assert not is_retried({}, 1, attempt)


@pytest.mark.parametrize(
    "reference",
    [
        "acme/render",
        "acme/render:1.2",
        "000000000000.dkr.ecr.us-east-1.amazonaws.com/acme/render:latest",
        "registry:5000/acme/render@sha256:abc",
    ],
)
def test_an_image_is_found_whatever_its_registry_and_tag(tmp_path: Path, reference: str):
    images = tmp_path / "images.json"
    images.write_text(json.dumps({"acme/render": {"workingDirectory": str(tmp_path)}}))
    assert find_image(images, reference).name == "acme/render"
    assert repository_of(reference).endswith("acme/render")
    with pytest.raises(CannotPullContainer, match="is not one of acme/render"):
        find_image(images, reference.replace("acme", "other"))


def test_jobs_wait_for_room_and_start_in_the_order_of_submission(emulator: Emulator):
    batch = Batch(emulator, max_vcpus=1)
    ids = [batch.submit("sleep 0.2") for _ in range(3)]
    jobs = [batch.ended(job_id) for job_id in ids]
    for earlier, later in itertools.pairwise(jobs):
        assert later["startedAt"] >= earlier["stoppedAt"]


def test_a_share_that_comes_later_does_not_wait_for_all_of_the_first(emulator: Emulator):
    batch = Batch(emulator, max_vcpus=1, policy={"shareDecaySeconds": 3600})
    held = batch.submit("sleep 60", shareIdentifier="holder")
    first = [batch.submit("sleep 0.2", shareIdentifier="workspace1") for _ in range(3)]
    second = [batch.submit("sleep 0.2", shareIdentifier="workspace2") for _ in range(2)]
    batch.reaches(held, "RUNNING")
    batch.client.terminate_job(jobId=held, reason="all are submitted")
    started = {job_id: batch.ended(job_id)["startedAt"] for job_id in first + second}
    order = [job_id in second for job_id in sorted(started, key=started.get)]
    assert set(order[:2]) == {True, False}
    assert order[-1] is False


def test_a_queue_with_a_scheduling_policy_asks_for_a_share_and_one_without_refuses_it(
    emulator: Emulator,
):
    with pytest.raises(ClientError, match="shareIdentifier is required"):
        Batch(emulator, policy={}).submit("true")
    with pytest.raises(ClientError, match="leave shareIdentifier out"):
        Batch(emulator).submit("true", shareIdentifier="a")


def test_a_job_that_no_compute_environment_can_hold_says_so(emulator: Emulator):
    batch = Batch(emulator, max_vcpus=1)
    job_id = batch.submit("true", vcpus=2)
    eventually(
        lambda: batch.job(job_id).get("statusReason", ""),
        lambda reason: reason.startswith("MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT"),
    )
    batch.client.terminate_job(jobId=job_id, reason="too big")


def test_a_failed_attempt_is_retried_by_the_jobs_rules(emulator: Emulator):
    batch = Batch(emulator)
    job = batch.ended(
        batch.submit(
            'test "$AWS_BATCH_JOB_ATTEMPT" = 2 || exit 75',
            retryStrategy={
                "attempts": 3,
                "evaluateOnExit": [{"onExitCode": "75", "action": "RETRY"}],
            },
        )
    )
    codes = [attempt["container"].get("exitCode") for attempt in job["attempts"]]
    assert (job["status"], codes) == ("SUCCEEDED", [75, 0])


def test_an_image_is_prepared_once_before_its_first_job(emulator: Emulator, tmp_path: Path):
    made = tmp_path / "made"
    images = json.loads(emulator.images_file.read_text())
    prepare = ["sh", "-c", f"echo preparing; sleep 0.3; echo x >> {made}"]
    images["test/prepared"] = {"workingDirectory": str(tmp_path), "prepareCommand": prepare}
    emulator.images_file.write_text(json.dumps(images))
    batch = Batch(emulator)
    jobs = [batch.submit(f"cat {made}", image="test/prepared") for _ in range(2)]
    assert [batch.ended(job_id)["status"] for job_id in jobs] == ["SUCCEEDED", "SUCCEEDED"]
    assert made.read_text() == "x\n"


def test_an_image_that_cant_be_prepared_cant_be_pulled_until_it_can(
    emulator: Emulator, tmp_path: Path
):
    images = json.loads(emulator.images_file.read_text())
    prepare = ["sh", "-c", f"test -e {tmp_path}/network"]
    images["test/failing"] = {"workingDirectory": str(tmp_path), "prepareCommand": prepare}
    emulator.images_file.write_text(json.dumps(images))
    batch = Batch(emulator)
    job = batch.ended(batch.submit("true", image="test/failing"))
    assert job["statusReason"] == (
        "CannotPullContainerError: preparing test/failing ended with exit code 1, see the job's log"
    )
    (tmp_path / "network").touch()
    assert batch.ended(batch.submit("true", image="test/failing"))["status"] == "SUCCEEDED"
