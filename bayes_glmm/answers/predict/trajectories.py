"""Curves along time: of single persons, of new ones, and of their average."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.answers.answer_tables import answer, beside
from bayes_glmm.answers.predict.answer_rows import Cells, fewer
from bayes_glmm.answers.predict.expected import (
    blocks,
    mean_draws,
    predictor_draws,
    prepare_rows,
)
from bayes_glmm.answers.predict.predictions import scale_of
from bayes_glmm.answers.predict.predictor_draws import flat, n_draws
from bayes_glmm.answers.require import require
from bayes_glmm.errors import ArgumentError, DataError, suggestion
from bayes_glmm.literals import Groups, Scale
from bayes_glmm.results.fit import Fit

if TYPE_CHECKING:
    import xarray as xr

type Array = NDArray[np.float64]
GRID, OWN_GRID = 25, 16
MOST_ROWS, FEW_ROWS = 100, 15
NEW = "one more"


@dataclass(frozen=True, eq=False)
class Trajectories:
    """Curves of one model along time.

    Attributes
    ----------
    own : pandas.DataFrame
        ``level``, the time, ``mean``: single levels, from their first row to their last.
    average, typical, new : pandas.DataFrame
        The time, a column of cells where asked for, ``mean`` and the interval: averaged
        over the population, of a level with effects of zero, and of a new level, whose
        interval is the spread of individuals. ``new`` has no rows where the model does not
        say how a new level is related to the others, ``alone`` then says why.
    levels : int
        How many there are.
    scale : str
    thresholds : pandas.Series
        Boundaries between ordered categories, on the link scale.
    """

    own: pd.DataFrame
    average: pd.DataFrame
    typical: pd.DataFrame
    new: pd.DataFrame
    levels: int
    scale: str
    thresholds: pd.Series
    alone: str = ""


def trajectories(
    tree: xr.DataTree,
    time: str,
    group: str,
    by: str | None = None,
    *,
    n: int = 40,
    scale: Scale = "response",
    category: str | None = None,
    seed: int = 0,
) -> Trajectories:
    """Compute curves along time; parameters are those of ``plot_trajectories``.

    Single levels have a row's other columns from their row nearest in time. Where effects are
    of single times, as of ``ar(time, group)``, curves are at the times of the rows only.

    Raises
    ------
    ArgumentError
        ``time`` is no numeric column, the group has no column, there is no such category
        or column, or an unknown scale.
    """
    fit = Fit.of(tree)
    columns = _columns(fit, time, group, by, scale)
    level = _category(fit, category, scale)
    rows = fit.data
    ids = rows.groupby(columns, observed=True, sort=True).ngroup().to_numpy()
    levels = int(ids.max()) + 1
    chosen = np.unique(np.linspace(0, levels - 1, min(n, levels)).astype(int))
    stepwise = _of_single_times(fit, time)
    single = pd.concat([_dense(rows[ids == i], time, stepwise) for i in chosen])
    names = single[columns].astype(str).agg(":".join, axis=1)
    values = _draws(fit, single, "known", Cells.of(fit, single, None), scale, level, seed)
    cells = [time, *([by] if by else [])]
    own = beside(single[cells], {"level": names, "mean": values.mean(axis=0)})

    def curve(groups: Groups, most: int) -> pd.DataFrame:
        kept = [c for c in (time, *columns) if c != by]
        few, weights = fewer(fit, rows, most, groups, by=by, set_=kept)
        table = _grid(few, rows[time], time, stepwise)
        if groups == "new":
            table = table.assign(**dict.fromkeys(columns, NEW))
        sorted_rows = Cells.of(fit, table, cells, np.tile(weights, len(table) // len(few)))
        found = _draws(fit, table, groups, sorted_rows, scale, level, seed)
        return answer(fit, found, sorted_rows.labels.drop(columns="rows"), {})

    average, alone = curve("population", MOST_ROWS), ""
    try:
        new = curve("new", FEW_ROWS)
    except (ArgumentError, DataError) as error:  # a structure does not know a level of no name
        new, alone = average.iloc[:0], str(error)
    return Trajectories(
        own.reset_index(drop=True), average, curve("typical", MOST_ROWS), new, levels,
        _scale_name(fit, scale, level), _thresholds(fit, scale), alone,
    )  # fmt: skip


def _of_single_times(fit: Fit, time: str) -> bool:
    """Whether a group has a level for each time."""
    return any(time in g.columns for p in fit.schema.predictors.values() for g in p.groups)


def _columns(fit: Fit, time: str, group: str, by: str | None, scale: str) -> list[str]:
    """Return the group's columns, refusing what cannot be drawn."""
    group = fit.group(group).name
    require(fit.family, "one_predictor", "A curve")
    parameter = fit.predictor_of(group).parameter
    if parameter not in fit.schema.predictors:
        raise ArgumentError(
            f"{group!r} is in the model of a covariate, not of the response: use plot_caterpillar()."
        )
    learned = next(g for g in fit.schema.predictors[parameter].groups if g.name == group)
    numbers = [c.name for c in fit.schema.columns if c.kind == "numeric" and c.name in fit.data]
    if time not in numbers:
        raise ArgumentError(f"There is no numeric column {time!r}." + suggestion(time, numbers))
    if by is not None and by not in fit.data:
        raise ArgumentError(f"The model reads no column {by!r}." + suggestion(by, list(fit.data)))
    if scale not in ("response", "link"):
        raise ArgumentError(f"scale={scale!r}: use 'response' or 'link'.")
    columns = [c for c in learned.columns if c not in (time, learned.along)]
    if not columns:
        raise ArgumentError("Trajectories need a group that is a column.")
    return columns


