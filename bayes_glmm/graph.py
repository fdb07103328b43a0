"""From a design to the generative PyMC graph: the model as one would write it down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from bayes_glmm.coordinates import (
    OrderedRuns,
    PartlyStandardized,
    Standardized,
    StandardizedRows,
)
from bayes_glmm.design.design import (
    CovariateDesign,
    Design,
    GroupDesign,
    PredictorDesign,
    SmoothDesign,
)
from bayes_glmm.families import LINKS, Parameter, get_family
from bayes_glmm.families.observed import observe
from bayes_glmm.results import dimensions, response_dims
from bayes_glmm.spec.model import ModelSpec
from bayes_glmm.spec.priors import REAL, Prior
from bayes_glmm.structures import Factor
from bayes_glmm.structures.maths import pytensor_maths


class HalfStudentT:
    """Student's t folded at zero; PyMC's own has a constant in single precision."""

    @staticmethod
    def dist(nu: Any, sigma: Any, **kwargs: Any) -> Any:
        """Return the distribution without a name."""
        return pm.CustomDist.dist(nu, sigma, class_name="HalfStudentT", **_HALF_T, **kwargs)

    def __new__(cls, name: str, nu: Any, sigma: Any, **kwargs: Any) -> Any:
        """Register a variable in the model in context."""
        own = {"class_name": "HalfStudentT", "transform": pm.distributions.transforms.log}
        return pm.CustomDist(name, nu, sigma, **_HALF_T, **own, **kwargs)


def _half_t_density(value: Any, nu: Any, sigma: Any) -> Any:
    inside = pm.logp(pm.StudentT.dist(nu=nu, mu=np.float64(0), sigma=sigma), value)
    return pt.switch(value < 0, np.float64(-np.inf), np.log(np.float64(2)) + inside)


def _half_t_draw(nu: Any, sigma: Any, rng: Any = None, size: Any = None) -> Any:
    return np.abs(sigma * rng.standard_t(nu, size))


def _half_t_start(rv: Any, size: Any, nu: Any, sigma: Any) -> Any:
    return pt.broadcast_to(sigma, rv.shape)


class HalfCauchy:
    """Student's t with one degree of freedom, folded; for the same reason."""

    @staticmethod
    def dist(beta: Any, **kwargs: Any) -> Any:
        """Return the distribution without a name."""
        return HalfStudentT.dist(np.float64(1), beta, **kwargs)

    def __new__(cls, name: str, beta: Any, **kwargs: Any) -> Any:
        """Register a variable in the model in context."""
        return HalfStudentT(name, np.float64(1), beta, **kwargs)


class OnePlusBeta:
    """A number between one and two, whose excess over one is Beta."""

    @staticmethod
    def dist(alpha: Any, beta: Any, **kwargs: Any) -> Any:
        """Return the distribution without a name."""
        own = {"class_name": "OnePlusBeta", **_ONE_PLUS_BETA}
        return pm.CustomDist.dist(alpha, beta, **own, **kwargs)

    def __new__(cls, name: str, alpha: Any, beta: Any, **kwargs: Any) -> Any:
        """Register a variable in the model in context."""
        between = pm.distributions.transforms.Interval(np.float64(1), np.float64(2))
        own = {"class_name": "OnePlusBeta", "transform": between, **_ONE_PLUS_BETA}
        return pm.CustomDist(name, alpha, beta, **own, **kwargs)


def _one_plus_beta_density(value: Any, alpha: Any, beta: Any) -> Any:
    return pm.logp(pm.Beta.dist(alpha, beta), value - np.float64(1))


def _one_plus_beta_draw(alpha: Any, beta: Any, rng: Any = None, size: Any = None) -> Any:
    return 1 + rng.beta(alpha, beta, size)


def _one_plus_beta_start(rv: Any, size: Any, alpha: Any, beta: Any) -> Any:
    return pt.broadcast_to(np.float64(1) + alpha / (alpha + beta), rv.shape)


_ONE_PLUS_BETA = {
    "logp": _one_plus_beta_density,
    "random": _one_plus_beta_draw,
    "support_point": _one_plus_beta_start,
    "signature": "(),()->()",
}
_HALF_T = {
    "logp": _half_t_density,
    "random": _half_t_draw,
    "support_point": _half_t_start,
    "signature": "(),()->()",
}
DISTRIBUTIONS = {
    "Normal": pm.Normal,
    "StudentT": pm.StudentT,
    "Cauchy": pm.Cauchy,
    "Laplace": pm.Laplace,
    "Logistic": pm.Logistic,
    "HalfNormal": pm.HalfNormal,
    "HalfStudentT": HalfStudentT,
    "HalfCauchy": HalfCauchy,
    "Exponential": pm.Exponential,
    "Gamma": pm.Gamma,
    "InverseGamma": pm.InverseGamma,
    "LogNormal": pm.LogNormal,
    "Beta": pm.Beta,
    "OnePlusBeta": OnePlusBeta,
}
LOCATION = {"Cauchy": "alpha"}


