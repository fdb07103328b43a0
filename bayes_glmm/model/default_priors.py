"""Default priors from the scale of the data, and the user's in their place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from bayes_glmm.errors import PriorError, suggestion
from bayes_glmm.families import get_family
from bayes_glmm.families.censoring import observe
from bayes_glmm.model.blocks.group import GroupDesign
from bayes_glmm.model.design import Design, PredictorDesign
from bayes_glmm.model.reference import reference_name
from bayes_glmm.model.row_weights import product_of
from bayes_glmm.spec.model import ModelSpec
from bayes_glmm.spec.priors import CORRELATION, ONE_TO_TWO, POSITIVE, REAL, SIMPLEX, Prior

WIDTH = 2.5
OWN_WIDTH = {"log": 2.5, "logit": 1.5, "identity": 2.5}
"""Of the intercept of another parameter's predictor: Normal(0, 1.5) is nearly level on (0, 1)."""
TAIL = 4.0
LKJ_SHAPE = 2.0


MANY = 4
"""Coefficients of one predictor beyond which each has a narrower prior."""
MOST_REPEATED = 1_000_000


@dataclass(frozen=True)
class Slot:
    """One parameter that needs a prior.

    ``keys`` are the names under which a user may give it, the most specific first. Where the
    default lives in the reference basis, ``reference`` is the name that it has there. A user's
    prior for one of its ``blocks`` puts all of these as written.
    """

    name: str
    support: str
    default: Prior
    keys: tuple[str, ...]
    reference: str = ""
    blocks: frozenset[str] = frozenset()


def resolve_priors(spec: ModelSpec, design: Design) -> dict[str, Prior]:
    """Return the prior of every parameter: the user's where given, else the default.

    Defaults are weakly informative and follow the scale of the data: with ``s``
    the unit of the predictor (:meth:`Family.scale`: one for logit, probit, cloglog
    and log, the standard deviation of the response on the identity link), the
    intercept (at the covariates' means) is ``Normal(link(mean of the response per
    exposure), 2.5 s)``, a coefficient ``Normal(0, 2.5 s / sd(x))``, the sd of a
    random effect ``HalfStudentT(4, s / rms(z))`` with ``z`` the variable that
    varies by group. Numbers are centred before they are multiplied, squared or averaged,
    see :mod:`.reference`: where that is another basis than the table's, defaults are of
    the variables that begin with ``reference_``. With more than four coefficients each is
    narrower, ``2.5 s sqrt(4 / n) / sd(x)``, so that their sum stays as wide. Means and sds
    are over what the rows stand for. Correlations are ``LKJ(2)``, the shares of monotonic steps
    ``Dirichlet(1)``, and the family's own parameters as
    the family says, from the standard deviation of the response. Every category without
    an order has coefficients of its own with these defaults, its intercept around the log
    odds of its share; a prior of ``beta[x]``, ``intercept`` or ``x`` is for all categories.
    In the formula of
    another parameter of the family ``s`` is one, and the intercept lies around that
    parameter's default prior: ``Normal(link(median), 2.5)``, with 1.5 on the logit link. In
    the model of a covariate in ``mi()`` ``s`` is the standard deviation of its known values.

    Returns
    -------
    dict of str to Prior
        ``intercept``, ``beta[x]``, ``sd_g[term]``, ``corr_g``, ``sigma``, ...

    Raises
    ------
    PriorError
        A prior for something the model does not have, or on the wrong support.
    """
    slots = list(_slots(design))
    given = dict(spec.priors)
    known = list(dict.fromkeys(key for slot in slots for key in (*slot.keys, slot.reference)))
    for target in given:
        if target not in known:
            raise PriorError(
                f"The model has no parameter {target!r} to give a prior."
                + suggestion(target, [k for k in known if k])
            )
    written = {block for slot in slots if _key(slot.keys, given) for block in slot.blocks}
    return dict(
        _choose(slot, given, bool(slot.blocks) and slot.blocks <= written) for slot in slots
    )


def _key(keys: tuple[str, ...], given: Mapping[str, Prior]) -> str | None:
    return next((key for key in keys if key in given), None)


