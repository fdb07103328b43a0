"""Every family and link on a tape: values are NumPy's and SciPy's, slopes those of differences."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special

from bayes_glmm.families import LINKS, get_family
from bayes_glmm.families.recorded import record_density
from bayes_glmm.maths.tape_derivatives import gradient, hessian
from bayes_glmm.maths.tape_nodes import needed
from bayes_glmm.maths.tape_values import evaluate
from tests.maths.support import CASES, N_ROWS, check, close, density, rows
from tests.oracle import log_likelihood

CATEGORIES = [(name, link) for name, link in CASES if "expected" in get_family(name).by_category]


def recorded(name: str, link: str, n: int = 3, **options):
    family = get_family(name)
    return (
        family,
        family.link(link),
        record_density(family, family.link(link), n_categories=n, **options),
    )


@pytest.mark.parametrize(("name", "link"), CASES)
def test_densities_and_derivatives(name, link):
    family, of_mean, found = recorded(name, link)
    check(family, of_mean, rows(family, link), found)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize(("name", "link"), CASES)
def test_every_entry_of_the_derivatives(name, link, seed):
    family, of_mean, found = recorded(name, link)
    check(family, of_mean, rows(family, link, seed=seed), found, by_entry=True)


@pytest.mark.parametrize("n", [2, 5])
@pytest.mark.parametrize(("name", "link"), CATEGORIES)
def test_any_number_of_categories(name, link, n):
    family, of_mean, found = recorded(name, link, n)
    check(family, of_mean, rows(family, link, n), found)


PLAIN = [(name, link) for name, link in CASES if "expected" not in get_family(name).by_category]


@pytest.mark.parametrize(("name", "link"), PLAIN)
def test_values_are_those_of_scipy(name, link):
    family, _, found = recorded(name, link)
    inputs = rows(family, link, seed=5)
    own = {p.name: inputs.get(p.name, p.fixed) for p in family.parameters}
    want = log_likelihood(name, link, inputs["y"], inputs.get("trials"), inputs["eta"], own)
    close(evaluate([found.value], inputs)[0], want, 1e-10)


SHARE = {"logit": special.expit, "probit": special.ndtr, "cloglog": lambda x: -np.expm1(-np.exp(x))}


def probabilities(name: str, link: str, eta, cut) -> np.ndarray:
    """P(category) from the definitions, shape (n, K)."""
    below = SHARE[link](cut - eta[:, None])
    ones, zeros = np.ones((len(eta), 1)), np.zeros((len(eta), 1))
    if name == "cumulative":
        return np.diff(np.hstack([zeros, below, ones]))
    if name == "sequential":
        return np.hstack([below, ones]) * np.cumprod(np.hstack([ones, 1 - below]), axis=1)
    odds = np.cumprod(np.hstack([ones, np.exp(eta[:, None] - cut)]), axis=1)
    return odds / odds.sum(axis=1, keepdims=True)


ORDINAL = [
    (name, link) for name, link in CATEGORIES if "predictor" not in get_family(name).by_category
]


@pytest.mark.parametrize(("name", "link"), ORDINAL)
def test_ordered_categories_are_those_of_the_definitions(name, link):
    family, _, found = recorded(name, link, 4)
    inputs = rows(family, link, 4)
    cut = np.stack([inputs[f"threshold[{k}]"] for k in range(3)], axis=1)
    p = probabilities(name, link, inputs["eta"], cut)[np.arange(N_ROWS), inputs["y"].astype(int)]
    close(evaluate([found.value], inputs)[0], np.log(p), 1e-10)


@pytest.mark.parametrize(("name", "link"), ORDINAL)
def test_groups_with_fewer_categories(name, link):
    """Of four categories three groups have all, the first three, or the last three."""
    family, of_mean, found = recorded(name, link, 4, by_group=True)
    kinds = np.array([[0, 1, 2, 3], [0, 1, 2, -1], [-1, 0, 1, 2]])
    places = np.tile(kinds, (N_ROWS // 3, 1)).astype(float)
    inputs = rows(family, link, 4) | {f"places[{k}]": places[:, k] for k in range(4)}
    inputs["y"] = np.tile([3.0, 0.0, 2.0, 1.0, 2.0, 3.0], N_ROWS // 6)
    check(family, of_mean, inputs, found)


def test_a_known_category_leaves_the_thresholds_beside_it():
    for k in range(5):
        family, link, found = recorded("cumulative", "logit", 5, response=float(k))
        beside = {f"threshold[{j}]" for j in (k - 1, k) if 0 <= j < 4}
        assert found.value.inputs == {"eta"} | beside
        inputs = rows(family, "logit", 5) | {"y": np.full(N_ROWS, k)}
        close(evaluate([found.value], inputs)[0], density(family, link, inputs), 1e-12)


def test_discrimination_and_other_formulas():
    """A parameter with a formula is its predictor through its link, exact in the tails."""
    for name, link, parameter in (
        ("cumulative", "probit", "discrimination"), ("zero_inflated_poisson", "log", "zi"),
        ("gamma", "log", "shape"), ("skew_normal", "identity", "skew"), ("hurdle_poisson", "log", "hurdle"),
    ):  # fmt: skip
        family, of_mean, found = recorded(name, link, 3, formulas=(parameter,))
        inputs = rows(family, link)
        inputs.pop(parameter, None)
        inputs[f"eta_{parameter}"] = np.linspace(-1.5, 1.5, N_ROWS)
        to_scale = LINKS[family.parameter(parameter).link].inverse
        given = inputs | {parameter: to_scale(inputs[f"eta_{parameter}"])}
        close(evaluate([found.value], inputs)[0], density(family, of_mean, given), 1e-12)
        assert f"eta_{parameter}" in [node.data for node in found.parameters]
    _, _, found = recorded("zero_inflated_poisson", "log", formulas=("zi",))
    slopes = gradient(found.value, found.parameters)
    at = {
        "eta_zi": np.array([-800.0, 800.0]),
        "eta": np.array([1.0, 1.0]),
        "y": np.array([0.0, 2.0]),
    }
    np.testing.assert_allclose(evaluate([found.value], at)[0], [-np.e, -800 + 2 - np.e - np.log(2)])
    np.testing.assert_allclose(evaluate(slopes, at)[0], [0, -1.0], atol=1e-300)


def test_held_parameters_are_constants():
    family, link, found = recorded("student_t(nu=4)", "identity")
    assert [node.data for node in found.parameters] == ["sigma"]
    inputs = rows(family, "identity")
    close(evaluate([found.value], inputs)[0], density(family, link, inputs), 1e-12)


def test_sizes_of_recorded_densities():
    """Operations for the value, the slopes and all curvatures; a change of the tape shows here."""
    limits = {
        "poisson": 20,
        "bernoulli": 40,
        "negative_binomial": 320,
        "cumulative": 150,
        "tweedie": 560,
    }
    for name, most in limits.items():
        _, _, found = recorded(name, get_family(name).links[0])
        by = found.predictors + found.parameters
        outputs = (found.value, *gradient(found.value, by), *sum(hessian(found.value, by), ()))
        assert len(needed(*outputs)) <= most
