"""Disks that fill: what was in memory and what was on the disk both stay."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bayes_glmm as bg
from bayes_glmm.cli.table_files import write_csv
from bayes_glmm.disk.atomic_files import aside, write_atomically
from bayes_glmm.engine.store import Chain, Store
from bayes_glmm.errors import ArgumentError, BayesGLMMError, WriteError
from bayes_glmm.studies.jobs import run_many
from tests.canned import binomial_tree, slope_tree

ROOT = Path(__file__).resolve().parents[1]
LIMITED = """
    import resource, sys
    from pathlib import Path
    import numpy as np
    import bayes_glmm as bg
    from tests.canned import binomial_tree
    tree, path = binomial_tree(), Path(sys.argv[1])
    before = path.read_bytes()
    resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, resource.RLIM_INFINITY))
    try:
        bg.save(tree, path, force=True)
    except bg.errors.BayesGLMMError as error:
        print(error)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
    assert path.read_bytes() == before
    assert bg.load(bg.save(tree, Path(sys.argv[2]))).identical(tree)
    print("kept")
"""


def alone(code, *arguments):
    """Run code in a process of its own, which a fault of a library may end."""
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)],
        cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip


def test_a_process_survives_a_file_that_cannot_grow(tmp_path):
    path = bg.save(slope_tree(), tmp_path / "fit.nc")
    done = alone(LIMITED, path, tmp_path / "again.nc")
    assert not done.stderr
    assert done.returncode == 0, done.stderr
    assert "fit.nc cannot be written (File too large)" in done.stdout
    assert done.stdout.endswith("kept\n")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["again.nc", "fit.nc"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="mounts a small disk")
def test_a_full_disk_ends_nothing(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no disk can be mounted here")
    try:
        (disk / "fit.nc").write_bytes(b"old")
        done = alone(LIMITED.replace("60_000", "2**40"), disk / "fit.nc", tmp_path / "again.nc")
        assert not done.returncode and not done.stderr
        assert "No space left on device" in done.stdout
        assert [p.name for p in disk.iterdir()] == ["fit.nc"]
    finally:
        subprocess.run(["umount", str(disk)], check=False)


@pytest.fixture
def full(monkeypatch):
    """Let nothing reach the disk."""

    def refuse(number):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", refuse)


def _report(folder):
    bg.report(binomial_tree(), folder / "page.html")


def _explorer(folder):
    bg.explore(None, folder / "explorer.html", open=False)


def _table(folder):
    write_csv(pd.DataFrame({"x": [1]}), folder / "x.csv")


def _save(folder):
    bg.save(binomial_tree(), folder / "fit.nc")


def _store(folder):
    Store.open(folder / "run", {"seed": 1})


def _records(folder):
    run_many(
        lambda k: {"k": k}, 3, what="x", identity={"a": 1}, store=folder / "run", progress=False
    )


@pytest.mark.parametrize(
    "write",
    [pytest.param(_report, marks=pytest.mark.slow), _explorer, _table, _save, _store, _records],
)
@pytest.mark.usefixtures("full")
def test_whatever_is_written_says_that_the_disk_is_full(write, tmp_path):
    with pytest.raises(WriteError, match="No space left on device"):
        write(tmp_path)
    assert not [p for p in tmp_path.rglob("*") if p.is_file()]


def test_a_chain_that_cannot_be_kept_leaves_the_others(tmp_path, monkeypatch):
    store = Store.open(tmp_path / "run", {"seed": 1})
    first = Chain({"x": np.arange(5.0)}, {})
    store.write(0, 1, first)

    def refuse(number):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch, pytest.raises(WriteError, match="No space"):
        patch.setattr(os, "fsync", refuse)
        store.write(1, 1, first)
    assert store.read(0, 1).draws["x"].tolist() == first.draws["x"].tolist()
    assert store.read(1, 1) is None
    store.write(1, 1, first)
    assert store.read(1, 1) is not None


def test_records_go_on_after_a_full_disk(tmp_path, monkeypatch):
    def run(n):
        return run_many(
            lambda k: {"k": k}, n, what="x", identity={"a": 1}, store=tmp_path, progress=False
        )

    run(2)
    real, calls = os.fsync, []

    def refuse(number):
        calls.append(number)
        if len(calls) > 2:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(number)

    with monkeypatch.context() as patch, pytest.raises(WriteError, match="What is kept stays"):
        patch.setattr(os, "fsync", refuse)
        run(6)
    assert [r["k"] for r in run(6)] == list(range(6))


def test_a_folder_that_is_a_file_or_closed_is_our_error(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(BayesGLMMError, match="file"):
        Store.open(tmp_path / "file" / "run", {"seed": 1})
    with pytest.raises(WriteError, match="nowhere"):
        write_atomically(tmp_path / "nowhere" / "x", b"")
    (tmp_path / "folder").mkdir()
    with pytest.raises(ArgumentError, match="folder"):
        bg.save(binomial_tree(), tmp_path / "folder")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "folder"]


def test_two_who_write_one_file_do_not_share_what_they_write(tmp_path):
    path = tmp_path / "x"
    with aside(path) as first, aside(path) as second:
        first.write(b"first" * 1000)
        second.write(b"second")
    assert path.read_bytes() == b"first" * 1000
    assert [p.name for p in tmp_path.iterdir()] == ["x"]


def test_errors_of_the_work_itself_stay_what_they_are(tmp_path):
    with pytest.raises(ZeroDivisionError), aside(tmp_path / "x"):
        raise ZeroDivisionError
    with pytest.raises(json.JSONDecodeError), aside(tmp_path / "x"):
        json.loads("{")
    assert not list(tmp_path.iterdir())
