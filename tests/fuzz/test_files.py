"""Hostile formulas, TOML, templates, records, results, stores and tables."""

from __future__ import annotations

import copy
import functools
import hashlib
import io
import json
import random
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import bayes_glmm as bg
from bayes_glmm.cli.table_files import column_names, read_by_id, read_table
from bayes_glmm.engine.store import Chain, Store
from bayes_glmm.errors import BayesGLMMError, ResultError
from bayes_glmm.results.fit import Fit
from bayes_glmm.results.storage import check_tree
from bayes_glmm.spec.formula.parsing import parse
from bayes_glmm.spec.model import ModelSpec
from bayes_glmm.spec.spec_toml import toml_text
from bayes_glmm.spec.templates import names, read_template, template_folder
from bayes_glmm.studies.jobs import run_many
from tests.canned import bernoulli_tree, binomial_tree, slope_tree
from tests.fuzz.harness import attack, limits

FORMULAS = (
    b"y ~ x + (1 | g)", b"s | trials(n) ~ x * poly(z, 2) + (1 + x || g/h) + offset(log(e))",
    b"y ~ 0 + `a b` + s(x, k=5, by=g) + ar(t, g) + (1 | mm(g1, g2, weights=c(w1, w2)))",
    b"y | cens(c) ~ mo(o) + t2(x, z) + (1 | gr(g, dist='student')) + (1 | gr(a, A))".replace(b"'", b'"'),
    b"y ~ hsgp(x, kernel='gaussian') + C(a) + log(z / 2 + 1)".replace(b"'", b'"'),
)  # fmt: skip
IN_FORMULAS = (
    b"~", b"+", b"-", b"*", b":", b"/", b"^3", b"**2", b"|", b"||", b"(", b")", b"`", b",", b"=",
    b"~ 1", b"log(", b"s(x)", b"poly(x, 99999999)", b"(a+b+c+d+e+f)^3", b"__import__", b"mm(",
    b"gr(", b"c(", b"1", b"0", b"'a'",
)  # fmt: skip
IN_TOML = (
    b"[", b"]", b"[[", b"{", b"}", b"=", b".", b"a.", b"a.b.c.d.e.f.g.h.i = 1", b'"', b"'''",
    b'"""', b"#", b"\n", b"[priors]", b"[structures.A]", b"formula = 'y ~ x'",
    b"sd = {distribution = 'HalfNormal', sigma = 1}", b"1979-05-27", b"true", b"nan", b"\\u0000",
    b"version = 1",
)  # fmt: skip
TABLES = (
    b"id,x,y\n001,1.5,2\nNA,2,3\n,NA,4\n", b'"g h",y\r\n"a,b",1\r\n"c""d",-2e5\r\n',
    b"y,t,g\n1,2020-01-01,a\n2,2020-01-02,\xc3\xa9\n",
)  # fmt: skip
IN_TABLES = (
    b",",
    b'"',
    b"\n",
    b"\r",
    b",,,,",
    b"id",
    b"NA",
    b"x,x",
    b"\x1f\x8b",
    b"1e309",
    b"'",
    b";",
    b"\n\n",
)
ANYTHING: tuple[Any, ...] = (
    None, True, 0, -1, 3, 2**31, 10**20, 1e308, float("nan"), "", "x", "y", "é" * 300, "x" * 70_000,
    [], {}, [[]], [0], ["a"] * 3, {"a": 1}, [None], [1e9, "a"], [["column", "x"]],
    ["call", "poly", [["column", "x"]], []],
)  # fmt: skip


def text(content: bytes) -> str:
    return content.decode("utf-8", "replace")


def formula(content: bytes) -> None:
    spec = parse(text(content))
    assert parse(spec.formula) == spec


def toml(content: bytes, folder: Path) -> None:
    path = folder / "model.toml"
    path.write_bytes(content)
    spec = ModelSpec.from_toml(toml_text(path))
    assert ModelSpec.from_toml(spec.to_toml()) == spec


def template(content: bytes) -> None:
    found = read_template(text(content), "x")
    assert found.title is not None and found.spec.formula


