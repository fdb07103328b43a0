"""Chains that are killed or belong to another call."""

from __future__ import annotations

import numpy as np
import pytest

from bayes_glmm.engine.store import Chain, Store
from bayes_glmm.errors import EngineError

IDENTITY = {"spec": "y ~ x", "seed": 1, "settings": {"draws": 10}}


def chain(seed: int) -> Chain:
    rng = np.random.default_rng(seed)
    return Chain({"x": rng.normal(size=(10, 3))}, {"diverging": rng.random(10) < 0.5})


def test_a_chain_is_read_back_byte_for_byte(tmp_path):
    store = Store.open(tmp_path / "run", IDENTITY)
    store.write(0, 1, chain(3))
    back = Store.open(tmp_path / "run", IDENTITY).read(0, 1)
    assert back.draws["x"].tobytes() == chain(3).draws["x"].tobytes()
    assert back.stats["diverging"].tolist() == chain(3).stats["diverging"].tolist()
    assert store.read(1, 1) is None
    assert store.read(0, 2) is None


def test_another_call_is_refused_by_what_differs(tmp_path):
    Store.open(tmp_path / "run", IDENTITY)
    with pytest.raises(EngineError, match="seed, spec differ"):
        Store.open(tmp_path / "run", IDENTITY | {"seed": 2, "spec": "y ~ z"})


def test_a_folder_with_other_files_is_refused(tmp_path):
    (tmp_path / "thesis.txt").write_text("do not touch")
    with pytest.raises(EngineError, match=r"thesis\.txt"):
        Store.open(tmp_path, IDENTITY)
    assert (tmp_path / "thesis.txt").read_text() == "do not touch"


def test_a_half_written_chain_is_not_a_chain(tmp_path):
    store = Store.open(tmp_path / "run", IDENTITY)
    store.path(0, 1).with_name(store.path(0, 1).name + ".part").write_bytes(b"half")
    assert store.read(0, 1) is None


def test_a_damaged_chain_is_named(tmp_path):
    store = Store.open(tmp_path / "run", IDENTITY)
    store.write(0, 1, chain(1))
    whole = store.path(0, 1).read_bytes()
    store.path(0, 1).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(EngineError, match="attempt1-chain0"):
        store.read(0, 1)


def test_a_failed_write_leaves_nothing(tmp_path):
    store = Store.open(tmp_path / "run", IDENTITY)

    class Refuses:
        def __array__(self, *args, **kwargs):
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        store.write(0, 1, Chain({"x": Refuses()}, {}))
    assert sorted(p.name for p in store.folder.iterdir()) == ["run.json"]
