"""Categories without an order: single choices, counts of them, and compositions."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.families.categories import Categories
from bayes_glmm.families.contract import Array, Parameters, invalid_counts
from bayes_glmm.families.parameter import Parameter
from bayes_glmm.families.precision import DIRICHLET, some_precision
from bayes_glmm.maths.density_maths import NUMPY, Maths, pytensor_maths
from bayes_glmm.maths.links import Link
from bayes_glmm.maths.softmax_means import method, population_shares

WHOLE = 1e-6
"""How far the shares of a row may be from one together."""


class Unordered(Categories):
    r"""K categories, each but the first with a predictor of its own.

    The predictor of a category is its log odds against the first,
    :math:`\eta_k = \log(\mu_k / \mu_1)`, so that :math:`\mu` is the softmax of
    :math:`(0, \eta_2, \dots, \eta_K)`. Predictors have shape (..., K - 1).
    """

    response = "unordered"
    links = ("logit",)
    by_category = {"expected": 0, "response": 0, "moments": 0, "predictor": 1}
    lacks = {
        **Categories.lacks,
        "one_predictor": "Every category of a {family} response has a predictor and an effect of its own, "
        "and no one variance: look at each in summary(), random_effects(), predictions() and "
        "comparisons(), or compare models row by row.",
        "rank": "Categories without an order have no rank each: use plot_ppc().",
    }

    @abstractmethod
    def density(self, m: Maths, y: Any, log_p: Any, own: Mapping[str, Any], trials: Any) -> Any:
        """Return the log-density of each row from the logs of the means, shape (..., K)."""

    def log_probabilities(self, m: Maths, eta: Any, own: Mapping[str, Any], link: Link) -> Any:
        """Return the logs of the means, shape (..., K)."""
        return _normalised(m, _scores(m, eta))

    def separate_predictors(self, categories: Sequence[str]) -> tuple[str, ...]:
        """Return all categories but the first."""
        return tuple(categories[1:])

    def check_formula(self, name: str) -> None:
        """Refuse the formula of a parameter that there is not; categories are in the data."""
        if not name.startswith("mu_"):
            super().check_formula(name)

    def separated(self, link: Link, trials: Array | None) -> tuple[str, ...]:
        """Return ``categories``, each pair of which may be split."""
        return ("categories",)

    def population_mean(
        self, link: Link, eta: Array, variance: Array, parameters: Parameters
    ) -> Array:
        """Return the mean shares, over independent effects of each category's predictor."""
        return population_shares(eta, np.sqrt(variance))

    def integration(self, link: Link, predictors: int) -> str:
        """Say how shares are averaged over effects of some predictors."""
        return method(predictors) if predictors else super().integration(link, predictors)

    def impossible_means(self, eta: Array, link: Link) -> tuple[Array, NDArray[np.bool_]]:
        """Return the predictors, and rows with one that is no number."""
        return eta, (~np.isfinite(eta)).any(axis=-1)

    def response_words(
        self, link: Link, kind: str, column: str, *, averaged: bool = False
    ) -> str | None:
        """Name probabilities, or what is drawn of each category."""
        return "probability" if kind == "expected" else self.drawn(averaged)

    def drawn(self, averaged: bool) -> str:
        """Name what is drawn of each category."""
        return "0 or 1"

    def predictor_words(self, link: Link, categories: Sequence[str]) -> str:
        """Name the log odds against the first category."""
        return f"link ({link.name}), log odds against {categories[0]}"

    def modelled(self, link: Link, categories: Sequence[str], known: str) -> str:
        """Say what every category is held against."""
        first, *others = categories
        return (
            f"the {self.shares} of its {len(others) + 1} categories by their log odds against {first}, "
            "each category with coefficients and effects of its own"
        )

    shares = "probabilities"
    """What the means of the categories are."""

    def changes(self, category: str, names: str) -> str:
        """Say what changes the odds of a category."""
        return f"The odds of {category} change with {names}."

    def equations(
        self, link: Link, own: str, predictors: Mapping[str, str], categories: Sequence[str]
    ) -> list[str]:
        """Write the log odds of each category against the first."""
        lines = super().equations(link, own, {}, categories)
        first = categories[0]
        return lines + [f"log(μᵢ[{k}] / μᵢ[{first}]) = {terms}" for k, terms in predictors.items()]

    def likelihood(
        self,
        name: str,
        eta: Any,
        link: Link,
        parameters: Mapping[str, Any],
        trials: Any | None,
        **kwargs: Any,
    ) -> Any:
        """Add ``y`` with the family's density and simulator."""
        import pymc as pm

        names = [p.name for p in self.parameters]
        given = [*(parameters[n] for n in names), *([] if trials is None else [trials])]

        def split(rest: tuple[Any, ...]) -> tuple[dict[str, Any], Any]:
            own = dict(zip(names, rest, strict=False))
            return own, rest[-1] if len(rest) > len(names) else None

        def log_density(value: Any, scores: Any, *rest: Any) -> Any:
            from pytensor.scalar.basic import autocast_float_as

            with autocast_float_as("float64"):
                m = pytensor_maths()
                return self.density(m, value, _normalised(m, scores), *split(rest))

        def draw(scores: Any, *rest: Any, rng: np.random.Generator, size: Any = None) -> Any:
            mu = np.exp(_normalised(NUMPY, np.asarray(scores)))
            return self.simulate(rng, mu, *split(rest))

        inputs = ",".join(["(k)", *["()"] * len(given)])
        return pm.CustomDist(
            name, _scores(pytensor_maths(), eta), *given, logp=log_density, random=draw,
            signature=f"{inputs}->{'(k)' if 'stored' in self.by_category else '()'}",
            dtype="int64" if self.discrete else "float64", class_name=type(self).__name__,
            **kwargs,
        )  # fmt: skip

    def log_density(
        self, m: Maths, y: Any, eta: Any, link: Link, own: Mapping[str, Any], trials: Any = None
    ) -> Any:
        """Return the density of each row given the predictors of its categories."""
        log_p = self.log_probabilities(m, eta, own, link)
        return self.density(m, y, log_p, own, trials)