def table(content: bytes, folder: Path, suffix: str) -> None:
    path = folder / f"t{suffix}"
    path.write_bytes(content)
    found = read_table(path, parse("y ~ x + (1 | id)"))
    assert column_names(path) == [str(c) for c in found.columns]
    assert len(found) and found.index[0] == 1
    assert set(found.columns) == set(read_by_id(path, str(found.columns[0])).reset_index().columns)


def chain(content: bytes, folder: Path, sealed: bool) -> None:
    """Read a chain whose checksum is that of the file, or of the file before its change."""
    store = Store(folder)
    store.path(0, 1).write_bytes(content)
    good = content if sealed else archives()[0]
    record = {store.path(0, 1).name: hashlib.sha256(good).hexdigest()}
    (folder / "chains.json").write_text(json.dumps(record))
    found = store.read(0, 1)
    assert found is not None
    if not sealed:
        assert found.draws["x"].tolist() == chains().draws["x"].tolist()


def records(content: bytes, folder: Path, name: str) -> None:
    """Take up a store of which one file was changed; what is taken is what was kept."""
    for other, whole in stored().items():
        (folder / other).write_bytes(content if other == name else whole)
    found = run_many(
        lambda k: {"k": k}, 3, what="x", identity={"a": 1}, store=folder, progress=False
    )
    assert [r["k"] for r in found] == [0, 1, 2]


@functools.cache
def chains() -> Chain:
    return Chain({"x": np.arange(12.0).reshape(4, 3)}, {"diverging": np.zeros(4, bool)})


@functools.cache
def archives() -> tuple[bytes, ...]:
    with tempfile.TemporaryDirectory() as folder:
        store = Store.open(Path(folder), {"seed": 1})
        store.write(0, 1, chains())
        return (store.path(0, 1).read_bytes(),)


@functools.cache
def stored() -> dict[str, bytes]:
    with tempfile.TemporaryDirectory() as folder:
        run_many(lambda k: {"k": k}, 3, what="x", identity={"a": 1}, store=folder, progress=False)
        return {p.name: p.read_bytes() for p in Path(folder).iterdir()}


@functools.cache
def parquets() -> tuple[bytes, ...]:
    data = pd.DataFrame({"id": ["001", "NA", None], "x": [1.5, None, 3], "y": [1, 2, 3]})
    data = data.assign(c=pd.Categorical(["u", "v", "u"]), d=pd.date_range("2020-01-01", periods=3))
    out = []
    for packed in ("snappy", "gzip", "zstd", None):
        whole = io.BytesIO()
        data.to_parquet(whole, compression=packed)
        out.append(whole.getvalue())
    return tuple(out)


@functools.cache
def results() -> tuple[bytes, ...]:
    """Return small results without their seal, which would refuse every change."""
    trees = (t.isel(draw=slice(0, 2)) for t in (binomial_tree(), slope_tree()))
    return tuple(bytes(t.to_netcdf(None, engine="h5netcdf")) for t in trees)


def result(content: bytes, folder: Path) -> None:
    path = folder / "fit.nc"
    path.write_bytes(content)
    tree = bg.load(path)
    assert Fit.of(tree).design.n_rows == tree["observed_data"].sizes["observation"]


def tried(read: Callable[[Any], None], inputs: Iterable[Any]) -> tuple[int, int]:
    """Try inputs that were made with their structure in mind; return how many were taken, refused."""
    counts = [0, 0]
    for number, content in enumerate(inputs):
        try:
            with limits():
                read(content)
            counts[0] += 1
        except BayesGLMMError:
            counts[1] += 1
        except Exception as error:
            raise AssertionError(f"input {number}: {str(content)[:1500]}: {error!r}") from error
    return counts[0], counts[1]


def _places(inner: Any, path: tuple = ()) -> Iterable[tuple]:
    items = (
        inner.items()
        if isinstance(inner, dict)
        else enumerate(inner)
        if isinstance(inner, list)
        else ()
    )
    for key, value in items:
        yield (*path, key)
        yield from _places(value, (*path, key))


