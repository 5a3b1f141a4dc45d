"""SIGTERM, kill -9, and what is left behind: nothing but the checkpoint."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

from conftest import Job, until


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not (stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z")


def stubborn_processes(job: Job) -> tuple[list[int], Path]:
    """The stage's process and its child, and the stage's folder, once they run."""
    progress = until(
        lambda: (
            (job.json("progress/stubborn.json") or {}).get("percent") == 1
            and job.json("progress/stubborn.json")
        ),
        "the stage",
    )
    child, grandchild, folder = progress["message"].split(" ", 2)
    return [int(child), int(grandchild)], Path(folder)


def waiting_at_five(job: Job) -> subprocess.Popen[str]:
    """A running attempt whose stage counted to five and waits."""
    attempt = job.start("count")
    until(
        lambda: (job.json("progress/count.json") or {}).get("percent") == 50,
        "the stage to wait at five",
    )
    return attempt


def test_a_stopped_stage_stores_its_last_checkpoint_and_the_next_attempt_goes_on(job: Job) -> None:
    first = waiting_at_five(job)
    first.send_signal(signal.SIGTERM)
    first.communicate(timeout=60)
    assert first.returncode == 143
    assert job.json("count/result.json") is None
    folder = job.json("count/checkpoint/latest.json")["folder"]
    assert job.json(f"count/checkpoint/{folder}/state.json") == {"count": 6}
    assert job.run("count", attempt=2)[0] == 0
    assert job.json("count/result.json")["metrics"] == {"from": 6}
    assert job.log("logs/count-1.jsonl")[-1]["event"] == "stopped"


def test_only_the_newest_checkpoint_is_kept_and_none_of_a_finished_stage(job: Job) -> None:
    first = waiting_at_five(job)

    def newest_alone() -> bool:
        stored = [path for path in job.paths() if "/checkpoint/" in path]
        latest = job.json("count/checkpoint/latest.json")
        return bool(latest) and stored == sorted(
            [f"count/checkpoint/{latest['folder']}/state.json", "count/checkpoint/latest.json"]
        )

    until(newest_alone, "one checkpoint alone")
    first.kill()
    first.communicate()
    exit_code, _, errors = job.run("count", attempt=2)
    assert (exit_code, errors) == (0, "")
    assert job.json("count/result.json")["metrics"] == {"from": 5}
    assert [path for path in job.paths() if "checkpoint" in path] == []


def test_kill_minus_nine_of_the_runtime_ends_the_whole_stage_and_removes_its_files(
    job: Job,
) -> None:
    runtime = job.start("stubborn")
    processes, folder = stubborn_processes(job)
    assert all(map(is_alive, processes)) and folder.is_dir()
    runtime.kill()
    runtime.communicate()
    until(lambda: not any(map(is_alive, processes)), "the stage's processes to be gone")
    until(lambda: not folder.exists(), "the stage's folder to be gone")


def test_a_stage_that_ignores_sigterm_is_killed_with_its_children(job: Job) -> None:
    runtime = job.start("stubborn")
    processes, folder = stubborn_processes(job)
    runtime.send_signal(signal.SIGTERM)
    runtime.communicate(timeout=60)
    assert runtime.returncode == 143
    assert not any(map(is_alive, processes)) and not folder.exists()


def test_progress_lives_while_the_stage_is_silent(job: Job) -> None:
    runtime = job.start("stubborn")
    stubborn_processes(job)
    first = job.json("progress/stubborn.json")["updatedAt"]
    until(lambda: job.json("progress/stubborn.json")["updatedAt"] > first, "a heartbeat")
    runtime.kill()
    runtime.communicate()