def _scores(m: Maths, eta: Any) -> Any:
    """Return the predictors with the zero of the first category before them."""
    return m.concatenate([0 * eta[..., :1], eta])


def _normalised(m: Maths, scores: Any) -> Any:
    return scores - m.logsumexp(scores)[..., None]


class Categorical(Unordered):
    """One of several categories without an order; ``mu`` is the probability of each.

    References
    ----------
    .. [1] Agresti (2013). *Categorical Data Analysis*, 3rd ed., section 8.1. Wiley.
    """

    name = "categorical"
    support = "unordered categories"

    def start(self, y: Array, trials: Array | None, exposure: Array) -> Array:
        """Return the share of each category, half a row from zero."""
        counts = np.bincount(y.astype(np.intp)) + 0.5
        return np.asarray(counts / counts.sum())

    def by_counts(self, y: Array, categories: int) -> Array:
        """Return 1 for the category that was chosen, else 0, on a last axis."""
        return np.asarray(y[..., None] == np.arange(categories), np.float64)

    def density(self, m: Maths, y: Any, log_p: Any, own: Mapping[str, Any], trials: Any) -> Any:
        """Return the log-probability of each row's category."""
        return m.pick(log_p, y)


class Composed(Unordered):
    """A response of several columns, one for each category."""

    response = "columns"
    by_category = {**Unordered.by_category, "stored": 0}
    lacks = {k: v for k, v in Unordered.lacks.items() if k != "dispersion"}

    def compared(self, trials: Array | None) -> str:
        """Return ``spreads``: how much shares differ between rows."""
        return "spreads"


class Multinomial(Composed):
    """Counts of several categories among a row's total; ``mu`` is the probability of each.

    The log-likelihood includes the multinomial coefficient.

    References
    ----------
    .. [1] Agresti (2013). *Categorical Data Analysis*, 3rd ed., section 1.2. Wiley.
    """

    name = "multinomial"
    support = "counts of several categories"
    has_trials = True
    offers = frozenset({"independent_trials"})

    def invalid(self, y: Array, trials: Array | None) -> list[tuple[NDArray[np.bool_], str]]:
        """Refuse what is no count, rows without any, and totals that do not add up."""
        faults = [(rows.any(axis=-1), what) for rows, what in invalid_counts(y)]
        total = y.sum(axis=-1)
        faults.append((total == 0, "counts nothing: remove rows whose counts are all zero"))
        if trials is not None:
            faults.append((total != trials, "does not add up to its trials: correct either"))
        return faults

    def start(self, y: Array, trials: Array | None, exposure: Array) -> Array:
        """Return the share of each category, half a count from zero."""
        counts = y.sum(axis=0) + 0.5
        return np.asarray(counts / counts.sum())

    def density(self, m: Maths, y: Any, log_p: Any, own: Mapping[str, Any], trials: Any) -> Any:
        """Return the multinomial log-density."""
        ways = m.log_factorial(y.sum(axis=-1)) - m.log_factorial(y).sum(axis=-1)
        return ways + m.times(y, log_p).sum(axis=-1)

    def drawn(self, averaged: bool) -> str:
        """Name counts, or shares of the total."""
        return "share" if averaged else "count"

    def mean(self, mu: Array, parameters: Parameters, trials: Array | None = None) -> Array:
        """Return ``mu``, times the total where there is one."""
        return mu if trials is None else mu * np.asarray(trials)[..., None]

    def variance(self, mu: Array, parameters: Parameters, trials: Array | None = None) -> Array:
        """Return ``mu * (1 - mu)``, times the total where there is one."""
        return self.mean(mu * (1 - mu), parameters, trials)

    def simulate(
        self,
        rng: np.random.Generator,
        mu: Array,
        parameters: Parameters,
        trials: Array | None = None,
    ) -> Array:
        """Draw the counts of each row's total."""
        total = np.broadcast_to(1 if trials is None else trials, mu.shape[:-1])
        shares = mu / mu.sum(axis=-1, keepdims=True)
        return np.asarray(rng.multinomial(total.astype(np.int64), shares), np.float64)


