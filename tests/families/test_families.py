"""Every family: density, moments, simulation, support and starting values."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, special, stats

from bayes_glmm.errors import ArgumentTypeError, SpecError
from bayes_glmm.families import FAMILIES, get_family
from tests.oracle import OWN as ORACLES
from tests.oracle import log_likelihood

OWN = {"sigma": 0.8, "nu": 6.0, "dispersion": 1.7, "shape": 2.3, "zi": 0.3, "hurdle": 0.4,
       "skew": 2.0, "zoi": 0.3, "coi": 0.4, "lower": -1.0, "gap": 2.5, "quantile": 0.3,
       "concentration": 2.5, "power": 1.4}  # fmt: skip
PLAIN = [family for family in FAMILIES if family.response == "number"]
PAIRS = [(family, link) for family in PLAIN for link in family.links]
MEANS = {"real numbers": [0.4, 2.5], "0 and 1": [0.1, 0.7], "counts 0, 1, 2, ...": [0.3, 9.0],
         "whole numbers from 0 to trials": [0.1, 0.7], "positive numbers": [0.4, 3.0],
         "numbers between 0 and 1": [0.2, 0.7], "numbers from 0 to 1": [0.2, 0.7],
         "zero and positive numbers": [0.4, 3.0], "angles from -pi to pi": [0.4, 2.5]}  # fmt: skip


LIMITS = {
    "real numbers": (-np.inf, np.inf),
    "positive numbers": (0.0, np.inf),
    "numbers between 0 and 1": (0.0, 1.0),
    "numbers from 0 to 1": (0.0, 1.0),
    "zero and positive numbers": (0.0, np.inf),
    "angles from -pi to pi": (-np.pi, np.pi),
}


def atoms(family) -> list[float]:
    """Values that have a probability of their own among continuous ones."""
    if family.support == "numbers from 0 to 1":
        return [0.0, 1.0]
    return [0.0] if family.name in ("hurdle_gamma", "hurdle_lognormal", "tweedie") else []


def own(family, **changes):
    return {p.name: np.float64((OWN | changes)[p.name]) for p in family.parameters}


def label(pair):
    return f"{pair[0].name}-{pair[1]}"


@pytest.fixture(params=PAIRS, ids=label)
def pair(request):
    return request.param


def test_families_and_their_links():
    whole, positive = ("log", "identity", "sqrt"), ("log", "inverse", "identity")
    share, line = ("logit", "probit", "cloglog"), ("identity", "log", "inverse")
    assert {f.name: f.links for f in FAMILIES} == {
        "gaussian": line, "student_t": line, "skew_normal": line,
        "bernoulli": share, "binomial": share, "beta_binomial": share, "beta": share,
        "zero_one_inflated_beta": share, "ordered_beta": ("logit",),
        "asymmetric_laplace": line, "von_mises": ("tan_half", "identity"), "tweedie": whole,
        "zero_inflated_binomial": share, "poisson": whole, "negative_binomial": whole,
        "negative_binomial1": whole, "geometric": whole, "generalized_poisson": whole,
        "zero_inflated_poisson": whole,
        "zero_inflated_negative_binomial": whole, "hurdle_poisson": whole,
        "hurdle_negative_binomial": whole, "gamma": positive, "exponential": positive,
        "weibull": positive, "inverse_gaussian": positive, "hurdle_gamma": positive,
        "lognormal": ("log",), "hurdle_lognormal": ("log",),
        "cumulative": share, "sequential": share, "adjacent": ("logit",),
        "categorical": ("logit",), "multinomial": ("logit",), "dirichlet": ("logit",),
    }  # fmt: skip
    trials = {"binomial", "beta_binomial", "zero_inflated_binomial", "multinomial"}
    assert {f.name for f in FAMILIES if f.has_trials} == trials
    assert all(get_family(f.name) is f is get_family(f) for f in FAMILIES)
    for family in PLAIN:
        assert tuple(p.name for p in family.parameters) == ORACLES.get(family.name, ())


def test_unknown_names_are_errors_with_the_nearest():
    with pytest.raises(SpecError, match="'poisson'"):
        get_family("poison")
    with pytest.raises(ArgumentTypeError):
        get_family(3)
    with pytest.raises(SpecError, match="'logit'"):
        get_family("bernoulli").link("logitt")
    with pytest.raises(SpecError, match="does not take"):
        get_family("bernoulli").link("log")


def test_density_equals_the_oracle(pair):
    family, name = pair
    link = family.link(name)
    rng = np.random.default_rng(0)
    mu = np.repeat(MEANS[family.support], 30)
    trials = rng.integers(1, 40, len(mu)).astype(float) if family.has_trials else None
    y = family.simulate(rng, mu, own(family), trials)
    eta = link.forward(mu)
    expected = log_likelihood(family.name, name, y, trials, eta, own(family))
    np.testing.assert_allclose(
        family.logpdf(y, eta, link, own(family), trials), expected, rtol=1e-10, atol=1e-13
    )


def test_density_has_total_one(pair):
    family, name = pair
    link = family.link(name)
    for mu in MEANS[family.support]:
        eta = link.forward(np.float64(mu))
        if not family.discrete:
            total, _ = integrate.quad(
                lambda y, eta=eta: np.exp(family.logpdf(y, eta, link, own(family))),
                *LIMITS[family.support], limit=200,
            )  # fmt: skip
            for value in atoms(family):
                total += np.exp(family.logpdf(np.asarray(value), eta, link, own(family)))
        else:
            trials = np.float64(17) if family.has_trials else None
            most = {"bernoulli": 2}.get(family.name, 18 if family.has_trials else 2000)
            y = np.arange(most).astype(float)
            total = np.exp(family.logpdf(y, eta, link, own(family), trials)).sum()
        assert total == pytest.approx(1, abs=1e-9)


def test_simulated_mean_and_variance(pair):
    """Within four standard errors of 200,000 draws; the sixth moments exist here."""
    family, name = pair
    for mu in MEANS[family.support]:
        rng = np.random.default_rng(7)
        parameters = own(family, nu=20.0)
        trials = np.full(200_000, 12.0) if family.has_trials else None
        y = family.simulate(rng, np.full(200_000, mu), parameters, trials)
        assert y.dtype == np.float64
        mean = family.mean(np.full(200_000, mu), parameters, trials)[0]
        variance = np.broadcast_to(
            family.variance(np.full(200_000, mu), parameters, trials), y.shape
        )
        away = family.deviation(y, mean)
        assert abs(away.mean()) < 4 * np.sqrt(variance[0] / len(y))
        squares = away**2
        assert abs(squares.mean() - variance[0]) < 4 * squares.std() / np.sqrt(len(y))


def test_simulation_is_the_density(pair):
    """Probability integral transform of simulated responses, randomised where discrete."""
    family, name = pair
    link, rng = family.link(name), np.random.default_rng(3)
    mu = MEANS[family.support][1]
    trials = np.full(4000, 15.0) if family.has_trials else None
    y = family.simulate(rng, np.full(4000, mu), own(family), trials)
    eta = link.forward(np.float64(mu))
    if family.discrete:
        support = np.arange(y.max() + 1)
        n = None if trials is None else np.float64(15)
        mass = np.exp(family.logpdf(support, eta, link, own(family), n))
        upper = np.cumsum(mass)[y.astype(int)]
        u = upper - rng.random(len(y)) * mass[y.astype(int)]
    else:
        low, high = (np.clip(limit, -80, 80) for limit in LIMITS[family.support])
        fine = 40_002 if family.name == "tweedie" else 400_002  # a series at every point
        grid = np.linspace(low, high, fine)[1:-1]
        mass = np.exp(family.logpdf(grid, eta, link, own(family)))
        below = (np.cumsum(mass) - mass / 2) * (grid[1] - grid[0])
        u = np.interp(y, grid, below)
        for value in atoms(family):
            mass = np.exp(family.logpdf(np.asarray(value), eta, link, own(family)))
            u = u + mass * np.where(y == value, rng.random(len(y)), y > value)
    assert stats.kstest(u, "uniform").pvalue > 1e-3


def test_same_seed_same_draws_and_shapes_broadcast(pair):
    family, _ = pair
    mu = np.full((3, 4, 5), MEANS[family.support][0])
    parameters = {k: np.full((3, 4, 1), v) for k, v in own(family).items()}
    trials = np.arange(1.0, 6) if family.has_trials else None
    draws = [family.simulate(np.random.default_rng(1), mu, parameters, trials) for _ in range(2)]
    assert draws[0].shape == (3, 4, 5)
    np.testing.assert_array_equal(*draws)
    link = family.link(None)
    eta = link.forward(mu)
    y = draws[0][0, 0]
    assert family.logpdf(y, eta, link, parameters, trials).shape == (3, 4, 5)
    assert np.broadcast(family.variance(mu, parameters, trials)).shape == (3, 4, 5)
    assert family.observation_variance(mu, link, parameters).shape == (3, 4, 5)
    assert family.mean(mu, parameters, trials).shape == (3, 4, 5)


@pytest.mark.parametrize("name", ["bernoulli", "binomial"])
@pytest.mark.parametrize("link", ["logit", "probit", "cloglog"])
def test_probabilities_stay_finite_and_exact_in_the_tails(name, link):
    family = get_family(name)
    eta = np.array([-600.0, -40, 0, 5])
    trials = np.ones(4) if family.has_trials else None
    for y in (0.0, 1.0):
        value = family.logpdf(np.full(4, y), eta, family.link(link), {}, trials)
        assert np.isfinite(value).all()
    value = family.logpdf(np.ones(4), eta, family.link(link), {}, trials)
    # Mills' ratio by its asymptotic series; the others are log(exp(eta)) to the last bit
    exact = {
        "logit": -600,
        "cloglog": -600,
        "probit": -180000 - np.log(600 * np.sqrt(2 * np.pi)) - 1 / 600**2,
    }
    assert value[0] == pytest.approx(exact[link], rel=1e-12)
    other = family.logpdf(np.zeros(4), eta, family.link(link), {}, trials)
    assert other[1] == pytest.approx({"logit": -np.exp(-40.0), "cloglog": -np.exp(-40.0),
                                      "probit": -stats.norm.cdf(-40)}[link], rel=1e-12)  # fmt: skip


@pytest.mark.parametrize("name", ["poisson", "negative_binomial"])
def test_negative_means_have_no_density(name):
    family = get_family(name)
    eta = np.array([-1.0, 2.0])
    value = family.logpdf(np.zeros(2), eta, family.link("identity"), own(family))
    assert value[0] == -np.inf and np.isfinite(value[1])


def test_counts_of_a_thousand_million():
    poisson, link = get_family("poisson"), get_family("poisson").link("log")
    value = poisson.logpdf(np.array([1e9]), np.array([np.log(1e9)]), link, {})
    # the summands are 2e10, so double precision leaves 4e-6; single gave +753
    assert value[0] == pytest.approx(-0.5 * np.log(2 * np.pi * 1e9), abs=2e-5)


def test_negative_binomial_becomes_poisson_as_dispersion_grows():
    family, poisson = get_family("negative_binomial"), get_family("poisson")
    y, eta = np.array([0.0, 1, 5, 200]), np.array([-2.0, 0.3, 1.5, 5])
    link = family.link("log")
    target = poisson.logpdf(y, eta, link, {})
    gaps = [
        np.abs(family.logpdf(y, eta, link, {"dispersion": np.float64(d)}) - target).max()
        for d in (1e4, 1e8, 1e12)
    ]
    assert gaps[0] < 1 and gaps[1] < 1e-4 and gaps[2] < 1e-8
    assert gaps[0] > 5e3 * gaps[1] > 2e7 * gaps[2] / 10


def test_student_t_becomes_normal_and_has_infinite_variance_up_to_two():
    t, normal = get_family("student_t"), get_family("gaussian")
    y, eta, link = np.array([-3.0, 0.1, 4]), np.zeros(3), normal.link(None)
    far = t.logpdf(y, eta, link, {"sigma": np.float64(1.3), "nu": np.float64(1e8)})
    np.testing.assert_allclose(
        far, normal.logpdf(y, eta, link, {"sigma": np.float64(1.3)}), atol=1e-6
    )
    variance = t.variance(np.zeros(3), {"sigma": np.ones(3), "nu": np.array([1.5, 2, 4])})
    np.testing.assert_array_equal(variance, [np.inf, np.inf, 2.0])


def test_binomial_of_one_trial_is_bernoulli():
    binomial, bernoulli = get_family("binomial"), get_family("bernoulli")
    eta, y = np.linspace(-9, 3, 7), np.array([0.0, 1, 0, 1, 1, 0, 1])
    for name in bernoulli.links:
        link = bernoulli.link(name)
        np.testing.assert_allclose(
            binomial.logpdf(y, eta, link, {}, np.ones(7)), bernoulli.logpdf(y, eta, link, {})
        )


@pytest.mark.parametrize(
    ("name", "link", "mu", "expected"),
    [
        ("bernoulli", "logit", 0.3, np.pi**2 / 3),
        ("binomial", "probit", 0.3, 1.0),
        ("bernoulli", "cloglog", 0.3, np.pi**2 / 6),
        ("poisson", "log", 2.0, np.log(1 + 1 / 2)),
        ("poisson", "sqrt", 2.0, 0.25),
        ("poisson", "identity", 2.0, 2.0),
        ("negative_binomial", "log", 2.0, np.log(1 + 1 / 2 + 1 / 1.7)),
        ("negative_binomial", "sqrt", 2.0, 0.25 * (1 + 2 / 1.7)),
        ("gaussian", "identity", 2.0, 0.64),
        ("gaussian", "log", 2.0, 0.64 / 4),
        ("student_t", "identity", 2.0, 0.64 * 6 / 4),
    ],
)
def test_observation_variance_of_nakagawa(name, link, mu, expected):
    family = get_family(name)
    value = family.observation_variance(np.array([mu]), family.link(link), own(family))
    assert value[0] == pytest.approx(expected)


@pytest.mark.parametrize("eta", [-1.5, 0.2, 2.0])
def test_the_delta_method_is_about_the_mean_that_is_predicted(eta):
    """By hand: d E[y] / d eta of shares with ends, and of what their predictor makes of ends."""
    expit = special.expit
    link, mu = get_family("ordered_beta").link("logit"), expit(eta)
    own = {"dispersion": np.array(3.0), "zoi": np.array(0.3), "coi": np.array(0.6)}
    family = get_family("zero_one_inflated_beta")
    found = family.observation_variance(np.array(mu), link, own)
    slope = 0.7 * mu * (1 - mu)
    assert found == pytest.approx(family.variance(mu, own) / slope**2, rel=1e-7)
    own = {"dispersion": np.array(3.0), "lower": np.array(-1.5), "gap": np.array(2.7)}
    zero, one = expit(-1.5 - eta), expit(eta - 1.2)
    slope = one * (1 - one) * (1 - mu) + zero * (1 - zero) * mu + (1 - zero - one) * mu * (1 - mu)
    family = get_family("ordered_beta")
    found = family.observation_variance(np.array(mu), link, own)
    assert found == pytest.approx(family.variance(mu, own) / slope**2, rel=1e-7)


def bad(name, y, trials=None):
    y = np.asarray(y, float)
    trials = None if trials is None else np.asarray(trials, float)
    return np.array([mask for mask, _ in get_family(name).invalid(y, trials)]).any(axis=0)


def test_support_is_refused_row_by_row():
    assert bad("gaussian", [1, np.nan, np.inf]).tolist() == [False, True, True]
    assert bad("bernoulli", [0, 1, 2, 0.5, -1]).tolist() == [False, False, True, True, True]
    assert bad("poisson", [0, 3, -1, 2.5]).tolist() == [False, False, True, True]
    assert bad("negative_binomial", [1e9, -2]).tolist() == [False, True]
    refused = bad("binomial", [1, 5, 2, 0.5, -1, 0], [1, 4, 2.5, 3, 3, 0])
    assert refused.tolist() == [False, True, True, True, True, True]
    for family in PLAIN:
        for _, message in family.invalid(np.ones(2), np.ones(2)):
            assert len(message) > 20 and ":" in message


ONE_START = [f for f in FAMILIES if f.response in ("number", "ordered")]


@pytest.mark.parametrize("family", ONE_START, ids=lambda f: f.name)
@pytest.mark.parametrize("value", [0.0, 1.0])
def test_start_is_inside_the_domain_at_the_edges(family, value):
    y = np.full(6, value)
    trials = np.ones(6) if family.has_trials else None
    start = family.start(y, trials, np.full(6, 2.0))
    if family.discrete:
        assert np.isfinite(family.link(None).forward(np.float64(start)))
    assert np.isfinite(start)


def test_start_divides_by_exposure_and_trials():
    poisson, binomial = get_family("poisson"), get_family("binomial")
    exposure = np.array([100.0, 300])
    assert poisson.start(np.array([40.0, 120]), None, exposure) == pytest.approx(0.4, rel=0.01)
    share = binomial.start(np.array([40.0, 120]), np.array([100.0, 300]), np.ones(2))
    assert share == pytest.approx(0.4, rel=0.01)


def test_scale_carries_units_to_the_link():
    gaussian, poisson = get_family("gaussian"), get_family("poisson")
    y = np.array([240.0, 260, 300, 400])
    assert gaussian.scale(y, "identity") == pytest.approx(y.std())
    assert gaussian.scale(y, "log") == 1
    assert gaussian.scale(1000 * y, "inverse") == pytest.approx(gaussian.scale(y, "inverse") / 1000)
    assert poisson.scale(y, "sqrt") == pytest.approx(y.std() / (2 * np.sqrt(y.mean())))
    assert gaussian.scale(np.full(4, 3.0), "identity") == 1


def test_dispersion_prior_is_as_its_docstring_says():
    prior = get_family("negative_binomial").parameters[0].prior(1.0).frozen
    assert prior.ppf(0.5) == pytest.approx(2.1, abs=0.05)
    assert prior.sf(700) == pytest.approx(0.05, abs=0.002)
    nu = get_family("student_t").parameters[1].prior(1.0).frozen
    assert nu.mean() == pytest.approx(20) and special.gammainc(2, 0.1) == pytest.approx(nu.cdf(1))


@pytest.mark.parametrize("mu", [0.2, 0.5, 1.4, 3.0, 9.0])
@pytest.mark.parametrize("dispersion", [0.2, 0.4, 0.7, 1.0])
def test_counts_that_vary_less_have_total_one_and_are_simulated_so(mu, dispersion):
    family = get_family("generalized_poisson")
    parameters = {"dispersion": np.float64(dispersion)}
    y = np.arange(200.0)
    eta = np.full(200, np.log(mu))
    p = np.exp(family.logpdf(y, eta, family.link("log"), parameters))
    assert p.sum() == pytest.approx(1, abs=1e-8)
    drawn = family.simulate(np.random.default_rng(4), np.full(50_000, mu), parameters)
    mean, square = p @ y, p @ y**2
    assert abs(drawn.mean() - mean) <= 4 * np.sqrt(abs(square - mean**2) / 50_000)
    assert (drawn**2).mean() == pytest.approx(square, rel=0.03)
    if mu >= 2 and dispersion >= 0.3:
        assert mean == pytest.approx(mu, rel=1e-3)
        assert square - mean**2 == pytest.approx(mu * dispersion, rel=5e-3)