def build_graph(
    spec: ModelSpec,
    design: Design,
    priors: Mapping[str, Prior],
    coordinates: Literal["standardized", "natural"] = "standardized",
) -> pm.Model:
    """Build the model of a design with its resolved priors.

    Parameters
    ----------
    coordinates : {"standardized", "natural"}
        What samplers see: standardised coefficients and effects, or the
        variables as they are reported. The density is the same.

    Returns
    -------
    pymc.Model
        Its named variables are those of the posterior.
    """
    family = get_family(design.family)
    standardized = coordinates == "standardized"
    dims, coords = dimensions(design)
    with pm.Model(coords={"observation": design.rows, **coords}) as model:
        stated: dict[str, Any] = {}
        for covariate in design.covariates.values():
            missing_values(covariate, priors, dims, standardized, stated)
        eta = {
            name: linear_predictor(predictor, priors, dims, standardized, stated)
            for name, predictor in design.predictors.items()
        }
        own = {p.name: own_parameter(p, design, priors, eta) for p in family.parameters}
        own = design.moved(own, eta, pt.stack)
        seen = {k: pm.Data(k, v, dims="observation") for k, v in design.modifiers.items()}
        own |= {"sigma": seen["se"]} if "se" in seen else {}
        trials = design.trials
        if trials is not None:
            trials = pm.Data("trials", trials, dims="observation")
        rows = response_dims(design)
        observed = pm.Data("response", _whole(design.response, family.discrete), dims=rows)
        observe(family, design.modifiers, design.response).likelihood(
            "y",
            design.joined(eta, pt.stack),
            family.link(design.link),
            own | seen,
            trials,
            observed=observed,
            dims=rows,
        )
    return model


def linear_predictor(
    predictor: PredictorDesign,
    priors: Mapping[str, Prior],
    dims: Mapping[str, tuple[str, ...]],
    standardized: bool,
    stated: dict[str, Any],
) -> Any:
    """State everything that one parameter of the family depends on, on its link.

    Effects that an earlier predictor shares are taken from ``stated``, others added.
    """
    name = predictor.name
    intercept, beta = fixed_effects(predictor, priors, standardized)
    eta = pm.Data(name("offset"), predictor.offset, dims="observation") + intercept
    if predictor.coefficients:
        eta += pm.Data(name("X"), predictor.known, dims=("observation", name("coefficient"))) @ beta
    if predictor.modelled:
        eta += predictor.modelled.share(beta, modelled_factors(predictor, priors, dims, stated))
    for smooth in predictor.smooths:
        eta += smooth_term(smooth, priors, standardized)
    for group in predictor.groups:
        if group.name not in stated:
            stated[group.name] = random_effects(group, priors, dims, standardized)
        eta += rows_of_effects(group, name(f"Z_{group.name}"), *stated[group.name])
    return eta


def missing_values(
    covariate: CovariateDesign,
    priors: Mapping[str, Prior],
    dims: Mapping[str, tuple[str, ...]],
    standardized: bool,
    stated: dict[str, Any],
) -> None:
    """State the model of a covariate; its missing values are added to ``stated``."""
    predictor, factor = covariate.predictor, covariate.factor
    mean = linear_predictor(predictor, priors, dims, standardized, stated)
    sigma = scalar(predictor.name("sigma"), priors[predictor.name("sigma")])
    known = covariate.known
    observed = factor.values[known]
    pm.Normal(f"known_{predictor.parameter}", mean[known], sigma, observed=observed)
    if len(factor.labels):
        stated[factor.variable] = pm.Normal(
            factor.variable, mean[covariate.missing], sigma, dims=dims[factor.variable],
            default_transform=None, transform=Standardized() if standardized else None,
        )  # fmt: skip


def modelled_factors(
    predictor: PredictorDesign,
    priors: Mapping[str, Prior],
    dims: Mapping[str, tuple[str, ...]],
    stated: Mapping[str, Any],
) -> dict[str, Any]:
    """State the parameters that columns of X depend on; return each factor on the rows."""
    found = {}
    for factor in predictor.modelled.factors:
        name = factor.variable
        if factor.kind == "mi":
            found[name] = factor.evaluated(stated.get(name), pt)
            continue
        shares = np.full(len(factor.labels), priors[name]["alpha"], np.float64)
        drawn = pm.Dirichlet(name, shares, dims=dims[name])
        codes = pm.Data(f"index_{name}", factor.codes, dims="observation")
        found[name] = factor.evaluated(drawn, pt, codes)
    return found


