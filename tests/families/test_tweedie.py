"""The Tweedie density over its stated range, its slopes, and its neighbours."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy import special, stats

from bayes_glmm.families import get_family

TWEEDIE = get_family("tweedie")
LINK = TWEEDIE.link("log")
POWERS = [1.01, 1.05, 1.1, 1.2, 1.35, 1.5, 1.65, 1.8, 1.9, 1.95]


def terms(peak, shape):
    """Numbers of parts that matter, and logs of their terms in decimal-free order."""
    n = np.arange(1, peak + 40 * np.sqrt(peak / (1 + shape)) + 400)
    z = (1 + shape) * np.log(peak) + shape * np.log(shape)
    # near the peak: numbers of its own size cancel, so they are centred before they are summed
    return n * z - special.gammaln(n + 1) - special.gammaln(shape * n) - (1 + shape) * peak


@pytest.mark.parametrize("power", POWERS)
def test_density_of_one_is_the_plain_series(power):
    """At ``mu = y = 1``, from one part in a million to thirty thousand parts."""
    for peak in np.geomspace(1e-6, 3e4, 120):
        dispersion = 1 / ((2 - power) * peak)
        shape = (2 - power) / (power - 1)
        own = {"dispersion": np.float64(dispersion), "power": np.float64(power)}
        found = float(TWEEDIE.logpdf(np.ones(()), np.zeros(()), LINK, own))
        expected = special.logsumexp(terms(peak, shape))
        rounding = 8 * np.finfo(float).eps * (1 + shape) * peak * max(np.log(peak), 1)
        assert abs(found - expected) <= 1e-10 * max(abs(expected), 1) + rounding


@pytest.mark.parametrize("power", [1.05, 1.3, 1.6, 1.9])
def test_the_total_is_one(power):
    from scipy import integrate

    own = {"dispersion": np.float64(0.7), "power": np.float64(power)}

    def density(t):
        return np.exp(t + TWEEDIE.logpdf(np.exp(t), np.log(2.0), LINK, own))

    ends = [-30 * (power - 1) / (2 - power) - 40, -40, 0, 6]
    total = sum(integrate.quad(density, *two, epsabs=1e-11)[0] for two in pairwise(ends))
    zero = np.exp(TWEEDIE.logpdf(np.zeros(()), np.log(2.0), LINK, own))
    assert total + zero == pytest.approx(1, abs=1e-8)


def test_slopes_in_mean_dispersion_and_power():
    """Five-point differences of the plain series, at rows of every kind."""
    import pymc as pm
    import pytensor
    import pytensor.tensor as pt
    from pytensor.compile.mode import Mode

    from tests.oracle import tweedie

    x, y = pt.dvector("x"), pt.dvector("y")
    own = {"dispersion": x[1], "power": x[2]}
    with pm.Model():
        variable = TWEEDIE.likelihood("y", x[0] + np.zeros(1), LINK, own, None)
    value = pm.logp(variable, y).sum()
    mode = Mode(linker="py", optimizer="fast_compile")
    function = pytensor.function([x, y], [value, pytensor.grad(value, x)], mode=mode)
    for at in ([0.5, 0.8, 1.5], [2.0, 0.02, 1.2], [-1.0, 3.0, 1.85], [3.0, 0.004, 1.6]):
        at = np.array(at)
        for value in (0.0, 1e-4, 0.3, 2.0, 50.0):
            found, gradient = function(at, np.array([value]))

            def density(v, value=value):
                return tweedie(value, np.exp(v[0]), v[1], v[2])

            assert found == pytest.approx(density(at), rel=1e-10, abs=1e-10)
            for k, h in enumerate((1e-3, 1e-3 * at[1], 1e-4)):
                step = h * np.eye(3)[k]
                ends = [density(at + c * step) for c in (-2, -1, 1, 2)]
                slope = (ends[0] - 8 * ends[1] + 8 * ends[2] - ends[3]) / (12 * h)
                assert gradient[k] == pytest.approx(slope, rel=2e-6, abs=1e-5)


def test_near_two_it_is_the_gamma_distribution():
    own = {"dispersion": np.float64(0.4), "power": np.float64(1.999)}
    y = np.array([0.5, 1.0, 3.0])
    found = TWEEDIE.logpdf(y, np.zeros(3), LINK, own)
    np.testing.assert_allclose(found, stats.gamma.logpdf(y, 2.5, scale=0.4), atol=5e-3)


def test_zero_is_the_probability_of_no_part():
    own = {"dispersion": np.float64(1.3), "power": np.float64(1.4)}
    rate = 3.0**0.6 / (1.3 * 0.6)
    drawn = TWEEDIE.simulate(np.random.default_rng(2), np.full(100_000, 3.0), own)
    found = np.exp(TWEEDIE.logpdf(np.zeros(()), np.log(3.0), LINK, own))
    assert found == pytest.approx(np.exp(-rate))
    assert abs((drawn == 0).mean() - found) < 4 * np.sqrt(found * (1 - found) / 100_000)
