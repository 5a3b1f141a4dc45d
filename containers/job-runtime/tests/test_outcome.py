"""How an attempt ends, and what is in the bucket then."""

from __future__ import annotations

import json

from conftest import Job


def test_a_finished_stage_leaves_its_outputs_its_logs_and_a_result(job: Job) -> None:
    job.put("before/note.txt", "from before")
    job.put("upload/a.jpg", "first")
    exit_code, _, errors = job.run("copy")
    assert (exit_code, errors) == (0, "")
    result = job.json("copy/result.json")
    assert result["outcome"] == "succeeded" and result["error"] is None
    assert result["stage"] == "copy" and result["engine"] == "cpu-lite"
    assert result["metrics"] == {"files": 1}
    assert result["warnings"] == [{"code": "odd", "message": "one file is odd"}]
    assert result["artifacts"] == {
        "usdz": "artifacts/scene.usdz",
        "logs": "artifacts/logs.jsonl",
    }
    assert result["startedAt"] < result["finishedAt"]
    assert job.json("copy/all.json") == {"a.jpg": "first", "before": "from before"}
    assert job.content_type("artifacts/scene.usdz") == "model/vnd.usdz+zip"
    assert job.json("progress/copy.json")["percent"] == 100
    events = [line["event"] for line in job.log("logs/copy-1.jsonl")]
    assert events[0] == "started" and events[-1] == "finished"
    assert job.get("artifacts/logs.jsonl") == job.get("logs/copy-1.jsonl")


def test_the_users_file_names_never_reach_the_disk(job: Job) -> None:
    names = ["../../escape.jpg", "ünï côde.JPG", "a.jpg", "A.jpg", "x" * 300 + ".png", "no suffix"]
    for name in names:
        job.put(f"upload/{name}", name)
    job.put("before/note.txt", "")
    assert job.run("copy")[0] == 0
    contents = job.json("copy/all.json")
    assert {name: contents[name] for name in names} == {name: name for name in names}


def test_the_users_own_fault_is_a_result_with_what_there_is_to_show(job: Job) -> None:
    assert job.run("refuse")[0] == 0
    result = job.json("refuse/result.json")
    assert result["outcome"] == "failed"
    assert result["error"] == {
        "code": "too_few",
        "message": "two are too few",
        "nextAction": "bring a third",
    }
    assert result["artifacts"]["colmapSparse"] == "artifacts/sparse.zip"
    assert job.get("artifacts/sparse.zip") == b"zip"


def test_a_finished_stage_is_not_run_again(job: Job) -> None:
    job.put("crash/result.json", "{}")
    exit_code, output, _ = job.run("crash")
    assert exit_code == 0 and "finished already" in output
    assert job.json("crash/result.json") == {}


def test_a_stage_that_ends_without_a_word_is_a_defect_told_in_the_log(job: Job) -> None:
    exit_code, _, errors = job.run("crash")
    assert exit_code == 1 and "a defect of ours" in errors
    assert job.json("crash/result.json") is None
    assert "a defect of ours" in job.log("logs/crash-1.jsonl")[-1]["message"]


def test_what_passes_by_itself_may_be_tried_again(job: Job) -> None:
    assert job.run("full")[0] == 75
    assert job.run("killed")[0] == 75
    assert job.json("killed/result.json") is None


def test_lost_network_may_be_tried_again(job: Job) -> None:
    exit_code, _, errors = job.run("copy", AWS_ENDPOINT_URL="http://127.0.0.1:9")
    assert exit_code == 75 and "TransientFault" in errors


def test_a_missing_spec_bucket_variable_or_stage_is_an_infrastructure_fault(job: Job) -> None:
    wrong = {
        "JOB_SPEC_URI": [
            f"s3://jobs/{job.prefix}elsewhere/spec.json",
            "s3://no-such-bucket/spec.json",
            "file:///etc/spec.json",
            "s3://jobs/notes.txt",
        ],
        "JOB_STAGE": ["no-such-stage", ""],
    }
    for name, values in wrong.items():
        for value in values:
            exit_code, _, errors = job.run("copy", **{name: value})
            assert exit_code == 1 and "InfrastructureFault" in errors, (name, value)


def test_an_input_that_is_no_bucket_is_refused(job: Job) -> None:
    job.put("spec.json", json.dumps({"inputUri": "file:///etc/"}))
    exit_code, _, errors = job.run("copy")
    assert exit_code == 1 and "not an S3 folder" in errors


def test_nothing_of_aws_reaches_the_stage(job: Job) -> None:
    job.run("environment")
    environment = job.json("environment/result.json")["metrics"]["environment"]
    assert [name for name in environment if name.startswith("AWS_")] == []
    assert "secret" not in json.dumps(environment)


def test_chatter_is_kept_as_lines_of_the_log_and_harms_nothing(job: Job) -> None:
    assert job.run("chatter")[0] == 0
    lines = job.log("logs/chatter-1.jsonl")
    output = [line["message"] for line in lines if line["event"] == "output"]
    assert "\ufffd\ufffd not text" in output
    assert sum(message.count("x") for message in output) >= 300_000
    assert "{not json" in output and "to standard error" in output
    assert sum(line["event"] == "progress" for line in lines) < 20


def test_the_log_artifact_holds_all_stages_and_attempts_in_order(job: Job) -> None:
    job.run("crash", attempt=1)
    job.run("crash", attempt=2)
    job.run("refuse")
    lines = job.log("artifacts/logs.jsonl")
    started = [(line["stage"], line["attempt"]) for line in lines if line["event"] == "started"]
    assert started == [("crash", 1), ("crash", 2), ("refuse", 1)]
    assert [line["time"] for line in lines] == sorted(line["time"] for line in lines)