class Dirichlet(Composed):
    """Shares of a whole with means ``mu``, each of variance ``mu * (1 - mu) / (dispersion + 1)``.

    Default prior: ``dispersion ~ LogNormal(log(guess), 2.5)`` with the concentration that the
    shares would have if nothing were explained.

    References
    ----------
    .. [1] Douma & Weedon (2019). Analysing continuous proportions in ecology and evolution: a
       practical introduction to beta and Dirichlet regression. *Methods Ecol Evol* 10,
       1412-1430. doi:10.1111/2041-210X.13234
    """

    name = "dirichlet"
    support = "shares of a whole"
    discrete = False
    shares = "shares"
    parameters = (
        Parameter(
            "dispersion",
            "var = mu * (1 - mu) / (dispersion + 1)",
            some_precision,
            learned=DIRICHLET,
            spread=True,
        ),
    )

    def invalid(self, y: Array, trials: Array | None) -> list[tuple[NDArray[np.bool_], str]]:
        """Refuse shares that are not inside their range, and rows that are not a whole."""
        incomplete = np.abs(y.sum(axis=-1) - 1) > WHOLE
        return [
            (((y < 0) | (y > 1)).any(axis=-1), "has shares that are not between 0 and 1"),
            (
                ((y == 0) | (y == 1)).any(axis=-1),
                "has shares of exactly 0 or 1, which have no density here: merge rare parts, "
                "replace zeros by a share below what can be detected and rescale the row, or "
                "model counts with family='multinomial'",
            ),
            (
                incomplete,
                f"has shares that do not add up to one (within {WHOLE:g}): divide each row by its "
                "sum, as in table.div(table.sum(axis=1), axis=0), or add the column that is missing",
            ),
        ]

    def start(self, y: Array, trials: Array | None, exposure: Array) -> Array:
        """Return the mean share of each part, a little from zero."""
        shares = np.clip(y.mean(axis=0), 1e-3, 1.0)
        return np.asarray(shares / shares.sum())

    def separated(self, link: Link, trials: Array | None) -> tuple[str, ...]:
        """Return nothing: shares between the ends are split by no coefficient."""
        return ()

    def response_words(
        self, link: Link, kind: str, column: str, *, averaged: bool = False
    ) -> str | None:
        """Name shares, whatever is predicted."""
        return "share"

    def density(self, m: Maths, y: Any, log_p: Any, own: Mapping[str, Any], trials: Any) -> Any:
        """Return the Dirichlet log-density with means and concentration.

        ``-gammaln(a)`` is written ``log(a) - gammaln(a + 1)``, which holds where ``a``
        itself is too small for a float.
        """
        log_a = m.log(own["dispersion"])[..., None] + log_p
        a = m.exp(log_a)
        each = log_a - m.gammaln(a + 1.0) + (a - 1.0) * m.log(y)
        return m.gammaln(own["dispersion"]) + each.sum(axis=-1)

    def variance(self, mu: Array, parameters: Parameters, trials: Array | None = None) -> Array:
        """Return ``mu * (1 - mu) / (dispersion + 1)``."""
        return mu * (1 - mu) / (np.asarray(parameters["dispersion"])[..., None] + 1)

    def simulate(
        self,
        rng: np.random.Generator,
        mu: Array,
        parameters: Parameters,
        trials: Array | None = None,
    ) -> Array:
        """Draw shares; those that round to an end are moved to the nearest number inside.

        Gamma variates are drawn by their logarithms, which do not underflow where a
        concentration is small (Marsaglia & Tsang 2000, doi:10.1145/358407.358414).
        """
        tiny = np.finfo(np.float64).tiny
        a = np.maximum(np.asarray(parameters["dispersion"])[..., None] * mu, 1e-200)
        logs = np.log(rng.gamma(a + 1.0)) + np.log(1.0 - rng.random(a.shape)) / a
        return np.clip(np.exp(_normalised(NUMPY, logs)), tiny, np.nextafter(1.0, 0.0))
