"""Many tasks give the same records however they are run, and stopped ones go on."""

from __future__ import annotations

import json
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool

import pytest

from bayes_glmm.errors import EngineError
from bayes_glmm.studies.jobs import run_many

IDENTITY = {"model": "a", "seed": 1}


def square(k: int) -> dict[str, int]:
    if k == 13:
        raise ValueError("thirteen")
    return {"square": k * k}


def run(n: int = 30, task=square, **options):
    given = {"what": "squares", "identity": IDENTITY, "progress": False} | options
    return run_many(task, n, **given)


class Dies(Executor):
    """A pool whose workers die after the first few chunks."""

    def __init__(self, lives: int):
        self.lives = lives

    def submit(self, function, /, *arguments, **named):
        future: Future = Future()
        self.lives -= 1
        if self.lives >= 0:
            future.set_result(function(*arguments, **named))
        else:
            future.set_exception(BrokenProcessPool("a process was terminated abruptly"))
        return future


def test_records_come_in_order_and_failures_among_them():
    records = run()
    assert [r.get("square") for r in records[:4]] == [0, 1, 4, 9]
    assert records[13] == {"error": "ValueError: thirteen"}
    assert sum("error" in r for r in records) == 1


def test_executors_give_the_same():
    assert run(executor=ThreadPoolExecutor(3)) == run()


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore:Port .* is already:UserWarning")
def test_a_dask_client_gives_the_same():
    distributed = pytest.importorskip("distributed")
    with distributed.Client(
        processes=False, n_workers=1, threads_per_worker=2, dashboard_address=None
    ) as client:
        assert run(executor=client) == run()


def test_a_dead_worker_is_named_and_loses_nothing(tmp_path):
    asked: list[int] = []

    def counted(k: int) -> dict[str, int]:
        asked.append(k)
        return square(k)

    with pytest.raises(EngineError, match="died.*goes on from there"):
        run(100, task=counted, executor=Dies(7), store=tmp_path)
    done = len(asked)
    assert 0 < done < 100
    assert run(100, task=counted, store=tmp_path) == run(100)
    assert set(asked[done:]) == set(range(100)) - set(asked[:done]) | {13}


def test_a_line_cut_short_is_done_again(tmp_path):
    whole = run(10, store=tmp_path)
    lines = tmp_path / "fits.jsonl"
    content = lines.read_bytes()
    lines.write_bytes(content[:-9])
    assert run(10, store=tmp_path) == whole
    assert lines.read_bytes() == content


def test_more_can_be_asked_for_later(tmp_path):
    run(5, store=tmp_path)
    assert run(9, store=tmp_path) == run(9)


def test_a_store_of_another_call_is_refused(tmp_path):
    run(3, store=tmp_path)
    with pytest.raises(EngineError, match="seed differ"):
        run(3, store=tmp_path, identity={**IDENTITY, "seed": 2})
    other = tmp_path / "other"
    other.mkdir()
    (other / "notes.txt").write_text("mine")
    with pytest.raises(EngineError, match=r"notes\.txt"):
        run(3, store=other)


def test_a_damaged_store_is_named(tmp_path):
    run(3, store=tmp_path)
    (tmp_path / "fits.jsonl").write_text(json.dumps({"no": "number"}) + "\n")
    with pytest.raises(EngineError, match="line 1"):
        run(3, store=tmp_path)


def test_altered_records_are_named_and_old_ones_too(tmp_path):
    run(3, store=tmp_path)
    lines = tmp_path / "fits.jsonl"
    whole = lines.read_text()
    lines.write_text(whole.replace('"square": 4', '"square": 5'))
    with pytest.raises(EngineError, match=r"line 3.*checksum"):
        run(3, store=tmp_path)
    lines.write_text('{"number": 0, "square": 0}\n')
    with pytest.raises(EngineError, match="version before"):
        run(3, store=tmp_path)
    for damage in (b"\xff\n", b"[1]\n", b"[" * 100_000 + b"\n", b'{"number": "x"}\n'):
        lines.write_bytes(damage)
        with pytest.raises(EngineError, match="line 1"):
            run(3, store=tmp_path)
    lines.write_text(whole)
    assert run(3, store=tmp_path) == run(3)
