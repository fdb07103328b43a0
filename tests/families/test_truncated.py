"""Mean and variance between bounds beside SciPy's distributions."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, stats
from scipy.special import gamma

from bayes_glmm.families import get_family
from bayes_glmm.families.truncated import moments_within

INF = np.inf
NORMAL = [(0, 1, -1, 2), (0, 1, 5, INF), (500, 1, 0, 1000), (3, 2, -INF, 2.5), (3, 2, 3.1, 3.2)]
POSITIVE = {
    "lognormal": lambda s: ({"sigma": s}, stats.lognorm(s, scale=np.e)),
    "weibull": lambda k: ({"shape": k}, stats.weibull_min(k, scale=np.e / gamma(1 + 1 / k))),
    "exponential": lambda _: ({}, stats.expon(scale=np.e)),
}
COUNTS = {
    "poisson": lambda m: ({}, stats.poisson(m)),
    "negative_binomial": lambda m: ({"dispersion": 2.0}, stats.nbinom(2, 2 / (2 + m))),
    "geometric": lambda m: ({}, stats.nbinom(1, 1 / (1 + m))),
}


def within(name, eta, own, low, high):
    family = get_family(name)
    given = {k: np.full((1, 1), float(v)) for k, v in own.items()}
    eta, low, high = np.full((1, 1), float(eta)), np.array([float(low)]), np.array([float(high)])
    found = moments_within(family, eta, family.link(), given, low, high)
    return float(found[0][0, 0]), float(found[1][0, 0])


@pytest.mark.parametrize(("mu", "sigma", "low", "high"), NORMAL)
def test_normal_numbers(mu, sigma, low, high):
    exact = stats.truncnorm((low - mu) / sigma, (high - mu) / sigma, mu, sigma)
    mean, variance = within("gaussian", mu, {"sigma": sigma}, low, high)
    assert mean == pytest.approx(exact.mean(), rel=1e-5)
    assert variance == pytest.approx(exact.var(), rel=1e-3)


@pytest.mark.parametrize(("low", "high"), [(2.0, 8.0), (2.0, INF), (0.0, 4.0)])
@pytest.mark.parametrize(
    ("family", "size"),
    [("lognormal", 0.3), ("lognormal", 1.5), ("weibull", 0.6), ("weibull", 5.0),
     ("exponential", 1.0)],
)  # fmt: skip
def test_positive_numbers(family, size, low, high):
    own, dist = POSITIVE[family](size)
    top = min(high, float(dist.isf(1e-15)))
    at = [p for p in dist.ppf([0.05, 0.5, 0.95]) if low < p < top]

    def part(g):
        return integrate.quad(lambda y: g(y) * dist.pdf(y), low, top, points=at, limit=400)[0]

    mass = part(lambda y: 1.0)
    exact = part(lambda y: y) / mass
    mean, variance = within(family, 1.0, own, low, high)
    assert mean == pytest.approx(exact, rel=1e-5)
    assert variance == pytest.approx(part(lambda y: (y - exact) ** 2) / mass, rel=1e-3)


@pytest.mark.parametrize(("low", "high"), [(1, INF), (0, 5), (2, 9), (-INF, 3)])
@pytest.mark.parametrize("mean", [0.05, 3.0, 30.0])
@pytest.mark.parametrize("family", COUNTS)
def test_counts(family, mean, low, high):
    own, dist = COUNTS[family](mean)
    k = np.arange(max(low, 0), min(high, 5000) + 1)
    p = dist.pmf(k) / dist.pmf(k).sum()
    exact = (k * p).sum()
    found = within(family, np.log(mean), own, low, high)
    assert found[0] == pytest.approx(exact, rel=1e-8)
    assert found[1] == pytest.approx(((k - exact) ** 2 * p).sum(), rel=1e-6)
