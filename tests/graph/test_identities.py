"""What must not change the density, and what must change it by a known amount."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import special

from bayes_glmm import Prior
from bayes_glmm.design.schema import Schema
from bayes_glmm.model.default_priors import resolve_priors
from bayes_glmm.model.graph import build_graph
from bayes_glmm.spec.formula.parsing import parse
from tests.graph.support import table

BETA = Prior("Normal", mu=0, sigma=2)
POINT = {"intercept": 0.4, "beta": [-0.3], "sd_a": [0.7], "u_a": [0.1, -0.2, 0.6, 0.0]}


def density(formula, data, point, **options):
    """Log-density at natural values given by level, whatever the graph's order."""
    from pytensor.compile.mode import Mode

    options.setdefault("priors", {"intercept": BETA, "beta": BETA})
    spec = parse(formula, **options)
    design = Schema.learn(spec, data).apply(data)
    model = build_graph(spec, design, resolve_priors(spec, design), "natural")
    mode = Mode(linker="py", optimizer="fast_compile")
    function = model.compile_logp(mode=mode, jacobian=False)
    values, initial = {}, model.initial_point()
    for variable in model.value_vars:
        name = variable.name.removesuffix("_log__")
        value = point[name]
        if isinstance(value, dict):
            value = [value[level] for level in model.coords[name.removeprefix("u_")]]
        value = np.log(value) if name != variable.name else np.asarray(value, float)
        values[variable.name] = value.reshape(np.shape(initial[variable.name]))
    return float(function(values))


@pytest.fixture(scope="module")
def counts():
    return table("poisson")


LEVELS = {"p": 0.1, "q": -0.2, "r": 0.6, "s": 0.0}


@pytest.fixture(scope="module")
def plain(counts):
    return density(
        "y ~ x + (1 | a)", counts, POINT | {"u_a": LEVELS}, family="poisson", exposure="n"
    )


def test_order_of_rows_changes_nothing(counts, plain):
    turned = counts.sample(frac=1, random_state=3)
    value = density(
        "y ~ x + (1 | a)", turned, POINT | {"u_a": LEVELS}, family="poisson", exposure="n"
    )
    assert value == pytest.approx(plain, rel=1e-13)


def test_names_of_levels_change_nothing(counts, plain):
    names = {"p": "zeta", "q": "alpha", "r": "10", "s": "9"}
    renamed = counts.assign(a=counts.a.map(names))
    effects = {names[k]: v for k, v in LEVELS.items()}
    value = density(
        "y ~ x + (1 | a)", renamed, POINT | {"u_a": effects}, family="poisson", exposure="n"
    )
    assert value == pytest.approx(plain, rel=1e-13)
    swapped = density(
        "y ~ x + (1 | a)", renamed, POINT | {"u_a": dict(zip(effects, [0.6, 0.1, -0.2, 0.0], strict=True))},
        family="poisson", exposure="n",
    )  # fmt: skip
    assert swapped != pytest.approx(plain, rel=1e-6)


def test_doubling_the_exposure_is_adding_log_two(counts, plain):
    twice = counts.assign(n=2 * counts.n, known=np.log(counts.n) + np.log(2))
    point = POINT | {"u_a": LEVELS}
    by_exposure = density("y ~ x + (1 | a)", twice, point, family="poisson", exposure="n")
    by_offset = density("y ~ x + (1 | a)", twice, point, family="poisson", offset="known")
    assert by_exposure == pytest.approx(by_offset, rel=1e-13)
    assert by_exposure != pytest.approx(plain, rel=1e-6)
    lower = point | {"intercept": POINT["intercept"] - np.log(2)}
    same = density("y ~ x + (1 | a)", twice, lower, family="poisson", exposure="n")
    shift = counts.x.mean() * POINT["beta"][0]
    gap = BETA.frozen.logpdf(lower["intercept"] + shift) - BETA.frozen.logpdf(0.4 + shift)
    assert same - gap == pytest.approx(plain, rel=1e-12)


@pytest.mark.parametrize("link", ["logit", "probit", "cloglog"])
def test_bernoulli_rows_are_binomial_counts(link):
    rng = np.random.default_rng(2)
    cells = pd.DataFrame({"x": np.tile([-1.0, 0.0, 2.0], 4), "a": np.repeat(list("pqrs"), 3)})
    rows = cells.loc[cells.index.repeat(rng.integers(2, 8, len(cells)))].reset_index(drop=True)
    rows["y"] = rng.integers(0, 2, len(rows))
    grouped = rows.groupby(["x", "a"], as_index=False).agg(y=("y", "sum"), n=("y", "size"))
    ways = special.gammaln(grouped.n + 1) - special.gammaln(grouped.y + 1)
    ways = (ways - special.gammaln(grouped.n - grouped.y + 1)).sum()
    point = POINT | {"u_a": LEVELS}
    priors = {"beta": BETA}  # without an intercept nothing is centred, so the priors are the same
    one = density("y ~ 0 + x + (1 | a)", rows, point, family="bernoulli", link=link, priors=priors)
    two = density("y | trials(n) ~ 0 + x + (1 | a)", grouped, point, family="binomial", link=link,
                  priors=priors)  # fmt: skip
    assert two - ways == pytest.approx(one, rel=1e-13)


@pytest.mark.parametrize("link", ["log", "identity", "sqrt"])
def test_negative_binomial_becomes_poisson(counts, link):
    point = POINT | {"u_a": LEVELS, "intercept": 3.0}
    target = density("y ~ x + (1 | a)", counts, point, family="poisson", link=link)
    gaps = []
    for size in (1e3, 1e6, 1e10):
        prior = Prior("LogNormal", mu=0, sigma=5)
        value = density("y ~ x + (1 | a)", counts, point | {"dispersion": size},
                        family="negative_binomial", link=link,
                        priors={"intercept": BETA, "beta": BETA, "dispersion": prior})  # fmt: skip
        gaps.append(abs(value - prior.frozen.logpdf(size) - target))
    assert gaps[0] > 500 * gaps[1] and gaps[2] < 1e-6 * max(1, gaps[0])


def test_prior_of_the_intercept_is_at_the_means_of_the_covariates(counts):
    """Moving a covariate by a constant moves the intercept, and leaves the density."""
    point = POINT | {"u_a": LEVELS}
    here = density("y ~ x + (1 | a)", counts, point, family="poisson")
    moved = counts.assign(x=counts.x + 100)
    there = point | {"intercept": point["intercept"] - 100 * point["beta"][0]}
    assert density("y ~ x + (1 | a)", moved, there, family="poisson") == pytest.approx(
        here, rel=1e-11
    )
