"""Priors as SciPy knows them."""

from __future__ import annotations

import pytest

from bayes_glmm.spec.priors import Prior


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
    ],
    ids=repr,
)
def test_half_lies_below_the_median(prior):
    assert prior.frozen.cdf(prior.median) == pytest.approx(0.5, abs=1e-12)
