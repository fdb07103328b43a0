"""From a design to the generative PyMC graph: the model as one would write it down."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from numpy.typing import NDArray
from pytensor.compile.mode import Mode

from bayes_glmm.families import LINKS, Parameter, get_family
from bayes_glmm.families.censoring import observe
from bayes_glmm.maths import density_maths
from bayes_glmm.maths.field_maths import pytensor_maths
from bayes_glmm.model.blocks.group import GroupDesign
from bayes_glmm.model.default_priors import predictor_unit
from bayes_glmm.model.design import CovariateDesign, Design, PredictorDesign, SmoothDesign
from bayes_glmm.model.distributions import DISTRIBUTIONS
from bayes_glmm.model.reference import Way
from bayes_glmm.model.transforms import (
    Informed,
    OrderedRuns,
    PartlyStandardized,
    Standardized,
    StandardizedRows,
    Turned,
)
from bayes_glmm.model.variable_table import dimensions, response_dims
from bayes_glmm.spec.model import ModelSpec
from bayes_glmm.spec.priors import REAL, Prior
from bayes_glmm.structures import Factor

LOCATION = {"Cauchy": "alpha"}
ABSORBED = "_absorbed"
LEAST_TURN = 1e-16
PROBES = 50
INTERPRETED = Mode(linker="py", optimizer=None)


@dataclass(frozen=True, eq=False)
class Sight:
    """What samplers see.

    Attributes
    ----------
    standardized : bool
        Standardised coefficients and effects, or the variables as they are reported.
    absorbed : bool
        Whether intercepts have taken up the mean of effects.
    information : mapping of str to ndarray, shape (n_levels, n_terms)
        What the rows tell of each effect, by group, where intercepts have.
    named : callable
        Gives the name that a variable of the reference basis has in the graph.
    """

    standardized: bool = True
    absorbed: bool = False
    information: Mapping[str, NDArray[np.float64]] = MappingProxyType({})
    named: Callable[[str], str] = str


def build_graph(
    spec: ModelSpec,
    design: Design,
    priors: Mapping[str, Prior],
    coordinates: Literal["standardized", "natural", "absorbed"] = "standardized",
) -> pm.Model:
    """Build the model of a design with its resolved priors.

    Parameters
    ----------
    coordinates : {"standardized", "natural", "absorbed"}
        What samplers see: standardised coefficients and effects; the variables as they
        are reported; or, for the engine, intercepts that have taken up the mean of
        effects, and effects as far from standardised as the rows tell of them. Variables
        and density are the same.

    Returns
    -------
    pymc.Model
        Its named variables are those of the posterior.
    """
    family = get_family(design.family)
    absorbed = coordinates == "absorbed"
    dims, coords = dimensions(design)
    way = Way.of(design, priors)
    design, priors = way.design, way.priors
    told = information(design) if absorbed else {}
    sight = Sight(coordinates != "natural", absorbed, told, way.stored)
    with pm.Model(coords={"observation": design.rows, **coords}) as model:
        stated: dict[str, Any] = {}
        for covariate in design.covariates.values():
            missing_values(covariate, priors, dims, sight, stated)
        eta = {
            name: linear_predictor(predictor, priors, dims, sight, stated)
            for name, predictor in design.predictors.items()
        }
        own = {p.name: own_parameter(p, design, priors, eta, way.stored) for p in family.parameters}
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
        on_table_scale(way, dims)
    return model


def on_table_scale(way: Way, dims: Mapping[str, tuple[str, ...]]) -> None:
    """State the variables of the table's own basis, which those of the reference determine."""
    if way.renamed:
        known = pm.modelcontext(None).named_vars
        inside = {
            name: known[stored] for name in way.renamed if (stored := way.stored(name)) in known
        }
        for name, value in way.on_table_scale(inside, pt.stack).items():
            pm.Deterministic(name, value, dims=dims.get(name))


