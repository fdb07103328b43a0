"""The forest plot of a meta-analysis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from bayes_glmm.answers.meta.analysis import heterogeneity, meta_analysis
from bayes_glmm.errors import ArgumentError
from bayes_glmm.literals import StudyMeasure
from bayes_glmm.plots.style import BLUE, GREY, SMALL, axes, bounds, warn

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

STEPS: tuple[tuple[float, tuple[float, ...]], ...] = (
    (0.7, (1, 1.2, 1.5, 2, 3, 5, 7)), (2.2, (1, 2, 5)), (4.5, (1, 3)), (np.inf, (1,)),
)  # fmt: skip
"""Ticks within a decade, for axes of up to so many decades."""
ROW, HEAD = 0.25, 1.55
LONGEST, MOST_HEAD = 26, 12
GAP, LETTER = 8.0, 5.6
"""Points between columns of text, and to a letter."""


def plot_forest(
    tree: xr.DataTree,
    study: str,
    treatment: str | None = None,
    measure: StudyMeasure = "conditional",
    ax: Axes | None = None,
    *,
    contrast: str | Sequence[Any] | None = None,
    order: Literal["effect", "name"] = "effect",
    names: Mapping[str, str] | None = None,
    seed: int = 0,
) -> Axes:
    """Draw every study's effect, the average one and the prediction for a new study.

    A study's own rows are hollow and grey, without any correction: an arrow where an arm
    has no event and the interval is open, and nothing but words where neither has. The
    model's estimates, which borrow strength, are in colour. Several contrasts, as in a
    network of treatments, have an average and a prediction each, and no studies.

    Parameters
    ----------
    tree : xarray.DataTree
        A result of :func:`bayes_glmm.fit` or :func:`bayes_glmm.load`.
    study, treatment, measure
        As in :func:`bayes_glmm.meta_analysis`.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure when not given.
    contrast
        As in :func:`bayes_glmm.meta_analysis`.
    order : {"effect", "name"}
        How studies are sorted.
    names : mapping of str to str, optional
        What to print for a study, by its level.
    seed : int, default 0
        For the new study.

    Returns
    -------
    matplotlib.axes.Axes
        Its horizontal axis is logarithmic for ratios.

    Raises
    ------
    ArgumentError
        As :func:`bayes_glmm.meta_analysis`, or an unknown order.

    Examples
    --------
    >>> import bayes_glmm as bg
    >>> tree = bg.fit(
    ...     "events ~ treat + (1 + treat || study)", bg.dataset("nielweise2008"),
    ...     family="poisson", exposure="catheter_days", seed=2,
    ... )
    >>> ax = bg.plot_forest(tree, "study", "treat")
    """
    if order not in ("effect", "name"):
        raise ArgumentError(f"order={order!r}: use 'effect' or 'name'.")
    table = meta_analysis(tree, study, treatment, measure, contrast=contrast, seed=seed)
    low, high, interval = bounds(table)
    several = table["contrast"].nunique() > 1
    rows = _contrast_rows(table) if several else _study_rows(table, order, names or {})
    drawn = table[table["kind"] != "study"] if several else table
    ax = axes(ax, width=7.6, height=HEAD + ROW * (len(rows) + 1), grid="x")
    ratio = table.attrs["none"] == 1.0
    _scale(ax, drawn, low, high, ratio)
    ax.axvline(table.attrs["none"], color=GREY, linewidth=1, zorder=1)
    for place, row in enumerate(rows[::-1]):
        _row(ax, float(place), row, low, high)
    _write(ax, rows, table, low, high)
    if not several:
        ax.axhline(1.5, color="#C8C8C8", linewidth=0.8)
    ax.set_ylim(-0.7, len(rows) + 0.6)
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    note = (
        f"\ndiamond: average {study}; band: prediction for a new one" if several
        else f"\n{_variation(tree, study, treatment, contrast)}"
    )  # fmt: skip
    own = (
        ""
        if several or not np.isfinite(table["raw"]).any()
        else "; hollow: the study's own rows alone"
    )
    ax.set_xlabel(f"{table.attrs['scale']}, median and {interval}{own}{note}", fontsize=SMALL)
    return warn(ax, table)


def _study_rows(table: pd.DataFrame, order: str, names: Mapping[str, str]) -> list[dict[str, Any]]:
    studies = table[table["kind"] == "study"]
    if order == "effect":
        studies = studies.sort_values("median", kind="stable", ascending=False)
    elif pd.to_numeric(studies["study"], errors="coerce").notna().all():
        studies = studies.loc[pd.to_numeric(studies["study"]).sort_values(kind="stable").index]
    rows = [row | {"name": names.get(row["study"], row["study"])} for row in _dicts(studies)]
    words = {"average": "Average study", "new study": "A new study (prediction)"}
    rest = _dicts(table[table["kind"] != "study"])
    return rows + [row | {"name": words[row["kind"]]} for row in rest]


def _contrast_rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    average = _dicts(table[table["kind"] == "average"])
    new = _dicts(table[table["kind"] == "new study"])
    return [a | {"name": a["contrast"], "new": n} for a, n in zip(average, new, strict=True)]


def _dicts(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(k): v for k, v in row.items()} for row in table.to_dict("records")]


def _scale(ax: Axes, table: pd.DataFrame, low: str, high: str, ratio: bool) -> None:
    """Set limits by the model's intervals, and ticks that a reader of ratios expects."""
    own = table["raw"][np.isfinite(table["raw"]) & ((table["raw"] > 0) | (not ratio))]
    least, most = table[low].min(), table[high].max()
    if not ratio:
        margin = 0.05 * (most - least)
        ax.set_xlim(min([least, *own]) - margin, max([most, *own]) + margin)
        ax.xaxis.set_major_locator(MaxNLocator(6))
        return
    ends = np.log10([min([least, *own, 1.0]), max([most, *own, 1.0])])
    ends += np.array([-0.06, 0.06]) * np.ptp(ends)
    ax.set_xscale("log")
    ax.set_xlim(*10**ends)
    width = float(np.ptp(ends))
    steps = next(steps for most, steps in STEPS if width < most)
    decades = range(int(np.floor(ends[0])), int(np.ceil(ends[1])) + 1)
    ticks = [s * 10.0**d for d in decades for s in steps]
    ax.xaxis.set_major_locator(FixedLocator(ticks))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:.3g}"))
    ax.xaxis.set_minor_locator(NullLocator())


