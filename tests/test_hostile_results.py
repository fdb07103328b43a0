"""Small files that would hang, fill the memory or read other files, and a budget that says no."""

from __future__ import annotations

import io
import json
import time
import tracemalloc
import zlib
from pathlib import Path

import h5py
import numpy as np
import pytest
import xarray as xr

import bayes_glmm as bg
from bayes_glmm.errors import BayesGLMMError, ResultError
from tests.canned import binomial_tree

TEXT = h5py.string_dtype()


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    path = bg.save(binomial_tree(), tmp_path_factory.mktemp("saved") / "fit.nc")
    whole = path.read_bytes()
    return whole[: whole.rindex(b"\nbayes_glmm sha256 ")]


def _itself(file):
    file["posterior/again"] = file["posterior"]


def _root(file):
    file["posterior/again"] = file["/"]


def _twice(file):
    file["posterior/other"] = file["posterior/intercept"]


def _deep(file):
    group = file
    for _ in range(900):
        group = group.create_group("g")


def _many(file):
    group = file.create_group("many")
    for k in range(20_100):
        group.create_group(str(k))


def _shared(file):
    """Write one text of 40 kB to which 200,000 elements refer: 8 GB when read."""
    one = file.create_dataset("posterior/one", (1,), TEXT)
    one[0] = "x" * 40_000
    many = file.create_dataset("posterior/many", (200_000,), TEXT)
    many[0] = "y"
    file.flush()
    return one.id.get_offset(), many.id.get_offset()


def _longest(file):
    """Write one text of 1 MB among 200,000 short ones: 800 GB in an array of equal lengths."""
    values = ["a"] * 200_000
    values[7] = "x" * 1_000_000
    file.create_dataset("posterior/labels", data=values, dtype=TEXT)


def _unallocated(file):
    file.create_dataset("posterior/huge", (10**6, 10**5), "f8")


def _unallocated_pieces(file):
    file.create_dataset("posterior/huge", (2 * 10**7,), "i1", chunks=(1,))


def _zeros(file):
    file.create_dataset(
        "posterior/zeros", data=np.zeros(10**7), chunks=(10**6,), compression="gzip"
    )


def _piece(file):
    """Store a piece that says it has 800 bytes and inflates to 30 MB."""
    array = file.create_dataset("posterior/bomb", (100,), "f8", chunks=(100,), compression="gzip")
    array.id.write_direct_chunk((0,), zlib.compress(bytes(30_000_000), 9))


def _large_piece(file):
    file.create_dataset("posterior/wide", (1,), "i1", chunks=(1,), maxshape=(None,))
    file.create_dataset(
        "posterior/chunk", (1,), "f8", chunks=(2**28,), maxshape=(None,), fillvalue=1.0
    )


def _attributes(file):
    for k in range(100):
        file["posterior"].attrs[f"a{k}"] = k


def _texts(file):
    file["posterior"].attrs.create("texts", ["a" * 1000] * 100, dtype=TEXT)


def _lzf(file):
    file.create_dataset("posterior/packed", data=np.zeros(1000), compression="lzf")


def _virtual(file):
    layout = h5py.VirtualLayout((10,), "f8")
    layout[:] = h5py.VirtualSource("other.h5", "x", (10,))
    file.create_virtual_dataset("posterior/virtual", layout)


def _external(file):
    file.create_dataset("posterior/far", (10,), "f8", external=[("/etc/hostname", 0, 80)])


def _external_link(file):
    file["posterior/link"] = h5py.ExternalLink("other.nc", "/")


def _soft_link(file):
    file["posterior/link"] = h5py.SoftLink("/posterior")


def _type(file):
    file["posterior/type"] = np.dtype("f8")


def _compound(file):
    file["posterior/pairs"] = np.zeros(3, [("a", "f8"), ("b", "i4")])


def _lists(file):
    file.create_dataset("posterior/lists", (3,), h5py.vlen_dtype(np.float64))


def _references(file):
    file.create_dataset("posterior/refs", (3,), h5py.ref_dtype)


HOSTILE = {
    _itself: "two places", _root: "two places", _twice: "two places", _deep: "nest deeper",
    _many: "more than 20000", _longest: "larger than the file", _unallocated: "larger than the file",
    _unallocated_pieces: "larger than the file", _zeros: "larger than the file",
    _piece: "unpacks to more", _large_piece: "larger than the file", _attributes: "64 attributes",
    _texts: "list of texts", _lzf: "packed by something other", _virtual: "another file",
    _external: "another file", _external_link: "link to another", _soft_link: "link to another",
    _type: "neither a group", _compound: "neither numbers", _lists: "neither numbers",
    _references: "neither numbers",
}  # fmt: skip


def changed(plain, path, change):
    path.write_bytes(plain)
    with h5py.File(path, "r+") as file:
        change(file)
    return path


@pytest.mark.parametrize(
    ("change", "why"),
    [
        pytest.param(f, why, id=f.__name__.strip("_"), marks=[pytest.mark.slow] * (f is _many))
        for f, why in HOSTILE.items()
    ],
)
def test_hostile_files_are_refused_before_they_are_read(plain, tmp_path, change, why):
    path = changed(plain, tmp_path / "fit.nc", change)
    began = time.process_time()
    with pytest.raises(ResultError, match=why):
        bg.load(path)
    assert time.process_time() - began < 5