def linear_predictor(
    predictor: PredictorDesign,
    priors: Mapping[str, Prior],
    dims: Mapping[str, tuple[str, ...]],
    sight: Sight,
    stated: dict[str, Any],
) -> Any:
    """State everything that one parameter of the family depends on, on its link.

    Effects that an earlier predictor shares are taken from ``stated``, others added.
    """
    name = predictor.name
    absorbed = sight.absorbed and predictor.intercept and bool(predictor.groups)
    beta = coefficients(predictor, priors, sight)
    eta = pm.Data(name("offset"), predictor.offset, dims="observation")
    if predictor.coefficients:
        eta += pm.Data(name("X"), predictor.known, dims=("observation", name("coefficient"))) @ beta
    if predictor.modelled:
        eta += predictor.modelled.share(beta, modelled_factors(predictor, priors, dims, stated))
    if predictor.intercept and not absorbed:
        eta += intercept_of(predictor, priors, beta, sight)
    for smooth in predictor.smooths:
        eta += smooth_term(smooth, priors, sight.standardized)
    effects = np.float64(0)
    for group in predictor.groups:
        if group.name not in stated:
            stated[group.name] = random_effects(
                group, priors, dims, replace(sight, absorbed=absorbed)
            )
        effects += rows_of_effects(group, name(f"Z_{group.name}"), *stated[group.name])
    if absorbed:
        eta += absorbing_intercept(predictor, priors, beta, effects, sight)
    return eta + effects


def missing_values(
    covariate: CovariateDesign,
    priors: Mapping[str, Prior],
    dims: Mapping[str, tuple[str, ...]],
    sight: Sight,
    stated: dict[str, Any],
) -> None:
    """State the model of a covariate; its missing values are added to ``stated``."""
    predictor, factor = covariate.predictor, covariate.factor
    mean = linear_predictor(predictor, priors, dims, sight, stated)
    sigma = scalar(predictor.name("sigma"), priors[predictor.name("sigma")])
    known = covariate.known
    observed = factor.values[known]
    pm.Normal(f"known_{predictor.parameter}", mean[known], sigma, observed=observed)
    if len(factor.labels):
        stated[factor.variable] = pm.Normal(
            factor.variable, mean[covariate.missing], sigma, dims=dims[factor.variable],
            default_transform=None, transform=Standardized() if sight.standardized else None,
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


def coefficients(predictor: PredictorDesign, priors: Mapping[str, Prior], sight: Sight) -> Any:
    """State coefficients of the covariates."""
    if not predictor.coefficients:
        return np.float64(0)
    name = predictor.name("beta")
    given = [priors[f"{name}[{c}]"] for c in predictor.coefficients]
    return vector(sight.named(name), given, predictor.name("coefficient"), sight.standardized)


def intercept_of(
    predictor: PredictorDesign, priors: Mapping[str, Prior], beta: Any, sight: Sight
) -> Any:
    """State the intercept, whose prior is at the covariates' means."""
    name = predictor.name("intercept")
    prior = priors[name]
    values = _values(prior)
    location = LOCATION.get(prior.name, "mu")
    if predictor.coefficients:
        values[location] = values[location] - predictor.centers @ beta
    transform = Standardized() if sight.standardized else None
    return DISTRIBUTIONS[prior.name](
        sight.named(name), **values, default_transform=None, transform=transform
    )


def absorbing_intercept(
    predictor: PredictorDesign, priors: Mapping[str, Prior], beta: Any, effects: Any, sight: Sight
) -> Any:
    """State the predictor's mean, and the intercept as what is left without the effects' mean."""
    name = predictor.name("intercept")
    prior = priors[name]
    at_means = pm.Flat(f"{name}{ABSORBED}") - effects.mean()
    pm.Potential(
        f"{name}_prior", pm.logp(DISTRIBUTIONS[prior.name].dist(**_values(prior)), at_means)
    )
    return pm.Deterministic(
        sight.named(name),
        at_means - predictor.centers @ beta if predictor.coefficients else at_means,
    )


def information(design: Design) -> dict[str, NDArray[np.float64]]:
    """Return roughly what rows tell of effects: a quarter of what a normal row of unit sd does."""
    found: dict[str, NDArray[np.float64]] = {}
    units = {p.parameter: predictor_unit(design) for p in design.means}
    units |= {c.predictor.parameter: c.sd for c in design.covariates.values()}
    for predictor in design.every:
        unit = units.get(predictor.parameter, 1.0)
        for group in predictor.groups:
            own = group.squares / (2 * unit) ** 2
            found[group.name] = found.get(group.name, 0.0) + own
    return found


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
    sight: Sight,
) -> tuple[Any, Any]:
    """State the effects of one group; return them and each row's level.

    Where an intercept takes up their mean, that is a coordinate of its own.
    """
    name, term = group.name, f"{group.name}_term"
    sds = [priors[f"sd_{name}[{t}]"] for t in group.terms]
    sd = vector(sight.named(f"sd_{name}"), sds, term, False)
    wide = [b for b in group.blocks if len(b) > 1]
    L = correlations(group, wide, priors[f"corr_{name}"], dims, sight.named) if wide else None
    if group.factor is not None:
        u = structured_effects(group, group.factor, sd, L, priors, sight)
        return u, members_of(group)
    inner: Any = own_coordinates(group, sight.information) if sight.standardized else None
    own: dict[str, Any] = {"dims": (name, term), "default_transform": None}
    own["transform"] = Turned(inner, group.shares) if sight.absorbed else inner
    effects = sight.named(f"u_{name}")
    if group.dist == "student":
        u = student_effects(group, effects, sd, L, priors, own)
    elif L is None:
        u = pm.Normal(effects, np.float64(0), sd, **own)
    else:
        u = pm.MvNormal(effects, mu=np.zeros(len(group.terms)), chol=sd[:, None] * L, **own)
    return u, members_of(group)


