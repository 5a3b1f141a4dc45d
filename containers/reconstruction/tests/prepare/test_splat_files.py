"""PLY files of users: what is read, and what is refused with the reason."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from reconstruction.gaussians.parameters import Gaussians, column_count
from reconstruction.gaussians.ply import columns_in_file_order, property_names, read_ply
from reconstruction.prepare.stage import run
from reconstruction.splats import ply


def random_gaussians(degree: int, count: int = 50) -> Gaussians:
    rng = np.random.default_rng(degree)
    return Gaussians(rng.normal(size=(count, column_count(degree))), degree)


def write(
    path: Path, gaussians: Gaussians, form: str = "binary_little_endian", kind: str = "f4"
) -> None:
    """A PLY with its properties in another order, and one that nobody asked for."""
    names = property_names(gaussians.degree)
    columns = dict(zip(names, columns_in_file_order(gaussians.degree), strict=True))
    order = [*sorted(names), "nx"]
    values = np.column_stack(
        [gaussians.values[:, columns[name]] if name in columns else np.zeros(50) for name in order]
    )
    words = {"f4": "float", "f8": "double"}
    lines = ["ply", f"format {form} 1.0", "comment of mine", f"element vertex {len(gaussians)}"]
    lines += [f"property {words[kind]} {name}" for name in order] + ["end_header", ""]
    body = values.astype({"binary_big_endian": ">"}.get(form, "<") + kind).tobytes()
    if form == "ascii":
        body = "\n".join(" ".join(map(repr, row)) for row in values.tolist()).encode()
    path.write_bytes("\n".join(lines).encode() + body)


@pytest.mark.parametrize("degree", [0, 1, 2, 3])
def test_every_degree_is_read(new_job: Callable, degree: int) -> None:
    job = new_job("splat")
    gaussians = random_gaussians(degree)
    write(job.input("scene.ply"), gaussians)
    assert job.run(run).outcome.metrics["gaussians"] == 50
    rotations = gaussians.rotations / np.linalg.norm(gaussians.rotations, axis=1, keepdims=True)
    gaussians.rotations[:] = rotations
    written = read_ply(job.folder / "prepare" / "splats.ply")
    assert np.allclose(written.values, gaussians.values, atol=1e-6)


@pytest.mark.parametrize(
    ("form", "kind"), [("ascii", "f8"), ("binary_big_endian", "f4"), ("binary_little_endian", "f8")]
)
def test_every_form_of_ply_is_read(new_job: Callable, form: str, kind: str) -> None:
    job = new_job("splat")
    gaussians = random_gaussians(1)
    write(job.input("scene.ply"), gaussians, form, kind)
    job.run(run)
    written = read_ply(job.folder / "prepare" / "splats.ply")
    assert np.allclose(written.positions, gaussians.positions, atol=1e-6)


def test_gaussians_that_are_no_numbers_are_dropped_with_a_warning(new_job: Callable) -> None:
    job = new_job("splat")
    gaussians = random_gaussians(0)
    gaussians.values[3, 0] = np.nan
    gaussians.rotations[7] = 0
    gaussians.log_scales[9] = 90
    gaussians.opacity_logits[11] = np.inf
    write(job.input("scene.ply"), gaussians)
    outcome = job.run(run)
    assert outcome.outcome.metrics["gaussians"] == 47
    assert "3 of 50" in outcome.warnings["gaussians_dropped"]


def refusal(new_job: Callable, change: Callable[[bytes], bytes]) -> str:
    job = new_job("splat")
    write(job.input("scene.ply"), random_gaussians(1))
    job.input("scene.ply").write_bytes(change(job.input("scene.ply").read_bytes()))
    failure = job.run(run).failure
    assert failure.code == "splat_unreadable"
    return failure.message


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda content: b"", "does not begin with the word ply"),
        (lambda content: b"solid teapot\n" + content, "does not begin with the word ply"),
        (lambda content: content[:60], "its header has no end"),
        (lambda content: content[:-400], "it is cut off: 4"),
        (lambda content: content.replace(b"vertex 50", b"vertex 0"), "holds no Gaussians"),
        (lambda content: content.replace(b"vertex 50", b"face 50"), "first element is 'face'"),
        (lambda content: content.replace(b"float opacity", b"float o"), "lacks the properties"),
        (lambda content: content.replace(b"float f_rest_8", b"float f"), "8 f_rest properties"),
        (lambda content: content.replace(b"float nx", b"float x"), "names a property twice"),
        (lambda content: content.replace(b"float nx", b"list uchar int x"), "is no number"),
        (lambda content: content.replace(b"nx", b"packed_position"), "it is compressed"),
        (lambda content: content.replace(b"binary_little", b"binary_middle"), "format is unknown"),
        (lambda content: content[: content.index(b"end_header") + 11] + b"\xff" * 5000, "numbers"),
    ],
)
def test_what_is_no_ply_of_gaussians_is_refused_with_the_reason(
    new_job: Callable, change: Callable[[bytes], bytes], reason: str
) -> None:
    assert reason in refusal(new_job, change)


def test_too_large_a_file_is_refused_before_it_is_read(
    new_job: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = new_job("splat")
    write(job.input("scene.ply"), random_gaussians(0))
    content = job.input("scene.ply").read_bytes()
    job.input("scene.ply").write_bytes(content.replace(b"vertex 50", b"vertex 1000001"))
    failure = job.run(run).failure
    assert failure.code == "splat_too_large" and "1,000,001 Gaussians" in failure.message
    monkeypatch.setattr(ply, "MAX_BYTES", 1000)
    assert "MiB" in job.run(run).failure.message


def test_several_files_are_refused(new_job: Callable) -> None:
    job = new_job("splat")
    for name in ("a.ply", "b.ply"):
        write(job.input(name), random_gaussians(0))
    assert "2 files instead of one" in job.run(run).failure.message
