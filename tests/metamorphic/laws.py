"""Laws: another way to write a model and its table, and how the answers follow."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.random import Generator
from scipy.special import gammaln

from tests.metamorphic.answers import Figures, Way
from tests.metamorphic.specs import POSITIVE, Case, Group

type Changed = tuple[Case, Way]


def _parts(name: str) -> tuple[str, str]:
    """Split the kind off a name: ``sd_g[x]`` is of the kind ``sd_``."""
    kind = next((k for k in ("sd_", "corr_") if name.startswith(k)), "")
    return kind, name[len(kind) :]


def _renamed(name: str, words: dict[str, str]) -> str:
    kind, rest = _parts(name)
    if kind:
        group, bracket, terms = rest.partition("[")
        group = "_by_".join(words.get(w, w) for w in group.split("_by_"))
        group = re.sub(r"[^A-Za-z0-9_]", "_", group)  # a variable's name is an identifier
        return kind + group + bracket + _renamed(terms, words) if terms else kind + group
    return re.sub(r"\w+", lambda m: words.get(m[0], m[0]), rest)


def _variables(name: str) -> list[str]:
    """Return the variables of a coefficient, ``f[mid]:x`` has f and x."""
    return [part.partition("[")[0] for part in name.split(":")]


def origin(case: Case, rng: Generator, size: float) -> Changed:
    """Give a number another origin and another unit."""
    v = str(rng.choice(case.numbers))
    b = float(rng.choice([0.01, 0.3, 7.0]) * rng.choice([-1.0, 1.0]))
    a = float(size * abs(b) * case.data[v].std() * rng.choice([-1.0, 1.0]))

    def move(table: pd.DataFrame) -> pd.DataFrame:
        return table.assign(**{v: a + b * table[v]})

    def carry(old: Figures) -> Figures:
        new = dict(old)
        for name, value in old.items():
            if name in new and v in _variables(name) and "_" not in name:
                rest = ":".join(p for p in name.split(":") if p.partition("[")[0] != v)
                new[name] = value / b
                new[rest or "intercept"] = new[rest or "intercept"] - a / b * value
        return new | _block(old, v, a, b)

    def widths(name: str) -> tuple[float, float]:
        kind, rest = _parts(name)
        if kind == "sd_":
            return 0.0, 1 / abs(b) if rest.endswith(f"[{v}]") else 1.0
        inside = not kind and v in _variables(name)
        return 0.0, 1 / abs(b) if inside else 1.0

    # a mirrored column has mirrored draws
    size_of = "rounding" if b > 0 else "free"
    return case.map(move), Way(size_of, carry=carry, widths=widths)


def _block(old: Figures, v: str, a: float, b: float) -> Figures:
    """Carry the covariance of intercepts and slopes of one number."""
    out = {}
    for name in [k for k in old if k.startswith("corr_") and k.endswith(f"[intercept, {v}]")]:
        g = name[5:].partition("[")[0]
        s0, s1, r = old[f"sd_{g}[intercept]"], old[f"sd_{g}[{v}]"], old[name]
        both, slope = r * s0 * s1, s1**2 / b**2
        start = s0**2 - 2 * a / b * both + (a / b) ** 2 * s1**2
        together = both / b - a * slope
        out[f"sd_{g}[intercept]"], out[f"sd_{g}[{v}]"] = np.sqrt(start), np.sqrt(slope)
        out[name] = together / np.sqrt(start * slope)
    return out


def near_origin(case: Case, rng: Generator) -> Changed:
    return origin(case, rng, 3.0)


def far_origin(case: Case, rng: Generator) -> Changed:
    return origin(case, rng, float(rng.choice([1e3, 1e5])))


def rows(case: Case, rng: Generator) -> Changed:
    """Put the rows into another order."""
    order = rng.permutation(len(case.data))
    way = Way("rounding", apart=("residual_autocorrelation",))  # along the rows
    return replace(case, data=case.data.iloc[order].reset_index(drop=True)), way


def index(case: Case, rng: Generator) -> Changed:
    """Name the rows otherwise."""
    names = [f"patient {i}" for i in rng.permutation(len(case.data))]
    kinds = (
        names,
        np.array(names).astype(str).size - np.arange(len(names)),
        np.arange(len(names)) * 0.5,
    )
    return replace(case, data=case.data.set_index(pd.Index(kinds[rng.integers(3)]))), Way()


def columns(case: Case, rng: Generator) -> Changed:
    """Name the columns otherwise, and put them into another order."""
    pool = ("speed", "Dose_mg", "alter", "temp2", "näherung", "T", "w", "kind_1", "outcome", "unit")
    used = list(case.data.columns)
    picked = [
        str(v) for v in rng.permutation(np.array([*pool, "q", "RR", "lag1", "u9"]))[: len(used)]
    ]
    words = dict(zip(used, picked, strict=True))

    def change(table: pd.DataFrame) -> pd.DataFrame:
        table = table.rename(columns=words)
        return table[list(rng.permutation(table.columns))]

    changed = replace(
        case.map(change),
        terms=tuple(tuple(words[v] for v in t) for t in case.terms),
        groups=tuple(
            Group(tuple(words[v] for v in g.slopes), tuple(words[v] for v in g.nest), g.bar)
            for g in case.groups
        ),
        response=words["y"],
        modifiers=tuple((f, words[c]) for f, c in case.modifiers),
        exposure=words.get(case.exposure or ""),
        offset=words.get(case.offset or ""),
    )
    hints = ("integer_codes", "reused_levels")  # what a name says of its numbers and levels
    return changed, Way("exact", name=lambda name: _renamed(name, words), apart=hints)


def levels(case: Case, rng: Generator) -> Changed:
    """Name levels otherwise, those of factors in their order, those of groups in any."""
    words = {"base": "1: none", "mid": "2 (half)", "top": "3, all"}
    mapped: dict[str, Any] = {"f": words}
    for column in ("g", "h", "k"):
        old = sorted(case.data[column].unique())
        mapped[column] = dict(
            zip(old, rng.permutation([f"ward {i:03d}" for i in range(len(old))]), strict=True)
        )

    def change(table: pd.DataFrame) -> pd.DataFrame:
        return table.assign(**{c: table[c].map(m) for c, m in mapped.items()})

    def name(old: str) -> str:
        return re.sub(r"\[(mid|top)\]", lambda m: f"[{words[m[1]]}]", old)

    return case.map(change), Way("free" if case.groups else "exact", name=name)


def labels(case: Case, rng: Generator) -> Changed:
    """Keep text in another type of column."""
    kinds: tuple[Callable[[pd.Series], Any], ...] = (
        lambda s: s.astype(object), lambda s: s.astype("string"), lambda s: s.astype("category"),
        lambda s: s.astype("string[pyarrow]"), lambda s: s.astype("string").astype("category"),
    )  # fmt: skip
    made = {c: kinds[rng.integers(len(kinds))] for c in ("f", "g", "h", "k")}
    return case.map(lambda t: t.assign(**{c: to(t[c]) for c, to in made.items()})), Way()


def numbers(case: Case, rng: Generator) -> Changed:
    """Keep numbers in another type of column."""
    real = ("float64", "Float64", "double[pyarrow]")
    whole = (*real, "int64", "Int64", "int16", "int64[pyarrow]")
    made: dict[str, Any] = {}
    for c in case.data.columns:
        if c not in ("f", "g", "h", "k"):
            kinds = whole if pd.api.types.is_integer_dtype(case.data[c]) else real
            made[c] = kinds[rng.integers(len(kinds))]

    def change(table: pd.DataFrame) -> pd.DataFrame:
        return table.astype({c: kind for c, kind in made.items() if c in table})

    return case.map(change), Way()


def tables(case: Case, rng: Generator) -> Changed:
    """Keep the table in another library."""
    import pyarrow as pa

    return replace(case, data=pa.Table.from_pandas(case.data, preserve_index=False)), Way()


def unused(case: Case, rng: Generator) -> Changed:
    """Add levels without rows, and columns of which the model does not speak."""

    def change(table: pd.DataFrame) -> pd.DataFrame:
        found = {}
        for c in ("f", "g", "h", "k"):
            known = sorted(case.data[c].unique())
            kind = pd.CategoricalDtype([*known, "never", "nobody"])
            found[c] = table[c].astype(kind)
        return table.assign(**found, note=None, gap=np.nan, when=pd.Timestamp("2020-01-01"))

    return case.map(change), Way()


def order(case: Case, rng: Generator) -> Changed:
    """Put terms, groups and the factors of products into another order."""
    terms = [tuple(str(v) for v in rng.permutation(t)) for t in case.terms]
    terms = [terms[i] for i in rng.permutation(len(terms))]
    turned = tuple(case.groups[i] for i in rng.permutation(len(case.groups)))
    old = {":".join(sorted(t)): ":".join(t) for t in terms}

    def name(before: str) -> str:
        if before.startswith(("sd_", "corr_")) or ":" not in before:
            return before
        by = {part.partition("[")[0]: part for part in before.split(":")}
        return ":".join(by[v] for v in old[":".join(sorted(by))].split(":"))

    return replace(case, terms=tuple(terms), groups=turned), Way(
        "free", name=name, skipped=("comparison",)
    )


def writing(case: Case, rng: Generator) -> Changed:
    """Write products with stars, nesting with colons, and the exposure as an offset."""
    text = case.formula
    for a, b in combinations([t[0] for t in case.terms if len(t) == 1], 2):
        if (a, b) in case.terms:
            text = text.replace(f"{a}:{b}", f"{a} * {b}")
    text = text.replace("(1 | g/h)", "(1 | g) + (1 | g:h)")
    changed = replace(case, written=text)
    if case.offset:
        return replace(changed, written=f"{text} + offset({case.offset})", offset=None), Way()
    return changed, Way()


def unit(case: Case, rng: Generator) -> Changed:
    """Measure the response, or the exposure, in another unit."""
    c = float(rng.choice([0.02, 5.0, 1000.0]))
    log = np.log(c)
    if case.exposure:
        changed = case.map(lambda t: t.assign(**{case.exposure: c * t[case.exposure]}))

        def rates(old: Figures) -> Figures:
            return {**old, "intercept": old["intercept"] - log}

        return changed, Way(
            "rounding", carry=rates, skipped=("average", "typical average", "per"),
            widths=lambda name: (-log if name == "intercept" else 0.0, 1.0),
        )  # fmt: skip
    if case.family in POSITIVE:
        return _unit_of_positive(case, c)
    if case.family in ("gaussian", "student_t"):
        return _unit_of_identity(case, c, float(rng.normal(0, 50) * c))
    off = case.offset or "moved"
    shift = float(rng.normal(0, 3))
    changed = case.map(lambda t: t.assign(**{off: (t[off] if off in t else 0.0) + shift}))

    def moved(old: Figures) -> Figures:
        return {**old, "intercept": old["intercept"] - shift}

    return replace(changed, offset=off), Way(
        "rounding", carry=moved,
        widths=lambda name: (-shift if name == "intercept" else 0.0, 1.0),
    )  # fmt: skip


def _unit_of_positive(case: Case, c: float) -> Changed:
    log, n = np.log(c), len(case.data)
    own = case.family
    changed = replace(case, data=case.data.assign(y=c * case.data["y"]))
    shaped = own == "inverse_gaussian"

    def carry(old: Figures) -> Figures:
        new = {**old, "intercept": old["intercept"] + log}
        return new | ({"shape": c * np.asarray(old["shape"])} if shaped else {})

    def widths(name: str) -> tuple[float, float]:
        if name == "shape" and shaped:
            return 0.0, c
        return (log if name == "intercept" else 0.0), 1.0

    return changed, Way(
        "rounding", carry=carry, widths=widths, response=(0.0, c), log_likelihood=-n * log
    )


def _unit_of_identity(case: Case, c: float, a: float) -> Changed:
    """``y' = a + c y``: what is on the response's scale is multiplied, intercepts are moved."""
    if case.offset:
        changed = case.map(lambda t: t.assign(**{case.offset: c * t[case.offset]}))
    else:
        changed = case
    changed = replace(changed, data=changed.data.assign(y=a + c * case.data["y"]))

    def scaled(name: str) -> bool:
        return name != "nu" and not name.startswith("corr_")

    def carry(old: Figures) -> Figures:
        new = {k: c * np.asarray(v) if scaled(k) else v for k, v in old.items()}
        return {**new, "intercept": new["intercept"] + a}

    def widths(name: str) -> tuple[float, float]:
        return (a if name == "intercept" else 0.0), (c if scaled(name) else 1.0)

    return changed, Way(
        "rounding", carry=carry, widths=widths, response=(a, c),
        log_likelihood=-len(case.data) * np.log(c),
    )  # fmt: skip


def objects(case: Case, rng: Generator) -> Changed:
    """Keep numbers among Python's objects."""
    real = [c for c in ("x", "z", "year", "b") if any(c in t for t in case.terms)]
    return case.map(lambda t: t.astype({c: object for c in real})), Way()


