"""Priors as SciPy knows them."""

from __future__ import annotations

import pytest

from bayes_glmm.errors import PriorError
from bayes_glmm.spec.priors import DISTRIBUTIONS, Prior


@pytest.mark.parametrize(
    "prior",
    [
        Prior("HalfNormal", sigma=0.8),
        Prior("HalfStudentT", nu=3, sigma=2.5),
        Prior("HalfCauchy", beta=1.7),
        Prior("Exponential", lam=0.4),
        Prior("Gamma", alpha=2, beta=0.1),
        Prior("InverseGamma", alpha=0.4, beta=0.3),
        Prior("Normal", mu=-2, sigma=3),
        Prior("StudentT", nu=4, mu=-2, sigma=3),
        Prior("Cauchy", alpha=2, beta=0.4),
        Prior("Laplace", mu=0.7, b=2),
        Prior("Logistic", mu=0.7, s=2),
        Prior("LogNormal", mu=0.7, sigma=2),
        Prior("Beta", alpha=0.7, beta=3),
        Prior("OnePlusBeta", alpha=2, beta=1.5),
    ],
    ids=repr,
)
def test_half_lies_below_the_median(prior):
    assert prior.frozen.cdf(prior.median) == pytest.approx(0.5, abs=1e-12)


def test_the_priors_of_a_line_have_medians_and_the_others_say_that_they_have_none():
    known = {n: {k: 2.0 for k in rule[1]} for n, rule in DISTRIBUTIONS.items()}
    without = set()
    for name, values in known.items():
        try:
            assert Prior(name, **values).median > 0
        except PriorError:
            without.add(name)
    assert without == {"LKJ", "Dirichlet"}
