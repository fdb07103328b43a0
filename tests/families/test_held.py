"""Parameters at known values, as in ``student_t(nu=4)``."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayes_glmm as bg
from bayes_glmm.errors import SpecError
from bayes_glmm.families import get_family
from bayes_glmm.model.graph import build_graph
from bayes_glmm.results.fit import Fit
from tests.canned import tree_of
from tests.graph.support import modelled

NINETY = "asymmetric_laplace(quantile=0.9)"


def table():
    rng = np.random.default_rng(3)
    x, g = rng.normal(size=60), list("abcdef") * 10
    return pd.DataFrame({"x": x, "g": g, "y": 1 + x + rng.normal(size=60)})


def test_a_held_parameter_is_a_number_of_the_family():
    held, free = get_family("student_t(nu=4)"), get_family("student_t")
    assert held is get_family(" student_t( nu = 4.0 )") and held.name == "student_t(nu=4.0)"
    assert [p.name for p in held.scalars(())] == ["sigma"]
    assert [p.name for p in free.scalars(())] == ["sigma", "nu"]
    both = get_family("student_t(nu=4, sigma=2e0)")
    assert both.scalars(()) == () and both is get_family("student_t(nu=4,sigma=2.0)")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("asymmetric_laplace(quantile=1)", "between 0 and 1"),
        ("tweedie(power=2.5)", "between 1 and 2"),
        ("student_t(nu=-1)", "between 0 and inf"),
        ("student_t(df=4)", "no parameter 'df'"),
        ("cumulative(threshold=1)", "no parameter 'threshold'"),
        ("student(nu=4)", "'student_t'"),
        ("student_t(4)", "is not understood"),
        ("student_t(nu=4", "is not understood"),
        ("student_t(nu=four)", "is not understood"),
        ("student_t(nu=4,nu=5)", "is not understood"),
    ],
)
def test_what_cannot_be_held_is_refused(name, words):
    with pytest.raises(SpecError, match=words):
        get_family(name)


def test_a_known_number_has_no_prior_no_formula_and_no_variable():
    spec, design, priors = modelled(
        NINETY, "identity", "none", data=table().assign(z=1.0 * (table()["x"] > 0), known=0.0)
    )
    assert "quantile" not in priors
    names = {v.name for v in build_graph(spec, design, priors).free_RVs}
    assert names == {"beta", "intercept", "sigma"}
    with pytest.raises(SpecError, match="no parameter 'quantile' to give a formula"):
        bg.check({"mu": "y ~ x", "quantile": "~ x"}, table(), family=NINETY)
    with pytest.raises(SpecError, match="no parameter 'nu' to give a formula"):
        bg.check({"mu": "y ~ x", "nu": "~ x"}, table(), family="student_t(nu=4)")
    with pytest.raises(bg.errors.PriorError, match="quantile"):
        bg.priors(
            "y ~ x", table(), family=NINETY, priors={"quantile": bg.Prior("Beta", alpha=1, beta=1)}
        )


def test_specs_and_results_keep_the_number(tmp_path):
    spec = bg.parse("y ~ x + (1 | g)", family=NINETY)
    assert bg.ModelSpec.from_toml(spec.to_toml()) == spec
    truth = {"intercept": 1.0, "beta": [1.0], "sd_g": [0.3], "u_g": np.zeros((6, 1)), "sigma": 0.4}
    tree = tree_of("y ~ x + (1 | g)", table(), truth, family=NINETY)
    again = bg.load(bg.save(tree, tmp_path / "fit.nc"))
    assert Fit.of(again).family is get_family(NINETY)
    assert "quantile" not in bg.summary(again)["parameter"].tolist()
    drawn = bg.predictions(again, kind="response", groups="known", draws=True)
    below = drawn.values < bg.predictions(again, groups="known", draws=True).values
    assert below.mean() == pytest.approx(0.9, abs=0.01)


def test_predictions_report_the_quantile_and_say_so():
    truth = {"intercept": 1.0, "beta": [1.0], "sigma": 0.4}
    tree = tree_of("y ~ x", table(), truth, spread=0.0, family=NINETY)
    found = bg.predictions(tree)
    np.testing.assert_allclose(found["mean"], 1 + table()["x"], rtol=1e-12)
    assert found.attrs["estimand"].startswith("quantile of the response")


def test_a_simulation_has_the_quantile():
    rows = pd.DataFrame({"x": np.zeros(40_000)})
    truth = {"intercept": 2.0, "beta": [0.0], "sigma": 0.5}
    y = bg.simulate("y ~ x", rows.assign(x=np.arange(40_000) % 2), truth, seed=1, family=NINETY)[
        "y"
    ]
    share = float((y < 2).mean())
    assert abs(share - 0.9) < 4 * np.sqrt(0.09 / 40_000)


def test_censored_quantiles_have_the_distribution_function():
    """Both tails against SciPy's, far out too."""
    from bayes_glmm.maths.density_maths import NUMPY, Mean

    family = get_family("asymmetric_laplace")
    own = {"sigma": 0.7, "quantile": 0.3}
    y = np.array([-30.0, -1, 0.2, 0.5, 0.7, 2, 60])
    mean = Mean(np.full(7, 0.5), None)
    root, scale = np.sqrt(0.3 / 0.7), 0.7 / np.sqrt(0.21)
    peer = stats.laplace_asymmetric(root, 0.5, scale)
    np.testing.assert_allclose(
        family.log_below(NUMPY, y, mean, own, 0), peer.logcdf(y), rtol=1e-10, atol=1e-16
    )
    np.testing.assert_allclose(
        family.log_above(NUMPY, y, mean, own, 0), peer.logsf(y), rtol=1e-10, atol=1e-16
    )
