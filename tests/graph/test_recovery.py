"""Every family finds again what a simulator that shares no code with it was given.

The log-likelihood of the graph is maximised: no sampler, flat priors. Estimates must lie
within four standard errors, from the curvature at the maximum, of the truth.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, special, stats

import bayes_glmm as bg
from bayes_glmm.design.schema import Schema
from bayes_glmm.families import FAMILIES, get_family
from bayes_glmm.model.default_priors import resolve_priors
from bayes_glmm.model.graph import build_graph
from tests.graph.support import Flat, interpreted

ROWS, TRIALS = 3_000, 8
INTERCEPT, BETA = 0.4, 0.5
OWN = {
    "gaussian": {"sigma": 0.8}, "student_t": {"sigma": 0.8, "nu": 5.0},
    "skew_normal": {"sigma": 0.8, "skew": 4.0}, "asymmetric_laplace": {"sigma": 0.4},
    "negative_binomial": {"dispersion": 1.5}, "negative_binomial1": {"dispersion": 1.5},
    "generalized_poisson": {"dispersion": 2.0}, "beta_binomial": {"dispersion": 3.0},
    "zero_inflated_poisson": {"zi": 0.3}, "zero_inflated_binomial": {"zi": 0.3},
    "zero_inflated_negative_binomial": {"dispersion": 2.0, "zi": 0.3},
    "hurdle_poisson": {"hurdle": 0.3}, "hurdle_negative_binomial": {"dispersion": 2.0, "hurdle": 0.3},
    "hurdle_gamma": {"shape": 2.0, "hurdle": 0.3}, "hurdle_lognormal": {"sigma": 0.7, "hurdle": 0.3},
    "gamma": {"shape": 2.0}, "lognormal": {"sigma": 0.7}, "weibull": {"shape": 1.6},
    "inverse_gaussian": {"shape": 3.0}, "beta": {"dispersion": 6.0},
    "zero_one_inflated_beta": {"dispersion": 6.0, "zoi": 0.3, "coi": 0.4},
    "ordered_beta": {"dispersion": 6.0, "lower": -1.0, "gap": 2.5},
    "von_mises": {"concentration": 3.0}, "tweedie": {"dispersion": 0.8, "power": 1.4},
    "dirichlet": {"dispersion": 8.0},
}  # fmt: skip
CUTS = np.array([-1.0, 0.2, 1.5])
PARTS = {"sand": (0.0, 0.0), "silt": (0.4, 0.5), "clay": (-0.3, -0.4)}  # intercepts and slopes


def simulated(name: str, eta: np.ndarray, own: dict, rng: np.random.Generator) -> np.ndarray:
    """Responses by SciPy and NumPy, from the textbook's definition of each family."""
    mu, share, n = np.exp(eta), special.expit(eta), len(eta)
    if name.startswith("zero_inflated_"):
        plain = simulated(name.removeprefix("zero_inflated_"), eta, own, rng)
        return np.where(rng.random(n) < own["zi"], 0, plain)
    if name.startswith("hurdle_"):
        plain = simulated(name.removeprefix("hurdle_"), eta, own, rng)
        while (plain == 0).any():
            plain = np.where(
                plain == 0, simulated(name.removeprefix("hurdle_"), eta, own, rng), plain
            )
        return np.where(rng.random(n) < own["hurdle"], 0, plain)
    match name:
        case "gaussian":
            return stats.norm.rvs(eta, own["sigma"], random_state=rng)
        case "student_t":
            return stats.t.rvs(own["nu"], eta, own["sigma"], random_state=rng)
        case "skew_normal":
            z = stats.skewnorm(own["skew"])
            return eta + own["sigma"] * (z.rvs(n, random_state=rng) - z.mean()) / z.std()
        case "asymmetric_laplace":  # the median of two tails of one scale
            return stats.laplace.rvs(eta, 2 * own["sigma"], random_state=rng)
        case "bernoulli":
            return rng.random(n) < share
        case "binomial":
            return (rng.random((TRIALS, n)) < share).sum(axis=0)
        case "beta_binomial":
            p = stats.beta.rvs(
                share * own["dispersion"], (1 - share) * own["dispersion"], random_state=rng
            )
            return (rng.random((TRIALS, n)) < p).sum(axis=0)
        case "poisson":
            return stats.poisson.rvs(mu, random_state=rng)
        case "negative_binomial":
            size = own["dispersion"]
            return stats.poisson.rvs(
                mu * stats.gamma.rvs(size, scale=1 / size, size=n, random_state=rng),
                random_state=rng,
            )
        case "negative_binomial1":
            p = 1 / (1 + own["dispersion"])
            return stats.nbinom.rvs(mu * p / (1 - p), p, random_state=rng)
        case "geometric":
            return stats.geom.rvs(1 / (1 + mu), random_state=rng) - 1
        case "generalized_poisson":
            lam = 1 - 1 / np.sqrt(own["dispersion"])
            k = np.arange(400)[:, None]
            theta = mu * (1 - lam)
            log_p = (
                np.log(theta)
                + (k - 1) * np.log(theta + lam * k)
                - theta
                - lam * k
                - special.gammaln(k + 1)
            )
            return (rng.random(n) > np.cumsum(np.exp(log_p), axis=0)).sum(axis=0)
        case "gamma":
            return stats.gamma.rvs(own["shape"], scale=mu / own["shape"], random_state=rng)
        case "lognormal":
            return np.exp(stats.norm.rvs(eta, own["sigma"], random_state=rng))
        case "weibull":
            scale = mu / special.gamma(1 + 1 / own["shape"])
            return scale * (-np.log(rng.random(n))) ** (1 / own["shape"])
        case "exponential":
            return -mu * np.log(rng.random(n))
        case "inverse_gaussian":
            return stats.invgauss.rvs(mu / own["shape"], scale=own["shape"], random_state=rng)
        case "beta" | "zero_one_inflated_beta" | "ordered_beta":
            y = stats.beta.ppf(
                rng.random(n), share * own["dispersion"], (1 - share) * own["dispersion"]
            )
            if name == "zero_one_inflated_beta":
                ends = rng.random(n) < own["coi"]
                return np.where(rng.random(n) < own["zoi"], ends, y)
            if name == "ordered_beta":
                latent = eta + stats.logistic.rvs(size=n, random_state=rng)
                high = own["lower"] + own["gap"]
                return np.where(latent < own["lower"], 0, np.where(latent > high, 1, y))
            return y
        case "von_mises":
            y = stats.vonmises.rvs(own["concentration"], size=n, random_state=rng) + 2 * np.arctan(
                eta
            )
            return np.arctan2(np.sin(y), np.cos(y))
        case "tweedie":
            p, phi = own["power"], own["dispersion"]
            parts = rng.poisson(mu ** (2 - p) / (phi * (2 - p)))
            scale = phi * (p - 1) * mu ** (p - 1)
            return np.array(
                [
                    stats.gamma.rvs((2 - p) / (p - 1), scale=s, size=k, random_state=rng).sum()
                    for k, s in zip(parts, scale, strict=True)
                ]
            )
        case "cumulative":
            latent = eta + stats.logistic.rvs(size=n, random_state=rng)
            return 1 + (latent[:, None] > CUTS).sum(axis=1)
        case "sequential":
            stop = stats.logistic.rvs(size=(n, 3), random_state=rng) + eta[:, None] < CUTS
            return 1 + np.where(stop.any(axis=1), stop.argmax(axis=1), 3)
        case "adjacent":
            score = np.cumsum(np.column_stack([np.zeros(n), eta[:, None] - CUTS]), axis=1)
            return 1 + (score + stats.gumbel_r.rvs(size=(n, 4), random_state=rng)).argmax(axis=1)
    raise AssertionError(name)


