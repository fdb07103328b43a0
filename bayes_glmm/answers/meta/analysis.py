"""Meta-analysis: each study's effect, the average one, and what a new study may find."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.answers.answer_tables import answer
from bayes_glmm.answers.meta.network import networks, refuse_apart
from bayes_glmm.answers.meta.study_effects import Arms, Shift, typical_variance
from bayes_glmm.answers.meta.study_estimates import effect_labels, is_pair, kind_of
from bayes_glmm.answers.predict.answer_rows import Cells, with_exposure
from bayes_glmm.answers.predict.compared_values import contrasts, measured
from bayes_glmm.answers.predict.comparisons import averages
from bayes_glmm.answers.predict.represented import amounts, averaged_over, collapsed_column
from bayes_glmm.answers.require import able, require
from bayes_glmm.errors import ArgumentError, listed, suggestion
from bayes_glmm.literals import StudyMeasure, allowed
from bayes_glmm.results.fit import Fit, read_fit

if TYPE_CHECKING:
    import xarray as xr

type Array = NDArray[np.float64]
MEASURES = allowed(StudyMeasure)
NEW = "a new study"


@overload
def meta_analysis(
    tree: xr.DataTree, study: str, treatment: str | None = None,
    measure: StudyMeasure = "conditional", *, contrast: str | Sequence[Any] | None = None,
    draws: Literal[False] = False, seed: int = 0,
) -> pd.DataFrame: ...  # fmt: skip
@overload
def meta_analysis(
    tree: xr.DataTree, study: str, treatment: str | None = None,
    measure: StudyMeasure = "conditional", *, contrast: str | Sequence[Any] | None = None,
    draws: Literal[True], seed: int = 0,
) -> xr.DataArray: ...  # fmt: skip
@overload
def meta_analysis(
    tree: xr.DataTree, study: str, treatment: str | None = None,
    measure: StudyMeasure = "conditional", *, contrast: str | Sequence[Any] | None = None,
    draws: bool, seed: int = 0,
) -> pd.DataFrame | xr.DataArray: ...  # fmt: skip
def meta_analysis(
    tree: xr.DataTree,
    study: str,
    treatment: str | None = None,
    measure: StudyMeasure = "conditional",
    *,
    contrast: str | Sequence[Any] | None = None,
    draws: bool = False,
    seed: int = 0,
) -> pd.DataFrame | xr.DataArray:
    """Tabulate the effect in every study, on average, and in a new study.

    Parameters
    ----------
    tree : xarray.DataTree
        One row per arm, or per patient, with the treatment's effect varying by study:
        ``"events | trials(n) ~ treat + (1 + treat | study)"``; or one row per study with
        its standard error, ``"effect | se(error) ~ 1 + (1 | study)"``; or one row per study
        whose treated arm is held against the other, given the events of both, without
        ``treatment``: ``"events | trials(n) + against(events0, n0) ~ 1 + (1 | study)"``.
    study : str
        A group of the model, or a column that it reads.
    treatment : str, optional
        A column of the model. Without, effects are the studies' own means.
    measure : {"conditional", "difference", "ratio", "odds_ratio"}
        ``"conditional"`` is the effect on the predictor, exponentiated where the link is
        logit (odds ratio) or log (rate ratio). The others are standardised: the mean
        response of the study's patients, or of a population of studies, under both
        treatments (risk difference, risk ratio, marginal odds ratio; rates per unit
        exposure).
    contrast : pair of values or text, optional
        As in :func:`comparisons`; every other treatment against the first by default.
    draws : bool, default False
        Return the draws with the same labels, over (chain, draw, ...).
    seed : int, default 0
        For the new study.

    Returns
    -------
    pandas.DataFrame
        ``kind`` (``study``, ``average``, ``new study``), ``study``, ``contrast``, ``low``
        and ``high`` (events of the arms), ``raw``, ``raw_low``, ``raw_high``: what the study's own
        rows say, without correction, zero or infinite where an arm has no event, missing
        where neither has; ``p_above`` (probability of an effect above none), ``median``,
        ``mean``, ``sd`` and interval of the model's estimate. The interval of ``new
        study`` is the prediction interval; studies without events are among those that
        the model learns from.

    Raises
    ------
    ArgumentError
        An unknown measure, a treatment that is not in the model, treatments that no chain of
        studies joins (the parts of the network are named), or unordered categories.
    ResultError
        The model has no such group or column.

    Notes
    -----
    Intervals of ``raw`` are exact: conditional on the margins for odds ratios (Fisher), on
    the total for rate ratios. They know of no covariates beside the treatment.

    A network of treatments is a factor whose arms vary within studies, all contrasts by
    one standard deviation: ``treatment + (1 | study) + (1 | study:treatment)``.

    References
    ----------
    .. [1] Higgins, Thompson & Spiegelhalter (2009). A re-evaluation of random-effects
       meta-analysis. *JRSS A* 172, 137-159. doi:10.1111/j.1467-985X.2008.00552.x
    .. [2] Stijnen, Hamza & Özdemir (2010). Random effects meta-analysis of event outcome in
       the framework of the generalized linear mixed model with applications in sparse
       data. *Statistics in Medicine* 29, 3046-3067. doi:10.1002/sim.4040

    Examples
    --------
    >>> import bayes_glmm as bg
    >>> tree = bg.fit(
    ...     "events ~ treat + (1 + treat || study)", bg.dataset("nielweise2008"),
    ...     family="poisson", exposure="catheter_days", seed=2,
    ... )
    >>> table = bg.meta_analysis(tree, "study", "treat")
    >>> table["kind"].tail(2).tolist()
    ['average', 'new study']
    """
    fit = read_fit(tree)
    if measure not in MEASURES:
        raise ArgumentError(f"Unknown measure {measure!r}." + suggestion(str(measure), MEASURES))
    if measure == "odds_ratio" and kind_of(fit) != "odds":
        raise ArgumentError("Odds ratios are for probabilities on the logit link.")
    if treatment is None and measure != "conditional":
        require(fit, "mean", f"measure={measure!r}")
        raise ArgumentError(f"measure={measure!r} compares treatments: name the column.")
    values, labels = [], []
    for arms, text in _contrasts(fit, study, treatment, contrast):
        conditional = measure == "conditional"
        found = _conditional(fit, arms, seed) if conditional else _standardised(
            fit, study, arms, measure, seed
        )  # fmt: skip
        values.append(found)
        labels.append(
            effect_labels(fit, arms, text, found, none_of(fit, measure, treatment), measure)
        )
    frame = pd.concat(labels, ignore_index=True)
    about = {
        "estimand": f"effect of {treatment or 'none: means'} by {study}, on average, in a new one",
        "scale": scale_of(fit, measure, treatment),
        "measure": measure,
        "none": none_of(fit, measure, treatment),
        "study": study,
        "treatment": treatment or "",
        "averaged_over": averaged_over(fit, fit.data),
    }
    return answer(fit, np.concatenate(values, axis=1), frame, about, draws=draws)


def meta_designs(fit: Fit) -> Iterator[tuple[str, str | None]]:
    """Yield studies and treatment of fits that are meta-analyses by their rows.

    A study has one row with its standard error, or one held against its other arm; one row
    for each of two arms whose contrast varies; or several arms of a network.
    """
    if not able(fit.family, "one_predictor"):
        return
    yield from networks(fit)
    alone = is_pair(fit) or fit.spec.response.modifier("se") is not None
    two = {
        c.name for c in fit.schema.columns if "slope" in c.roles and fit.data[c.name].nunique() == 2
    }
    for group in fit.schema.predictors["mu"].groups:
        design = fit.group(group.name)
        if alone and design.n_levels == fit.design.n_rows:
            yield group.name, None
        for column in sorted(two) if kind_of(fit) else ():
            arms = fit.data.groupby([*group.columns, column]).size()
            varies = any(column in term for term in design.terms)
            if varies and len(arms) == 2 * design.n_levels == fit.design.n_rows:
                yield group.name, column


@overload
def heterogeneity(
    tree: xr.DataTree, study: str, treatment: str | None = None, *,
    contrast: str | Sequence[Any] | None = None, draws: Literal[False] = False,
) -> pd.DataFrame: ...  # fmt: skip
@overload
def heterogeneity(
    tree: xr.DataTree, study: str, treatment: str | None = None, *,
    contrast: str | Sequence[Any] | None = None, draws: Literal[True],
) -> xr.DataArray: ...  # fmt: skip
@overload
def heterogeneity(
    tree: xr.DataTree, study: str, treatment: str | None = None, *,
    contrast: str | Sequence[Any] | None = None, draws: bool,
) -> pd.DataFrame | xr.DataArray: ...  # fmt: skip
def heterogeneity(
    tree: xr.DataTree,
    study: str,
    treatment: str | None = None,
    *,
    contrast: str | Sequence[Any] | None = None,
    draws: bool = False,
) -> pd.DataFrame | xr.DataArray:
    r"""Say how much effects differ between studies.

    Parameters
    ----------
    tree, study, treatment, contrast, draws
        As in :func:`meta_analysis`.

    Returns
    -------
    pandas.DataFrame
        Per contrast: ``tau``, the standard deviation of the effect between studies (link
        scale); ``within``, the typical sampling error of a study's own estimate (link
        scale); and ``i2``, :math:`\tau^2 / (\tau^2 + \text{within}^2)`, the share of the
        variation of studies' own estimates that is between studies. Missing with fewer than
        two studies, and for categories.

    Raises
    ------
    ArgumentError
        No effect varies between studies in this model, or as in :func:`meta_analysis`.

    Notes
    -----
    ``i2`` grows with the size of the studies at the same ``tau``: it says how much chance
    blurs what is seen, not how much effects differ. The sampling errors are those at the
    fitted means, so that arms without events count without correction.

    References
    ----------
    .. [1] Higgins & Thompson (2002). Quantifying heterogeneity in a meta-analysis.
       *Statistics in Medicine* 21, 1539-1558. doi:10.1002/sim.1186

    Examples
    --------
    >>> import bayes_glmm as bg
    >>> tree = bg.fit(
    ...     "events ~ treat + (1 + treat || study)", bg.dataset("nielweise2008"),
    ...     family="poisson", exposure="catheter_days", seed=2,
    ... )
    >>> bg.heterogeneity(tree, "study", "treat").columns.tolist()
    ['contrast', 'quantity', 'scale', 'mean', 'sd', 'eti89_lb', 'eti89_ub']
    """
    fit = read_fit(tree)
    values, labels = [], []
    for arms, text in _contrasts(fit, study, treatment, contrast):
        shift = Shift.of(fit, arms)
        if not shift.varies:
            raise ArgumentError(_constant(study, treatment))
        tau = shift.spread
        measurable = len(arms.studies) > 1 and able(fit.family, "one_mean")
        within = typical_variance(fit, arms) if measurable else np.full(len(tau), np.nan)
        values += [tau, np.sqrt(within), tau**2 / (tau**2 + within)]
        link = fit.link.scale
        labels += [(text, "tau", link), (text, "within", link), (text, "i2", "share")]
    frame = pd.DataFrame(labels, columns=["contrast", "quantity", "scale"])
    about = {
        "estimand": f"variation of effects between levels of {study}",
        "scale": "see column scale",
        "averaged_over": averaged_over(fit, fit.data),
    }
    return answer(fit, np.column_stack(values), frame, about, draws=draws)


def _constant(study: str, treatment: str | None) -> str:
    wanted = f"(1 | {study})" if treatment is None else f"(1 + {treatment} | {study})"
    what = "no mean" if treatment is None else f"no effect of {treatment!r}"
    return (
        f"The model has {what} that varies between levels of {study!r}, so that their variation was "
        f"not estimated: fit with {wanted}."
    )


def _contrasts(
    fit: Fit, study: str, treatment: str | None, contrast: Any
) -> Iterator[tuple[Arms, str]]:
    _refuse_categories(fit, treatment)
    if treatment is None:
        yield Arms.of(fit, study, None, (None, None)), "pair" if is_pair(fit) else "mean"
        return
    usable = [c.name for c in fit.schema.columns if {"fixed", "slope"} & set(c.roles)]
    if treatment not in usable:
        raise ArgumentError(
            f"{treatment!r} is no explanatory variable of this model."
            + suggestion(str(treatment), usable)
        )
    if fit.schema.column(treatment).kind == "numeric" and contrast is None:
        seen = sorted(fit.data[treatment].unique())
        contrast = tuple(seen) if len(seen) == 2 else None
    for low, high, text in contrasts(fit, fit.data, treatment, contrast):
        if isinstance(low, pd.Series):
            raise ArgumentError(
                f"{treatment!r} has more than two values: give contrast=(low, high)."
            )
        refuse_apart(fit, study, treatment, (low, high))
        yield Arms.of(fit, study, treatment, (low, high)), text


def _refuse_categories(fit: Fit, treatment: str | None) -> None:
    require(fit.family, "one_predictor", "meta_analysis()")
    if treatment is None:
        require(fit.family, "one_mean", "meta_analysis() without a treatment")


def _conditional(fit: Fit, arms: Arms, seed: int) -> Array:
    """Return effects by study, their average and a new one, shape (n_draws, n_studies + 2)."""
    shift = Shift.of(fit, arms)
    values = np.column_stack([shift.studies, shift.average, shift.new(fit, seed)])
    if arms.variable is None and not is_pair(fit):
        return np.asarray(fit.link.inverse(values))
    return fit.link.effect(values)


def _standardised(fit: Fit, study: str, arms: Arms, measure: str, seed: int) -> Array:
    """Return the same of mean responses, over the rows of each study and of all."""
    require(fit, "average", f"measure={measure!r}")
    require(fit.family, "one_mean", f"measure={measure!r}")
    groups = fit.schema.predictors["mu"].groups
    column = next((g.columns for g in groups if g.name == study), (study,))
    fixed = [c for c in column if "fixed" in fit.schema.column(c).roles]
    if fixed:
        raise ArgumentError(
            f"{listed(fixed)} is a fixed factor, so that a new study has no level: use "
            "measure='conditional', or comparisons() for the average."
        )
    per = None if fit.spec.exposure in (None, collapsed_column(fit)) else 1.0
    own = np.any(arms.rows, axis=0) if arms.rows else np.zeros(len(fit.data), bool)
    table = with_exposure(fit, fit.data, per)
    new = table.assign(**dict.fromkeys(column, NEW))
    one = Cells.of(fit, table, True)
    within = table[own]
    cells = Cells(
        np.argmax([rows[own] for rows in arms.rows], axis=0), amounts(fit, within),
        pd.DataFrame(index=range(len(arms.rows))),
    ) if arms.rows else None  # fmt: skip
    pairs: list[list[Array]] = []
    for value in arms.values:
        name = str(arms.variable)
        parts = [averages(fit, within, name, value, "known", cells, seed)] if cells else []
        parts.append(averages(fit, table, name, value, "population", one, seed))
        parts.append(averages(fit, new, name, value, "new", one, seed))
        pairs.append(parts)
    low, high = (np.concatenate(parts, axis=1) for parts in pairs)
    return measured(measure, low, high)


def none_of(fit: Fit, measure: str, treatment: str | None) -> float:
    """Return what the measure is without an effect."""
    if measure == "conditional":
        single = treatment is None and not is_pair(fit)
        return 0.0 if single else float(fit.link.effect(0.0))
    return 0.0 if measure == "difference" else 1.0


def scale_of(fit: Fit, measure: str, treatment: str | None) -> str:
    """Name the measure in a reader's words."""
    single = treatment is None and not is_pair(fit)
    return fit.family.effect_words(fit.link, measure, single=single)