def fixed_effects(
    predictor: PredictorDesign, priors: Mapping[str, Prior], standardized: bool
) -> tuple[Any, Any]:
    """State coefficients, and the intercept whose prior is at the covariates' means."""
    beta: Any = np.float64(0)
    name = predictor.name("beta")
    if predictor.coefficients:
        given = [priors[f"{name}[{c}]"] for c in predictor.coefficients]
        beta = vector(name, given, predictor.name("coefficient"), standardized)
    if not predictor.intercept:
        return np.float64(0), beta
    name = predictor.name("intercept")
    prior = priors[name]
    values = _values(prior)
    location = LOCATION.get(prior.name, "mu")
    if predictor.coefficients:
        values[location] = values[location] - predictor.centers @ beta
    transform = Standardized() if standardized else None
    intercept = DISTRIBUTIONS[prior.name](
        name, **values, default_transform=None, transform=transform
    )
    return intercept, beta


def smooth_term(smooth: SmoothDesign, priors: Mapping[str, Prior], standardized: bool) -> Any:
    """State the coefficients of a smooth's penalised columns; return what they add to each row."""
    name, basis = smooth.name, f"{smooth.name}_basis"
    sd = vector(
        f"sd_{name}", [priors[f"sd_{name}[{p}]"] for p in smooth.parts], f"{name}_part", False
    )
    hyper = {h.stem: scalar(f"{h.stem}_{name}", priors[f"{h.stem}_{name}"]) for h in smooth.hyper}
    transform = PartlyStandardized(smooth.told) if standardized else None
    u = pm.Normal(
        f"u_{name}", np.float64(0), sd[smooth.part] * smooth.scales(hyper, pytensor_maths()),
        dims=basis, default_transform=None, transform=transform,
    )  # fmt: skip
    return pm.Data(f"basis_{name}", smooth.basis, dims=("observation", basis)) @ u


def random_effects(
    group: GroupDesign,
    priors: Mapping[str, Prior],
    dims: Mapping[str, tuple[str, ...]],
    standardized: bool,
) -> tuple[Any, Any]:
    """State the effects of one group; return them and each row's level."""
    name, term = group.name, f"{group.name}_term"
    sd = vector(f"sd_{name}", [priors[f"sd_{name}[{t}]"] for t in group.terms], term, False)
    wide = [b for b in group.blocks if len(b) > 1]
    effect_dims = (name, term)
    if group.factor is not None:
        L = correlations(group, wide, priors[f"corr_{name}"], dims) if wide else None
        u = structured_effects(group, group.factor, sd, L, priors)
    elif group.dist == "student":
        L = correlations(group, wide, priors[f"corr_{name}"], dims) if wide else None
        u = student_effects(group, sd, L, priors, effect_dims, standardized)
    elif not wide:
        u = pm.Normal(
            f"u_{name}", np.float64(0), sd, dims=effect_dims,
            default_transform=None, transform=own_coordinates(group) if standardized else None,
        )  # fmt: skip
    else:
        L = correlations(group, wide, priors[f"corr_{name}"], dims)
        u = pm.MvNormal(
            f"u_{name}", mu=np.zeros(len(group.terms)), chol=sd[:, None] * L, dims=effect_dims,
            default_transform=None, transform=StandardizedRows() if standardized else None,
        )  # fmt: skip
    return u, members_of(group)


def own_coordinates(group: GroupDesign) -> Standardized | PartlyStandardized:
    """Return coordinates of independent effects: by what rows of several levels tell of each."""
    return Standardized() if group.weights is None else PartlyStandardized(group.told)


def members_of(group: GroupDesign) -> tuple[Any, ...]:
    """State which level each row has, or which ones with which weights."""
    name = group.name
    if group.weights is None:
        return (pm.Data(f"index_{name}", group.index, dims="observation"),)
    return pm.Data(f"index_{name}", group.index), pm.Data(f"weights_{name}", group.weights)


def rows_of_effects(group: GroupDesign, data: str, u: Any, members: tuple[Any, ...]) -> Any:
    """Return what the effects of one group add to each row."""
    index, *weights = members
    own = u[index] if not weights else (weights[0][:, :, None] * u[index]).sum(axis=1)
    if group.Z is None:
        return own[:, 0]
    Z = pm.Data(data, group.Z, dims=("observation", f"{group.name}_term"))
    return (Z * own).sum(axis=-1)


