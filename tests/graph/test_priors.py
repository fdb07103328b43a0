"""Every prior distribution in the graph, alone and mixed in one vector."""

from __future__ import annotations

import numpy as np
import pytest

from bayes_glmm import Prior
from bayes_glmm.model.graph import DISTRIBUTIONS, build_graph
from bayes_glmm.spec.priors import DISTRIBUTIONS as KNOWN
from tests.graph.support import Flat, modelled, oracle
from tests.graph.test_graph import assert_double_precision, compiled

REAL = [Prior("Normal", mu=0.3, sigma=0.7), Prior("StudentT", nu=3, mu=0.2, sigma=0.5),
        Prior("Cauchy", alpha=0.1, beta=0.4), Prior("Laplace", mu=-0.2, b=0.6),
        Prior("Logistic", mu=0.1, s=0.3)]  # fmt: skip
POSITIVE = [Prior("HalfNormal", sigma=0.7), Prior("HalfStudentT", nu=3, sigma=0.6),
            Prior("HalfCauchy", beta=0.5), Prior("Exponential", lam=2.5),
            Prior("Gamma", alpha=2.2, beta=1.5), Prior("InverseGamma", alpha=1.4, beta=0.7),
            Prior("LogNormal", mu=-0.3, sigma=0.8)]  # fmt: skip


def check(priors):
    spec, design, resolved = modelled("student_t", "identity", "slope", priors=priors)
    model = build_graph(spec, design, resolved)
    function, flat = compiled(model), Flat(model)
    assert_double_precision(model, function)
    rng = np.random.default_rng(4)
    for _ in range(5):
        x = rng.normal(0, 0.5, flat.size)
        with_volume, plain, gradient = function(flat.unpack(x))
        expected = oracle(design, resolved, flat, x)
        assert with_volume == pytest.approx(expected[0], rel=1e-10)
        assert plain == pytest.approx(expected[1], rel=1e-10)
        assert np.isfinite(gradient).all()


def test_every_distribution_is_in_the_graphs_table():
    assert set(DISTRIBUTIONS) | {"LKJ", "Dirichlet"} == set(KNOWN)
    assert {p.name for p in (*REAL, *POSITIVE)} == set(KNOWN) - {
        "LKJ", "Beta", "OnePlusBeta", "Dirichlet",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("real", "positive"),
    [(REAL[i % len(REAL)], prior) for i, prior in enumerate(POSITIVE)],
    ids=lambda p: p.name,
)
def test_each_distribution_everywhere(real, positive):
    check({"intercept": real, "beta": real, "sd": positive, "sigma": positive, "nu": positive,
           "corr": Prior("LKJ", eta=1.3)})  # fmt: skip


@pytest.mark.parametrize(
    "pair",
    [
        (0, 1),
        pytest.param((2, 3), marks=pytest.mark.slow),
        pytest.param((4, 0), marks=pytest.mark.slow),
    ],
)
def test_distributions_mixed_in_one_vector(pair):
    one, two = pair
    check({"beta[x]": REAL[one], "beta[z]": REAL[two], "sd_a[intercept]": POSITIVE[one],
           "sd_a[x]": POSITIVE[two + 1]})  # fmt: skip
