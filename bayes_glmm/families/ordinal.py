"""Ordered categories: cumulative, sequential and adjacent-category models."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.families.binomial import latent_variance
from bayes_glmm.families.categories import Categories
from bayes_glmm.families.contract import Array, Parameters
from bayes_glmm.families.parameter import Parameter
from bayes_glmm.maths.density_maths import Maths, pytensor_maths
from bayes_glmm.maths.links import Link
from bayes_glmm.spec.priors import Prior


def _anywhere(scale: float) -> Prior:
    return Prior("Normal", mu=0.0, sigma=2.5)


def observed_shares(y: Array, n: int, link: Link) -> Array:
    """Return increasing thresholds of ``n`` categories at the observed cumulative shares."""
    counts = np.bincount(y.astype(np.intp), minlength=n) + 0.5
    return link.forward(np.cumsum(counts)[:-1] / counts.sum())


class Ordinal(Categories):
    """A response that is one of K ordered categories, stated through K - 1 thresholds.

    The predictor has no intercept: the thresholds take its place. A positive
    coefficient moves responses towards the later categories. ``discrimination``
    multiplies threshold minus predictor; it is one unless it has a formula. What stands
    in ``cs()`` is taken from the threshold of each boundary with a coefficient of its own.
    Every level of ``item`` has thresholds of its own where the response is written
    ``y | thres(gr = item)``, between the categories that its rows are in; the others have
    probability zero there.
    Default prior of every threshold, at the covariates' means: ``Normal(0, 2.5)``.
    """

    support = "ordered categories"
    response = "ordered"
    offers = frozenset({"thresholds"})
    lacks = {
        **Categories.lacks,
        "intercept": "Thresholds of {family} take the place of an intercept: leave it out.",
    }
    parameters = (
        Parameter("threshold", "boundaries of the categories", _anywhere, "identity",
                  vector=True, start=observed_shares),
        Parameter("discrimination", "inverse scale of the latent variable",
                  lambda scale: Prior("LogNormal", mu=0.0, sigma=1.0), "log", fixed=1.0),
    )  # fmt: skip

    @abstractmethod
    def from_cuts(self, m: Maths, cut: Any, link: Link, last: Any | None = None) -> Any:
        """Return log P(category), shape (..., K), from thresholds minus predictor.

        ``last`` is the number of each row's last category, where that differs between
        rows; what is returned beyond it belongs to no category.
        """

    def log_probabilities(self, m: Maths, eta: Any, own: Mapping[str, Any], link: Link) -> Any:
        """Return log P(category), shape (..., K).

        Where groups have thresholds of their own, ``places`` are the numbers of all
        categories among those of the row's group, shape (..., K).
        """
        if "places" not in own:
            return self.from_cuts(m, _cut(eta, own), link)
        log_p = self.of_group(m, eta, own, link)
        places = own["places"]
        each = [self.at(m, log_p, places[..., k])[..., None] for k in range(places.shape[-1])]
        return m.concatenate(each)

    def log_density(
        self, m: Maths, y: Any, eta: Any, link: Link, own: Mapping[str, Any], trials: Any = None
    ) -> Any:
        """Return the log-probability of each row's category."""
        if "places" not in own:
            return super().log_density(m, y, eta, link, own)
        return self.at(m, self.of_group(m, eta, own, link), m.pick(own["places"], y))

    def of_group(self, m: Maths, eta: Any, own: Mapping[str, Any], link: Link) -> Any:
        """Return the log-probabilities of the categories that each row's group has."""
        return self.from_cuts(m, _cut(eta, own), link, own["places"].max(axis=-1))

    @staticmethod
    def at(m: Maths, log_p: Any, place: Any) -> Any:
        """Return the log-probability of each row's category by its number, -1 for none."""
        return m.where(place < 0, -np.inf, m.pick(log_p, m.maximum(place, 0)))

    def start(self, y: Array, trials: Array | None, exposure: Array) -> float:
        """Return the middle of the latent scale, as a probability."""
        return 0.5

    def impossible_means(self, eta: Array, link: Link) -> tuple[Array, NDArray[np.bool_]]:
        """Return rows whose predictor is no number; thresholds can be beside any other."""
        mu = link.inverse(eta)
        return mu, ~np.isfinite(mu)

    def rests_on(self) -> tuple[str, str]:
        """Name thresholds, and neighbours."""
        return "thresholds", "a neighbour"

    def exponentiated(self, link: Link, values: Array) -> Array:
        """Return ratios; hazards fall where the predictor rises."""
        return np.exp(-values) if link.facts.odds == "hazard" else np.exp(values)

    def response_words(
        self, link: Link, kind: str, column: str, *, averaged: bool = False
    ) -> str | None:
        """Name probabilities, or codes."""
        return "probability" if kind == "expected" else f"category of {column}, counted from 0"

    def modelled(self, link: Link, categories: Sequence[str], known: str) -> str:
        """Say what cuts the categories."""
        return f"its {len(categories)} categories cut by thresholds on the {link.name} link"

    def changes(self, category: str, names: str) -> str:
        """Say what changes with some columns."""
        return f"The share of later categories changes with {names}."

    def equations(
        self, link: Link, own: str, predictors: Mapping[str, str], categories: Sequence[str]
    ) -> list[str]:
        """Write the distribution given its predictor, from which thresholds are taken."""
        (terms,) = predictors.values()
        return [f"yᵢ ~ {self.name}(ηᵢ{own}), {link.name} link", f"ηᵢ = {terms or '0'}"]

    def likelihood(
        self,
        name: str,
        eta: Any,
        link: Link,
        parameters: Mapping[str, Any],
        trials: Any | None,
        **kwargs: Any,
    ) -> Any:
        """Add ``y`` with the family's probabilities."""
        import pymc as pm
        import pytensor.tensor as pt

        def own_of(threshold: Any, discrimination: Any, *places: Any) -> dict[str, Any]:
            own = {"threshold": threshold, "discrimination": discrimination}
            return own | ({"places": places[0]} if places else {})

        def log_density(value: Any, eta: Any, *given: Any) -> Any:
            return self.log_density(pytensor_maths(), value, eta, link, own_of(*given))

        def draw(eta: Any, *given: Any, rng: np.random.Generator, size: Any = None) -> Any:
            return self.respond(rng, np.asarray(eta), link, own_of(*map(np.asarray, given)))

        given = [eta, parameters["threshold"], pt.as_tensor(parameters["discrimination"])]
        given += [pt.as_tensor(parameters["places"])] if "places" in parameters else []
        return pm.CustomDist(
            name, *given, logp=log_density, random=draw,
            signature="(),(k),()->()" if len(given) == 3 else "(),(k),(),(l)->()",
            dtype="int64", class_name=type(self).__name__, **kwargs,
        )  # fmt: skip

    def moments(
        self, eta: Array, link: Link, parameters: Parameters, trials: Array | None = None
    ) -> tuple[Array, Array]:
        """Return mean and variance of the codes 0 to K - 1."""
        p = self.expected(eta, link, parameters)
        code = np.arange(p.shape[-1])
        mean = p @ code
        return mean, p @ code**2 - mean**2

    def observation_variance(self, mu: Array, link: Link, parameters: Parameters) -> Array:
        """Variance of the latent variable that the thresholds cut."""
        size = np.asarray(parameters["discrimination"], np.float64)
        return latent_variance(link) / size**2 * np.ones_like(mu)


