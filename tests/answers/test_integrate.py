"""The mean over a normal random part against quadrature of other kinds."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats
from scipy.integrate import quad

from bayes_glmm.errors import ArgumentError
from bayes_glmm.maths.links import LINKS

MEANS = {
    "logit": special.expit,
    "cloglog": lambda eta: -np.expm1(-np.exp(np.minimum(eta, 700.0))),
    "probit": special.ndtr,
}


def by_pieces(mean, eta, sd):
    """Integrate over short intervals, adaptively."""
    cuts = np.linspace(-9, 9, 61)
    return sum(
        quad(lambda z: mean(eta + sd * z) * stats.norm.pdf(z), a, b, epsabs=1e-13)[0]
        for a, b in zip(cuts[:-1], cuts[1:], strict=True)
    )


@pytest.mark.parametrize("sd", [0.01, 0.65, 1.0, 1.3, 2.59, 3.0, 8.0, 30.0])
@pytest.mark.parametrize("name", MEANS)
def test_probabilities_are_exact_to_ten_digits(name, sd):
    etas = np.array([-25.0, -4.0, -0.7, 0.0, 1.5, 9.0])
    ours = LINKS[name].normal_mean(etas, np.full(6, sd**2))
    exact = [by_pieces(MEANS[name], eta, sd) for eta in etas]
    np.testing.assert_allclose(ours, exact, atol=1e-10)


@pytest.mark.parametrize("name", MEANS)
def test_sixty_four_points_of_gauss_and_hermite(name):
    nodes, weights = np.polynomial.hermite_e.hermegauss(64)
    weights = weights / weights.sum()
    eta, sd = np.meshgrid(np.linspace(-6, 6, 25), np.linspace(0, 3, 13))
    ours = LINKS[name].normal_mean(eta, sd**2)
    hermite = (MEANS[name](eta[..., None] + sd[..., None] * nodes) * weights).sum(axis=-1)
    assert np.abs(ours - hermite).max() < 1e-3


@pytest.mark.parametrize("name", ["logit", "cloglog"])
def test_standard_deviations_beyond_all_reason_give_a_step(name):
    found = LINKS[name].normal_mean(np.array([-1e4, 0.0, 1e4]), np.full(3, 200.0**2))
    np.testing.assert_allclose(found, [0, 0.5, 1], atol=5e-3)


@pytest.mark.parametrize("name", ["logit", "cloglog", "probit", "log", "sqrt"])
def test_an_element_does_not_depend_on_its_neighbours(name):
    rng = np.random.default_rng(5)
    eta, variance = rng.normal(size=500), rng.uniform(0, 4, 500) ** 2
    together = LINKS[name].normal_mean(eta, variance)
    parts = [LINKS[name].normal_mean(eta[i:j], variance[i:j]) for i, j in ((0, 7), (7, 500))]
    assert np.concatenate(parts).tobytes() == together.tobytes()


def test_closed_forms_against_simulation():
    z = np.random.default_rng(1).normal(size=400_000)
    for name, mean in {"log": np.exp, "sqrt": np.square, "identity": lambda eta: eta}.items():
        found = LINKS[name].normal_mean(np.array([0.8]), np.array([0.49]))[0]
        assert found == pytest.approx(mean(0.8 + 0.7 * z).mean(), rel=0.01)


def test_a_mean_that_does_not_exist_is_refused():
    eta = np.array([2.0, 4.0])
    np.testing.assert_allclose(LINKS["inverse"].normal_mean(eta, np.zeros(2)), 1 / eta)
    with pytest.raises(ArgumentError, match="inverse link.*typical"):
        LINKS["inverse"].normal_mean(eta, np.ones(2))