def own_coordinates(
    group: GroupDesign, information: Mapping[str, NDArray[np.float64]]
) -> Informed | Standardized | PartlyStandardized | StandardizedRows:
    """Return coordinates of independent levels: by what rows of several levels tell of each."""
    rows = any(len(b) > 1 for b in group.blocks) or (
        group.dist == "student" and len(group.terms) > 1
    )
    if group.name in information and group.dist == "normal":
        return Informed(information[group.name], rows)
    if rows:
        return StandardizedRows()
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
    effects: str,
    sd: Any,
    L: Any,
    priors: Mapping[str, Prior],
    own: Mapping[str, Any],
) -> Any:
    """State effects with Student's t, one for all terms of a level, of which sd is the scale."""
    name, q = group.name, len(group.terms)
    nu = scalar(f"nu_{name}", priors[f"nu_{name}"])
    if q == 1:
        return pm.StudentT(effects, nu=nu, mu=np.float64(0), sigma=sd, **own)
    chol = sd[:, None] * (np.eye(q) if L is None else L)
    return pm.MvStudentT(effects, nu=nu, mu=np.zeros(q), chol=chol, **own)


def structured_effects(
    group: GroupDesign, factor: Factor, sd: Any, L: Any, priors: Mapping[str, Prior], sight: Sight
) -> Any:
    """State the latents of a structure; return the effects of the levels that they make."""
    name, term = group.name, f"{group.name}_term"
    hyper = {h.stem: scalar(f"{h.stem}_{name}", priors[f"{h.stem}_{name}"]) for h in group.hyper}
    dims, zero, one = (f"{name}_node", term), np.float64(0), np.float64(1)
    if not sight.absorbed:
        z = pm.Normal(f"z_{name}", zero, one, dims=dims)
    elif group.hyper or len(factor.nodes) > group.n_levels:
        turn = turned(pulled(group, factor, group.shares[:, None])[:, 0])
        z = pm.Normal(f"z_{name}", zero, one, dims=dims, transform=turn)
    else:
        told = told_of_latents(group, factor, sight.information[name])
        wide = pt.sqrt(one + pt.as_tensor(told) * sd**2)
        typical = priors[f"sd_{name}[{group.terms[0]}]"].median
        means = pulled(group, factor, group.shares[:, None])[:, 0]
        turn = turned(means / np.sqrt(1 + told[:, 0] * typical**2))
        own: dict[str, Any] = {"dims": dims, "default_transform": None, "transform": turn}
        z = pm.Deterministic(
            f"z_{name}", pm.Normal(f"z_{name}{ABSORBED}", zero, wide, **own) / wide, dims=dims
        )
    latent = pt.specify_shape(z, (len(factor.nodes), len(group.terms)))
    unit = factor.effect(latent, hyper, pytensor_maths())
    u = unit * sd if L is None else unit @ (sd[:, None] * L).T
    return pm.Deterministic(sight.named(f"u_{name}"), u, dims=(name, term))


