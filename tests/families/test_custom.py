"""A family of one's own: what ten lines give, and what the bench finds wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayes_glmm as bg
from bayes_glmm.answers.compare.pointwise import with_log_likelihood
from bayes_glmm.families import get_family
from bayes_glmm.families.table import markdown
from tests.canned import tree_of


class Rayleigh(bg.Family):
    """Positive numbers with mean ``mu`` and a scale of ``mu * sqrt(2 / pi)``."""

    name, support, links, lower = "rayleigh", "positive numbers", ("log",), 0.0

    def density(self, m, y, mean, own, trials):
        square = mean.value**2 * 2 / np.pi
        return m.log(y) - m.log(square) - y**2 / (2 * square)

    def variance(self, mu, parameters, trials=None):
        return (4 / np.pi - 1) * mu**2

    def simulate(self, rng, mu, parameters, trials=None):
        return rng.rayleigh(mu * np.sqrt(2 / np.pi))


class Halved(Rayleigh):
    """A density that forgot half of its mass."""

    def density(self, m, y, mean, own, trials):
        return super().density(m, y, mean, own, trials) - np.log(2)


class Spread(Rayleigh):
    """A variance that is a standard deviation."""

    def variance(self, mu, parameters, trials=None):
        return np.sqrt(super().variance(mu, parameters))


class Shifted(Rayleigh):
    """A simulator of another mean."""

    def simulate(self, rng, mu, parameters, trials=None):
        return super().simulate(rng, 1.01 * mu, parameters)


class Blind(Rayleigh):
    """A density whose graph holds a number that should be a variable."""

    def density(self, m, y, mean, own, trials):
        found = super().density(m, y, mean, own, trials)
        return found if isinstance(found, np.ndarray) else 1.1 * found


def test_the_bench_passes_a_sound_family():
    found = bg.check_family(Rayleigh(), means=[0.4, 1.0, 5.0])
    assert found.passed, [f.message for f in found]


@pytest.mark.parametrize(
    ("family", "fault"),
    [(Halved, "density"), (Spread, "variance"), (Shifted, "mean"), (Blind, "gradient")],
)
def test_the_bench_names_what_is_wrong(family, fault):
    found = bg.check_family(family(), means=[2.0])
    assert fault in {f.name for f in found.errors}


def test_the_families_of_the_package_pass_the_bench():
    values = {"dispersion": 1.7, "sigma": 0.8, "shape": 2.3, "zi": 0.3}
    for name, means in {"gamma": [2.0], "weibull": [0.5], "zero_inflated_poisson": [3.0]}.items():
        family = get_family(name)
        own = {p.name: values[p.name] for p in family.parameters}
        assert bg.check_family(family, means, own).passed


def table():
    rng = np.random.default_rng(1)
    x, g = rng.normal(size=40), list("abcd") * 10
    return pd.DataFrame({"x": x, "g": g, "y": rng.rayleigh(np.exp(0.3 + 0.4 * x))})


def test_checks_predictions_and_scores_come_with_it():
    data, family = table(), Rayleigh()
    assert not bg.check("y ~ x + (1 | g)", data, family=family).errors
    wrong = bg.check("y ~ x", data.assign(y=-1.0 * data["y"]), family=family)
    assert "is not among positive numbers" in wrong.errors[0].message
    truth = {"intercept": 0.5, "beta": [0.4], "sd_g": [0.2], "u_g": np.zeros((4, 1))}
    tree = tree_of("y ~ x + (1 | g)", data, truth, family="rayleigh")
    found = bg.predictions(tree, groups="typical", draws=True).values.reshape(-1, 40)
    post = {k: v.values.reshape(-1, *v.shape[2:]) for k, v in tree["posterior"].items()}
    mu = np.exp(post["intercept"][:, None] + post["beta"] * data["x"].to_numpy())
    np.testing.assert_allclose(found, mu, rtol=1e-10)
    u = post["u_g"][:, [0, 1, 2, 3] * 10, 0]
    pointwise = with_log_likelihood(tree)["log_likelihood"]["y"].values.reshape(-1, 40)
    expected = stats.rayleigh.logpdf(data["y"], scale=np.sqrt(2 / np.pi) * mu * np.exp(u))
    np.testing.assert_allclose(pointwise, expected, rtol=1e-9)


def test_a_name_of_the_package_is_not_taken():
    class Poisson(Rayleigh):
        name = "poisson"

    with pytest.raises(bg.errors.SpecError, match="family of this package"):
        bg.check("y ~ x", table(), family=Poisson())
    assert get_family("poisson").discrete


def test_the_table_has_every_family_with_its_mean():
    found = bg.families().set_index("family")
    assert found.loc["negative_binomial", "variance"] == "``mu + mu**2 / dispersion``"
    assert found.loc["poisson", "mean"].startswith("``mu``")
    assert (found["mean"].str.len() > 3).all() and (found["variance"].str.len() > 3).all()
    assert "zi ~ Prior" in found.loc["zero_inflated_poisson", "priors"]
    assert found.loc["asymmetric_laplace", "priors"].endswith("quantile = 0.5")
    assert found["predictions"].value_counts().to_dict() == {
        "mean": len(found) - 8, "probabilities": 6, "quantile": 1, "mean direction": 1,
    }  # fmt: skip


def test_the_document_is_what_the_code_makes():
    path = Path(__file__).parents[2] / "docs" / "families.md"
    assert path.read_text(encoding="utf-8") == markdown(), "run: make docs"
