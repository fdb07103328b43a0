"""Links: inverses of each other, slopes, logarithms in the tails; NumPy against PyTensor."""

from __future__ import annotations

import numpy as np
import pytest

from bayes_glmm.families import LINKS
from bayes_glmm.maths.density_maths import pytensor_maths

UNIT = ("logit", "probit", "cloglog")
DOMAIN = {
    "logit": (-8.0, 8.0),
    "probit": (-5.0, 5.0),
    "cloglog": (-8.0, 2.0),
    "log": (-8.0, 8.0),
    "identity": (0.1, 50.0),
    "sqrt": (0.1, 9.0),
    "inverse": (0.05, 9.0),
    "tan_half": (0.05, 9.0),
}


def inside(name, n=201):
    return np.linspace(*DOMAIN[name], n)


@pytest.mark.parametrize("name", LINKS)
def test_forward_undoes_inverse(name):
    eta = inside(name)
    np.testing.assert_allclose(
        LINKS[name].forward(LINKS[name].inverse(eta)), eta, rtol=1e-9, atol=1e-9
    )


@pytest.mark.parametrize("name", LINKS)
def test_derivative_is_the_slope(name):
    eta, h = inside(name), 1e-5
    link = LINKS[name]
    slope = (link.inverse(eta + h) - link.inverse(eta - h)) / (2 * h)
    np.testing.assert_allclose(link.derivative(eta), slope, rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize("name", LINKS)
def test_logarithms_are_those_of_the_mean(name):
    eta, link = inside(name), LINKS[name]
    mu = link.inverse(eta)
    np.testing.assert_allclose(link.log_inverse(eta), np.log(mu), rtol=1e-12, atol=1e-14)
    if name in UNIT:
        small = mu < 0.5
        np.testing.assert_allclose(
            link.log_complement(eta)[small], np.log1p(-mu[small]), rtol=1e-12
        )
    else:
        assert link.log_complement is None


def test_probit_and_logit_are_symmetric():
    eta = np.array([-500.0, -37, -3, 0, 2, 37, 500])
    for name in ("logit", "probit"):
        link = LINKS[name]
        np.testing.assert_array_equal(link.log_complement(eta), link.log_inverse(-eta))


def test_extreme_predictors_raise_no_warning():
    eta = np.array([-1e4, -800.0, 800.0, 1e4])
    for name, link in LINKS.items():
        for function in (link.inverse, link.derivative, link.log_inverse):
            assert function(eta).shape == (4,), name
    assert LINKS["cloglog"].log_inverse(np.array([-800.0]))[0] == -800
    assert LINKS["log"].forward(np.array([0.0, -1.0]))[0] == -np.inf


SYMBOLIC = {
    "logit": [-700.0, -37, -20, 0.0, 0.3, 20, 37, 700],
    "probit": [-1000.0, -37, -5, -1.0, -0.999, 0, 5, 30],
    "cloglog": [-700.0, -25, -20, -19.99, -0.4, float(np.log(np.log(2))), -0.36, 1, 6],
    "log": [-700.0, -3, 0, 700],
    "identity": [0.1, 1e9],
    "sqrt": [0.1, 3e4],
    "inverse": [0.1, 1e9],
    "tan_half": [0.1, 1e9],
}


@pytest.mark.parametrize("name", LINKS)
def test_symbolic_equals_numpy_with_finite_slopes(name):
    """Values to 1e-12 and slopes of the logarithms to 1e-10 wherever they are finite."""
    import pytensor
    import pytensor.tensor as pt
    from pytensor.compile.mode import Mode

    link, eta = LINKS[name], pt.dvector("eta")
    m = pytensor_maths()
    outputs = [m.inverse(link, eta), m.log_inverse(link, eta)]
    pairs = [(link.inverse, 0), (link.log_inverse, 1)]
    if link.log_complement is not None:
        outputs.append(m.log_complement(link, eta))
        pairs.append((link.log_complement, 2))
    slopes = [pytensor.grad(out.sum(), eta) for out in outputs[1:]]
    mode = Mode(linker="py", optimizer="fast_compile")
    function = pytensor.function([eta], outputs + slopes, mode=mode)
    at = np.array(SYMBOLIC[name])
    values = function(at)
    for reference, place in pairs:
        np.testing.assert_allclose(values[place], reference(at), rtol=1e-12, atol=5e-324)
    with np.errstate(all="ignore"):
        hazard, d = np.exp(at), link.derivative(at)
        exact = {
            "logit": [link.inverse(-at), -link.inverse(at)],
            "probit": [d / link.inverse(at), -d / link.inverse(-at)],
            "cloglog": [hazard / np.expm1(hazard), -hazard],
        }.get(name, [d / link.inverse(at)])  # fmt: skip
    for got, want in zip(values[len(outputs) :], exact, strict=True):
        assert np.isfinite(got).all()
        usable = np.isfinite(want) & (np.abs(want) > 1e-290)
        assert usable.sum() >= 2
        np.testing.assert_allclose(got[usable], want[usable], rtol=1e-10)


def test_slope_of_log_normal_cdf_far_left_is_the_mills_ratio():
    import pytensor
    import pytensor.tensor as pt
    from pytensor.compile.mode import Mode

    eta = pt.dvector("eta")
    slope = pytensor.grad(pytensor_maths().log_inverse(LINKS["probit"], eta).sum(), eta)
    mode = Mode(linker="py", optimizer="fast_compile")
    at = np.array([-50.0, -200.0, -1000.0])
    x = -at
    series = x / (1 - 1 / x**2 + 3 / x**4 - 15 / x**6)
    np.testing.assert_allclose(pytensor.function([eta], slope, mode=mode)(at), series, rtol=1e-8)
