"""Angles: concentration without end, directions at the cut, and what is not reported."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, special

import bayes_glmm as bg
from bayes_glmm.errors import ArgumentError
from bayes_glmm.families import get_family
from bayes_glmm.report import report
from tests.canned import tree_of

VON_MISES = get_family("von_mises")


@pytest.mark.parametrize("size", [1e-8, 0.3, 5.0, 400.0, 1e6, 1e10])
def test_density_and_variance_hold_at_any_concentration(size):
    """Against the normal distribution where that is exact, and quadrature elsewhere."""
    own, link = {"concentration": np.float64(size)}, VON_MISES.link("identity")
    away = np.array([0.0, 0.5, 2.0]) / np.sqrt(max(size, 1.0))
    value = VON_MISES.logpdf(1.0 + away, np.ones(3), link, own)
    inside = lambda d: np.exp(-2 * size * np.sin(d / 2) ** 2)  # noqa: E731
    reach = min(np.pi, 40 / np.sqrt(size))
    total = integrate.quad(inside, 0, reach, epsabs=0, epsrel=1e-13)[0]
    square = integrate.quad(lambda d: d**2 * inside(d), 0, reach, epsabs=0, epsrel=1e-12)[0]
    expected = -2 * size * np.sin(away / 2) ** 2 - np.log(2 * total)
    np.testing.assert_allclose(value, expected, rtol=1e-10, atol=1e-6 if size > 1e9 else 1e-10)
    assert VON_MISES.variance(np.zeros(1), own)[0] == pytest.approx(square / total, rel=1e-9)


def test_the_slope_in_the_concentration_is_that_of_bessel_ratios():
    import pytensor
    import pytensor.tensor as pt
    from pytensor.compile.mode import Mode

    from bayes_glmm.maths.density_maths import pytensor_maths

    x = pt.dvector("x")
    mode = Mode(linker="py", optimizer="fast_compile")
    slope = pytensor.function(
        [x], pytensor.grad(pytensor_maths().log_bessel(x).sum(), x), mode=mode
    )
    at = np.array([1e-6, 0.1, 3.0, 50.0])
    np.testing.assert_allclose(slope(at), special.i1e(at) / special.i0e(at) - 1, rtol=1e-8)
    far = np.array([1e4, 1e6])
    series = -1 / (2 * far) - 1 / (8 * far**2) - 1 / (8 * far**3)
    np.testing.assert_allclose(slope(far), series, rtol=1e-6)


@pytest.fixture(scope="module")
def tree():
    rng = np.random.default_rng(1)
    x, g = rng.normal(size=48), list("abcd") * 12
    y = np.angle(np.exp(1j * (2 * np.arctan(0.4 * x) + rng.vonmises(0, 4, 48))))
    data = pd.DataFrame({"x": x, "g": g, "y": y})
    truth = {
        "intercept": 0.1,
        "beta": [0.4],
        "sd_g": [0.2],
        "u_g": np.zeros((4, 1)),
        "concentration": 4.0,
    }
    return tree_of("y ~ x + (1 | g)", data, truth, family="von_mises")


def test_directions_are_predicted_row_by_row_and_never_averaged(tree):
    found = bg.predictions(tree, groups="known")
    assert found.attrs["estimand"].startswith("mean direction of the response")
    assert found["mean"].between(-np.pi, np.pi).all()
    drawn = bg.predictions(tree, groups="known", kind="response", draws=True)
    assert (np.abs(drawn.values) <= np.pi).all()
    for ask in (
        lambda: bg.predictions(tree),
        lambda: bg.predictions(tree, groups="known", by=True),
        lambda: bg.comparisons(tree, "x"),
        lambda: bg.slopes(tree, "x"),
        lambda: bg.variance_partition(tree),
    ):
        with pytest.raises(ArgumentError, match="angles.*row by row"):
            ask()


def test_the_identity_link_turns_predictions_back():
    link = VON_MISES.link("identity")
    found = VON_MISES.expected(np.array([7.0, -4.0]), link, {"concentration": np.float64(2)})
    np.testing.assert_allclose(found, [7 - 2 * np.pi, 2 * np.pi - 4])


def test_diagnosis_and_report_stand(tree, tmp_path):
    assert bg.diagnose(tree) is not None
    page = report(tree, tmp_path / "angles.html").read_text(encoding="utf-8")
    assert "von_mises" in page and "On average" not in page