def student_effects(
    group: GroupDesign,
    sd: Any,
    L: Any,
    priors: Mapping[str, Prior],
    dims: tuple[str, ...],
    standardized: bool,
) -> Any:
    """State effects with Student's t, one for all terms of a level, of which sd is the scale."""
    name, q = group.name, len(group.terms)
    nu = scalar(f"nu_{name}", priors[f"nu_{name}"])
    own: dict[str, Any] = {"dims": dims, "default_transform": None}
    if q == 1:
        transform = Standardized() if standardized else None
        return pm.StudentT(
            f"u_{name}", nu=nu, mu=np.float64(0), sigma=sd, transform=transform, **own
        )
    chol = sd[:, None] * (np.eye(q) if L is None else L)
    rows = StandardizedRows() if standardized else None
    return pm.MvStudentT(f"u_{name}", nu=nu, mu=np.zeros(q), chol=chol, transform=rows, **own)


def structured_effects(
    group: GroupDesign, factor: Factor, sd: Any, L: Any, priors: Mapping[str, Prior]
) -> Any:
    """State the latents of a structure; return the effects of the levels that they make."""
    name, term = group.name, f"{group.name}_term"
    hyper = {h.stem: scalar(f"{h.stem}_{name}", priors[f"{h.stem}_{name}"]) for h in group.hyper}
    z = pm.Normal(f"z_{name}", np.float64(0), np.float64(1), dims=(f"{name}_node", term))
    latent = pt.specify_shape(z, (len(factor.nodes), len(group.terms)))
    unit = factor.effect(latent, hyper, pytensor_maths())
    u = unit * sd if L is None else unit @ (sd[:, None] * L).T
    return pm.Deterministic(f"u_{name}", u, dims=(name, term))


def correlations(
    group: GroupDesign,
    wide: Sequence[tuple[int, ...]],
    prior: Prior,
    dims: Mapping[str, tuple[str, ...]],
) -> Any:
    """State the correlations of each block; return the factor of the whole matrix."""
    whole = pt.as_tensor(np.eye(len(group.terms)))
    for number, members in enumerate(wide):
        name = f"corr_chol_{group.name}" + ("" if len(wide) == 1 else f"_{number}")
        L = pm.LKJCorr(name, n=len(members), eta=np.float64(prior["eta"]), dims=dims[name])
        whole = whole[np.ix_(members, members)].set(L)
    name = f"corr_{group.name}"
    pm.Deterministic(name, whole @ whole.T, dims=dims[name])
    return whole


def scalar(name: str, prior: Prior) -> Any:
    """State a single number."""
    return DISTRIBUTIONS[prior.name](name, **_values(prior))


def own_parameter(
    parameter: Parameter, design: Design, priors: Mapping[str, Prior], eta: Mapping[str, Any]
) -> Any:
    """State a parameter of the family beside the mean."""
    name = parameter.name
    if name == "sigma" and "se" in design.modifiers:
        return None
    if name in eta:
        return LINKS[parameter.link].symbolic(eta[name])
    if parameter.fixed is not None:
        return np.float64(parameter.fixed)
    prior = priors[name]
    if not parameter.vector:
        return scalar(name, prior)
    values = _values(prior)
    location = LOCATION.get(prior.name, "mu")
    values[location] += design.threshold_centre(pm.modelcontext(None).__getitem__, pt.stack)
    order = {"transform": _rising(design.ladders)} if get_family(design.family).increasing else {}
    start = np.concatenate([np.linspace(-1.0, 1.0, s.stop - s.start) for s in design.ladders])
    return DISTRIBUTIONS[prior.name](name, **values, dims="boundary", initval=start, **order)


def _rising(ladders: Sequence[slice]) -> Any:
    """Return the transform of numbers that rise within each of some runs."""
    one = len(ladders) == 1
    return pm.distributions.transforms.ordered if one else OrderedRuns(ladders)


def vector(name: str, priors: Sequence[Prior], dim: str, standardized: bool) -> Any:
    """State a vector whose elements may have priors of different kinds."""
    kinds = {p.name for p in priors}
    if len(kinds) == 1:
        together = {
            key: np.array([p[key] for p in priors], np.float64) for key, _ in priors[0].parameters
        }
        given: dict[str, Any] = {"transform": Standardized()} if standardized else {}
        return DISTRIBUTIONS[kinds.pop()](name, **together, dims=dim, **given)

    def stacked(size: Any) -> Any:
        return pt.stack([DISTRIBUTIONS[p.name].dist(**_values(p)) for p in priors])

    log = pm.distributions.transforms.log
    own = {} if priors[0].support == REAL else {"transform": log}
    return pm.CustomDist(name, dist=stacked, dims=dim, **own)


def _values(prior: Prior) -> dict[str, Any]:
    return {key: np.float64(value) for key, value in prior.parameters}


def _whole(response: Any, discrete: bool) -> Any:
    return response.astype(np.int64) if discrete else response