def told_of_latents(
    group: GroupDesign, factor: Factor, information: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return what rows tell of each latent, (n_nodes, n_terms), by random sums of the effects."""
    rng = np.random.default_rng(len(factor.nodes))
    signs = rng.choice([-1.0, 1.0], (group.n_levels, PROBES))
    sums = [pulled(group, factor, signs * np.sqrt(w)[:, None]) for w in information.T]
    return np.stack([(s**2).mean(axis=1) for s in sums], axis=1)


def turned(direction: NDArray[np.float64]) -> Turned | None:
    """Return the turn of latents to a direction, unless it has no length."""
    return Turned(None, direction) if direction @ direction > LEAST_TURN else None


def pulled(group: GroupDesign, factor: Factor, weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how much each latent moves weighted sums of effects, shape (n_nodes, n_sums)."""
    z, shape = pt.dmatrix(), (len(factor.nodes), weights.shape[1])
    hyper = {h.stem: pt.constant(np.float64(h.prior.median)) for h in group.hyper}
    effects = factor.effect(pt.specify_shape(z, shape), hyper, pytensor_maths())
    sums = (pt.as_tensor(weights) * effects).sum()
    return pt.grad(sums, z).eval({z: np.zeros(shape)}, mode=INTERPRETED)


def correlations(
    group: GroupDesign,
    wide: Sequence[tuple[int, ...]],
    prior: Prior,
    dims: Mapping[str, tuple[str, ...]],
    named: Callable[[str], str],
) -> Any:
    """State the correlations of each block; return the factor of the whole matrix."""
    whole = pt.as_tensor(np.eye(len(group.terms)))
    for number, members in enumerate(wide):
        name = f"corr_chol_{group.name}" + ("" if len(wide) == 1 else f"_{number}")
        L = pm.LKJCorr(named(name), n=len(members), eta=np.float64(prior["eta"]), dims=dims[name])
        whole = whole[np.ix_(members, members)].set(L)
    name = f"corr_{group.name}"
    pm.Deterministic(named(name), whole @ whole.T, dims=dims[name])
    return whole


def scalar(name: str, prior: Prior) -> Any:
    """State a single number, which begins where its prior has its middle if that is far from its mean."""
    begin = {"initval": np.float64(prior.median)} if prior.name == "LogNormal" else {}
    return DISTRIBUTIONS[prior.name](name, **_values(prior), **begin)


def own_parameter(
    parameter: Parameter,
    design: Design,
    priors: Mapping[str, Prior],
    eta: Mapping[str, Any],
    named: Callable[[str], str],
) -> Any:
    """State a parameter of the family beside the mean."""
    name = parameter.name
    if name == "sigma" and "se" in design.modifiers:
        return None
    if name in eta:
        return density_maths.pytensor_maths().inverse(LINKS[parameter.link], eta[name])
    if parameter.fixed is not None:
        return np.float64(parameter.fixed)
    prior = priors[name]
    if not parameter.vector:
        return scalar(name, prior)
    values = _values(prior)
    location = LOCATION.get(prior.name, "mu")
    known = pm.modelcontext(None)
    values[location] += design.threshold_centre(lambda stem: known[named(stem)], pt.stack)
    order = {"transform": _rising(design.ladders)} if get_family(design.family).increasing else {}
    start = np.concatenate([np.linspace(-1.0, 1.0, s.stop - s.start) for s in design.ladders])
    return DISTRIBUTIONS[prior.name](named(name), **values, dims="boundary", initval=start, **order)


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
