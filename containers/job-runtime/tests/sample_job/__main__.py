"""`python -m sample_job <stage> <workdir>`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path


def say(event: str, **facts: object) -> None:
    print(json.dumps({"event": event, **facts}), flush=True)


def copy(workdir: Path) -> None:
    """Turns the user's files and the earlier stage's into one document."""
    listing = json.loads((workdir / "input.json").read_text())
    contents = {entry["name"]: (workdir / entry["path"]).read_text() for entry in listing}
    contents["before"] = (workdir / "before" / "note.txt").read_text()
    (workdir / "copy").mkdir()
    (workdir / "copy" / "all.json").write_text(json.dumps(contents))
    (workdir / "artifacts").mkdir()
    (workdir / "artifacts" / "scene.usdz").write_text("scene")
    say("progress", percent=50, etaSeconds=3, message="half way")
    say("warning", code="odd", message="one file is odd")
    say("succeeded", metrics={"files": len(listing)}, artifacts={"usdz": "artifacts/scene.usdz"})


def refuse(workdir: Path) -> None:
    """The user's input is at fault, and there is something to show for it."""
    (workdir / "artifacts").mkdir()
    (workdir / "artifacts" / "sparse.zip").write_text("zip")
    say(
        "failed",
        code="too_few",
        message="two are too few",
        nextAction="bring a third",
        artifacts={"colmapSparse": "artifacts/sparse.zip"},
    )


def count(workdir: Path) -> None:
    """Counts to ten in `count/checkpoint`, waiting at five on its first attempt for the end."""
    folder = workdir / "count" / "checkpoint"
    file = folder / "state.json"
    start = json.loads(file.read_text())["count"] if file.exists() else 0
    folder.mkdir(parents=True, exist_ok=True)

    def save(number: int) -> None:
        new = folder / "new.json.partial"
        new.write_text(json.dumps({"count": number}))
        new.replace(file)
        say("checkpoint", path="count/checkpoint")

    def stop(*_: object) -> None:
        save(6)
        sys.exit(143)

    signal.signal(signal.SIGTERM, stop)
    for number in range(start + 1, 11):
        save(number)
        if number == 5:
            say("progress", percent=50, etaSeconds=None, message="waiting at five")
            time.sleep(600)
    (workdir / "count" / "done.json").write_text(json.dumps({"from": start}))
    say("succeeded", metrics={"from": start}, artifacts={})


def stubborn(workdir: Path) -> None:
    """Leaves a grandchild that ignores SIGTERM, and ignores it too."""
    ignoring = "import signal,time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
    grandchild = subprocess.Popen([sys.executable, "-c", ignoring])
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    say("progress", percent=1, etaSeconds=None, message=f"{os.getpid()} {grandchild.pid} {workdir}")
    time.sleep(600)


def crash(workdir: Path) -> None:
    raise RuntimeError("a defect of ours")


def full(workdir: Path) -> None:
    sys.exit(75)


def killed(workdir: Path) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def environment(workdir: Path) -> None:
    say("succeeded", metrics={"environment": dict(os.environ)}, artifacts={})


def chatter(workdir: Path) -> None:
    """Says much that is no event, among it bytes that are no text and one endless line."""
    sys.stdout.buffer.write(b"\xff\xfe not text\n" + b"x" * 300_000 + b"\n")
    print("{not json", flush=True)
    print(json.dumps({"event": "succeeded_not"}), flush=True)
    print("to standard error", file=sys.stderr, flush=True)
    for number in range(2000):
        say("progress", percent=number / 20, etaSeconds=1, message=f"step {number}")
    say("succeeded", metrics={}, artifacts={})


if __name__ == "__main__":
    globals()[sys.argv[1]](Path(sys.argv[2]))
