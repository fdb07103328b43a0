"""Chains that are killed or belong to another call."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile

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


def test_draws_that_were_altered_are_not_taken_up(tmp_path):
    store = Store.open(tmp_path / "run", IDENTITY)
    store.write(0, 1, chain(1))
    other = {"draw:x": chain(2).draws["x"], "stat:diverging": np.zeros(10, bool)}
    np.savez(store.path(0, 1), **other)
    with pytest.raises(EngineError, match=r"attempt1-chain0\.npz.*checksum differs"):
        store.read(0, 1)
    store.path(0, 1).unlink()
    assert store.read(0, 1) is None
    store.write(0, 1, chain(1))
    assert store.read(0, 1).draws["x"].tolist() == chain(1).draws["x"].tolist()


def test_one_chain_in_the_place_of_another_is_not_taken_up(tmp_path):
    store = Store.open(tmp_path / "run", IDENTITY)
    for k in range(2):
        store.write(k, 1, chain(k))
    store.path(0, 1).write_bytes(store.path(1, 1).read_bytes())
    with pytest.raises(EngineError, match="attempt1-chain0"):
        store.read(0, 1)


def test_a_chain_without_a_checksum_is_of_a_version_before(tmp_path):
    store = Store.open(tmp_path / "run", IDENTITY)
    store.write(0, 1, chain(1))
    (store.folder / "chains.json").unlink()
    with pytest.raises(EngineError, match="version before this one"):
        store.read(0, 1)


@pytest.mark.parametrize(
    "record", [b"", b"[]", b"3", b"{", b"\xff", b"[" * 100_000, b'{"a": ', None]
)
@pytest.mark.parametrize("name", ["run.json", "chains.json"])
def test_damaged_records_are_named(tmp_path, name, record):
    store = Store.open(tmp_path / "run", IDENTITY)
    store.write(0, 1, chain(1))
    path = store.folder / name
    path.unlink()
    if record is None:
        path.mkdir()
    else:
        path.write_bytes(record)
    with pytest.raises(EngineError, match=name.replace(".", r"\.")):
        Store.open(tmp_path / "run", IDENTITY).read(0, 1)


def claims(shape: str) -> bytes:
    """Write an archive whose array says it has another shape than it has."""
    whole = io.BytesIO()
    np.save(whole, np.zeros(4))
    said = f"{shape}, }}"
    changed = whole.getvalue().replace("(4,), }".ljust(len(said)).encode(), said.encode())
    assert changed != whole.getvalue()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("draw:x.npy", changed)
    return packed.getvalue()


def packed() -> bytes:
    whole = io.BytesIO()
    np.savez_compressed(whole, **{"draw:x": np.zeros(10**6)})
    return whole.getvalue()


@pytest.mark.parametrize(
    "content", [claims("(4000000000000,)"), claims("(3,)"), packed(), b"", b"PK", b"x" * 1000]
)
def test_archives_that_say_they_are_huge_are_refused_by_name(tmp_path, content):
    store = Store.open(tmp_path / "run", IDENTITY)
    store.path(0, 1).write_bytes(content)
    record = {store.path(0, 1).name: hashlib.sha256(content).hexdigest()}
    (store.folder / "chains.json").write_text(json.dumps(record))
    with pytest.raises(EngineError, match=r"attempt1-chain0\.npz cannot be read"):
        store.read(0, 1)
