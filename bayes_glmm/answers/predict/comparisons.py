"""Contrasts of predictions: what changing one variable does, averaged inside each draw."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import combinations, pairwise
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.answers.answer_tables import answer, beside
from bayes_glmm.answers.meta.network import networks, refuse_apart
from bayes_glmm.answers.predict.answer_rows import By, Cells, rows_of, with_exposure
from bayes_glmm.answers.predict.expected import (
    MEANING,
    Groups,
    blocks,
    by_category,
    mean_draws,
    no_draws,
    predictor_draws,
    prepare_rows,
    refuse_directions,
)
from bayes_glmm.answers.predict.predictions import describe
from bayes_glmm.answers.predict.represented import amounts, words
from bayes_glmm.errors import ArgumentError, listed, suggestion
from bayes_glmm.results.fit import Fit, read_fit

if TYPE_CHECKING:
    import xarray as xr

type Array = NDArray[np.float64]
type Measure = Literal["difference", "ratio", "odds_ratio", "lift"]
type Scale = Literal["response", "link"]
STEP = 1e-4


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
                  "scale": _predictor_of(fit)}  # fmt: skip
        about.pop("integration", None)
    if measure != "difference":
        about["scale"] = f"{measure} of {about['scale']}"
    return answer(fit, np.concatenate(found, axis=1), frame, about, draws=draws)


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


def measured(measure: str, low: Array, high: Array) -> Array:
    """Compare averages draw by draw; ratios to zero are infinite."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return _measured(measure, low, high)


def _measured(measure: str, low: Array, high: Array) -> Array:
    match measure:
        case "difference":
            return high - low
        case "ratio":
            return high / low
        case "lift":
            return (high - low) / low
    return (high * (1 - low)) / (low * (1 - high))


def linked(measure: str, low: Array, high: Array) -> Array:
    """Compare predictors draw by draw; ratios are exponentiated differences."""
    return high - low if measure == "difference" else np.exp(high - low)


PAIRS: dict[str, Callable[[Sequence[Any]], Iterable[tuple[Any, Any]]]] = {
    "reference": lambda levels: ((levels[0], other) for other in levels[1:]),
    "sequential": pairwise,
    "pairwise": lambda levels: combinations(levels, 2),
}
"""Which levels are compared, low before high."""


def contrasts(
    fit: Fit, table: pd.DataFrame, variable: str, contrast: str | Sequence[Any] | float | None
) -> list[tuple[Any, Any, str]]:
    """Return ``(low, high, text)`` of each contrast of a variable."""
    column = fit.schema.column(variable)
    levels = coded_levels(fit, variable) or column.levels
    if isinstance(contrast, str):
        if contrast not in PAIRS or not levels:
            why = "" if levels else f" {variable!r} has none."
            raise ArgumentError(
                f"contrast={contrast!r}: give (low, high), or one of {listed(map(repr, PAIRS))} "
                f"for the levels of a factor.{why}"
            )
        return [(a, b, f"{b} - {a}") for a, b in PAIRS[contrast](levels)]
    if isinstance(contrast, int | float | np.number) and not isinstance(contrast, bool):
        if column.kind != "numeric":
            raise ArgumentError(f"{variable!r} has levels: give contrast=(low, high).")
        x = table[variable].astype(float)
        return [(x, x + float(contrast), f"+{contrast:g}")]
    if contrast is not None:
        pair = [] if isinstance(contrast, bool | int | float) else list(contrast)
        if len(pair) != 2:
            raise ArgumentError(f"contrast={contrast!r}: give two values, (low, high).")
        return [(pair[0], pair[1], f"{pair[1]} - {pair[0]}")]
    if column.kind == "boolean":
        return [(False, True, "True - False")]
    levels = coded_levels(fit, variable) or column.levels
    if levels:
        return [(a, b, f"{b} - {a}") for a, b in PAIRS["reference"](levels)]
    training = fit.data[variable]
    if set(training.unique()) <= {0, 1}:
        return [(0, 1, "1 - 0")]
    x = table[variable].astype(float)
    return [(x, x + 1, "+1")]


def coded_levels(fit: Fit, variable: str) -> tuple[str, ...]:
    """Return the levels of a number that the formula turns into a factor."""
    for coding in fit.schema.codings.values():
        levels = getattr(coding, "levels", ())
        if levels and getattr(coding, "column", None) == variable:
            return tuple(levels)
    return ()


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


def _predictor_of(fit: Fit) -> str:
    first = f", log odds against {fit.design.categories[0]}" if fit.family.unordered else ""
    return f"link ({fit.link.name}){first}"


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
    refuse_directions(fit)
    roles = {c.name: set(c.roles) for c in fit.schema.columns}
    usable = [name for name, uses in roles.items() if uses & {"fixed", "slope"}]
    if variable not in usable:
        group = "group" in roles.get(variable, ())
        why = " It is a group: compare its levels with rank()." if group else ""
        raise ArgumentError(
            f"{variable!r} is no explanatory variable of this model.{why}"
            + ("" if why else suggestion(str(variable), usable))
        )
    known = get_args(Measure.__value__)
    if measure not in known:
        raise ArgumentError(f"Unknown measure {measure!r}." + suggestion(str(measure), known))
    if measure == "odds_ratio" and fit.link.name not in ("logit", "probit", "cloglog"):
        raise ArgumentError("Odds ratios are for probabilities; use measure='ratio'.")


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
    if any(not np.array_equal(a.X, b.X) for a, b in pairs):
        raise ArgumentError(
            f"{variable!r} moves single boundaries, cs(), and no one predictor: compare "
            "probabilities, scale='response', or read the coefficients in summary()."
        )


def _check_scale(fit: Fit, scale: str, measure: str) -> None:
    if scale not in ("response", "link"):
        raise ArgumentError(f"scale={scale!r}: use 'response' or 'link'.")
    fitting = {"difference": True, "ratio": fit.link.name == "log",
               "odds_ratio": fit.link.name == "logit"}  # fmt: skip
    if scale == "link" and not fitting.get(measure):
        raise ArgumentError(
            f"measure={measure!r} does not fit the {fit.link.name} link: compare predictors by "
            "'difference', by 'odds_ratio' (logit link) or by 'ratio' (log link)."
        )