def _choose(slot: Slot, given: Mapping[str, Prior], as_written: bool) -> tuple[str, Prior]:
    """Return the name that a prior is of, and the prior."""
    name, key = slot.name, _key(slot.keys, given)
    if slot.reference and key is None and not as_written:
        name = slot.reference
        key = _key((slot.reference,), given)
    if key is None:
        return name, slot.default
    if given[key].support != slot.support:
        raise PriorError(f"{given[key]!r} is no prior for {name!r}: {_WANTED[slot.support]}.")
    return name, given[key]


_WANTED = {
    REAL: "it can be any number, so use Normal, StudentT, Laplace, Logistic or Cauchy",
    POSITIVE: "it is positive, so use HalfNormal, HalfStudentT, Exponential, Gamma, "
    "InverseGamma, LogNormal or HalfCauchy",
    "unit": "it is between 0 and 1, so use Beta",
    ONE_TO_TWO: "it is between 1 and 2, so use OnePlusBeta",
    CORRELATION: "it is a correlation matrix, so use LKJ",
    SIMPLEX: "it is shares that sum to one, so use Dirichlet",
}


def _slots(design: Design) -> Iterator[Slot]:
    family = get_family(design.family)
    y, _, exposure = observations(design)
    for predictor in design.predictors.values():
        if predictor.of_mean:
            middle, unit, width = predictor_start(design, predictor), predictor_unit(design), WIDTH
        else:
            parameter = family.parameter(predictor.parameter)
            middle, unit = parameter.middle(y, exposure), 1.0
            width = OWN_WIDTH[parameter.link]
        yield from _predictor_slots(predictor, middle, unit, width)
    for covariate in design.covariates.values():
        yield from _predictor_slots(covariate.predictor, covariate.mean, covariate.sd, WIDTH)
        default = Prior("HalfStudentT", nu=TAIL, sigma=covariate.sd)
        sigma = covariate.predictor.name("sigma")
        yield Slot(sigma, POSITIVE, default, (sigma,))
    for parameter in (*family.vectors, *family.scalars(design.stated)):
        default = parameter.default(y, exposure)
        yield Slot(parameter.name, default.support, default, (parameter.name,))


def _predictor_slots(
    predictor: PredictorDesign, middle: float, unit: float, width: float
) -> Iterator[Slot]:
    if predictor.intercept:
        default = Prior("Normal", mu=middle, sigma=width * unit)
        name = predictor.name("intercept")
        for_all = ["intercept"] if predictor.category else []
        yield Slot(name, REAL, default, (name, *for_all))
    yield from _coefficient_slots(predictor, unit, width)
    for smooth in predictor.smooths:
        sd = f"sd_{smooth.name}"
        for part in smooth.parts:
            default = Prior("HalfStudentT", nu=TAIL, sigma=unit)
            yield Slot(f"{sd}[{part}]", POSITIVE, default, (f"{sd}[{part}]", sd, "sd"))
        for hyper in smooth.hyper:
            name = f"{hyper.stem}_{smooth.name}"
            yield Slot(name, hyper.support, hyper.prior, (name, hyper.stem))
    for factor in (f for f in predictor.modelled.factors if f.kind == "mo"):
        default = Prior("Dirichlet", alpha=1)
        yield Slot(factor.variable, SIMPLEX, default, (factor.variable, "simplex"))
    for group in predictor.groups:
        yield from _group_slots(group, predictor.parameter, unit)


def _coefficient_slots(predictor: PredictorDesign, unit: float, width: float) -> Iterator[Slot]:
    r"""Give coefficients defaults whose sum has a bounded sd.

    The predictor's prior variance from ``n`` coefficients is the sum of
    :math:`(w s)^2`; beyond ``MANY`` of them :math:`w` falls as :math:`\sqrt{4 / n}`.
    """
    width = width * min(1.0, np.sqrt(MANY / max(1, len(predictor.coefficients))))
    scales = predictor.scales if predictor.units is None else predictor.units
    beta, moved = predictor.name("beta"), predictor.basis is not None
    for label, spread in zip(predictor.coefficients, scales, strict=True):
        default = Prior("Normal", mu=0, sigma=float(width * unit / (spread or 1.0)))
        name = f"{beta}[{label}]"
        short = [label] if predictor.parameter == "mu" else []
        shared = predictor.category or predictor.boundary
        for_all = [f"beta[{label}]", label, "beta"] if shared else []
        # columns that depend on parameters cannot be mixed with those of another basis
        blocks = frozenset({beta} if predictor.modelled else ())
        reference = reference_name(name) if moved else ""
        yield Slot(name, REAL, default, (name, *short, beta, *for_all), reference, blocks)


