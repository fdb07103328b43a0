"""Default priors from the scale of the data, and the user's in their place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass

import numpy as np

from bayes_glmm.errors import PriorError, suggestion
from bayes_glmm.families import LINKS, get_family
from bayes_glmm.families.censoring import observe
from bayes_glmm.model.design import Design, PredictorDesign
from bayes_glmm.model.row_weights import product_of
from bayes_glmm.model.variable_table import family_variables
from bayes_glmm.model.variables import Role, Slot, Variable
from bayes_glmm.spec.model import ModelSpec
from bayes_glmm.spec.priors import CORRELATION, ONE_TO_TWO, POSITIVE, REAL, SIMPLEX, UNIT, Prior

WIDTH = 2.5
OWN_WIDTH = {"log": 2.5, "logit": 1.5, "identity": 2.5}
"""Of the intercept of another parameter's predictor: Normal(0, 1.5) is nearly level on (0, 1)."""
TAIL = 4.0
LKJ_SHAPE = 2.0


MANY = 4
"""Coefficients of one predictor beyond which each has a narrower prior."""
MOST_REPEATED = 1_000_000


@dataclass(frozen=True, eq=False)
class Place:
    """A place of a model that takes a prior, with the default there.

    Attributes
    ----------
    slot : Slot
    variable : Variable
    formula : PredictorDesign or None
        The one that it belongs to; ``None`` of the family's own.
    default : Prior
    """

    slot: Slot
    variable: Variable
    formula: PredictorDesign | None
    default: Prior


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
    places = {place.slot.name: place for place in places_of_priors(design)}
    slots, given = [place.slot for place in places.values()], dict(spec.priors)
    known = list(dict.fromkeys(key for slot in slots for key in (*slot.keys, slot.reference)))
    for target in given:
        if target not in known:
            raise PriorError(
                f"The model has no parameter {target!r} to give a prior."
                + suggestion(target, [k for k in known if k])
            )
    written = {name for slot in slots if _key(slot.keys, given) for name in slot.together}
    return dict(_choose(place, given, written) for place in places.values())


def _key(keys: tuple[str, ...], given: Mapping[str, Prior]) -> str | None:
    return next((key for key in keys if key in given), None)


def _choose(place: Place, given: Mapping[str, Prior], written: Set[str]) -> tuple[str, Prior]:
    """Return the name that a prior is of, and the prior."""
    slot = place.slot
    name, key = slot.name, _key(slot.keys, given)
    as_written = bool(slot.together) and slot.together <= written
    if slot.reference and key is None and not as_written:
        name = slot.reference
        key = _key((slot.reference,), given)
    if key is None:
        return name, place.default
    support = place.variable.support
    if given[key].support != support:
        raise PriorError(f"{given[key]!r} is no prior for {name!r}: {_WANTED[support]}.")
    return name, given[key]


_WANTED = {
    REAL: "it can be any number, so use Normal, StudentT, Laplace, Logistic or Cauchy",
    POSITIVE: "it is positive, so use HalfNormal, HalfStudentT, Exponential, Gamma, "
    "InverseGamma, LogNormal or HalfCauchy",
    UNIT: "it is between 0 and 1, so use Beta",
    ONE_TO_TWO: "it is between 1 and 2, so use OnePlusBeta",
    CORRELATION: "it is a correlation matrix, so use LKJ",
    SIMPLEX: "it is shares that sum to one, so use Dirichlet",
}


def places_of_priors(design: Design) -> Iterator[Place]:
    """Yield every place that takes a prior, in the order in which the model is stated."""
    family = get_family(design.family)
    y, _, exposure = observations(design)
    for predictor in design.predictors.values():
        if predictor.of_mean:
            middle, unit, width = predictor_start(design, predictor), predictor_unit(design), WIDTH
        else:
            parameter = family.parameter(predictor.parameter)
            middle, unit = parameter.middle(y, exposure), 1.0
            width = OWN_WIDTH[parameter.link]
        yield from _places(predictor.variables(), predictor, Scales(middle, unit, width))
    for covariate in design.covariates.values():
        scales = Scales(covariate.mean, covariate.sd, WIDTH)
        yield from _places(covariate.variables(), covariate.predictor, scales)
    own = {p.name: p for p in family.parameters}
    for variable in family_variables(design):
        default = own[variable.name].default(y, exposure)
        yield from (Place(slot, variable, None, default) for slot in variable.slots)


@dataclass(frozen=True)
class Scales:
    """What default priors in one formula follow.

    Attributes
    ----------
    middle : float
        Where the intercept lies.
    unit : float
        Unit of the predictor.
    width : float
        Standard deviations of the intercept and of coefficients, in units.
    """

    middle: float
    unit: float
    width: float

    def default(self, variable: Variable, slot: Slot) -> Prior:
        r"""Return the default prior of one place.

        The predictor's prior variance from ``n`` coefficients is the sum of :math:`(w s)^2`;
        beyond ``MANY`` of them :math:`w` falls as :math:`\sqrt{4 / n}`, so that it stays bounded.
        """
        unit, size = self.unit, slot.size or 1.0
        match variable.role:
            case Role.INTERCEPT:
                return Prior("Normal", mu=self.middle, sigma=self.width * unit)
            case Role.COEFFICIENTS:
                narrow = min(1.0, np.sqrt(MANY / len(variable.slots)))
                return Prior("Normal", mu=0, sigma=float(self.width * narrow * unit / size))
            case Role.SD | Role.RESIDUAL:
                return Prior("HalfStudentT", nu=TAIL, sigma=unit / size)
            case Role.CORRELATION:
                return Prior("LKJ", eta=LKJ_SHAPE)
            case Role.SHARES:
                return Prior("Dirichlet", alpha=1)
        assert variable.prior is not None, f"{variable.name} has no default prior"
        return variable.prior


def _places(
    variables: Iterable[Variable], formula: PredictorDesign, scales: Scales
) -> Iterator[Place]:
    for variable in variables:
        for slot in variable.slots:
            if slot.parameter in ("", formula.parameter):
                yield Place(slot, variable, formula, scales.default(variable, slot))


def observations(design: Design) -> tuple[np.ndarray, np.ndarray | None, np.ndarray]:
    """Return responses, trials and exposures, each row as often as it is weighted.

    Defaults then are the same for rows that stand for several and for those several. Where
    weights are no whole numbers, or very many, the shares of the rows are kept.
    """
    y = np.asarray(design.response, float)
    exposure = LINKS[design.link].multiplied(design.mu.offset)
    weights = design.modifiers.get("weights")
    if weights is None or not (weights > 0).any():
        return y, design.trials, exposure
    whole = (weights == np.rint(weights)).all() and weights.sum() <= MOST_REPEATED
    often = weights if whole else np.rint(weights / weights.sum() * MOST_REPEATED)
    rows = np.repeat(np.arange(len(y)), often.astype(np.intp))
    return y[rows], None if design.trials is None else design.trials[rows], exposure[rows]


def _mean_offset(design: Design, predictor: PredictorDesign) -> float:
    """Return the mean of the known terms over what the rows stand for."""
    trials = get_family(design.family).own_trials(design.trials)
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
    return middle - family.link(design.link).added(_mean_offset(design, predictor))
