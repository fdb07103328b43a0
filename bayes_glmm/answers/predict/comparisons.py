"""Contrasts of predictions: what changing one variable does, averaged inside each draw."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.answers.answer_tables import answer, beside
from bayes_glmm.answers.meta.network import networks, refuse_apart
from bayes_glmm.answers.predict.answer_rows import By, Cells, rows_of, with_exposure
from bayes_glmm.answers.predict.compared_values import coded_levels, contrasts, linked, measured
from bayes_glmm.answers.predict.expected import (
    MEANING,
    blocks,
    by_category,
    mean_draws,
    no_draws,
    predictor_draws,
    prepare_rows,
)
from bayes_glmm.answers.predict.predictions import describe
from bayes_glmm.answers.predict.represented import amounts, words
from bayes_glmm.answers.require import require
from bayes_glmm.errors import ArgumentError, suggestion
from bayes_glmm.literals import Groups, Measure, Scale, allowed
from bayes_glmm.model.thresholds import SingleBoundaries
from bayes_glmm.results.fit import Fit, read_fit

if TYPE_CHECKING:
    import xarray as xr

type Array = NDArray[np.float64]
STEP = 1e-4


@overload
def comparisons(
    tree: xr.DataTree, variable: str, data: Any = None, measure: Measure = "difference",
    groups: Groups = "population", by: By = None, *,
    contrast: str | Sequence[Any] | float | None = None, scale: Scale = "response",
    per: float | None = None, draws: Literal[False] = False, seed: int = 0,
) -> pd.DataFrame: ...  # fmt: skip
@overload
def comparisons(
    tree: xr.DataTree, variable: str, data: Any = None, measure: Measure = "difference",
    groups: Groups = "population", by: By = None, *,
    contrast: str | Sequence[Any] | float | None = None, scale: Scale = "response",
    per: float | None = None, draws: Literal[True], seed: int = 0,
) -> xr.DataArray: ...  # fmt: skip
@overload
def comparisons(
    tree: xr.DataTree, variable: str, data: Any = None, measure: Measure = "difference",
    groups: Groups = "population", by: By = None, *,
    contrast: str | Sequence[Any] | float | None = None, scale: Scale = "response",
    per: float | None = None, draws: bool, seed: int = 0,
) -> pd.DataFrame | xr.DataArray: ...  # fmt: skip
def comparisons(
    tree: xr.DataTree,
    variable: str,
    data: Any = None,
    measure: Measure = "difference",
    groups: Groups = "population",
    by: By = None,
    *,
    contrast: str | Sequence[Any] | float | None = None,
    scale: Scale = "response",
    per: float | None = None,
    draws: bool = False,
    seed: int = 0,
) -> pd.DataFrame | xr.DataArray:
    """Compare the mean response under two values of a variable.

    Every row is predicted twice, with the variable set to one value and to the
    other and all else as it is; both are averaged over the rows inside each draw
    (marginal standardisation) and then compared. A row that stands for several, by its trials,
    ``weights()`` or :func:`bayes_glmm.collapse`, counts as several.

    Parameters
    ----------
    tree : xarray.DataTree
        A result of :func:`bayes_glmm.fit` or :func:`bayes_glmm.load`.
    variable : str
        A column of the model: not a group.
    data : DataFrame, optional
        Rows to standardise over; the training rows when not given. Without the columns of
        trials and weights each counts one: ``attrs["averaged_over"]`` says which.
    measure : {"difference", "ratio", "odds_ratio", "lift"}
        Of the averages: ``high - low``, ``high / low``, the ratio of their odds
        (probabilities only), ``(high - low) / low``.
    groups : {"population", "typical", "known", "new"}
        Whose response is averaged, as in :func:`predictions`.
    by : str, list of str, optional
        Compare within the cells of these columns.
    contrast : pair of values, number, or text, optional
        ``(low, high)``, or the size of a step from each row's own value; ``"pairwise"``
        (every pair of levels), ``"sequential"`` (each level against the one before) or
        ``"reference"`` (each against the first), the default for levels. By default 0
        against 1 for a 0/1 column, and a step of one unit for any other number.
    scale : {"response", "link"}
        Whether mean responses are compared, or predictors: the conditional effect,
        that of one and the same group. There ``"odds_ratio"`` (logit link) and
        ``"ratio"`` (log link) are the exponentiated difference, every category but the
        first being held against the first where they have no order; ``"population"``
        is the mean of the predictor over groups.
    per : float, optional
        Set every row's exposure to this.
    draws : bool, default False
        Return the draws with the same labels, over (chain, draw, ...).
    seed : int, default 0
        Equal seeds give equal results.

    Returns
    -------
    pandas.DataFrame
        ``variable``, ``contrast``, cells, ``mean``, ``sd`` and the interval.
        A step leaves rows out whose value is missing, estimated by ``mi()``:
        ``attrs["left_out"]`` counts them.

    Raises
    ------
    ArgumentError
        The variable is not in the model, or the measure does not fit the scale.

    Examples
    --------
    >>> import bayes_glmm as bg
    >>> tree = bg.fit(
    ...     "cured | trials(patients) ~ arm + (1 | center)", bg.dataset("beitler_landis"),
    ...     family="binomial",
    ... )
    >>> table = bg.comparisons(tree, "arm")
    >>> table["contrast"].tolist(), table["mean"].round(1).tolist()
    (['drug - control'], [0.1])
    >>> table.attrs["averaged_over"]
    'what rows stand for'
    """
    fit = read_fit(tree)
    _check(fit, variable, measure)
    _check_scale(fit, scale, measure)
    table = with_exposure(fit, rows_of(fit, data), per)
    table, unmoved = _movable(fit, table, variable, contrast)
    cells = Cells.of(fit, table, True if by is None else by)
    found, labels = [], []
    pairs = contrasts(fit, table, variable, contrast)
    for low, high, _ in pairs:
        for study in (s for s, treatment in networks(fit) if treatment == variable):
            refuse_apart(fit, study, variable, (low, high))
        if scale == "link" and fit.design.specific:
            _refuse_single_boundaries(fit, table, variable, (low, high))
    settings = {id(v): v for low, high, _ in pairs for v in (low, high)}
    means = {
        key: averages(fit, table, variable, value, groups, cells, seed, scale)
        for key, value in settings.items()
    }
    for low, high, text in pairs:
        pair = (means[id(low)], means[id(high)])
        cell = cells.labels.drop(columns="rows") if by is not None else pd.DataFrame(index=[0])
        cell = beside(cell, {"variable": variable, "contrast": text, "measure": measure})
        compared = measured(measure, *pair) if scale == "response" else linked(measure, *pair)
        values, cell = by_category(fit, compared, cell)
        found.append(values)
        labels.append(cell)
    frame = pd.concat(labels, ignore_index=True)
    first = ["variable", "contrast", "measure"]
    frame = frame[[*first, *(c for c in frame if c not in first)]]
    about = describe(fit, groups, "expected", cells, per) | {"measure": measure} | unmoved
    if scale == "link":
        over = words(fit, cells.over)
        about |= {"estimand": f"conditional effect on the predictor, {MEANING[groups]}, {over}",
                  "scale": fit.family.predictor_words(fit.link, fit.design.categories)}  # fmt: skip
        about.pop("integration", None)
    if measure != "difference":
        about["scale"] = f"{measure} of {about['scale']}"
    return answer(fit, np.concatenate(found, axis=1), frame, about, draws=draws)


@overload
def slopes(
    tree: xr.DataTree, variable: str, data: Any = None, groups: Groups = "population",
    by: By = None, *, per: float | None = None, draws: Literal[False] = False, seed: int = 0,
) -> pd.DataFrame: ...  # fmt: skip
@overload
def slopes(
    tree: xr.DataTree, variable: str, data: Any = None, groups: Groups = "population",
    by: By = None, *, per: float | None = None, draws: Literal[True], seed: int = 0,
) -> xr.DataArray: ...  # fmt: skip
@overload
def slopes(
    tree: xr.DataTree, variable: str, data: Any = None, groups: Groups = "population",
    by: By = None, *, per: float | None = None, draws: bool, seed: int = 0,
) -> pd.DataFrame | xr.DataArray: ...  # fmt: skip
def slopes(
    tree: xr.DataTree,
    variable: str,
    data: Any = None,
    groups: Groups = "population",
    by: By = None,
    *,
    per: float | None = None,
    draws: bool = False,
    seed: int = 0,
) -> pd.DataFrame | xr.DataArray:
    """Average the derivative of the mean response in a numeric variable.

    The derivative is taken at each row's own values by a central difference of 1e-4
    standard deviations and averaged over rows inside each draw.

    Parameters
    ----------
    tree, variable, data, groups, by, per, draws, seed
        As in :func:`comparisons`.

    Returns
    -------
    pandas.DataFrame
        Response units per unit of the variable.

    Raises
    ------
    ArgumentError
        The variable is not a number in the model.

    Examples
    --------
    >>> import bayes_glmm as bg
    >>> tree = bg.fit("weight ~ age + (1 + age | rat)", bg.dataset("rats"))
    >>> bg.slopes(tree, "age")["mean"].round(1).tolist()
    [6.2]
    """
    fit = read_fit(tree)
    _check(fit, variable, "difference")
    if fit.schema.column(variable).kind != "numeric" or coded_levels(fit, variable):
        raise ArgumentError(f"slopes() needs a number; {variable!r} has levels: use comparisons().")
    table = with_exposure(fit, rows_of(fit, data), per)
    table, unmoved = _movable(fit, table, variable, None)
    cells = Cells.of(fit, table, True if by is None else by)
    h = STEP * (_spread(fit, variable) or 1.0)
    x = table[variable].astype(float)
    low, high = (averages(fit, table, variable, x + d, groups, cells, seed) for d in (-h, h))
    labels = cells.labels.drop(columns="rows") if by is not None else pd.DataFrame(index=[0])
    labels = beside(labels, {"variable": variable})
    about = describe(fit, groups, "expected", cells, per) | unmoved
    about["scale"] = f"{about['scale']} per unit of {variable}"
    values, labels = by_category(fit, (high - low) / (2 * h), labels)
    return answer(fit, values, labels, about, draws=draws)


def _spread(fit: Fit, variable: str) -> float:
    """Return the standard deviation of a column over what the training rows stand for."""
    x, each = fit.data[variable].astype(float).to_numpy(), amounts(fit, fit.data)
    known = ~np.isnan(x) & (each > 0)
    middle = np.average(x[known], weights=each[known])
    return float(np.sqrt(np.average((x[known] - middle) ** 2, weights=each[known])))


def _movable(
    fit: Fit, table: pd.DataFrame, variable: str, contrast: Sequence[Any] | float | None
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return the rows whose value can be moved by a step, and what to say of the others."""
    pair = contrast is not None and not isinstance(contrast, int | float | np.number)
    if pair or variable not in fit.spec.imputed:
        return table, {}
    known = table[variable].notna()
    if known.all():
        return table, {}
    if not known.any():
        raise ArgumentError(f"{variable!r} is missing in all rows: give contrast=(low, high).")
    text = f"{int((~known).sum())} rows in which {variable} is missing"
    return table[known], {"left_out": text}


