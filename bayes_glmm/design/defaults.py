"""Default priors from the scale of the data, and the user's in their place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from bayes_glmm.design.design import Design, PredictorDesign
from bayes_glmm.errors import PriorError, suggestion
from bayes_glmm.families import get_family
from bayes_glmm.families.base import response_scale
from bayes_glmm.families.observed import observe
from bayes_glmm.spec.model import ModelSpec
from bayes_glmm.spec.priors import CORRELATION, ONE_TO_TWO, POSITIVE, REAL, SIMPLEX, Prior

WIDTH = 2.5
OWN_WIDTH = {"log": 2.5, "logit": 1.5, "identity": 2.5}
"""Of the intercept of another parameter's predictor: Normal(0, 1.5) is nearly level on (0, 1)."""
TAIL = 4.0
LKJ_SHAPE = 2.0


@dataclass(frozen=True)
class Slot:
    """One parameter that needs a prior.

    ``keys`` are the names under which a user may give it, the most specific first.
    """

    name: str
    support: str
    default: Prior
    keys: tuple[str, ...]


def resolve_priors(spec: ModelSpec, design: Design) -> dict[str, Prior]:
    """Return the prior of every parameter: the user's where given, else the default.

    Defaults are weakly informative and follow the scale of the data: with ``s``
    the unit of the predictor (:meth:`Family.scale`: one for logit, probit, cloglog
    and log, the standard deviation of the response on the identity link), the
    intercept (at the covariates' means) is ``Normal(link(mean of the response per
    exposure), 2.5 s)``, a coefficient ``Normal(0, 2.5 s / sd(x))``, the sd of a
    random effect ``HalfStudentT(4, s / rms(z))`` with ``z`` the variable that
    varies by group, correlations ``LKJ(2)``, the shares of monotonic steps
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
    known = list(dict.fromkeys(key for slot in slots for key in slot.keys))
    for target in given:
        if target not in known:
            raise PriorError(
                f"The model has no parameter {target!r} to give a prior."
                + suggestion(target, known)
            )
    return {slot.name: _choose(slot, given) for slot in slots}


def _choose(slot: Slot, given: dict[str, Prior]) -> Prior:
    for key in slot.keys:
        if key in given:
            if given[key].support != slot.support:
                raise PriorError(
                    f"{given[key]!r} is no prior for {slot.name!r}: {_WANTED[slot.support]}."
                )
            return given[key]
    return slot.default


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
    spread = response_scale(np.asarray(design.response, float))
    for predictor in design.predictors.values():
        if predictor.of_mean:
            middle, unit, width = predictor_start(design, predictor), predictor_unit(design), WIDTH
        else:
            parameter = family.parameter(predictor.parameter)
            middle, unit = parameter.middle(spread), 1.0
            width = OWN_WIDTH[parameter.link]
        yield from _predictor_slots(predictor, middle, unit, width)
    for covariate in design.covariates.values():
        yield from _predictor_slots(covariate.predictor, covariate.mean, covariate.sd, WIDTH)
        default = Prior("HalfStudentT", nu=TAIL, sigma=covariate.sd)
        sigma = covariate.predictor.name("sigma")
        yield Slot(sigma, POSITIVE, default, (sigma,))
    for parameter in (*family.vectors, *family.scalars(design.stated)):
        default = parameter.prior(spread)
        yield Slot(parameter.name, default.support, default, (parameter.name,))


def _predictor_slots(
    predictor: PredictorDesign, middle: float, unit: float, width: float
) -> Iterator[Slot]:
    if predictor.intercept:
        default = Prior("Normal", mu=middle, sigma=width * unit)
        name = predictor.name("intercept")
        for_all = ["intercept"] if predictor.category else []
        yield Slot(name, REAL, default, (name, *for_all))
    for label, spread in zip(predictor.coefficients, predictor.scales, strict=True):
        default = Prior("Normal", mu=0, sigma=width * unit / (spread or 1.0))
        beta = predictor.name("beta")
        name = f"{beta}[{label}]"
        short = [label] if predictor.parameter == "mu" else []
        shared = predictor.category or predictor.boundary
        for_all = [f"beta[{label}]", label, "beta"] if shared else []
        yield Slot(name, REAL, default, (name, *short, beta, *for_all))
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
        sd = f"sd_{group.name}"
        for t, _ in group.own(predictor.parameter):
            size = float(group.sizes[t])
            default = Prior("HalfStudentT", nu=TAIL, sigma=unit / (size or 1.0))
            name = f"{sd}[{group.terms[t]}]"
            yield Slot(name, POSITIVE, default, (name, sd, "sd"))
        for hyper in group.hyper:
            name = f"{hyper.stem}_{group.name}"
            yield Slot(name, hyper.support, hyper.prior, (name, hyper.stem))
        if any(len(members) > 1 for members in group.blocks):
            name = f"corr_{group.name}"
            yield Slot(name, CORRELATION, Prior("LKJ", eta=LKJ_SHAPE), (name, "corr"))


def _exposure(design: Design) -> np.ndarray:
    """Return what the offset multiplies the mean by, where the link is the log."""
    return np.exp(design.mu.offset) if design.link == "log" else np.ones(design.n_rows)


def predictor_unit(design: Design) -> float:
    """Return the unit of the predictor that default priors are scaled by."""
    return get_family(design.family).scale(np.asarray(design.response, float), design.link)


def predictor_start(design: Design, predictor: PredictorDesign) -> float:
    """Return a predictor of the mean at the mean response, without the known terms."""
    family = get_family(design.family)
    y = np.asarray(design.response, float)
    mean = observe(family, design.modifiers, y).start(y, design.trials, _exposure(design))
    if predictor.category:
        share = dict(zip(design.categories, np.asarray(mean), strict=True))
        odds = share[predictor.category] / share[design.categories[0]]
        return float(np.log(odds)) - float(predictor.offset.mean())
    middle = float(family.link(design.link).forward(np.asarray(mean, np.float64)))
    if not np.isfinite(middle):  # a mean outside the link's domain says nothing about its centre
        return 0.0
    return middle if design.link == "log" else middle - float(predictor.offset.mean())
