"""Maps of levels: what each deviates by, and how surely it is above a limit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection, PatchCollection
from matplotlib.colors import Normalize, TwoSlopeNorm
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.ticker import FixedLocator, FuncFormatter

from bayes_glmm.answers.effects.level_places import exceedance
from bayes_glmm.errors import ArgumentError, ArgumentTypeError, DataError, listed
from bayes_glmm.model.variables import INTERCEPT
from bayes_glmm.plots.layout import layout
from bayes_glmm.plots.style import GREY, ORANGE, SMALL
from bayes_glmm.results.fit import Fit
from bayes_glmm.structures.level_labels import text_of

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

type Rings = Mapping[str, list[np.ndarray]]

COLOURS = "RdBu_r"
MOST_NAMES = 40
RATIOS = (0.1, 0.2, 0.33, 0.5, 0.67, 0.8, 0.9, 1, 1.1, 1.25, 1.5, 2, 3, 5, 10)


def plot_map(
    tree: xr.DataTree,
    group: str,
    places: Any = None,
    term: str | None = None,
    threshold: float = 0.0,
    ax: Sequence[Axes] | None = None,
) -> np.ndarray:
    """Draw levels where they are: posterior means, and P(above the threshold).

    Parameters
    ----------
    tree : xarray.DataTree
        A result of :func:`bayes_glmm.fit` or :func:`bayes_glmm.load`.
    group : str
        Any group; of one with a structure the places and neighbours may be known.
    places : GeoDataFrame, pandas.DataFrame or mapping, optional
        A map whose index holds the levels (or a column of the group's name); a table
        of two coordinates indexed by level; or a mapping of level to corners of a
        polygon, shape (n_corners, 2). When not given, the coordinates of the
        structure; or a layout of its network, in which only who is next to whom counts.
    term : str, optional
        Which varying term; the first when not given.
    threshold : float, default 0
        Of the deviation, link scale.
    ax : two matplotlib axes, optional
        Where to draw both maps; a new figure when not given.

    Returns
    -------
    ndarray of matplotlib.axes.Axes, shape (2,)
        Quantiles, and residuals along something.

    Raises
    ------
    ResultError
        The model has no such group or term.
    ArgumentError, DataError
        Nothing says where the levels are, or a level has no place.

    Examples
    --------
    >>> import bayes_glmm as bg
    >>> import numpy as np
    >>> import pandas as pd
    >>> places = pd.DataFrame({"plot": list("abcdefgh"), "x": [0, 1, 2, 3] * 2, "y": [0] * 4 + [1] * 4})
    >>> rng = np.random.default_rng(1)
    >>> rows = pd.DataFrame({"plot": list("abcdefgh") * 5})
    >>> rows["height"] = rng.normal(10, 1, 8)[np.tile(np.arange(8), 5)] + rng.normal(0, 0.3, 40)
    >>> borders = bg.areal(bg.nearest_neighbours(places, "plot", "x", "y", k=2), model="icar")
    >>> tree = bg.fit("height ~ 1 + (1 | gr(plot, M))", rows, structures={"M": borders})  # doctest: +SKIP
    >>> where = places.set_index("plot")  # doctest: +SKIP
    >>> left, right = bg.plot_map(tree, "plot", where)  # doctest: +SKIP
    """
    table = exceedance(tree, group, term, threshold)
    fit = Fit.of(tree)
    levels = table["level"].astype(str).to_numpy()
    rings, points, pairs, real = _where(fit, group, levels, places)
    found = _axes(ax, np.vstack([points, *(r for parts in rings.values() for r in parts)]))
    limit = max(float(table["mean"].abs().quantile(0.98)), 1e-9)
    norms: tuple[Normalize, Normalize] = (
        TwoSlopeNorm(0.0, -limit, limit), TwoSlopeNorm(0.5, 0.0, 1.0),
    )  # fmt: skip
    for one, values, norm in zip(found, (table["mean"], table["p_above"]), norms, strict=True):
        if rings:
            _draw_areas(one, levels, rings, values.to_numpy(), norm)
        else:
            _draw_network(one, points, pairs, values.to_numpy(), norm)
            _name(one, levels, points)
        _frame(one, real)
    _bars(found, fit, norms, limit, table, group, threshold)
    if fit.banner:
        found[0].set_title("NOT CONVERGED: do not report", color=ORANGE, fontweight="bold")
    return found


def _axes(ax: Sequence[Axes] | None, inside: np.ndarray) -> np.ndarray:
    if ax is None:
        wide, high = np.ptp(inside, axis=0)
        height = 1.3 + 5.0 * float(np.clip(high / max(wide, 1e-12), 0.3, 1.2))
        _, made = plt.subplots(1, 2, figsize=(10.4, height), layout="constrained")
        return np.asarray(made)
    given = np.array(ax, dtype=object).ravel()
    if given.size != 2:
        raise ArgumentError("ax= takes two axes: one of means and one of probabilities.")
    return given


def _where(
    fit: Fit, group: str, levels: np.ndarray, places: Any
) -> tuple[Rings, np.ndarray, np.ndarray, bool]:
    """Return polygons or points of the levels, neighbours, and whether places are real."""
    name = fit.group(group).structure
    structure: Any = None if name is None else fit.structures[name]
    pairs = _pairs(structure, levels)
    if places is not None:
        rings, points = _given(places, group, levels)
        return rings, points, pairs, True
    if structure is not None and structure.kind == "coordinates":
        at = {label: i for i, label in enumerate(structure.labels.tolist())}
        points = structure.points[[at[level] for level in levels.tolist()]]
        return {}, points, pairs, True
    if len(pairs):
        return {}, layout(len(levels), pairs), pairs, False
    raise ArgumentError(
        f"Nothing says where the levels of {group!r} are: give places=, a GeoDataFrame, a table "
        "of two coordinates indexed by level, or polygons by level."
    )


def _pairs(structure: Any, levels: np.ndarray) -> np.ndarray:
    """Return neighbours among the levels, as places in ``levels``."""
    if structure is None or structure.kind != "areal":
        return np.zeros((0, 2), dtype=np.int64)
    at = {label: i for i, label in enumerate(levels.tolist())}
    names = structure.graph.labels[structure.graph.pairs]
    kept = [(at[a], at[b]) for a, b in names.tolist() if a in at and b in at]
    return np.array(kept, dtype=np.int64).reshape(-1, 2)


def _given(places: Any, group: str, levels: np.ndarray) -> tuple[Rings, np.ndarray]:
    if hasattr(places, "geometry"):
        table = places.set_index(group) if group in places.columns else places
        shapes = dict(zip(map(text_of, table.index), table.geometry, strict=True))
        _require(shapes, levels)
        return {level: _rings(shapes[level]) for level in levels.tolist()}, np.zeros((0, 2))
    if isinstance(places, pd.DataFrame):
        table = places.set_index(group) if group in places.columns else places
        numbers = table.select_dtypes("number")
        if numbers.shape[1] != 2 or numbers.index.duplicated().any():
            raise ArgumentError(
                "A table of places has two columns of numbers and a row for each level, not "
                f"{listed(numbers.columns)}: choose them, as in table[['lon', 'lat']]."
            )
        numbers.index = pd.Index(map(text_of, numbers.index), dtype=object)
        _require(set(numbers.index), levels)
        return {}, numbers.loc[levels.tolist()].to_numpy(dtype=float)
    if isinstance(places, Mapping):
        _require(places, levels)
        return {level: [_corners(places[level], level)] for level in levels.tolist()}, np.zeros(
            (0, 2)
        )
    raise ArgumentTypeError(
        "places= is a GeoDataFrame, a table of two coordinates or polygons by level, not "
        f"{type(places).__name__}."
    )


def _require(known: Any, levels: np.ndarray) -> None:
    absent = [level for level in levels.tolist() if level not in known]
    if absent:
        raise DataError(
            f"places= lacks {len(absent)} of {len(levels)} levels: {listed(map(repr, absent))}."
        )


def _corners(value: Any, level: str) -> np.ndarray:
    corners = np.asarray(value, dtype=float)
    if corners.ndim != 2 or corners.shape[1] != 2 or len(corners) < 3:
        raise DataError(
            f"The polygon of {level!r} has the shape {corners.shape}, not (corners, 2)."
        )
    return corners


def _rings(shape: Any) -> list[np.ndarray]:
    """Return outer and inner rings of a polygon of shapely, or of several."""
    parts = getattr(shape, "geoms", [shape])
    rings = [ring for part in parts for ring in (part.exterior, *part.interiors)]
    return [np.asarray(ring.coords)[:, :2] for ring in rings]


def _draw_areas(
    ax: Axes, levels: np.ndarray, rings: Rings, values: np.ndarray, norm: Normalize
) -> None:
    patches = [
        PathPatch(Path.make_compound_path(*(Path(r, closed=True) for r in rings[level])))
        for level in levels.tolist()
    ]
    drawn = PatchCollection(patches, cmap=COLOURS, norm=norm, edgecolor="white", linewidth=0.5)
    drawn.set_array(values)
    ax.add_collection(drawn)
    ax.autoscale_view()


def _draw_network(
    ax: Axes, points: np.ndarray, pairs: np.ndarray, values: np.ndarray, norm: Normalize
) -> None:
    if len(pairs):
        lines = LineCollection(points[pairs], colors="#C8C8C8", linewidths=0.7, zorder=1)
        ax.add_collection(lines)
    size = float(np.clip(9_000 / len(points), 8, 150))
    ax.scatter(
        points[:, 0], points[:, 1], c=values, cmap=COLOURS, norm=norm, s=size,
        edgecolor="#555555", linewidth=0.4, zorder=2,
    )  # fmt: skip
    ax.margins(0.06)


def _name(ax: Axes, levels: np.ndarray, points: np.ndarray) -> None:
    if len(levels) > MOST_NAMES:
        return
    for level, (x, y) in zip(levels.tolist(), points, strict=True):
        ax.annotate(
            level.replace("$", r"\$"), (x, y), (0, 7), textcoords="offset points", ha="center",
            fontsize=7, color="#333333",
        )  # fmt: skip


def _frame(ax: Axes, real: bool) -> None:
    ax.set_aspect("equal", adjustable="datalim")
    for side in ax.spines.values():
        side.set_visible(False)
    ax.set_xticks([])
    ax.set_yticks([])
    if not real:
        ax.set_xlabel("network of neighbours; places have no meaning", fontsize=8, color=GREY)


def _bars(
    found: np.ndarray,
    fit: Fit,
    norms: tuple[Normalize, Normalize],
    limit: float,
    table: pd.DataFrame,
    group: str,
    threshold: float,
) -> None:
    """Say what the colours mean; ratios under a log or logit link."""
    term = table["term"].iloc[0]
    mu = fit.predictor_of(group).parameter == "mu"
    words = fit.link.ratio() if mu else ""
    what = "" if term == INTERCEPT else f" in {term}"
    texts = (
        f"{group}: {words} to the average{what}, at the posterior mean of its log"
        if words
        else f"{group}: deviation{what}, posterior mean ({table.attrs['scale']})",
        f"P({words or 'deviation'}{what} > {np.exp(threshold) if words else threshold:.3g})",
    )
    for one, norm, text in zip(found, norms, texts, strict=True):
        bar = one.figure.colorbar(
            ScalarMappable(norm, COLOURS), ax=one, orientation="horizontal", shrink=0.75,
            aspect=32, pad=0.03, extend="both" if norm is norms[0] else "neither",
        )  # fmt: skip
        bar.outline.set_visible(False)
        bar.ax.tick_params(labelsize=SMALL, length=3)
        bar.set_label(text, fontsize=SMALL)
        if words and norm is norms[0]:
            _tick_ratios(bar.ax.xaxis, limit)
            bar.ax.minorticks_off()


def _tick_ratios(axis: Any, limit: float) -> None:
    """Mark logarithms by the ratios that they are of."""
    shown = [ratio for ratio in RATIOS if abs(np.log(ratio)) <= limit]
    places = [float(np.log(ratio)) for ratio in shown] if len(shown) > 2 else [-limit, 0.0, limit]
    axis.set_major_locator(FixedLocator(places))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{np.exp(value):.3g}"))
