"""Every kind of term, with what it adds to the predictor written out once more."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.interpolate import CubicSpline

from tests.matrix.laws import LAWS, ORDERED
from tests.matrix.rows import DOSES, structures

if TYPE_CHECKING:
    from tests.matrix.world import World

type Array = np.ndarray
type Column = Callable[["World", pd.DataFrame], Array]
"""Takes the rows, gives values of shape (n_rows,), or (n_draws, n_rows) where they are drawn."""


@dataclass(frozen=True)
class Group:
    """Effects of levels.

    Attributes
    ----------
    name : str
        In the posterior, in the formula of the mean.
    members : callable
        Takes the rows, gives pairs of labels and weights: one for most groups.
    terms : dict of str to Column
    structure : str
        How its levels are related.
    student : bool
    shared : bool
        Whether the formulas of several parameters have it together.
    """

    name: str
    members: Callable[[pd.DataFrame], list[tuple[Array, Array]]]
    terms: Mapping[str, Column]
    structure: str = ""
    student: bool = False
    shared: bool = False


@dataclass(frozen=True)
class Side:
    """One right-hand side of a formula.

    Attributes
    ----------
    text : str
    columns : dict of str to Column
        By the labels of coefficients.
    curves : dict of str to Column
        By name; what multiplies the coefficients, shape (n_rows, n_basis).
    """

    text: str
    columns: Mapping[str, Column] = field(default_factory=dict)
    groups: tuple[Group, ...] = ()
    curves: Mapping[str, Column] = field(default_factory=dict)
    offset: Column | None = None
    intercept: bool = True


@dataclass(frozen=True)
class Term:
    """A kind of term as one model has it.

    Attributes
    ----------
    about : str
        How the documentation names it.
    mu : Side
    own : Side or None
        Formula of the first parameter of the family that may have one.
    options : dict
        Of the model.
    modifier : str
        Beside the response.
    single : str
        The column that moves each boundary between ordered categories by itself.
    covariate : str
        The column whose missing values are estimated.
    families : tuple of str
        Those that it is for.
    """

    about: str
    mu: Side
    own: Side | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    modifier: str = ""
    single: str = ""
    covariate: str = ""
    families: tuple[str, ...] = tuple(LAWS)


def ones(w: World, rows: pd.DataFrame) -> Array:
    return np.ones(len(rows))


def number(name: str) -> Column:
    return lambda w, rows: rows[name].to_numpy(float)


def level(column: str, value: str) -> Column:
    return lambda w, rows: (rows[column].astype(str) == value).to_numpy(float)


X, Z, B = number("x"), number("z"), level("f", "b")
PLAIN = {"x": X, "f[b]": B}
ONE = {"intercept": ones}


def of(*columns: str) -> Callable[[pd.DataFrame], list[tuple[Array, Array]]]:
    """Levels that are columns, or combinations of them."""

    def members(rows: pd.DataFrame) -> list[tuple[Array, Array]]:
        return [
            (rows[list(columns)].astype(str).agg(":".join, axis=1).to_numpy(), np.ones(len(rows)))
        ]

    return members


def _rows(rows: pd.DataFrame) -> list[tuple[Array, Array]]:
    return [(rows.index.astype(str).to_numpy(), np.ones(len(rows)))]


def _several(rows: pd.DataFrame) -> list[tuple[Array, Array]]:
    total = (rows["v"] + rows["w"]).to_numpy()
    return [(rows[c].to_numpy(), rows[v].to_numpy() / total) for c, v in (("a", "v"), ("b", "w"))]


def _part(kind: str) -> Callable[[pd.DataFrame], list[tuple[Array, Array]]]:
    return lambda rows: [(rows["g"].to_numpy(), (rows["k"] == kind).to_numpy(float))]


G = Group("g", of("g"), ONE)


def grouped(text: str, *groups: Group, **more: Any) -> Side:
    return Side(f"x + f + {text}", PLAIN, groups, **more)


def _steps(w: World, rows: pd.DataFrame) -> Array:
    shares = w.draw("simplex_d")
    reached = np.concatenate([np.zeros((len(shares), 1)), 2 * np.cumsum(shares, axis=1)], axis=1)
    return reached[:, [DOSES.index(v) for v in rows["d"].astype(str)]]


def _filled(w: World, rows: pd.DataFrame) -> Array:
    known = rows["m"].to_numpy(float)
    found = np.broadcast_to(known, (w.n_draws, len(rows))).copy()
    labels = w.labels("mi_m", 0)
    for j in np.flatnonzero(np.isnan(known)):
        found[:, j] = w.draw("mi_m")[:, labels.index(str(rows.index[j]))]
    return found


def _within(w: World, rows: pd.DataFrame) -> Array:
    return rows["x"].to_numpy() - _between(w, rows)


def _between(w: World, rows: pd.DataFrame) -> Array:
    means = w.rows.groupby("g")["x"].mean()
    own = rows.groupby("g")["x"].transform("mean")  # of levels that were not seen
    return rows["g"].map(means).fillna(own).to_numpy(float)


def powers(w: World, rows: pd.DataFrame) -> Array:
    return np.vander(rows["x"], 3)


def spline(column: str, k: int) -> Column:
    """All natural cubic splines with knots at quantiles, straight beyond them."""

    def basis(w: World, rows: pd.DataFrame) -> Array:
        knots = np.quantile(np.unique(w.rows[column]), np.linspace(0, 1, k))
        inside = CubicSpline(knots, np.eye(k), bc_type="natural")
        x = rows[column].to_numpy(float)
        held = np.clip(x, knots[0], knots[-1])
        return inside(held) + (x - held)[:, None] * inside(held, 1)

    return basis


def products(*bases: Column) -> Column:
    def basis(w: World, rows: pd.DataFrame) -> Array:
        found = np.ones((len(rows), 1))
        for each in bases:
            value = each(w, rows).reshape(len(rows), -1)
            found = (found[:, :, None] * value[:, None, :]).reshape(len(rows), -1)
        return found

    return basis


def both(w: World, rows: pd.DataFrame) -> Array:
    return np.column_stack([level("f", "a")(w, rows), B(w, rows)])


def along(known: Callable[[World], Array], span: Column) -> Column:
    """Carry columns of the training rows to others, by the space of functions they are in."""

    def column(w: World, rows: pd.DataFrame) -> Array:
        way, *_ = np.linalg.lstsq(span(w, w.rows), known(w), rcond=None)
        return span(w, rows) @ way

    return column


def coefficient(label: str, span: Column) -> Column:
    return along(lambda w: w.known_column(label), span)


def _waves(w: World, rows: pd.DataFrame) -> Array:
    x = w.rows["x"].to_numpy()
    middle, edge = (x.min() + x.max()) / 2, 2.5 * (x.max() - x.min()) / 2
    phase = (rows["x"].to_numpy()[:, None] - middle + edge) / (2 * edge) * np.pi * np.arange(1, 7)
    return np.sin(phase) / np.sqrt(edge)


S, S_BY, T2 = (
    spline("x", 6),
    products(both, spline("x", 6)),
    products(spline("x", 4), spline("z", 4)),
)
SLOPES = {"intercept": ones, "x": X}
ARMS = {"intercept": ones, "f[b]": B}
SMOOTH = {"f[b]": B}
SHARED = replace(G, shared=True)

TERMS: dict[str, Term] = {
    "plain": Term("no group", Side("x + f", PLAIN)),
    "(1 | g)": Term("`(1 | g)`", grouped("(1 | g)", G)),
    "(1 + x | g)": Term("`(1 + x | g)`", grouped("(1 + x | g)", replace(G, terms=SLOPES))),
    "(1 + x || g)": Term("`(1 + x || g)`", grouped("(1 + x || g)", replace(G, terms=SLOPES))),
    "(1 + f | g)": Term("`(1 + f | g)`", grouped("(1 + f | g)", replace(G, terms=ARMS))),
    "crossed": Term("`(1 | g) + (1 | h)`",
                    grouped("(1 | g) + (1 | h)", G, Group("h", of("h"), ONE))),
    "nested": Term("`(1 | k/g)`", grouped(
        "(1 | k/g)", Group("k", of("k"), ONE), Group("k_by_g", of("k", "g"), ONE))),
    "rows": Term("`(1 | observation)`",
                 grouped("(1 | observation)", Group("observation", _rows, ONE))),
    "student": Term('`gr(g, dist="student")`', grouped(
        '(1 | gr(g, dist="student"))', replace(G, student=True))),
    "mm": Term("`mm()`", grouped("(1 | mm(a, b, weights=c(v, w)))",
                                 Group("a_and_b", _several, ONE))),
    "by": Term("`gr(g, by=k)`", grouped(
        "(1 | gr(g, by=k))", *(Group(f"g_{k}", _part(k), ONE) for k in ("new", "old")))),
    **{name: Term(f"`gr(g, S)`, {type(s).__name__.lower()} `{name}`",
                  grouped(f"(1 | gr(g, {name}))", replace(G, structure=name)))
       for name, s in structures().items()},
    "slopes K": Term("`(1 + x | gr(g, S))`", grouped(
        "(1 + x | gr(g, K))", replace(G, terms=SLOPES, structure="K"))),
    "ar": Term("`ar(t, g)`", grouped(
        "ar(t, g)", Group("ar_g", of("g", "t"), ONE, structure="series"))),
    **{f"rw{order}": Term(f"`rw(t, g, order={order})`", grouped(
        f"rw(t, g, order={order})", Group("rw_g", of("g", "t"), ONE, structure=f"walk{order}")))
       for order in (1, 2)},
    "s": Term("`s(x)`", Side(
        "f + s(x, k=6)", {**SMOOTH, "s(x, k=6)[linear]": coefficient("s(x, k=6)[linear]", S)},
        curves={"s_x": along(lambda w: w.known_curve("s_x"), S)})),
    "s by": Term("`s(x, by=f)`", Side(
        "f + s(x, k=6, by=f)",
        {**SMOOTH, **{f"s(x, k=6, by=f)[{v}]": coefficient(f"s(x, k=6, by=f)[{v}]", S_BY)
                      for v in "ab"}},
        curves={"s_x_by_f": along(lambda w: w.known_curve("s_x_by_f"), S_BY)})),
    "t2": Term("`t2(x, z)`", Side(
        "f + t2(x, z, k=4)",
        {**SMOOTH, **{f"t2(x, z, k=4)[{v}]": coefficient(f"t2(x, z, k=4)[{v}]", T2)
                      for v in ("x", "z", "x:z")}},
        curves={"t2_x_z": along(lambda w: w.known_curve("t2_x_z"), T2)})),
    "hsgp": Term("`hsgp(x)`", Side("f + hsgp(x, k=6)", SMOOTH, curves={"hsgp_x": _waves})),
    "mo": Term("`mo(d)`", Side("x + f + mo(d) + (1 | g)", {**PLAIN, "mo(d)": _steps}, (G,))),
    "mi": Term("`mi(m)`", Side("x + f + mi(m) + (1 | g)", {**PLAIN, "mi(m)": _filled}, (G,)),
               covariate="m"),
    "wb": Term("`wb(x, g)`", Side(
        "wb(x, g) + f + (1 | g)", {"x_within": _within, "x_between": _between, "f[b]": B}, (G,))),
    "poly": Term("`poly(x, 2)`", Side(
        "poly(x, 2) + f + (1 | g)",
        {**{f"poly(x, 2)[{i}]": coefficient(f"poly(x, 2)[{i}]", powers) for i in (1, 2)},
         "f[b]": B}, (G,))),
    "product": Term("`x * z`", Side(
        "x * z + f + (1 | g)",
        {**PLAIN, "z": Z, "x:z": lambda w, r: X(w, r) * Z(w, r)}, (G,))),
    "0 +": Term("`0 + x + f`", Side(
        "0 + x + f + (1 | g)", {"x": X, "f[a]": level("f", "a"), "f[b]": B}, (G,),
        intercept=False)),
    "offset": Term("`offset()`", grouped("offset(off) + (1 | g)", G, offset=number("off"))),
    "exposure": Term("`exposure=`", grouped(
        "(1 | g)", G, offset=lambda w, r: np.log(r["days"].to_numpy())),
        options={"exposure": "days"}),
    "cs": Term("`cs(x)`", Side("f + cs(x) + (1 | g)", SMOOTH, (G,)), single="x",
               families=ORDERED),
    "thres": Term("`thres(gr=item)`", grouped("(1 | g)", G), modifier="thres(gr = item)",
                  families=ORDERED),
    "shared": Term("`(1 |p| g)` in two formulas", grouped("(1 |p| g)", SHARED),
                   Side("~ 1 + (1 |p| g)", groups=(SHARED,))),
    "own": Term("formula of another parameter", grouped("(1 | g)", G), Side("~ x", {"x": X})),
    "own group": Term("group in a formula of another parameter", Side("x + f", PLAIN),
                      Side("~ 1 + (1 | g)", groups=(G,))),
}  # fmt: skip
