"""A folder of a run has one owner at a time, who is named, and is free when its owner is gone."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import bayes_glmm as bg
from bayes_glmm.disk.atomic_files import holding
from bayes_glmm.engine.store import Store
from bayes_glmm.errors import EngineError
from bayes_glmm.studies.jobs import run_many

ROOT = Path(__file__).resolve().parents[1]
HOLDS = """
import sys, time
from pathlib import Path
from bayes_glmm.disk.atomic_files import holding
with holding(Path(sys.argv[1])):
    print("mine", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    """Start another process that owns the folder ``run``."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(tmp_path / "run")], cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None and process.stdout.readline() == "mine\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def records(folder, task=lambda k: {"k": k}):
    return run_many(task, 3, what="x", identity={"a": 1}, store=folder, progress=False)


def test_the_owner_is_named_until_it_is_gone(holder, tmp_path):
    folder = tmp_path / "run"
    for begin in (
        lambda: records(folder),
        lambda: bg.fit("weight ~ age", bg.dataset("rats"), store=folder, progress=False),
    ):
        with pytest.raises(EngineError, match=f"in use by process {holder.pid} on .*since 20"):
            begin()
    assert [p.name for p in folder.iterdir()] == ["run.lock"]
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert (folder / "run.lock").exists()
    assert len(records(folder)) == 3
    assert sorted(p.name for p in folder.iterdir()) == ["fits.jsonl", "run.json"]


def test_a_lock_file_that_nobody_holds_is_taken_whatever_it_says(tmp_path):
    for said in (b"", b"{", b'{"process": 1, "host": "elsewhere", "since": "now"}', b"\xff" * 5000):
        (tmp_path / "run.lock").write_bytes(said)
        with holding(tmp_path):
            assert str(os.getpid()) in (tmp_path / "run.lock").read_text()
        assert not list(tmp_path.iterdir())


def test_a_damaged_lock_of_a_living_owner_is_still_a_lock(tmp_path):
    with holding(tmp_path):
        (tmp_path / "run.lock").write_bytes(b"\xff[")
        with pytest.raises(EngineError, match="in use by another process"), holding(tmp_path):
            raise AssertionError


def test_threads_and_calls_within_calls_are_refused_too(tmp_path):
    with holding(tmp_path), ThreadPoolExecutor(1) as pool:
        with pytest.raises(EngineError, match=f"process {os.getpid()}"):
            pool.submit(records, tmp_path).result()
    assert len(records(tmp_path)) == 3


def test_many_who_want_one_folder_take_turns(tmp_path):
    inside = []

    def turn(k):
        while True:
            try:
                with holding(tmp_path):
                    inside.append(k)
                    assert len(inside) == 1
                    time.sleep(0.001)
                    inside.remove(k)
                    return k
            except EngineError:
                time.sleep(0.0005)

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(turn, range(60))) == list(range(60))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_child_does_not_keep_what_its_parent_let_go(tmp_path):
    fork = multiprocessing.get_context("fork")
    with holding(tmp_path):
        child = fork.Process(target=time.sleep, args=(30,))
        child.start()
    try:
        with holding(tmp_path):
            assert child.is_alive()
    finally:
        child.kill()
        child.join()


def test_a_file_system_without_locks_goes_by_what_the_file_says(tmp_path, monkeypatch):
    import fcntl

    def refuse(number, how):
        raise OSError(38, "not here")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with holding(tmp_path):
        with pytest.raises(EngineError, match=r"remove .*run\.lock"), holding(tmp_path):
            raise AssertionError
    with holding(tmp_path):
        pass


def test_what_dead_processes_were_writing_is_cleared_away(tmp_path):
    records(tmp_path)
    (tmp_path / "fits.jsonl.0123456789abcdef.part").write_bytes(b"half")
    (tmp_path / "mine.part").write_bytes(b"not ours")
    records(tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["fits.jsonl", "mine.part", "run.json"]


def test_reading_a_store_does_not_need_its_lock(tmp_path):
    with holding(tmp_path / "run"):
        assert Store.open(tmp_path / "run", {"seed": 1}).read(0, 1) is None
