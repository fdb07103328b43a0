"""Prior draws follow their priors, and priors that say absurd things are found out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from bayes_glmm.errors import ArgumentError, DataError, PriorError, ResultError
from bayes_glmm.model.prior_draws import lkj_factors
from bayes_glmm.spec.priors import Prior
from bayes_glmm.studies.prior_predictive import prior_findings, prior_predictive


def table(n: int = 60) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    i = np.arange(n)
    return pd.DataFrame(
        {
            "y": rng.normal(50, 3, n),
            "count": rng.poisson(5, n),
            "event": i % 2,
            "wins": rng.integers(1, 4, n),
            "n": 5,
            "x": rng.normal(10, 2, n),
            "w": rng.normal(size=n),
            "g": np.array(["a", "b", "c", "d", "e", "f"])[i // 3 % 6],
        },
        index=[f"id{k}" for k in i],
    )


def values(tree: object, group: str, name: str) -> np.ndarray:
    return tree[group][name].values[0]  # type: ignore[index]


def fits(sample: np.ndarray, distribution: object) -> bool:
    return stats.kstest(sample, distribution.cdf).pvalue > 1e-4  # type: ignore[attr-defined]


@pytest.mark.parametrize(("q", "eta"), [(2, 1.0), (2, 4.0), (3, 1.0), (4, 2.0)])
def test_correlations_have_the_marginals_of_the_lkj_distribution(q: int, eta: float) -> None:
    factors = lkj_factors(q, eta, 20_000, np.random.default_rng(3))
    corr = factors @ np.swapaxes(factors, 1, 2)
    np.testing.assert_allclose(np.einsum("nii->ni", corr), 1)
    shape = eta + (q - 2) / 2
    for i in range(q):
        for j in range(i):
            assert fits((corr[:, i, j] + 1) / 2, stats.beta(shape, shape))


def test_the_determinant_has_its_density() -> None:
    factors = lkj_factors(3, 2.0, 40_000, np.random.default_rng(4))
    drawn = np.prod(np.einsum("nii->ni", factors), axis=1) ** 2
    r = np.random.default_rng(1).uniform(-1, 1, (400_000, 3))
    det = 1 + 2 * r.prod(axis=1) - (r**2).sum(axis=1)
    weight = np.where(det > 0, det, 0)
    assert drawn.mean() == pytest.approx((weight * det).sum() / weight.sum(), rel=0.01)


def test_parameters_follow_their_priors() -> None:
    priors = {
        "intercept": Prior("Normal", mu=40, sigma=2),
        "x": Prior("Laplace", mu=1, b=0.5),
        "w": Prior("StudentT", nu=4, mu=0, sigma=0.2),
        "sd_g[intercept]": Prior("HalfStudentT", nu=4, sigma=1.5),
        "sd_g[w]": Prior("Exponential", lam=2),
        "corr_g": Prior("LKJ", eta=3),
        "sigma": Prior("LogNormal", mu=0.2, sigma=0.3),
    }
    data = table()
    tree = prior_predictive("y ~ x + w + (1 + w | g)", data, priors=priors, draws=8000, seed=2)
    prior = tree["prior"]
    beta, sd = values(tree, "prior", "beta"), values(tree, "prior", "sd_g")
    assert prior["coefficient"].values.tolist() == ["x", "w"]
    assert fits(beta[:, 0], stats.laplace(1, 0.5))
    assert fits(beta[:, 1], stats.t(4, 0, 0.2))
    at_means = values(tree, "prior", "intercept") + beta @ [data.x.mean(), data.w.mean()]
    assert fits(at_means, stats.norm(40, 2))
    assert fits(sd[:, 0] / 1.5, HalfT(4))
    assert fits(sd[:, 1], stats.expon(scale=1 / 2))
    assert fits((values(tree, "prior", "corr_g")[:, 0, 1] + 1) / 2, stats.beta(3, 3))
    assert fits(values(tree, "prior", "sigma"), stats.lognorm(0.3, scale=np.exp(0.2)))
    u = values(tree, "prior", "u_g") / sd[:, None, :]
    r = values(tree, "prior", "corr_g")[:, 0, 1]
    assert prior["g"].values.tolist() == list("abcdef")
    for level in range(6):
        assert fits(u[:, level, 0], stats.norm)
        rest = (u[:, level, 1] - r * u[:, level, 0]) / np.sqrt(1 - r**2)
        assert fits(rest, stats.norm)


class HalfT:
    def __init__(self, nu: float):
        self.nu = nu

    def cdf(self, x: np.ndarray) -> np.ndarray:
        return 2 * stats.t.cdf(x, self.nu) - 1


def test_means_are_those_of_the_parameters() -> None:
    data = table()
    tree = prior_predictive(
        "count ~ x + (1 + w || g)", data, family="poisson", exposure="n", draws=50, seed=1
    )
    beta, u = values(tree, "prior", "beta"), values(tree, "prior", "u_g")
    index = data.g.map({k: i for i, k in enumerate("abcdef")}).to_numpy()
    eta = values(tree, "prior", "intercept")[:, None] + beta @ data[["x"]].T.to_numpy() + np.log(5)
    eta = eta + u[:, index, 0] + u[:, index, 1] * data.w.to_numpy()
    np.testing.assert_allclose(values(tree, "prior_predictive", "mu"), np.exp(eta), rtol=1e-10)
    assert tree["prior_predictive"]["observation"].values.tolist() == data.index.tolist()
    assert tree["observed_data"]["y"].values.tolist() == data["count"].tolist()
    assert "corr_g" not in tree["prior"]


@pytest.mark.parametrize(
    ("formula", "family"),
    [
        ("y ~ x + (1 | g)", "gaussian"),
        ("y ~ x + (1 | g)", "student_t"),
        ("event ~ w + (1 | g)", "bernoulli"),
        ("wins | trials(n) ~ w + (1 | g)", "binomial"),
        ("count ~ w + (1 | g)", "poisson"),
        ("count ~ w + (1 | observation)", "poisson"),
        ("count ~ w + (1 | g)", "negative_binomial"),
    ],
)
def test_default_priors_are_not_absurd(formula: str, family: str) -> None:
    data = table()
    tree = prior_predictive(formula, data, family=family, draws=200, seed=3)
    assert prior_findings(tree).passed
    y = values(tree, "prior_predictive", "y")
    assert y.shape == (200, 60)
    assert np.isfinite(y).all()
    response = data[formula.split()[0]]
    assert np.quantile(y, 0.02) <= response.median() <= np.quantile(y, 0.98)
    if family == "binomial":
        assert y.min() >= 0
        assert y.max() <= 5


ABSURD = [
    ("event ~ w + (1 | g)", {"family": "bernoulli"}, {"sd_g": Prior("HalfNormal", sigma=60)}, "sd_g[inter"),
    ("event ~ w", {"family": "bernoulli", "link": "probit"}, {"w": Prior("Normal", sigma=80)}, "beta[w]"),
    ("wins | trials(n) ~ w", {"family": "binomial"}, {"intercept": Prior("Normal", mu=-40)}, "1e-06"),
    ("count ~ x", {"family": "poisson"}, {"intercept": Prior("Normal", mu=0, sigma=500)}, "intercept"),
    ("count ~ w + (1 | g)", {"family": "negative_binomial"}, {"sd": Prior("HalfCauchy", beta=99)}, "sd_g"),
    ("y ~ x", {}, {"beta": Prior("Cauchy", beta=1e4)}, "beta[x]"),
    ("y ~ x", {"link": "log"}, {"intercept": Prior("Normal", mu=90, sigma=9)}, "100 standard"),
]  # fmt: skip


@pytest.mark.parametrize(("formula", "options", "priors", "word"), ABSURD)
def test_absurd_priors_are_found(formula: str, options: dict, priors: dict, word: str) -> None:
    with pytest.warns(UserWarning, match="of the prior's mass"):
        tree = prior_predictive(formula, table(), priors=priors, draws=300, seed=1, **options)
    findings = prior_findings(tree)
    assert [(f.name, f.severity) for f in findings] == [("absurd_prior", "warning")]
    assert word in findings.items[0].message
    assert 0.5 < findings.items[0].figure <= 1


def test_same_seed_same_bytes() -> None:
    first, second, other = (
        prior_predictive("count ~ w + (1 | g)", table(), family="poisson", draws=30, seed=s)
        for s in (1, 1, 2)
    )
    assert first.identical(second)
    assert not np.array_equal(
        values(first, "prior_predictive", "y"), values(other, "prior_predictive", "y")
    )


def test_the_tree_can_be_kept(tmp_path: Path) -> None:
    import xarray as xr

    tree = prior_predictive("y ~ x + (1 + w | g)", table(), draws=20, seed=1)
    assert set(tree["prior"].data_vars) == {
        "reference_intercept", "reference_beta", "reference_sd_g", "reference_corr_chol_g",
        "reference_corr_g", "reference_u_g", "intercept", "beta", "sd_g", "corr_g", "u_g", "sigma",
    }  # fmt: skip
    tree.to_netcdf(tmp_path / "prior.nc", engine="h5netcdf")
    with xr.open_datatree(tmp_path / "prior.nc", engine="h5netcdf") as again:
        assert prior_findings(again).items == ()
        np.testing.assert_array_equal(again["prior_predictive"]["y"], tree["prior_predictive"]["y"])


def test_bad_requests_are_refused() -> None:
    data = table()
    for bad in (0, -1, 2.5, True):
        with pytest.raises(ArgumentError, match="draws"):
            prior_predictive("y ~ x", data, draws=bad, seed=1)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="seed"):
        prior_predictive("y ~ x", data, seed=-3)
    with pytest.raises(PriorError, match="sd_g"):
        prior_predictive("y ~ x + (1 | g)", data, priors={"sd_gg": Prior("HalfNormal")}, seed=1)
    with pytest.raises(DataError, match="negative"):
        prior_predictive("y ~ x", data.assign(y=-1 - data.event), family="poisson", seed=1)
    with pytest.raises(ResultError, match="prior_predictive"):
        prior_findings(None)  # type: ignore[arg-type]
