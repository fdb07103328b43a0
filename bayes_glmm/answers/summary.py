"""The table of parameters, on the scale it names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, overload

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.answers.answer_tables import answer
from bayes_glmm.answers.diagnose.rhat_ess import diagnostics
from bayes_glmm.answers.predict.predictor_draws import odds_of, shown
from bayes_glmm.design.terms.base_levels import references
from bayes_glmm.errors import ArgumentError
from bayes_glmm.model.variable_table import family_variables
from bayes_glmm.model.variables import Role, Variable, element_of
from bayes_glmm.results.fit import Fit, read_fit

if TYPE_CHECKING:
    import xarray as xr

type Array = NDArray[np.float64]
FIXED = (Role.INTERCEPT, Role.COEFFICIENTS)
FIRST = (*FIXED, Role.SHARES, Role.THRESHOLD)
"""What the table shows first of a formula."""


@overload
def summary(
    tree: xr.DataTree, exponentiate: bool = False, *, draws: Literal[False] = False,
) -> pd.DataFrame: ...  # fmt: skip
@overload
def summary(
    tree: xr.DataTree, exponentiate: bool = False, *, draws: Literal[True],
) -> xr.DataArray: ...  # fmt: skip
@overload
def summary(
    tree: xr.DataTree, exponentiate: bool = False, *, draws: bool,
) -> pd.DataFrame | xr.DataArray: ...  # fmt: skip
def summary(
    tree: xr.DataTree, exponentiate: bool = False, *, draws: bool = False
) -> pd.DataFrame | xr.DataArray:
    """Tabulate fixed effects, standard deviations, correlations and family parameters.

    The table's ``attrs["references"]`` names, by column, the level that the coefficients of a
    factor are differences from.

    Parameters
    ----------
    tree : xarray.DataTree
        A result of :func:`bayes_glmm.fit` or :func:`bayes_glmm.load`.
    exponentiate : bool, default False
        Give fixed effects as odds, rate or hazard ratios, draw by draw; standard
        deviations and correlations stay on the link scale. The column ``scale`` says of what:
        a lognormal model has ratios of medians, a hurdle those of its positive part. Hazards
        of ordered categories (cloglog) fall where the predictor rises: theirs is
        ``exp(-coefficient)``.
    draws : bool, default False
        Return the draws with the same labels, over (chain, draw, ...).

    Returns
    -------
    pandas.DataFrame
        ``parameter``, ``scale``, ``mean``, ``sd``, the interval, ``r_hat``,
        ``ess_bulk``, ``ess_tail`` and ``mcse``. Fixed effects are conditional: they
        compare rows of one and the same group. ``attrs["success"]`` says which level of a
        response of two levels counts as 1.

    Raises
    ------
    ArgumentError
        The link has no multiplicative reading.

    Examples
    --------
    >>> import bayes_glmm as bg
    >>> tree = bg.fit(
    ...     "events ~ treat + (1 | study)", bg.dataset("nielweise2008"), family="poisson",
    ...     exposure="catheter_days",
    ... )
    >>> bg.summary(tree, exponentiate=True)["scale"].tolist()
    ['rate', 'incidence rate ratio', 'link (log)']
    """
    fit = read_fit(tree)
    rows = list(_rows(fit, exponentiate))
    labels = pd.DataFrame(
        [(name, scale) for name, scale, _ in rows], columns=["parameter", "scale"]
    )
    values = np.column_stack([values for _, _, values in rows])
    about = {"estimand": "parameters, conditional on group effects", "scale": "see column scale"}
    if counted := fit.schema.response.counted:
        about |= {"success": counted}
    table = answer(fit, values, labels, about, draws=draws)
    if not isinstance(table, pd.DataFrame):
        return table
    shape = (fit.posterior.sizes["chain"], fit.posterior.sizes["draw"], -1)
    found = diagnostics(values.reshape(shape))
    table.attrs["references"] = references(fit.schema)
    return table.assign(**found, mcse=table.attrs["mcse"])


@dataclass(frozen=True, eq=False)
class _Formula:
    """What the table shows of one formula, in words for the scales of its parts."""

    parameter: str
    variables: tuple[Variable, ...]
    scale: str
    coefficients: str
    intercept: str
    exponentiate: bool = False

    def words(self, variable: Variable) -> str:
        """Return words for the scale of a variable."""
        own = {Role.INTERCEPT: self.intercept, Role.COEFFICIENTS: self.coefficients}
        return variable.scale or own.get(variable.role, self.scale)


def _formulas(fit: Fit, exponentiate: bool) -> list[_Formula]:
    """Return formulas as the table has them: those of the mean, of other parameters, of covariates."""
    own, scale = family_variables(fit.design), fit.link.scale
    ratios = fit.family.ratios(fit.link)
    if exponentiate and ratios is None:
        raise ArgumentError(
            f"Coefficients on the {fit.link.name} link have no multiplicative reading; "
            "use comparisons() for effects on the response scale."
        )
    found = []
    for p in fit.design.means:
        fixed, base = ratios if exponentiate and ratios else (scale, scale)
        if p.category:
            scale = odds_of(fit, p)
            odds = scale.removeprefix("log ")
            fixed, base = (f"odds ratio, {odds}", odds) if exponentiate else (scale, scale)
        mine = (v for v in own if v.role is Role.THRESHOLD and p.parameter == "mu")
        known = (*p.variables(), *mine)
        found.append(_Formula(p.parameter, known, scale, fixed, base, exponentiate))
    for p in fit.design.predictors.values():
        if not p.of_mean:
            words = f"link of {p.parameter} ({fit.family.parameter(p.parameter).link})"
            found.append(_Formula(p.parameter, p.variables(), words, words, words))
    for c in fit.design.covariates.values():
        found.append(_Formula(c.predictor.parameter, c.variables(), "", "", ""))
    scalars = tuple(v for v in own if v.role is Role.OWN)
    return [*found, _Formula("", scalars, scale, scale, scale)]


def _rows(fit: Fit, exponentiate: bool) -> Iterator[tuple[str, str, Array]]:
    formulas = _formulas(fit, exponentiate)
    # what formulas share comes once, with the last of them
    last = {v.name: f.parameter for f in formulas for v in f.variables}
    for formula in formulas:
        for variable in sorted(filter(_reported, formula.variables), key=_place):
            values = shown(fit, variable.name)
            if formula.exponentiate and variable.role in FIXED:
                values = fit.family.exponentiated(fit.link, values)
            for e in variable.elements:
                if formula.parameter == (e.parameter or last[variable.name]):
                    yield (
                        variable.called(e.place),
                        formula.words(variable),
                        element_of(values, e.place),
                    )


def fixed_effects(fit: Fit) -> set[str]:
    """Return what the table calls the intercepts and coefficients of the mean."""
    fixed = (v for p in fit.design.means for v in p.variables() if v.role in FIXED)
    return {v.called(e.place) for v in fixed for e in v.elements}


def _reported(variable: Variable) -> bool:
    return variable.reported


def _place(variable: Variable) -> int:
    """Order variables of a formula: what is fixed, then what its effects have."""
    return FIRST.index(variable.role) if variable.role in FIRST else len(FIRST)