def _group_slots(group: GroupDesign, parameter: str, unit: float) -> Iterator[Slot]:
    sd, corr = f"sd_{group.name}", f"corr_{group.name}"
    sizes = group.sizes if group.units is None else group.units
    wide = [b for b in group.blocks if len(b) > 1]
    moved = group.basis is not None
    for t, _ in group.own(parameter):
        size = float(sizes[t])
        default = Prior("HalfStudentT", nu=TAIL, sigma=unit / (size or 1.0))
        name = f"{sd}[{group.terms[t]}]"
        number = next((i for i, b in enumerate(wide) if t in b), None)
        reference = reference_name(name) if moved and number is not None else ""
        blocks = frozenset() if number is None else frozenset({f"{sd} {number}"})
        yield Slot(name, POSITIVE, default, (name, sd, "sd"), reference, blocks)
    for hyper in group.hyper:
        name = f"{hyper.stem}_{group.name}"
        yield Slot(name, hyper.support, hyper.prior, (name, hyper.stem))
    if wide:
        default = Prior("LKJ", eta=LKJ_SHAPE)
        reference = reference_name(corr) if moved else ""
        blocks = frozenset(f"{sd} {number}" for number in range(len(wide)))
        yield Slot(corr, CORRELATION, default, (corr, "corr"), reference, blocks)


def observations(design: Design) -> tuple[np.ndarray, np.ndarray | None, np.ndarray]:
    """Return responses, trials and exposures, each row as often as it is weighted.

    Defaults then are the same for rows that stand for several and for those several. Where
    weights are no whole numbers, or very many, the shares of the rows are kept.
    """
    y = np.asarray(design.response, float)
    exposure = np.exp(design.mu.offset) if design.link == "log" else np.ones(design.n_rows)
    weights = design.modifiers.get("weights")
    if weights is None or not (weights > 0).any():
        return y, design.trials, exposure
    whole = (weights == np.rint(weights)).all() and weights.sum() <= MOST_REPEATED
    often = weights if whole else np.rint(weights / weights.sum() * MOST_REPEATED)
    rows = np.repeat(np.arange(len(y)), often.astype(np.intp))
    return y[rows], None if design.trials is None else design.trials[rows], exposure[rows]


def _mean_offset(design: Design, predictor: PredictorDesign) -> float:
    """Return the mean of the known terms over what the rows stand for."""
    trials = design.trials if get_family(design.family).has_trials else None
    parts = [p for p in (trials, design.modifiers.get("weights")) if p is not None]
    return float(np.average(predictor.offset, weights=product_of(parts)))


def predictor_unit(design: Design) -> float:
    """Return the unit of the predictor that default priors are scaled by."""
    return get_family(design.family).scale(observations(design)[0], design.link)


def predictor_start(design: Design, predictor: PredictorDesign) -> float:
    """Return a predictor of the mean at the mean response, without the known terms."""
    family = get_family(design.family)
    y = np.asarray(design.response, float)
    mean = observe(family, design.modifiers, y).start(*observations(design))
    if predictor.category:
        # the last categories may have no rows: half a row each, as the others have at least
        each = np.full(len(design.categories), 0.5 / (design.n_rows + 1))
        each[: np.size(mean)] = np.asarray(mean)
        share = dict(zip(design.categories, each, strict=True))
        odds = share[predictor.category] / share[design.categories[0]]
        return float(np.log(odds)) - _mean_offset(design, predictor)
    middle = float(family.link(design.link).forward(np.asarray(mean, np.float64)))
    if not np.isfinite(middle):  # a mean outside the link's domain says nothing about its centre
        return 0.0
    return middle if design.link == "log" else middle - _mean_offset(design, predictor)