def _row(ax: Axes, place: float, row: dict[str, Any], low: str, high: str) -> None:
    if "new" in row:
        _band(ax, place, row["new"], low, high)
    match row["kind"]:
        case "average":
            x = [row[low], row["median"], row[high], row["median"]]
            ax.fill(x, place + np.array([0, 0.28, 0, -0.28]), color=BLUE, zorder=4, linewidth=0)
        case "new study":
            _band(ax, place, row, low, high)
            ax.plot([row["median"]], [place], "|", color=BLUE, markersize=9, markeredgewidth=1.6)
        case _:
            _own(ax, place - 0.17, row)
            ax.hlines(place + 0.1, row[low], row[high], color=BLUE, linewidth=2, zorder=3)
            ax.plot([row["median"]], [place + 0.1], "o", color=BLUE, markersize=4.5, zorder=4)


def _band(ax: Axes, place: float, row: dict[str, Any], low: str, high: str) -> None:
    ax.hlines(place, row[low], row[high], color=BLUE, linewidth=5, alpha=0.3, zorder=2)


def _own(ax: Axes, place: float, row: dict[str, Any]) -> None:
    """Draw what a study's own rows say, with arrows where it goes beyond the axis."""
    start, end = ax.get_xlim()
    left, right = row["raw_low"], row["raw_high"]
    if np.isnan(row["raw"]):
        if np.isinf(right):
            ax.text(
                end, place, "no event in either arm ", ha="right", va="center", color=GREY,
                fontsize=SMALL - 2, style="italic", zorder=5,
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5},
            )  # fmt: skip
        return
    ax.hlines(place, max(left, start), min(right, end), color=GREY, linewidth=0.9, zorder=2)
    for edge, beyond, marker in ((start, left < start, "<"), (end, right > end, ">")):
        if beyond:
            ax.plot([edge], [place], marker, color=GREY, markersize=4, clip_on=False, zorder=3)
    if start < row["raw"] < end:
        ax.plot(
            [row["raw"]], [place], "s", markersize=3.6, markerfacecolor="white",
            markeredgecolor=GREY, zorder=3,
        )  # fmt: skip


