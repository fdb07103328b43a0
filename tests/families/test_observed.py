"""Weights, censoring, truncation and known standard errors."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pymc as pm
import pytest
from scipy import optimize, special, stats

import bayes_glmm as bg
from bayes_glmm.answers.compare.pointwise import with_log_likelihood
from bayes_glmm.design.schema import Schema
from bayes_glmm.families import get_family
from bayes_glmm.families.censoring import observe
from bayes_glmm.model.default_priors import resolve_priors
from bayes_glmm.model.graph import build_graph
from tests.canned import tree_of
from tests.graph.support import Flat, slope
from tests.graph.test_graph import assert_double_precision, compiled

SCIPY = {
    "gaussian": lambda mu, own: stats.norm(mu, own),
    "lognormal": lambda mu, own: stats.lognorm(own, scale=mu),
    "weibull": lambda mu, own: stats.weibull_min(own, scale=mu / special.gamma(1 + 1 / own)),
    "exponential": lambda mu, own: stats.expon(scale=mu),
    "poisson": lambda mu, own: stats.poisson(mu),
    "geometric": lambda mu, own: stats.geom(1 / (1 + mu), loc=-1),
    "negative_binomial": lambda mu, own: stats.nbinom(own, own / (own + mu)),
}
OWN = {"gaussian": "sigma", "lognormal": "sigma", "weibull": "shape",
       "negative_binomial": "dispersion"}  # fmt: skip
STATUS = {"none": 0.0, "left": -1.0, "right": 1.0, "interval": 2.0}


def table(family, n=16):
    rng = np.random.default_rng(3)
    data = pd.DataFrame(
        {"x": rng.normal(size=n), "w": rng.uniform(0.5, 3, n), "g": list("abcd") * 4}
    )
    y = rng.poisson(4, n) if get_family(family).discrete else rng.uniform(1, 6, n)
    return data.assign(
        y=y, upper=y + rng.integers(1, 4, n), status=list(STATUS) * 4,
        low=np.where(data["x"] > 0, 0.0, -1.0),
    )  # fmt: skip


def log_mass(dist, low, high):
    """Log P(low < y <= high) from the tail that keeps its digits."""
    below = dist.cdf(high) - dist.cdf(low)
    above = dist.sf(low) - dist.sf(high)
    return np.log(np.where(dist.cdf(low) < 0.5, below, above))


def expected_rows(family, data, mu, own):
    """Log-density of every row as it was observed, written with SciPy."""
    dist, y = SCIPY[family](mu, own), data["y"].to_numpy(float)
    seen = dist.logpmf(y) if get_family(family).discrete else dist.logpdf(y)
    return np.select(
        [data["status"] == "left", data["status"] == "right", data["status"] == "interval"],
        [dist.logcdf(y), dist.logsf(y), log_mass(dist, y, data["upper"].to_numpy(float))],
        seen,
    )


@pytest.mark.parametrize("family", SCIPY)
@pytest.mark.parametrize("mean", [0.8, 3.0, 9.0])
def test_censored_rows_have_the_mass_of_their_range(family, mean):
    data = table(family)
    described = get_family(family)
    link = described.link("identity" if family == "gaussian" else "log")
    own = {OWN[family]: np.array(1.7)} if family in OWN else {}
    modifiers = {
        "status": data["status"].map(STATUS).to_numpy(),
        "upper": data["upper"].to_numpy(float),
    }
    y = data["y"].to_numpy(float)
    mu = np.full(len(y), mean)
    found = observe(described, modifiers, y).logpdf(y, link.forward(mu), link, {**own, **modifiers})
    np.testing.assert_allclose(found, expected_rows(family, data, mu, 1.7), rtol=1e-9)


@pytest.mark.parametrize("family", SCIPY)
def test_truncated_density_has_total_one_within_its_bounds(family):
    described = get_family(family)
    link = described.link("identity" if family == "gaussian" else "log")
    own = {OWN[family]: np.array(1.3)} if family in OWN else {}
    dist = SCIPY[family](2.5, 1.3)
    for least, most in ((1.0, np.inf), (1.0, 4.0), (-np.inf, 4.0)):
        y = (
            np.arange(max(least, 0), min(most, 400) + 1)
            if described.discrete
            else np.array([2.0, 3.7])
        )
        bounds = {"least": np.full(len(y), least), "most": np.full(len(y), most)}
        eta = np.full(len(y), float(link.forward(np.array(2.5))))
        found = observe(described, bounds, y).logpdf(y, eta, link, {**own, **bounds})
        if described.discrete:
            assert np.exp(found).sum() == pytest.approx(1, abs=1e-9)
            plain = dist.logpmf(y)
        else:
            plain = dist.logpdf(y)
        share = dist.cdf(most) - dist.cdf(least - described.discrete)
        np.testing.assert_allclose(found, plain - np.log(share), rtol=1e-10)


def test_far_tails_keep_their_digits():
    gaussian = get_family("gaussian")
    link, own = gaussian.link(), {"sigma": np.array(1.0)}
    for at in (-30.0, 30.0):
        y = np.array([at])
        modifiers = {"status": np.array([2.0]), "upper": y + 0.5}
        found = observe(gaussian, modifiers, y).logpdf(y, np.zeros(1), link, {**own, **modifiers})
        near, far = sorted(np.abs([at, at + 0.5]))
        expected = stats.norm.logsf(near) + np.log1p(
            -np.exp(stats.norm.logsf(far) - stats.norm.logsf(near))
        )
        assert found[0] == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize(
    ("family", "response"),
    [("gaussian", "y | cens(status, upper) + weights(w)"), ("weibull", "y | cens(status, upper)"),
     ("poisson", "y | trunc(low, inf)"), ("negative_binomial", "y | cens(status, upper)"),
     ("gaussian", "y | se(w)"), ("gamma", "y | weights(w)")],
)  # fmt: skip
def test_graph_equals_the_answers_density_and_its_own_slope(family, response):
    """The pointwise densities are held to SciPy above; here the graph is held to them."""
    data = table(family)
    spec = bg.parse(f"{response} ~ x + (1 | g)", family=family)
    design = Schema.learn(spec, data).apply(data)
    priors = resolve_priors(spec, design)
    assert ("sigma" in priors) == (family == "gaussian" and "se" not in response)
    model, plain = (
        build_graph(spec, design, priors, "natural"),
        bg.parse("y ~ x + (1 | g)", family=family),
    )
    function, flat = compiled(model), Flat(model)
    assert_double_precision(model, function)
    bare = Schema.learn(plain, data).apply(data)
    # weights count in default priors and in the means that they are at, which are held here
    held = resolve_priors(plain, bare) | priors
    mu = replace(bare.mu, centers=design.mu.centers)
    bare = replace(bare, predictors={"mu": mu})
    unmodified = compiled(build_graph(plain, bare, held, "natural"))
    described, own_names = get_family(family), {v.name for v in model.free_RVs}
    rng = np.random.default_rng(1)
    for _ in range(5):
        x = 0.2 * rng.normal(size=flat.size)
        at = flat.unpack(x)
        value, _, gradient = function(at)
        eta = at["intercept"] + design.mu.X @ at["beta"] + at["u_g"][design.mu.groups[0].index, 0]
        own = {k.removesuffix("_log__"): np.exp(v) for k, v in at.items() if k.endswith("_log__")}
        own = {k: v for k, v in own.items() if k in own_names}
        y, seen = design.response, dict(design.modifiers)
        link = described.link(design.link)
        own |= {"sigma": seen["se"]} if "se" in seen else {}
        observed = observe(described, seen, y).logpdf(y, eta, link, {**own, **seen}).sum()
        if "se" not in seen:
            expected = unmodified(at)[0] - described.logpdf(y, eta, link, own).sum() + observed
            assert value == pytest.approx(float(expected), rel=1e-10)
        direction = rng.normal(size=flat.size)
        along = slope(lambda v: function(flat.unpack(v))[0], x, direction)
        assert abs(gradient @ direction - along) <= 1e-6 * max(abs(along), 1e-2)


def test_weights_multiply_and_are_in_the_pointwise_density():
    data = table("gaussian").assign(w=lambda d: np.r_[2.0, np.zeros(len(d) - 1)])
    truth = {"intercept": 2.0, "beta": [0.3], "sigma": 1.0}
    weighted = with_log_likelihood(tree_of("y | weights(w) ~ x", data, truth))
    plain = with_log_likelihood(tree_of("y ~ x", data, truth))
    a, b = (t["log_likelihood"]["y"].values for t in (weighted, plain))
    np.testing.assert_allclose(a[..., 0], 2 * b[..., 0])
    assert (a[..., 1:] == 0).all()


def test_known_standard_errors_take_the_place_of_sigma():
    data = table("gaussian")
    tree = tree_of("y | se(w) ~ 1 + (1 | g)", data,
                   {"intercept": 3.0, "sd_g": [0.5], "u_g": np.zeros((4, 1))})  # fmt: skip
    assert "sigma" not in bg.summary(tree)["parameter"].tolist()
    found = with_log_likelihood(tree)["log_likelihood"]["y"].values.reshape(-1, 16)
    post = {k: v.values.reshape(-1, *v.shape[2:]) for k, v in tree["posterior"].items()}
    eta = post["intercept"][:, None] + post["u_g"][:, [0, 1, 2, 3] * 4, 0]
    np.testing.assert_allclose(found, stats.norm.logpdf(data["y"], eta, data["w"]), rtol=1e-10)
    drawn = bg.predictions(tree, groups="typical", kind="response", draws=True).values
    spread = drawn.reshape(-1, 16).std(axis=0)
    np.testing.assert_allclose(spread, data["w"], rtol=0.15)


def test_a_new_study_needs_no_standard_error_until_its_estimate_is_drawn():
    data = table("gaussian")
    tree = tree_of("y | se(w) ~ x + (1 | g)", data,
                   {"intercept": 3.0, "beta": [0.5], "sd_g": [0.5], "u_g": np.zeros((4, 1))})  # fmt: skip
    new = pd.DataFrame({"x": [0.0, 1.0]})
    found = bg.predictions(tree, new)
    assert found["mean"].tolist() == pytest.approx([3.0, 3.5], abs=0.05)
    assert bg.comparisons(tree, "x", data=new)["mean"].iloc[0] == pytest.approx(0.5, abs=0.05)
    with pytest.raises(bg.errors.MissingDataError, match="column of se"):
        bg.predictions(tree, new, kind="response")


def test_simulated_counts_stay_within_their_truncation():
    data = pd.DataFrame({"x": np.zeros(20_000)})
    y = bg.simulate(
        "y | trunc(1, inf) ~ x", data, {"intercept": 0.0, "beta": [0.0]}, seed=1, family="poisson"
    )["y"]
    assert y.min() == 1
    assert abs(y.mean() - 1 / (1 - np.exp(-1))) < 4 * y.std() / np.sqrt(20_000)


@pytest.mark.parametrize(
    ("formula", "family"),
    [("y | se(w) ~ x", "gaussian"), ('y ~ x + (1 | gr(g, dist="student"))', "gaussian"),
     ("y ~ x", "sequential")],
)  # fmt: skip
def test_maximum_likelihood_refuses_what_it_does_not_cover(formula, family):
    data = table("poisson" if family == "sequential" else "gaussian")
    with pytest.raises(bg.errors.EngineError, match="sample this model with fit"):
        bg.maximum_likelihood(formula, data, family=family)


def test_maximum_likelihood_counts_weights_as_copies_of_rows():
    rng = np.random.default_rng(4)
    data = pd.DataFrame(
        {"x": rng.normal(size=60), "g": np.arange(60) % 6, "copies": 1 + np.arange(60) % 3}
    )
    data["y"] = 1 + 0.5 * data.x + rng.normal(size=6)[data.g] + rng.normal(0, 0.7, 60)
    whole = data.loc[data.index.repeat(data.copies)].reset_index(drop=True)
    short = bg.maximum_likelihood("y | weights(copies) ~ x + (1 | g)", data)
    long = bg.maximum_likelihood("y ~ x + (1 | g)", whole)
    assert short["parameter"].tolist() == long["parameter"].tolist()
    for column in ("estimate", "se"):
        np.testing.assert_allclose(short[column], long[column], rtol=1e-4)


def test_maximum_likelihood_of_skewed_errors_is_that_of_scipy():
    rng = np.random.default_rng(3)
    data = pd.DataFrame({"x": rng.normal(size=600)})
    data["y"] = 1 + 0.5 * data.x + stats.skewnorm.rvs(2, size=600, random_state=rng)
    found = bg.maximum_likelihood("y ~ x", data, family="skew_normal").set_index("parameter")

    def lost(at):
        mean, slope, log_sigma, skew = at
        delta = skew / np.sqrt(1 + skew**2)
        omega = np.exp(log_sigma) / np.sqrt(1 - 2 * delta**2 / np.pi)
        middle = mean + slope * data.x - omega * delta * np.sqrt(2 / np.pi)
        return -stats.skewnorm.logpdf(data.y, skew, middle, omega).sum()

    best = optimize.minimize(lost, [1.7, 0.5, 0.0, 2.0], method="Nelder-Mead",
                             options={"xatol": 1e-8, "fatol": 1e-10, "maxiter": 20_000}).x  # fmt: skip
    expected = [best[0], best[1], np.exp(best[2]), best[3]]
    names = ["intercept", "beta[x]", "sigma", "skew"]
    np.testing.assert_allclose(found.loc[names, "estimate"], expected, rtol=2e-4)


def test_predictions_say_that_they_are_before_truncation():
    data = pd.DataFrame({"x": [0.0, 1.0, 2.0], "y": [1, 3, 2]})
    truth = {"intercept": 0.5, "beta": [0.1]}
    tree = tree_of("y | trunc(1, inf) ~ x", data, truth, family="poisson")
    found = bg.predictions(tree, groups="typical")
    assert "response before truncation" in found.attrs["estimand"]
    assert found["mean"].iloc[0] == pytest.approx(np.exp(0.5), rel=0.02)


@pytest.mark.parametrize(
    ("response", "family", "change", "message"),
    [
        ("y | weights(w)", "gaussian", {"w": -1.0}, "weight that is negative.*Rows: 0"),
        ("y | se(w)", "gaussian", {"w": 0.0}, "standard error that is not above 0"),
        ("y | se(w)", "weibull", {}, "se\\(\\) states sigma row by row, and weibull"),
        (
            "y | cens(status, upper)",
            "gaussian",
            {"upper": 0.0},
            "upper end is not above.*Rows: 3, 7",
        ),
        ("y | cens(status)", "gaussian", {}, "Intervals need their upper end.*rows 3, 7"),
        ("y | cens(g)", "gaussian", {}, "holds 'a'; it takes none, left, right"),
        ("y | trunc(3, inf)", "poisson", {}, "outside the bounds of trunc"),
        ("y | trunc(3, 1)", "poisson", {}, "lower bound first"),
        ("y | cens(status, upper)", "gamma", {}, "need the distribution function"),
    ],
)
def test_what_cannot_be_is_refused_with_its_rows(response, family, change, message):
    import re

    found = bg.check(f"{response} ~ x", table(family).assign(**change), family=family)
    assert re.search(message, " ".join(f.message for f in found.errors))


@pytest.mark.slow
def test_censoring_is_undone():
    """A third of the waiting times are censored; the naive fit is biased, this one is not."""
    rng = np.random.default_rng(12)
    n = 1_500
    x = rng.normal(size=n)
    time = rng.weibull(1.5, n) * np.exp(1 + 0.5 * x) / special.gamma(1 + 1 / 1.5)
    end = rng.exponential(6, n)
    data = pd.DataFrame({"x": x, "time": np.minimum(time, end),
                         "status": np.where(time <= end, "none", "right")})  # fmt: skip
    assert 0.2 < (data["status"] == "right").mean() < 0.5
    found, naive = (
        bg.summary(bg.fit(f"{y} ~ x", data, family="weibull", chains=2, progress=False)).set_index(
            "parameter"
        )
        for y in ("time | cens(status)", "time")
    )
    for name, value in {"intercept": 1.0, "x": 0.5, "shape": 1.5}.items():
        assert abs(found.loc[name, "mean"] - value) < 3 * found.loc[name, "sd"]
    assert abs(naive.loc["intercept", "mean"] - 1.0) > 5 * naive.loc["intercept", "sd"]


@pytest.mark.parametrize("family", ["poisson", "negative_binomial", "geometric"])
def test_a_bound_that_nothing_passes_changes_no_slope(family):
    """P(Y > 500) rounds to zero below a mean of one; the slope of its logarithm is left out."""
    import pytensor
    import pytensor.tensor as pt
    from pytensor.compile.mode import Mode

    described, y, eta = get_family(family), np.array([1.0, 2.0]), pt.dvector("eta")
    own = {OWN[family]: np.float64(0.6)} if family in OWN else {}
    at, found = np.array([-1.0, -0.5]), []
    for most in (500.0, np.inf):
        known = {"least": np.ones(2), "most": np.full(2, most)}
        observed = observe(described, known, y)
        with pm.Model():
            rv = observed.likelihood("y", eta, described.link("log"), own | known, None)
        slope = pytensor.grad(pm.logp(rv, y.astype(int)).sum(), eta)
        found.append(pytensor.function([eta], slope, mode=Mode("py", "fast_compile"))(at))
    assert np.isfinite(found).all()
    np.testing.assert_allclose(*found, rtol=1e-9, atol=1e-12)