def _cut(eta: Any, own: Mapping[str, Any]) -> Any:
    return own["discrimination"][..., None] * (own["threshold"] - eta[..., None])


def _is_last(m: Maths, log_p: Any, last: Any) -> Any:
    """Whether each category is the row's last, shape (..., K)."""
    return m.is_zero(last[..., None] - m.numbers(log_p))


class Cumulative(Ordinal):
    r"""A latent variable cut into categories: :math:`P(y \le k) = F(d (\tau_k - \eta))`.

    With the logit link these are proportional odds: a coefficient is the log odds
    ratio of a later category, at whichever boundary.

    References
    ----------
    .. [1] McCullagh (1980). Regression models for ordinal data. *JRSS B* 42, 109-142.
       doi:10.1111/j.2517-6161.1980.tb01109.x
    """

    name = "cumulative"
    links = ("logit", "probit", "cloglog")
    lacks = {
        **Ordinal.lacks,
        "free_boundaries": "cs() is not for the family {family}: boundaries that move apart would cross in "
        "some rows, where a probability would be negative. Use sequential or adjacent, or a formula "
        "for discrimination.",
    }
    shown = {"logit": "ordinal"}

    def rising(self, ladders: Sequence[slice]) -> tuple[slice, ...]:
        """Return all runs: thresholds are in order."""
        return tuple(ladders)

    def separated(self, link: Link, trials: Array | None) -> tuple[str, ...]:
        """Return ``boundaries``, each of which splits the rows in two."""
        return ("boundaries",)

    def from_cuts(self, m: Maths, cut: Any, link: Link, last: Any | None = None) -> Any:
        """Return logs of differences of the distribution function, exact in both tails."""
        low, high = cut[..., :-1], cut[..., 1:]
        if link.name == "logit":
            inside = m.log_inverse(link, high) + m.log_complement(link, low)
            inside = inside + m.log_not(low - high)
        elif link.name == "probit":
            right = low > 0
            low, high = m.where(right, -high, low), m.where(right, -low, high)
            inside = m.log_inverse(link, high)
            inside = inside + m.log_not(m.log_inverse(link, low) - inside)
        else:
            left = m.log_complement(link, low)
            inside = left + m.log_not(m.log_complement(link, high) - left)
        first = m.log_inverse(link, cut[..., :1])
        if last is None:
            return m.concatenate([first, inside, m.log_complement(link, cut[..., -1:])])
        is_last, above = _is_last(m, cut, last - 1), m.log_complement(link, cut)
        ends = m.where(is_last, above, m.concatenate([inside, above[..., -1:]]))
        return m.concatenate([first, ends])