def composed(name: str, scores: np.ndarray, own: dict, rng: np.random.Generator) -> pd.DataFrame:
    """Unordered categories: the largest of scores with Gumbel noise, counts or shares of them."""
    labels, n = list(PARTS), len(scores)
    match name:
        case "categorical":
            found = (scores + stats.gumbel_r.rvs(size=scores.shape, random_state=rng)).argmax(1)
            return pd.DataFrame({"y": np.array(labels)[found]}).astype(
                {"y": pd.CategoricalDtype(labels)}
            )
        case "multinomial":
            noise = stats.gumbel_r.rvs(size=(TRIALS, *scores.shape), random_state=rng)
            found = (scores + noise).argmax(axis=2)
            counts = np.stack([(found == k).sum(axis=0) for k in range(len(labels))], axis=1)
            return pd.DataFrame(counts, columns=labels)
        case "dirichlet":
            share = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
            parts = stats.gamma.rvs(own["dispersion"] * share, random_state=rng)
            return pd.DataFrame(parts / parts.sum(axis=1).reshape(n, 1), columns=labels)
    raise AssertionError(name)


def planted(family, rng) -> tuple[str, pd.DataFrame, dict]:
    """Return a formula, rows made without the package, and the values to find."""
    own, x = OWN.get(family.name, {}), rng.normal(size=ROWS)
    if family.response in ("unordered", "columns"):
        scores = np.column_stack([a + b * x for a, b in PARTS.values()])
        data = composed(family.name, scores, own, rng).assign(x=x)
        truth = {f"intercept_mu_{k}": a for k, (a, _) in PARTS.items() if k != "sand"}
        truth |= {f"beta_mu_{k}": [b] for k, (_, b) in PARTS.items() if k != "sand"}
        left = f"cbind({', '.join(PARTS)})" if family.response == "columns" else "y"
        return f"{left} ~ x", data, truth
    intercept = 0.0 if family.response != "number" else INTERCEPT
    y = simulated(family.name, intercept + BETA * x, own, rng)
    data = pd.DataFrame({"x": x, "t": TRIALS, "y": np.asarray(y, float)})
    left = "y | trials(t)" if family.has_trials else "y"
    truth = {"beta": [BETA]} | ({} if family.response != "number" else {"intercept": INTERCEPT})
    return f"{left} ~ x", data, truth


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES, ids=lambda f: f.name)
def test_estimates_lie_around_the_truth(family):
    import pytensor

    rng = np.random.default_rng(11)
    own = OWN.get(family.name, {})
    formula, data, truth = planted(family, rng)
    ordered = family.response == "ordered"
    spec = bg.parse(formula, family=family.name)
    design = Schema.learn(spec, data).apply(data)
    model = build_graph(spec, design, resolve_priors(spec, design), "natural")
    total = model.logp(vars=model.observed_RVs)
    slopes = pytensor.grad(total, model.value_vars)
    function = model.compile_fn([total, *slopes], mode=interpreted(), on_unused_input="ignore")
    flat = Flat(model)

    def minus(point):
        value, *parts = function(flat.unpack(point))
        by_name = dict(zip([v.name for v in model.value_vars], parts, strict=True))
        gradient = np.concatenate([np.ravel(by_name[name]) for name in flat.shapes])
        return -float(value), -gradient

    begin = model.initial_point()
    begin |= {"skew": np.float64(1)} if "skew" in begin else {}  # zero is a stationary point
    start = np.concatenate([np.ravel(begin[k]) for k in flat.shapes])
    if family.name == "asymmetric_laplace":  # no curvature: the information of its scores
        flat_search = {"xatol": 1e-6, "fatol": 1e-8, "maxiter": 5_000}
        found = optimize.minimize(
            lambda v: minus(v)[0], start, method="Nelder-Mead", options=flat_search
        )
        rows = np.column_stack([data["x"], np.ones(ROWS)]) * 0.5 / own["sigma"]
        order = {"beta": 0, "intercept": 1, "sigma_log__": 2}
        all_rows = np.linalg.inv(rows.T @ rows)
        known = [*np.sqrt(np.diag(all_rows)), ROWS**-0.5]
        error = np.array([known[order[k]] for k in flat.shapes])
    else:
        found = optimize.minimize(minus, start, jac=True, method="BFGS", options={"gtol": 1e-3})
        steps = 1e-4 * np.eye(flat.size)
        curvature = np.array([minus(found.x + e)[1] - minus(found.x - e)[1] for e in steps]) / 2e-4
        error = np.sqrt(np.diag(np.linalg.inv((curvature + curvature.T) / 2)))
    estimate = flat.unpack(found.x)
    spread = flat.unpack(error)
    assert set(estimate) - set(truth) == {unconstrained(k)[0] for k in own} | (
        {next(k for k in estimate if k.startswith("threshold"))} if ordered else set()
    )
    for name, value in own.items():
        key, forward = unconstrained(name)
        truth[key] = forward(value)
    for name, value in truth.items():
        gap = np.abs(estimate[name] - np.asarray(value))
        assert (gap < 4 * spread[name]).all(), (name, estimate[name], value, spread[name])
        assert (spread[name] < 0.5).all(), (name, spread[name])
    if ordered:
        cuts = next(v for k, v in estimate.items() if k.startswith("threshold"))
        if family.name == "cumulative":
            cuts = np.cumsum([cuts[0], *np.exp(cuts[1:])])
        assert np.abs(cuts - CUTS).max() < 0.25


def unconstrained(name):
    """Where the sampler's coordinate of a parameter lies, and how it is reached."""
    if name in ("zi", "hurdle", "zoi", "coi"):
        return f"{name}_logodds__", special.logit
    if name in ("skew", "lower"):
        return name, float
    if name == "power":
        return "power_interval__", lambda p: special.logit(p - 1)
    return f"{name}_log__", np.log


def test_every_family_has_values_to_find():
    for family in FAMILIES:
        wanted = {p.name for p in get_family(family.name).scalars(())}
        assert set(OWN.get(family.name, {})) == wanted
