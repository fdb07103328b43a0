"""Every family as the textbook has it: mean, variance and responses, with NumPy and SciPy alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from scipy import special, stats

from tests import oracle

type Array = np.ndarray
type Own = Mapping[str, Array]
LINKS: dict[str, tuple[Callable, Callable]] = {
    "identity": (lambda e: e, np.ones_like),
    "log": (np.exp, np.exp),
    "logit": (special.expit, lambda e: special.expit(e) * special.expit(-e)),
    "tan_half": (lambda e: 2 * np.arctan(e), lambda e: 2 / (1 + e**2)),
}
"""Inverse link and its derivative."""
FORMULAS: dict[str, Callable] = {
    "log": np.exp,
    "logit": special.expit,
    "identity": np.asarray,
}
"""Inverse links of the other parameters."""


@dataclass(frozen=True)
class Law:
    """One family by its default link.

    Attributes
    ----------
    link : str
    own : dict of str to str
        Parameters that may have a formula, by the link that they have there.
    moments : callable
        Takes ``mu`` and parameters, gives E[y] and Var[y] of one row or trial.
    draw : callable
        Takes a generator, ``mu``, parameters and trials, gives responses.
    held : dict of str to float
        Parameters that are not estimated.
    """

    link: str
    own: Mapping[str, str]
    moments: Callable[[Array, Own], tuple[Array, Array]]
    draw: Callable[[Generator, Array, Own, Array | None], Array]
    held: Mapping[str, float] | None = None

    def mean(self, mu: Array, own: Own) -> Array:
        return self.moments(mu, own)[0]


def _zeros(share: str, inside: Callable) -> Callable:
    """Moments of a mixture of zeros and of what ``inside`` gives."""

    def moments(mu: Array, own: Own) -> tuple[Array, Array]:
        mean, variance = inside(mu, own)
        kept = 1 - own[share]
        return kept * mean, kept * (variance + mean**2) - (kept * mean) ** 2

    return moments


def _above_zero(plain: Callable, zero: Callable) -> Callable:
    """Moments of counts whose zeros are cut off."""

    def moments(mu: Array, own: Own) -> tuple[Array, Array]:
        mean, variance = plain(mu, own)
        kept = 1 - zero(mu, own)
        return mean / kept, (variance + mean**2) / kept - (mean / kept) ** 2

    return moments


def _nb_zero(mu: Array, own: Own) -> Array:
    return (own["dispersion"] / (own["dispersion"] + mu)) ** own["dispersion"]


def _lognormal(mu: Array, own: Own) -> tuple[Array, Array]:
    square = own["sigma"] ** 2
    mean = mu * np.exp(square / 2)
    return mean, mean**2 * np.expm1(square)


def _weibull(mu: Array, own: Own) -> tuple[Array, Array]:
    k = own["shape"]
    return mu, mu**2 * (special.gamma(1 + 2 / k) / special.gamma(1 + 1 / k) ** 2 - 1)


def _zoib(mu: Array, own: Own) -> tuple[Array, Array]:
    zoi, coi = own["zoi"], own["coi"]
    inside = mu * (1 - mu) / (own["dispersion"] + 1)
    mean = zoi * coi + (1 - zoi) * mu
    return mean, zoi * coi + (1 - zoi) * (inside + mu**2) - mean**2


def _ordered_beta(mu: Array, own: Own) -> tuple[Array, Array]:
    eta, inside = special.logit(mu), mu * (1 - mu) / (own["dispersion"] + 1)
    zero = special.expit(own["lower"] - eta)
    one = special.expit(eta - own["lower"] - own["gap"])
    mean = one + (1 - zero - one) * mu
    return mean, one + (1 - zero - one) * (inside + mu**2) - mean**2


def _asymmetric_laplace(mu: Array, own: Own) -> tuple[Array, Array]:
    q = own["quantile"]
    return (
        mu + own["sigma"] * (1 - 2 * q) / (q * (1 - q)),
        own["sigma"] ** 2 * (1 - 2 * q + 2 * q**2) / (q * (1 - q)) ** 2 + 0 * mu,
    )


def _von_mises(mu: Array, own: Own) -> tuple[Array, Array]:
    x, w = np.polynomial.legendre.leggauss(400)
    p = np.exp(own["concentration"][..., None] * (np.cos(np.pi * x) - 1)) * w
    return mu, (p * (np.pi * x) ** 2).sum(-1) / p.sum(-1) + 0 * mu


def _share(mu: Array, own: Own) -> tuple[Array, Array]:
    return mu, mu * (1 - mu)


def _poisson(mu: Array, own: Own) -> tuple[Array, Array]:
    return mu, mu


def _nb(mu: Array, own: Own) -> tuple[Array, Array]:
    return mu, mu + mu**2 / own["dispersion"]


def _beta(mu: Array, own: Own) -> tuple[Array, Array]:
    return mu, mu * (1 - mu) / (own["dispersion"] + 1)


def _gamma(mu: Array, own: Own) -> tuple[Array, Array]:
    return mu, mu**2 / own["shape"]


def _draw_beta(r: Generator, mu: Array, o: Own) -> Array:
    return r.beta(mu * o["dispersion"], (1 - mu) * o["dispersion"])


def _draw_zoib(r: Generator, mu: Array, o: Own, n: Array | None) -> Array:
    ends = 1.0 * (r.random(mu.shape) < o["coi"])
    return np.where(r.random(mu.shape) < o["zoi"], ends, _draw_beta(r, mu, o))


def _draw_ordered(r: Generator, mu: Array, o: Own, n: Array | None) -> Array:
    latent = special.logit(mu) + r.logistic(size=mu.shape)
    inside = _draw_beta(r, mu, o)
    return np.where(latent < o["lower"], 0.0, np.where(latent > o["lower"] + o["gap"], 1.0, inside))


def _draw_hurdle(plain: Callable, cut: bool) -> Callable:
    def draw(r: Generator, mu: Array, o: Own, n: Array | None) -> Array:
        y = plain(r, mu, o, n)
        while cut and (y == 0).any():
            y = np.where(y == 0, plain(r, mu, o, n), y)
        return np.where(r.random(mu.shape) < o["hurdle"], 0.0, y)

    return draw


def _draw_inflated(plain: Callable) -> Callable:
    def draw(r: Generator, mu: Array, o: Own, n: Array | None) -> Array:
        return np.where(r.random(mu.shape) < o["zi"], 0.0, plain(r, mu, o, n))

    return draw


def _draw_tweedie(r: Generator, mu: Array, o: Own, n: Array | None) -> Array:
    p, phi = o["power"], o["dispersion"]
    parts = r.poisson(mu ** (2 - p) / (phi * (2 - p)))
    each = r.gamma((2 - p) / (p - 1) * np.maximum(parts, 1)) * phi * (p - 1) * mu ** (p - 1)
    return np.where(parts > 0, each, 0.0)


def _draw_consul(r: Generator, mu: Array, o: Own, n: Array | None) -> Array:
    """Draw from the probabilities themselves, up to where they are nothing."""
    root = np.sqrt(o["dispersion"])
    theta, lam = (np.broadcast_to(v, mu.shape) for v in (mu / root, 1 - 1 / root))
    k = np.arange(600.0)
    p = np.exp(oracle.consul(k, theta[..., None], lam[..., None]))
    below = np.cumsum(p, axis=-1)
    return (r.random(mu.shape)[..., None] > below).sum(axis=-1).astype(float)


def _draw_skewed(r: Generator, mu: Array, o: Own, n: Array | None) -> Array:
    lean = np.sqrt(2 / np.pi) * o["skew"] / np.sqrt(1 + o["skew"] ** 2)
    width = o["sigma"] / np.sqrt(1 - lean**2)
    return stats.skewnorm.rvs(o["skew"], mu - width * lean, width, mu.shape, random_state=r)


def _draw_counts(r: Generator, mu: Array, o: Own, n: Array | None) -> Array:
    return r.poisson(mu)


def _draw_nb(r: Generator, mu: Array, o: Own, n: Array | None) -> Array:
    return r.negative_binomial(o["dispersion"], o["dispersion"] / (o["dispersion"] + mu))


def _draw_trials(r: Generator, mu: Array, o: Own, n: Array | None) -> Array:
    return r.binomial(np.ones(mu.shape, int) if n is None else n.astype(int), mu)


def _draw_gamma(r: Generator, mu: Array, o: Own, n: Array | None) -> Array:
    return r.gamma(o["shape"], mu / o["shape"])


def _draw_lognormal(r: Generator, mu: Array, o: Own, n: Array | None) -> Array:
    return r.lognormal(np.log(mu), o["sigma"])


LAWS: dict[str, Law] = {
    "gaussian": Law("identity", {"sigma": "log"}, lambda mu, o: (mu, o["sigma"] ** 2 + 0 * mu),
                    lambda r, mu, o, n: r.normal(mu, o["sigma"])),
    "student_t": Law("identity", {"sigma": "log", "nu": "log"},
                     lambda mu, o: (mu, o["sigma"] ** 2 * o["nu"] / (o["nu"] - 2) + 0 * mu),
                     lambda r, mu, o, n: mu + o["sigma"] * r.standard_t(o["nu"], mu.shape)),
    "bernoulli": Law("logit", {}, _share, _draw_trials),
    "binomial": Law("logit", {}, _share, _draw_trials),
    "poisson": Law("log", {}, _poisson, _draw_counts),
    "negative_binomial": Law("log", {"dispersion": "log"}, _nb, _draw_nb),
    "negative_binomial1": Law(
        "log", {"dispersion": "log"}, lambda mu, o: (mu, mu * (1 + o["dispersion"])),
        lambda r, mu, o, n: r.negative_binomial(mu / o["dispersion"], 1 / (1 + o["dispersion"]))),
    "geometric": Law("log", {}, lambda mu, o: (mu, mu + mu**2),
                     lambda r, mu, o, n: r.geometric(1 / (1 + mu)) - 1),
    "generalized_poisson": Law("log", {"dispersion": "log"},
                               lambda mu, o: (mu, mu * o["dispersion"]), _draw_consul),
    "beta_binomial": Law(
        "logit", {"dispersion": "log"}, _share,
        lambda r, mu, o, n: _draw_trials(r, _draw_beta(r, mu, o), o, n)),
    "zero_inflated_poisson": Law("log", {"zi": "logit"}, _zeros("zi", _poisson),
                                 _draw_inflated(_draw_counts)),
    "zero_inflated_negative_binomial": Law(
        "log", {"dispersion": "log", "zi": "logit"}, _zeros("zi", _nb), _draw_inflated(_draw_nb)),
    "zero_inflated_binomial": Law("logit", {"zi": "logit"}, _zeros("zi", _share),
                                  _draw_inflated(_draw_trials)),
    "hurdle_poisson": Law(
        "log", {"hurdle": "logit"},
        _zeros("hurdle", _above_zero(_poisson, lambda mu, o: np.exp(-mu))),
        _draw_hurdle(_draw_counts, True)),
    "hurdle_negative_binomial": Law(
        "log", {"dispersion": "log", "hurdle": "logit"},
        _zeros("hurdle", _above_zero(_nb, _nb_zero)), _draw_hurdle(_draw_nb, True)),
    "hurdle_gamma": Law("log", {"shape": "log", "hurdle": "logit"}, _zeros("hurdle", _gamma),
                        _draw_hurdle(_draw_gamma, False)),
    "hurdle_lognormal": Law("log", {"sigma": "log", "hurdle": "logit"},
                            _zeros("hurdle", _lognormal), _draw_hurdle(_draw_lognormal, False)),
    "gamma": Law("log", {"shape": "log"}, _gamma, _draw_gamma),
    "lognormal": Law("log", {"sigma": "log"}, _lognormal, _draw_lognormal),
    "inverse_gaussian": Law("log", {"shape": "log"}, lambda mu, o: (mu, mu**3 / o["shape"]),
                            lambda r, mu, o, n: r.wald(mu, o["shape"])),
    "weibull": Law(
        "log", {"shape": "log"}, _weibull,
        lambda r, mu, o, n: mu / special.gamma(1 + 1 / o["shape"]) * r.weibull(o["shape"], mu.shape)),
    "exponential": Law("log", {}, lambda mu, o: (mu, mu**2),
                       lambda r, mu, o, n: r.exponential(mu)),
    "beta": Law("logit", {"dispersion": "log"}, _beta, lambda r, mu, o, n: _draw_beta(r, mu, o)),
    "zero_one_inflated_beta": Law(
        "logit", {"dispersion": "log", "zoi": "logit", "coi": "logit"}, _zoib, _draw_zoib),
    "ordered_beta": Law("logit", {"dispersion": "log", "lower": "identity", "gap": "log"},
                        _ordered_beta, _draw_ordered),
    "skew_normal": Law("identity", {"sigma": "log", "skew": "identity"},
                       lambda mu, o: (mu, o["sigma"] ** 2 + 0 * mu), _draw_skewed),
    "asymmetric_laplace": Law(
        "identity", {"sigma": "log"}, _asymmetric_laplace,
        lambda r, mu, o, n: mu + o["sigma"] * (
            r.exponential(size=mu.shape) / o["quantile"]
            - r.exponential(size=mu.shape) / (1 - o["quantile"])),
        {"quantile": 0.5}),
    "von_mises": Law("tan_half", {"concentration": "log"}, _von_mises,
                     lambda r, mu, o, n: r.vonmises(mu, o["concentration"])),
    "tweedie": Law("log", {"dispersion": "log"},
                   lambda mu, o: (mu, o["dispersion"] * mu ** o["power"]), _draw_tweedie),
    "cumulative": Law("logit", {"discrimination": "log"}, _share, _draw_trials,
                      {"discrimination": 1.0}),
    "sequential": Law("logit", {"discrimination": "log"}, _share, _draw_trials,
                      {"discrimination": 1.0}),
    "adjacent": Law("logit", {"discrimination": "log"}, _share, _draw_trials,
                    {"discrimination": 1.0}),
    "categorical": Law("logit", {}, _share, _draw_trials),
    "multinomial": Law("logit", {}, _share, _draw_trials),
    "dirichlet": Law("logit", {"dispersion": "log"}, _share, _draw_trials),
}  # fmt: skip
ORDERED = ("cumulative", "sequential", "adjacent")
UNORDERED = ("categorical", "multinomial", "dirichlet")
TRIALS = ("binomial", "beta_binomial", "zero_inflated_binomial", "multinomial")
COUNTS = ("poisson", "negative_binomial", "negative_binomial1", "geometric", "generalized_poisson")
"""Counts that may be censored or truncated."""


def categories(family: str, eta: Array, threshold: Array | None, slope: Array) -> Array:
    """Return the probability of every category, shape (..., 3).

    Parameters
    ----------
    eta : ndarray, shape (...), or (..., 2) where each category has its own
    threshold : ndarray, shape (..., 2), or None
    slope : ndarray
        Inverse scale of the latent variable.
    """
    if threshold is None:
        odds = np.exp(np.concatenate([np.zeros_like(eta[..., :1]), eta], axis=-1))
        return odds / odds.sum(axis=-1, keepdims=True)
    cut = special.expit(slope[..., None] * (threshold - eta[..., None]))
    first, second = cut[..., 0], cut[..., 1]
    if family == "cumulative":
        return np.stack([first, second - first, 1 - second], axis=-1)
    if family == "sequential":
        return np.stack([first, (1 - first) * second, (1 - first) * (1 - second)], axis=-1)
    odds = np.stack([np.ones_like(first), 1 / first - 1, (1 / first - 1) * (1 / second - 1)], -1)
    return odds / odds.sum(axis=-1, keepdims=True)
