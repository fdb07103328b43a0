"""Events of two arms given their total: Fisher's noncentral hypergeometric distribution."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.errors import SpecError
from bayes_glmm.families.contract import Array, Parameters, counts_of
from bayes_glmm.families.density_family import Written
from bayes_glmm.families.parameter import Parameter
from bayes_glmm.maths.density_maths import NUMPY, Maths, Mean
from bayes_glmm.maths.links import Link
from bayes_glmm.spec.priors import Prior

TOTAL, OTHER_TRIALS = "total", "other_trials"
MOST_EVENTS = 5_000
LARGEST_LOG_ODDS = 500.0


def _stated(scale: float) -> Prior:
    raise AssertionError("What was observed has no prior.")


class Conditional(Written):
    r"""Successes of one arm, given how many both arms have together.

    With :math:`n` trials here, :math:`n'` in the other arm and :math:`m` successes in
    both, ``y`` has probabilities in proportion to
    :math:`\binom{n}{y} \binom{n'}{m - y} e^{\eta y}`: the odds of the other arm cancel,
    and :math:`\eta` is the log odds ratio. An arm without successes needs no correction;
    two arms without any have ``y = 0`` for certain, and say nothing.

    Parameters
    ----------
    plain : Written
        The binomial family.
    total : ndarray, shape (n_rows,)

    References
    ----------
    .. [1] Stijnen, Hamza & Özdemir (2010). Random effects meta-analysis of event outcome in
       the framework of the generalized linear mixed model with applications in sparse
       data. *Statistics in Medicine* 29, 3046-3067. doi:10.1002/sim.4040
    """

    has_trials = True
    discrete = True
    mean_is_proportional = False
    lacks = {
        "mean": "Given the events of both arms, against(), the model knows odds ratios and no risks: use "
        "meta_analysis(tree, study), summary(tree, exponentiate=True) or hypothesis(). Risks need one "
        "row for each arm, events | trials(n) ~ treat + (1 + treat | study).",
        "simulator": "against() takes the events of both arms as given, so that those of one cannot be "
        "drawn without the other's: simulate one row for each arm, events | trials(n).",
    }

    def __init__(self, plain: Written, total: Array) -> None:
        plain.require("pairs")
        self.terms = int(np.max(total)) + 1
        if self.terms > MOST_EVENTS:
            raise SpecError(
                f"A total of {self.terms - 1:,} events makes against() too slow, and changes nothing: "
                "leave it out, with one row for each arm."
            )
        self.plain, self.name, self.support = plain, plain.name, plain.support
        self.links = ("logit",)
        extra = (Parameter(name, "what both arms have", _stated) for name in (TOTAL, OTHER_TRIALS))
        self.parameters, self.known = (*plain.parameters, *extra), (TOTAL, OTHER_TRIALS)

    def link(self, name: str | None = None) -> Link:
        """Return the logit link, under which the predictor is a log odds ratio."""
        if name not in (None, *self.links):
            raise SpecError(
                "against() makes the predictor a log odds ratio, which is so with the link logit alone: "
                "leave link= out."
            )
        return super().link(name)

    def density(self, m: Maths, y: Any, mean: Mean, own: Mapping[str, Any], trials: Any) -> Any:
        """Return the log-probability of ``y`` given the total."""
        log_odds = mean.log - mean.log_complement
        total, others = own[TOTAL], own[OTHER_TRIALS]
        middle = m.steady(_weight(m, _mode(m, log_odds, total, trials, others), log_odds, total,
                                  trials, others))  # fmt: skip

        def term(k: Any, log_odds: Any, total: Any, trials: Any, others: Any, middle: Any) -> Any:
            possible = m.minimum(m.minimum(trials, total) - k, others - total + k) > -0.5
            weight = _weight(m, k, log_odds, total, trials, others)
            return m.where(possible, m.exp(m.where(possible, weight - middle, 0.0)), 0.0)

        shape = 0.0 * (log_odds + total)
        values = (v + shape for v in (log_odds, total, trials, others, middle))
        whole = m.total(term, self.terms, *values)
        return _weight(m, y, log_odds, total, trials, others) - middle - m.log(whole)

    def invalid(self, y: Array, trials: Array | None) -> list[tuple[NDArray[np.bool_], str]]:
        """Refuse what the plain family refuses."""
        return self.plain.invalid(y, trials)

    def start(self, y: Array, trials: Array | None, exposure: Array) -> float:
        """Return the middle of the link: equal odds in both arms."""
        return 0.5

    def moments(
        self, eta: Array, link: Link, parameters: Parameters, trials: Array | None = None
    ) -> tuple[Array, Array]:
        """Return mean and variance of ``y`` given the total."""
        p = [weight for _, weight in self._steps(eta, parameters, trials)]
        whole = sum(p)
        mean = sum(k * v for k, v in enumerate(p)) / whole
        square = sum((k - mean) ** 2 * v for k, v in enumerate(p)) / whole
        return np.asarray(mean), np.asarray(square)

    def respond(
        self,
        rng: np.random.Generator,
        eta: Array,
        link: Link,
        parameters: Parameters,
        trials: Array | None = None,
    ) -> Array:
        """Draw ``y`` given the total, by its distribution function."""
        whole = sum(weight for _, weight in self._steps(eta, parameters, trials))
        passed = rng.random(np.shape(whole)) * whole
        y, below = np.zeros(np.shape(whole)), np.zeros(np.shape(whole))
        for k, weight in self._steps(eta, parameters, trials):
            below = below + weight
            y = np.where(below <= passed, k + 1.0, y)
        low = np.maximum(0.0, parameters[TOTAL] - parameters[OTHER_TRIALS])
        return counts_of(np.clip(y, low, np.minimum(parameters[TOTAL], np.asarray(trials))))

    def _steps(self, eta: Array, own: Parameters, trials: Array | None) -> Any:
        """Yield each number of successes with its weight, the largest about one."""
        assert trials is not None
        eta = np.clip(eta, -LARGEST_LOG_ODDS, LARGEST_LOG_ODDS)
        rest = own[TOTAL], trials, own[OTHER_TRIALS]
        middle = _weight(NUMPY, _mode(NUMPY, eta, *rest), eta, *rest)
        total, n, others = (np.asarray(v) for v in rest)
        for k in range(self.terms):
            possible = (k <= n) & (k <= total) & (total - k <= others)
            weight = np.where(possible, _weight(NUMPY, float(k), eta, *rest) - middle, -np.inf)
            yield k, np.exp(weight)

    def mean(self, mu: Array, parameters: Parameters, trials: Array | None = None) -> Array:
        """Return E[y] given the total."""
        return self.moments(_log_odds(mu), self.plain.link("logit"), parameters, trials)[0]

    def variance(self, mu: Array, parameters: Parameters, trials: Array | None = None) -> Array:
        """Return Var[y] given the total."""
        return self.moments(_log_odds(mu), self.plain.link("logit"), parameters, trials)[1]

    def simulate(
        self,
        rng: np.random.Generator,
        mu: Array,
        parameters: Parameters,
        trials: Array | None = None,
    ) -> Array:
        """Draw ``y`` given the total."""
        return self.respond(rng, _log_odds(mu), self.plain.link("logit"), parameters, trials)


def _log_odds(mu: Array) -> Array:
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(mu) - np.log1p(-np.asarray(mu)))


def _weight(m: Maths, k: Any, log_odds: Any, total: Any, trials: Any, others: Any) -> Any:
    """Return the log of ``C(n, k) C(n', m - k) odds**k``; of no meaning outside the support."""
    spare = [m.maximum(v, 0.0) for v in (trials - k, total - k, others - total + k)]
    ways = m.log_factorial(trials) - m.log_factorial(k) - m.log_factorial(spare[0])
    ways = ways + m.log_factorial(others) - m.log_factorial(spare[1]) - m.log_factorial(spare[2])
    return ways + k * log_odds


def _mode(m: Maths, log_odds: Any, total: Any, trials: Any, others: Any) -> Any:
    """Return the number of successes, not a whole one, where weights hardly change.

    Neighbouring weights are equal at a root of a quadratic, written so that neither
    large nor small odds cancel.
    """
    p = 1.0 / (1.0 + m.exp(m.minimum(-log_odds, LARGEST_LOG_ODDS)))
    b = p * (trials + total + 2.0) + (1.0 - p) * (others - total)
    c = p * (trials + 1.0) * (total + 1.0)
    root = m.sqrt(m.maximum(b * b - 4.0 * (2.0 * p - 1.0) * c, 0.0))
    far = (b - root) / (2.0 * m.minimum(2.0 * p - 1.0, -1e-300))
    mode = m.where(b > 0, 2.0 * c / m.maximum(b + root, 1e-300), far) - 0.5
    return m.maximum(m.maximum(total - others, 0.0), m.minimum(mode, m.minimum(trials, total)))