def test_texts_that_share_one_object_are_counted_not_read(plain, tmp_path):
    path = tmp_path / "fit.nc"
    path.write_bytes(plain)
    with h5py.File(path, "r+") as file:
        one, many = _shared(file)
    content = bytearray(path.read_bytes())
    content[many : many + 16 * 200_000] = content[one : one + 16] * 200_000
    path.write_bytes(content)
    tracemalloc.start()
    with pytest.raises(ResultError, match="larger than the file"):
        bg.load(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10**8


def test_packed_and_padded_files_that_are_harmless_load(tmp_path):
    tree = binomial_tree()
    path = tmp_path / "fit.nc"
    packed = {
        f"/{node}": {
            name: {"zlib": True, "shuffle": True, "fletcher32": True}
            for name in tree[node].data_vars
            if tree[node][name].dtype.kind in "iuf"
        }
        for node in tree.children
    }
    tree.to_netcdf(path, engine="h5netcdf", encoding=packed)
    with h5py.File(path) as file:
        assert file["posterior/u_hospital"].compression == "gzip"
    assert bg.load(path).equals(tree)


def test_the_budget_is_the_users_to_set(plain, tmp_path):
    path = tmp_path / "fit.nc"
    path.write_bytes(plain)
    with pytest.raises(ResultError, match="most_bytes="):
        bg.load(path, most_bytes=10_000)
    assert bg.load(path, most_bytes=10**6).identical(binomial_tree())
    padded = binomial_tree().copy()
    zeros = xr.Dataset({"zeros": ("zero", np.zeros(10**7))})
    padded["posterior"] = xr.DataTree(padded["posterior"].to_dataset().merge(zeros))
    packed = {"/posterior": {"zeros": {"zlib": True, "complevel": 1}}}
    padded.to_netcdf(path, engine="h5netcdf", encoding=packed)
    with pytest.raises(ResultError, match="most_bytes="):
        bg.load(path)
    assert bg.load(path, most_bytes=2 * 10**8).equals(padded)
    with pytest.raises(BayesGLMMError, match="whole number"):
        bg.load(path, most_bytes="all")


def test_what_is_saved_is_far_below_the_budget(plain, tmp_path):
    """A fit of few draws and many labels is the nearest to it."""
    labels = [f"id-{k:06d}" for k in range(30_000)]
    from bayes_glmm.results.inspection import inspect

    tree = xr.DataTree.from_dict({"/p": xr.Dataset({"u": ("g", np.zeros(30_000))}, {"g": labels})})
    content = bytes(tree.to_netcdf(None, engine="h5netcdf"))
    path = tmp_path / "labels.nc"
    path.write_bytes(content)
    inspect(path, 6 * len(content))
    with h5py.File(io.BytesIO(content)) as file:
        assert file["p/g"].shape == (30_000,)


def test_a_record_that_holds_two_models_is_refused(tmp_path):
    record = json.loads(binomial_tree().attrs["bayes_glmm"])
    record["schema"]["spec"]["response"] = "dead"
    tree = binomial_tree().copy()
    tree.attrs["bayes_glmm"] = json.dumps(record)
    with pytest.raises(ResultError, match="two models"):
        bg.summary(tree)


def test_a_heap_in_which_hdf5_would_go_round_for_ever_is_refused(plain, tmp_path):
    """An object without a size is its own successor: the library waits there without an end."""
    path = tmp_path / "fit.nc"
    at = plain.index(b"GCOL")
    for size in (0, 8, 2**63, 2**64 - 8):
        content = bytearray(plain)
        content[at + 16 : at + 18] = b"\0\0"
        content[at + 24 : at + 32] = size.to_bytes(8, "little")
        path.write_bytes(content)
        with pytest.raises(ResultError, match="texts are damaged"):
            bg.load(path)


def test_the_limits_are_those_that_are_stated():
    from bayes_glmm.disk import table_limits
    from bayes_glmm.results import inspection as inspecting
    from bayes_glmm.spec import spec_toml as toml
    from bayes_glmm.spec.formula import cursor, grammar, tokens

    stated = (Path(__file__).resolve().parents[1] / "SECURITY.md").read_text("utf-8")
    for sentence in (
        f"{tokens.MOST_CHARACTERS:,} characters, {tokens.MOST_TOKENS} parts, {cursor.DEEPEST} paren",
        f"{grammar.MOST_TERMS:,} terms, powers up to {grammar.LARGEST_POWER}",
        f"{toml.LONGEST:,} characters, keys of {toml.DEEPEST} parts",
        f"{inspecting.PER_BYTE} times its size and {inspecting.ROOM >> 20} MiB; "
        f"{inspecting.MOST_OBJECTS:,} groups and arrays, {inspecting.DEEPEST} deep, "
        f"{inspecting.MOST_ATTRIBUTES} attributes",
        f"{table_limits.MOST_COLUMNS:,} columns; {table_limits.WIDEST:,} where",
        f"{table_limits.PER_BYTE} times its size and {table_limits.ROOM >> 20} MiB when unpacked",
        f"{table_limits.PADDED >> 30} GiB, if each",
    ):
        assert sentence in stated, sentence