class Sequential(Ordinal):
    r"""Categories reached one after the other: :math:`P(y = k \mid y \ge k) = F(d(\tau_k - \eta))`.

    References
    ----------
    .. [1] Tutz (1990). Sequential item response models with an ordered response.
       *Br. J. Math. Stat. Psychol.* 43, 39-55. doi:10.1111/j.2044-8317.1990.tb00925.x
    """

    name = "sequential"
    links = ("logit", "probit", "cloglog")
    offers = frozenset({"thresholds", "free_boundaries"})

    def from_cuts(self, m: Maths, cut: Any, link: Link, last: Any | None = None) -> Any:
        """Return logs of stopping here after passing all before."""
        stop, pass_on = m.log_inverse(link, cut), m.log_complement(link, cut)
        nothing = 0 * cut[..., :1]
        stop = m.concatenate([stop, nothing])
        stop = stop if last is None else m.where(_is_last(m, stop, last), 0.0, stop)
        return stop + m.concatenate([nothing, m.cumsum(pass_on)])


class Adjacent(Ordinal):
    r"""Logits of neighbouring categories: :math:`\log P(y=k+1)/P(y=k) = d(\eta - \tau_k)`.

    References
    ----------
    .. [1] Agresti (2010). *Analysis of Ordinal Categorical Data*, 2nd ed., section 4.1.
       doi:10.1002/9780470594001
    """

    name = "adjacent"
    links = ("logit",)
    offers = frozenset({"thresholds", "free_boundaries"})

    def from_cuts(self, m: Maths, cut: Any, link: Link, last: Any | None = None) -> Any:
        """Return log-probabilities from their successive differences."""
        score = m.concatenate([0 * cut[..., :1], -m.cumsum(cut)])
        if last is not None:
            score = m.where(last[..., None] < m.numbers(score), -np.inf, score)
        return score - m.logsumexp(score)[..., None]