def changed_records(n: int, seed: int) -> Iterable[tuple[int, str]]:
    """Yield records of fits in which up to three values are others, gone, or twice there."""
    chance = random.Random(seed)
    whole = [json.loads(tree.attrs["bayes_glmm"]) for tree in trees()]
    places = [[p for p in _places(record) if p[0] != "findings"] for record in whole]
    for _ in range(n):
        which = chance.randrange(len(whole))
        record = copy.deepcopy(whole[which])
        for _ in range(chance.choice((1, 1, 1, 2, 3))):
            *path, key = chance.choice(places[which])
            try:
                inner = functools.reduce(lambda found, k: found[k], path, record)
                if chance.random() < 0.15:
                    del inner[key]
                elif isinstance(inner, list) and chance.random() < 0.2:
                    inner.insert(0, copy.deepcopy(inner[key]))
                else:
                    inner[key] = copy.deepcopy(chance.choice(ANYTHING))
            except (KeyError, IndexError, TypeError):
                continue
        yield which, json.dumps(record)


@functools.cache
def trees() -> tuple[Any, ...]:
    every = (binomial_tree(), slope_tree(), bernoulli_tree())
    return tuple(t.isel(draw=slice(0, 2)) for t in every)


def record(given: tuple[int, str]) -> None:
    """Read a tree as ``load`` does, which gives whatever goes wrong as an error of ours."""
    which, changed = given
    tree = trees()[which].copy()
    tree.attrs["bayes_glmm"] = changed
    Fit.of(tree)
    try:
        check_tree(tree)
    except (MemoryError, TimeoutError):
        raise
    except Exception as error:
        raise ResultError(str(error)) from error


def run(target: str, n: int, seed: int, folder: Path) -> tuple[int, int]:
    """Try ``n`` inputs of one reader."""
    models = [p.read_bytes() for p in sorted(template_folder().glob("*.toml"))]
    match target:
        case "formula":
            found = attack(formula, FORMULAS, IN_FORMULAS, n=n, seed=seed)
        case "toml":
            specs = (read_template(text(m), "x").spec for m in models)
            seeds = [spec.to_toml().encode() for spec in specs]
            found = attack(lambda c: toml(c, folder), seeds, IN_TOML, n=n, seed=seed)
        case "template":
            found = attack(template, models, IN_TOML, n=n, seed=seed)
        case "csv":
            found = attack(lambda c: table(c, folder, ".csv"), TABLES, IN_TABLES, n=n, seed=seed)
        case "parquet":
            found = attack(lambda c: table(c, folder, ".parquet"), parquets(), n=n, seed=seed)
        case "chain":
            found = attack(lambda c: chain(c, folder, bool(len(c) % 2)), archives(), n=n, seed=seed)
        case "record":
            return tried(record, changed_records(n, seed))
        case "netcdf":
            found = attack(lambda c: result(c, folder), results(), n=n, seed=seed)
        case _:
            seeds = [stored()[target]]
            found = attack(lambda c: records(c, folder, target), seeds, IN_TOML, n=n, seed=seed)
    return found.taken, found.refused


READERS = {
    "formula": 12_000, "toml": 8000, "template": 8000, "csv": 10_000, "parquet": 6000, "chain": 6000,
    "run.json": 3000, "fits.jsonl": 3000, "record": 4000, "netcdf": 2000,
}  # fmt: skip
PARTS = 4


def test_there_are_templates_to_change() -> None:
    assert len(names()) > 5


@pytest.mark.parametrize("target", READERS)
def test_some_hostile_inputs_of_every_reader(target: str, tmp_path: Path) -> None:
    taken, refused = run(target, min(READERS[target] // 200, 40), 0, tmp_path)
    assert refused


@pytest.mark.slow
@pytest.mark.parametrize("part", range(1, PARTS + 1))
@pytest.mark.parametrize("target", READERS)
def test_many_hostile_inputs_of_every_reader(target: str, part: int, tmp_path: Path) -> None:
    taken, refused = run(target, READERS[target] // PARTS, part, tmp_path)
    assert refused
    assert taken or target in ("run.json", "netcdf")