STANDS = ("average", "typical average")
"""Averages over rows."""


def standing(case: Case, rng: Generator) -> Changed:
    """Write each row as several that say the same together, or several rows as one."""
    data = case.data
    left = ("elpd", "findings", "verdicts")
    if case.family == "binomial":
        single = data.loc[data.index.repeat(data["n"])].reset_index(drop=True)
        place = single.groupby(data.index.repeat(data["n"])).cumcount()
        single["y"] = (place < single["y"]).astype(int)
        ways = gammaln(data["n"] + 1) - gammaln(data["y"] + 1) - gammaln(data["n"] - data["y"] + 1)
        changed = replace(case, family="bernoulli", modifiers=(), data=single.drop(columns="n"))
        return changed, Way("rounding", log_likelihood=-float(ways.sum()), skipped=left)
    if case.family == "poisson" and case.exposure:
        first = rng.binomial(data["y"], 0.5)
        half = data.assign(days=data["days"] / 2)
        split = pd.concat(
            [half.assign(y=first), half.assign(y=data["y"] - first)], ignore_index=True
        )
        ways = gammaln(data["y"] + 1) - gammaln(first + 1) - gammaln(data["y"] - first + 1)
        constant = float((ways - data["y"] * np.log(2)).sum())
        # a row's own average is of its own exposure, which is half
        skipped = (*left, *STANDS, "per")
        return replace(case, data=split), Way("rounding", log_likelihood=constant, skipped=skipped)
    return weights(case, rng)


def weights(case: Case, rng: Generator) -> Changed:
    """Give rows the number of times that they were seen instead of that many rows."""
    times = rng.integers(1, 4, len(case.data))
    many = case.data.loc[case.data.index.repeat(times)].reset_index(drop=True)
    changed = replace(
        case, data=case.data.assign(w=times), modifiers=(*case.modifiers, ("weights", "w"))
    )
    return changed, Way(base=replace(case, data=many), graph=True)


LAWS = {
    law.__name__: law
    for law in (
        near_origin, far_origin, rows, index, columns, levels, labels, numbers, tables, unused,
        order, writing, unit, standing,
    )
}  # fmt: skip