def averages(
    fit: Fit,
    table: pd.DataFrame,
    variable: str,
    value: Any,
    groups: Groups,
    cells: Cells,
    seed: int,
    scale: Scale = "response",
) -> Array:
    """Set a variable to a value in all rows; return averages, shape (n_draws, n_cells)."""
    changed = table.assign(**{variable: _valued(fit, table, variable, value)})
    rows = prepare_rows(fit, changed, groups, seed)
    link = scale == "link"
    total = no_draws(fit, cells.n, "predictor" if link else "expected")
    make = predictor_draws if link else mean_draws
    for block in blocks(fit, rows.design):
        cells.add(total, make(fit, rows, groups, block), block)
    return total


def _valued(fit: Fit, table: pd.DataFrame, variable: str, value: Any) -> Any:
    if isinstance(value, pd.Series):
        return value
    if fit.schema.column(variable).kind == "numeric":
        try:
            value = float(value)
        except (TypeError, ValueError) as error:
            raise ArgumentError(f"{variable!r} is a number; {value!r} is none.") from error
    return pd.Series([value] * len(table), index=table.index)


def _check(fit: Fit, variable: str, measure: str) -> None:
    require(fit, "average", "comparisons()")
    roles = {c.name: set(c.roles) for c in fit.schema.columns}
    usable = [name for name, uses in roles.items() if uses & {"fixed", "slope"}]
    if variable not in usable:
        group = "group" in roles.get(variable, ())
        why = " It is a group: compare its levels with rank()." if group else ""
        raise ArgumentError(
            f"{variable!r} is no explanatory variable of this model.{why}"
            + ("" if why else suggestion(str(variable), usable))
        )
    known = allowed(Measure)
    if measure not in known:
        raise ArgumentError(f"Unknown measure {measure!r}." + suggestion(str(measure), known))
    if measure == "odds_ratio":
        require(fit.link, "odds", "measure='odds_ratio'")


def _refuse_single_boundaries(
    fit: Fit, table: pd.DataFrame, variable: str, values: tuple[Any, Any]
) -> None:
    low, high = (
        fit.schema.apply(
            table.assign(**{variable: _valued(fit, table, variable, v)}),
            groups="ignore", response=False,
        ) for v in values
    )  # fmt: skip
    pairs = zip(low.specific, high.specific, strict=True)
    for a, b in pairs:
        if not np.array_equal(a.X, b.X):
            require(SingleBoundaries(), "common_boundaries", f"scale='link' of {variable!r}")


def _check_scale(fit: Fit, scale: str, measure: str) -> None:
    if scale not in ("response", "link"):
        raise ArgumentError(f"scale={scale!r}: use 'response' or 'link'.")
    if scale == "link" and measure not in fit.link.measures():
        raise ArgumentError(
            f"measure={measure!r} does not fit the {fit.link.name} link: compare predictors by "
            "'difference', by 'odds_ratio' (logit link) or by 'ratio' (log link)."
        )
