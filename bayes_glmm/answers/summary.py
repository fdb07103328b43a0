"""The table of parameters, on the scale it names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.answers.answer_tables import answer
from bayes_glmm.answers.diagnose.rhat_ess import diagnostics
from bayes_glmm.answers.predict.predictor_draws import odds_of
from bayes_glmm.design.terms.base_levels import references
from bayes_glmm.errors import ArgumentError
from bayes_glmm.model.design import PredictorDesign
from bayes_glmm.results.fit import Fit, read_fit

if TYPE_CHECKING:
    import xarray as xr

type Array = NDArray[np.float64]


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


def _rows(fit: Fit, exponentiate: bool) -> Iterator[tuple[str, str, Array]]:
    link = fit.link.name
    ratios = fit.family.ratios(link)
    if exponentiate and ratios is None:
        raise ArgumentError(
            f"Coefficients on the {link} link have no multiplicative reading; "
            "use comparisons() for effects on the response scale."
        )
    scale = f"link ({link})" if link != "identity" else "response"
    fixed, base = ratios if exponentiate and ratios else (scale, scale)
    for predictor in fit.design.means:
        if predictor.category:
            scale = odds_of(fit, predictor)
            odds = scale.removeprefix("log ")
            fixed, base = (f"odds ratio, {odds}", odds) if exponentiate else (scale, scale)
        yield from _predictor_rows(fit, predictor, scale, fixed, base, exponentiate)
    for predictor in fit.design.predictors.values():
        if predictor.of_mean:
            continue
        own = f"link of {predictor.parameter} ({fit.family.parameter(predictor.parameter).link})"
        yield from _predictor_rows(fit, predictor, own, own, own, False)
    for covariate in fit.design.covariates.values():
        units = f"units of {covariate.column}"
        yield from _predictor_rows(fit, covariate.predictor, units, units, units, False)
        sigma = covariate.predictor.name("sigma")
        yield sigma, units, fit.posterior[sigma].values.ravel()
    for parameter in fit.scalars:
        text = scale if parameter.name == "sigma" else parameter.meaning
        yield parameter.name, text, fit.posterior[parameter.name].values.ravel()


def _ratio(fit: Fit, values: Array) -> Array:
    return np.exp(fit.family.sign(fit.link.name) * values)


def fixed_name(predictor: PredictorDesign, label: str) -> str:
    """Name a coefficient in tables: its label, with the parameter of another formula."""
    return label if predictor.parameter == "mu" else f"{predictor.name('beta')}[{label}]"


def _predictor_rows(
    fit: Fit, predictor: PredictorDesign, scale: str, fixed: str, base: str, exponentiate: bool
) -> Iterator[tuple[str, str, Array]]:
    posterior = fit.posterior
    change: Callable[[Array], Array] = partial(_ratio, fit) if exponentiate else np.asarray
    intercept, beta = predictor.name("intercept"), predictor.name("beta")
    if predictor.intercept:
        yield intercept, base, change(posterior[intercept].values.ravel())
    for k, label in enumerate(predictor.coefficients):
        name = fixed_name(predictor, label)
        yield name, fixed, change(posterior[beta].values[..., k].ravel())
    for factor in (f for f in predictor.modelled.factors if f.kind == "mo"):
        for k, label in enumerate(factor.labels):
            values = posterior[factor.variable].values[..., k]
            yield f"{factor.variable}[{label}]", "share of all steps", values.ravel()
    if predictor.parameter == "mu" and fit.family.vectors:
        for k, label in enumerate(fit.design.boundaries):
            for parameter in fit.family.vectors:
                values = posterior[parameter.name].values[..., k]
                yield f"{parameter.name}[{label}]", scale, values.ravel()
    for smooth in predictor.smooths:
        sd = posterior[f"sd_{smooth.name}"].values
        for k, part in enumerate(smooth.parts):
            yield f"sd_{smooth.name}[{part}]", scale, sd[..., k].ravel()
        for hyper in smooth.hyper:
            values = posterior[f"{hyper.stem}_{smooth.name}"].values
            yield f"{hyper.stem}_{smooth.name}", hyper.meaning, values.ravel()
    for group in predictor.groups:
        sd = posterior[f"sd_{group.name}"].values
        for t, _ in group.own(predictor.parameter):
            yield f"sd_{group.name}[{group.terms[t]}]", scale, sd[..., t].ravel()
        if group.owners and predictor.parameter != group.owners[-1]:
            continue
        for hyper in group.hyper:
            values = posterior[f"{hyper.stem}_{group.name}"].values
            yield f"{hyper.stem}_{group.name}", hyper.meaning, values.ravel()
        name = f"corr_{group.name}"
        if name in posterior:
            for block in group.blocks:
                for i in range(len(block)):
                    for j in range(i):
                        a, b = block[j], block[i]
                        label = f"{name}[{group.terms[a]}, {group.terms[b]}]"
                        yield label, "correlation", posterior[name].values[..., a, b].ravel()
