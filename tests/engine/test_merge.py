"""Equal rows are summed exactly, and only where that is exact."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import bayes_glmm as bg
from bayes_glmm.design.schema import Schema
from bayes_glmm.engine.kernel import log_density
from bayes_glmm.engine.merge import arrange_rows
from bayes_glmm.engine.program import write_program
from bayes_glmm.results.fit import Fit
from bayes_glmm.spec.formula.parsing import parse
from tests.basis import in_basis

CASES = [
    ("bernoulli", "logit", True), ("bernoulli", "probit", True), ("binomial", "cloglog", True),
    ("poisson", "log", True), ("poisson", "sqrt", False), ("gaussian", "identity", True),
    ("gaussian", "log", True), ("negative_binomial", "log", False), ("student_t", "identity", False),
]  # fmt: skip


def table(family: str, n: int = 600) -> pd.DataFrame:
    rng = np.random.default_rng(11)
    data = pd.DataFrame({
        "x": rng.integers(0, 3, n) / 2, "w": rng.choice(["a", "b"], n), "n": rng.integers(1, 5, n),
        "g": rng.choice(list("pqrst"), n), "h": rng.choice(list("uvw"), n),
        "days": rng.integers(1, 3, n),
    })  # fmt: skip
    match family:
        case "bernoulli":
            data["y"] = rng.integers(0, 2, n)
        case "binomial":
            data["y"] = (rng.random(n) * (data["n"] + 1)).astype(int)
        case "gaussian" | "student_t":
            data["y"] = rng.uniform(1, 5, n)
        case _:
            data["y"] = rng.poisson(4, n)
    return data


def designed(family, link, data):
    response = "y | trials(n)" if family == "binomial" else "y"
    given = {"exposure": "days"} if family in ("poisson", "negative_binomial") else {}
    spec = parse(f"{response} ~ x + w + (1 + x | g) + (1 | h)", family=family, link=link, **given)
    design = Schema.learn(spec, data).apply(data)
    return in_basis(spec, design)


@pytest.mark.parametrize(("family", "link", "merges"), CASES)
def test_density_of_summed_rows_is_that_of_the_rows(family, link, merges):
    design, priors = designed(family, link, table(family))
    rows = arrange_rows(design)
    assert rows.merged == merges
    whole, summed = write_program(design, priors), write_program(design, priors, rows=rows)
    assert (summed.rows.design.n_rows < 200) == merges
    rng = np.random.default_rng(0)
    for _ in range(10):
        x = whole.start + rng.normal(0, 0.05, whole.n_dim)
        slopes = np.empty_like(x), np.empty_like(x)
        values = [log_density(p.buffer, x, g) for p, g in zip((whole, summed), slopes, strict=True)]
        assert values[0] == pytest.approx(values[1], rel=1e-10)
        np.testing.assert_allclose(slopes[0], slopes[1], rtol=1e-8, atol=1e-8)


def test_a_continuous_covariate_leaves_rows_alone():
    data = table("bernoulli").assign(x=np.random.default_rng(1).normal(size=600))
    design, _ = designed("bernoulli", "logit", data)
    assert not arrange_rows(design).merged


def test_rows_are_sorted_by_the_largest_group():
    data = table("student_t")
    design, priors = designed("student_t", "identity", data)
    rows = arrange_rows(design)
    assert (np.diff(rows.design.mu.group("g").index) >= 0).all()
    np.testing.assert_array_equal(np.sort(rows.design.response), np.sort(design.response))
    assert {*rows.design.rows} == {*design.rows}
    whole, ordered = write_program(design, priors), write_program(design, priors, rows=rows)
    x = whole.start + np.linspace(-0.3, 0.3, whole.n_dim)
    slopes = np.empty_like(x), np.empty_like(x)
    assert log_density(whole.buffer, x, slopes[0]) == pytest.approx(
        log_density(ordered.buffer, x, slopes[1]), rel=1e-12
    )
    np.testing.assert_allclose(*slopes, rtol=1e-9, atol=1e-9)


@pytest.mark.fit
def test_the_result_says_how_many_rows_were_summed():
    tree = bg.fit(
        "y ~ x + w + (1 | g)", table("bernoulli"), family="bernoulli",
        draws=50, tune=50, chains=1, progress=False,
    )  # fmt: skip
    notes = Fit.of(tree).info["notes"]
    assert notes == ["600 rows were summed to 30 distinct ones; the density is the same."]
    assert tree["observed_data"].sizes["observation"] == 600