def _category(fit: Fit, category: str | None, scale: str) -> int | None:
    """Return the category at or above which a response is counted."""
    names = list(fit.design.categories)
    if category is not None and str(category) not in names[1:]:
        raise ArgumentError(
            f"category={category!r}: there is no such category above the lowest."
            + suggestion(str(category), names[1:])
        )
    if not names or scale == "link":
        return None
    return names.index(str(category)) if category is not None else len(names) // 2


def _scale_name(fit: Fit, scale: str, level: int | None) -> str:
    if scale == "link":
        return fit.family.predictor_words(fit.link, fit.design.categories)
    if level is not None:
        name = fit.schema.response.levels[level]
        return f"probability of {fit.spec.response.column} at {name} or above"
    return scale_of(fit, "expected", None)


def _thresholds(fit: Fit, scale: str) -> pd.Series:
    if scale != "link" or not len(fit.design.boundaries):
        return pd.Series(dtype=float)
    (threshold,) = fit.family.vectors
    return pd.Series(flat(fit, threshold.name).mean(axis=0), list(fit.design.boundaries))


def _dense(rows: pd.DataFrame, time: str, stepwise: bool) -> pd.DataFrame:
    """Fill a level's time between its first row and its last."""
    if stepwise:
        return rows.drop_duplicates(time).sort_values(time)
    known = rows[time].to_numpy(float)
    at = np.unique([*np.linspace(known.min(), known.max(), OWN_GRID), *known])
    nearest = np.abs(known[:, None] - at).argmin(axis=0)
    return rows.iloc[nearest].assign(**{time: at})


def _grid(few: pd.DataFrame, known: pd.Series, time: str, stepwise: bool) -> pd.DataFrame:
    """Set rows to every time of a grid, or of some rows."""
    times = np.linspace(known.min(), known.max(), GRID)
    if stepwise:
        seen = np.unique(known)
        times = seen[np.unique(np.linspace(0, len(seen) - 1, min(GRID, len(seen))).astype(int))]
    return pd.concat([few.assign(**{time: at}) for at in times], ignore_index=True)


def _draws(
    fit: Fit,
    table: pd.DataFrame,
    groups: Groups,
    cells: Cells,
    scale: Scale,
    level: int | None,
    seed: int,
) -> Array:
    """Return averages within cells, shape (n_draws, n_cells)."""
    rows = prepare_rows(fit, table, groups, seed)
    total = np.zeros((n_draws(fit), cells.n))
    make = predictor_draws if scale == "link" else mean_draws
    for block in blocks(fit, rows.design):
        found = make(fit, rows, groups, block)
        cells.add(total, found if level is None else found[..., level:].sum(axis=-1), block)
    return total