def _write(ax: Axes, rows: list[dict[str, Any]], table: pd.DataFrame, low: str, high: str) -> None:
    """Write names and counts to the left of the axis, estimates to the right."""
    several = "new" in rows[0]
    first = "contrast" if several else str(table.attrs["study"])
    counts = not several and bool((table["high"] != "").any())
    columns = [[first, *(_cut(row["name"], LONGEST + 16 * several) for row in rows)]]
    if counts:
        arms = _arm_names(table)
        for name, head in zip(("low", "high"), arms, strict=True):
            columns.append([_cut(head, MOST_HEAD), *(str(row[name]) for row in rows)])
    columns = [c for c in columns if any(c)]
    right = -GAP
    for k, column in reversed(list(enumerate(columns))):
        for line, text in enumerate(column):
            bold = not line or (rows[line - 1]["kind"] == "average" and not several)
            _text(
                ax, right, len(rows) - line, text, bold, "#222222" if not k or bold else "#555555"
            )
        right -= GAP + LETTER * max(map(len, column))
    estimates = [f"{_short(r['median'])} [{_short(r[low])}, {_short(r[high])}]" for r in rows]
    for line, text in enumerate([table.attrs["scale"], *estimates]):
        bold = not line or (rows[line - 1]["kind"] == "average" and not several)
        _text(ax, GAP, len(rows) - line, text, bold, "#222222")


def _text(ax: Axes, shift: float, place: float, text: str, bold: bool, colour: str) -> None:
    left = shift < 0
    ax.annotate(
        text.replace("$", r"\$"), (0.0 if left else 1.0, place), (shift, 0.0),
        xycoords=ax.get_yaxis_transform(), textcoords="offset points", color=colour, va="center",
        ha="right" if left else "left", fontsize=SMALL, weight="bold" if bold else "normal",
        annotation_clip=False,
    )  # fmt: skip


def _cut(text: Any, most: int) -> str:
    text = str(text)
    return text if len(text) <= most else text[: most - 1] + "…"


def _arm_names(table: pd.DataFrame) -> tuple[str, str]:
    """Name the arms: by their levels, or by the column where these are numbers."""
    high, _, low = str(table["contrast"].iloc[0]).partition(" - ")
    column = table.attrs["treatment"]
    if not column:
        return "", "events"
    plain = [f"{column} {v}" if v.replace(".", "", 1).isdigit() else v for v in (low, high)]
    return plain[0], plain[1]


def _variation(tree: xr.DataTree, study: str, treatment: str | None, contrast: Any) -> str:
    try:
        table = heterogeneity(tree, study, treatment, contrast=contrast)
    except ArgumentError:  # what was drawn is sound, so that nothing varies
        return f"effects do not vary between levels of {study} in this model"
    low, high, _ = bounds(table)
    rows = {row["quantity"]: row for row in _dicts(table)}
    tau, i2 = rows["tau"], rows["i2"]
    text = f"heterogeneity, {tau['scale']}: τ = {tau['mean']:.2f} [{tau[low]:.2f}, {tau[high]:.2f}]"
    if np.isfinite(i2["mean"]):
        text += f", I² = {i2['mean']:.0%} [{i2[low]:.0%}, {i2[high]:.0%}]"
    return text


def _short(value: float) -> str:
    if not np.isfinite(value):
        return "∞"
    size = abs(value)
    digits = 0 if size >= 100 else 1 if size >= 10 else 2 if size >= 0.095 else 3
    return f"{round(value, digits) + 0.0:.{digits}f}"
