"""Responses that are weighted, known between bounds only, or seen between bounds only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.errors import SpecError
from bayes_glmm.families.capabilities import Capability
from bayes_glmm.families.conditional import OTHER_TRIALS, TOTAL, Conditional
from bayes_glmm.families.contract import Array, Family, Parameters
from bayes_glmm.families.density_family import Written
from bayes_glmm.families.parameter import Parameter
from bayes_glmm.families.truncated import moments_within
from bayes_glmm.maths.density_maths import Maths, Mean
from bayes_glmm.maths.links import Link
from bayes_glmm.spec.priors import Prior

WEIGHTS, STATUS, UPPER, LEAST, MOST = "weights", "status", "upper", "least", "most"
SEEN, LEFT, RIGHT, INTERVAL = 0.0, -1.0, 1.0, 2.0
DRAWN_WITHIN = (LEAST, MOST, TOTAL, OTHER_TRIALS)
"""What new responses have to heed."""
KNOWN_MEANS = (WEIGHTS, STATUS, UPPER, LEAST, MOST)
ROUNDS = 10_000
CENSORED: Mapping[Capability, str] = {
    "observed": "Censored responses are not observed, and cannot be compared with replicated ones: look at "
    "predictions() beside the known bounds.",
    "rank": "Censored responses are not observed, and have no residuals: look at those of a model of "
    "the rows that were observed.",
    "dispersion": "Censored responses are not observed: how far they lie from their mean is not known.",
}
ENDLESS = 1e300
MOST_SUMMED = 1_000


def _stated(scale: float) -> Prior:
    raise AssertionError("What was observed has no prior.")


def observe(family: Family, modifiers: Mapping[str, Array], y: Array | None = None) -> Family:
    """Return the family of responses as they were observed; the plain one without modifiers.

    Parameters
    ----------
    modifiers : mapping of str to ndarray, shape (n_rows,)
        ``weights``; ``status`` (0 observed, -1 left, 1 right, 2 interval) with ``upper``;
        the bounds ``least`` and ``most`` of truncation; ``total`` and ``other_trials`` of a
        pair of arms. The density of the returned family reads them by these names among
        the parameters.
    y : ndarray, shape (n_rows,), optional
        Where a density is needed.

    Raises
    ------
    SpecError
        The family has no distribution function, and needs one.
    """
    if TOTAL in modifiers:
        family.require("pairs")
    if TOTAL in modifiers and isinstance(family, Written):
        _refuse_more(modifiers)
        return Conditional(family, modifiers[TOTAL])
    names = tuple(name for name in KNOWN_MEANS if name in modifiers)
    if not names:
        return family
    if not isinstance(family, Written):
        raise SpecError(f"The family {family.name} takes no weights(), cens() or trunc().")
    if names != (WEIGHTS,):
        family.require("distribution")
    return Observed(family, names, _largest(family, modifiers, y) if family.discrete else 0)


def _refuse_more(modifiers: Mapping[str, Array]) -> None:
    more = [name for name in (WEIGHTS, STATUS, LEAST) if name in modifiers]
    if more:
        raise SpecError(f"against() is not combined with {', '.join(more)} of the response.")


def _largest(family: Family, modifiers: Mapping[str, Array], y: Array | None) -> int:
    """Return the largest count whose distribution function is needed."""
    ends = [np.zeros(1)]
    if STATUS in modifiers and y is not None:
        ends += [y[modifiers[STATUS] != 0], modifiers.get(UPPER, y)[modifiers[STATUS] == INTERVAL]]
    ends += [modifiers[name] for name in (LEAST, MOST) if name in modifiers]
    values = np.concatenate(ends)
    largest = int(values[np.isfinite(values)].max())
    if largest > MOST_SUMMED:
        raise SpecError(
            f"A bound of {largest:,} is too large for {family.name}: probabilities of counts are "
            f"summed up to {MOST_SUMMED:,}."
        )
    return largest


class Observed(Written):
    """A plain family whose density knows how each row was observed.

    A row with the status ``left`` counts with P(Y <= y), ``right`` with P(Y > y) and
    ``interval`` with P(y < Y <= upper), for counts too. Truncation keeps its bounds:
    responses with ``least <= Y <= most`` could be seen. A weight multiplies the log-density.
    Mean and variance given ``mu`` are those before censoring and truncation; ``moments``
    given the predictor are those of the responses that could be seen.
    """

    def __init__(self, plain: Written, names: tuple[str, ...], largest: int) -> None:
        self.plain, self.names, self.largest = plain, names, largest
        self.name, self.support, self.links = plain.name, plain.support, plain.links
        self.has_trials, self.discrete = plain.has_trials, plain.discrete
        self.mean_is_proportional = plain.mean_is_proportional
        extra = (Parameter(name, "how the row was observed", _stated) for name in names)
        self.parameters, self.known = (*plain.parameters, *extra), names

    def lack(self, capability: Capability) -> str | None:
        """Return what the plain family lacks, or what is not known of censored responses."""
        censored = CENSORED.get(capability) if STATUS in self.names else None
        return censored or self.plain.lack(capability)

    @property
    def spread(self) -> tuple[Parameter, ...]:
        """Those of the plain family: what is known of rows is no parameter."""
        return self.plain.spread

    def density(self, m: Maths, y: Any, mean: Mean, own: Mapping[str, Any], trials: Any) -> Any:
        """Return the log of what was observed: a density, or the mass of a range."""
        log_density = self.plain.density(m, y, mean, own, trials)
        if STATUS in own:
            log_density = self._censored(m, y, mean, own, log_density)
        if LEAST in own:
            step = 1 if self.discrete else 0  # counts at the lower bound itself are seen
            log_density = log_density - self._mass(m, own[LEAST] - step, own[MOST], mean, own, y)
        if WEIGHTS in own:  # of weight zero no density counts, not even that of the impossible
            log_density = m.where(m.is_zero(own[WEIGHTS]), 0.0, log_density)
        return log_density * own[WEIGHTS] if WEIGHTS in own else log_density

    def _censored(self, m: Maths, y: Any, mean: Mean, own: Mapping[str, Any], seen: Any) -> Any:
        status = own[STATUS]
        upper = own.get(UPPER, y)
        upper = m.where(m.is_zero(status - INTERVAL), upper, y + 1)
        below = self._below(m, y, mean, own)
        above = self._above(m, y, mean, own)
        within = self._mass(m, y, upper, mean, own, y)
        log_density = m.where(m.is_zero(status - LEFT), below, seen)
        log_density = m.where(m.is_zero(status - RIGHT), above, log_density)
        return m.where(m.is_zero(status - INTERVAL), within, log_density)

    def _below(self, m: Maths, y: Any, mean: Mean, own: Mapping[str, Any]) -> Any:
        return self.plain.log_below(m, y, mean, own, self.largest)

    def _above(self, m: Maths, y: Any, mean: Mean, own: Mapping[str, Any]) -> Any:
        return self.plain.log_above(m, y, mean, own, self.largest)

    def _mass(
        self, m: Maths, low: Any, high: Any, mean: Mean, own: Mapping[str, Any], inside: Any
    ) -> Any:
        """Return log P(low < y <= high), from whichever tail keeps the digits."""
        open_low, open_high = low < -ENDLESS, high > ENDLESS
        low, high = m.where(open_low, inside, low), m.where(open_high, inside, high)
        below_low, below_high = (self._below(m, x, mean, own) for x in (low, high))
        above_low, above_high = (self._above(m, x, mean, own) for x in (low, high))
        below_low = m.where(open_low, -np.inf, below_low)
        above_low = m.where(open_low, 0.0, above_low)
        below_high = m.where(open_high, 0.0, below_high)
        above_high = m.where(open_high, -np.inf, above_high)
        right = below_low > above_low
        less = m.where(right, above_high, below_low)
        more = m.where(right, above_low, below_high)
        return more + m.log_not(m.where(less < -ENDLESS, -np.inf, less - more))

    def invalid(self, y: Array, trials: Array | None) -> list[tuple[NDArray[np.bool_], str]]:
        """Refuse what the plain family refuses."""
        return self.plain.invalid(y, trials)

    def start(self, y: Array, trials: Array | None, exposure: Array) -> float:
        """Return the plain family's start."""
        return self.plain.start(y, trials, exposure)

    def mean(self, mu: Array, parameters: Parameters, trials: Array | None = None) -> Array:
        """Return the mean before censoring and truncation."""
        return self.plain.mean(mu, parameters, trials)

    def variance(self, mu: Array, parameters: Parameters, trials: Array | None = None) -> Array:
        """Return the variance before censoring and truncation."""
        return self.plain.variance(mu, parameters, trials)

    def moments(
        self, eta: Array, link: Link, parameters: Parameters, trials: Array | None = None
    ) -> tuple[Array, Array]:
        """Return mean and variance between the bounds of truncation; before censoring."""
        if LEAST not in parameters:
            return super().moments(eta, link, parameters, trials)
        own = {p.name: parameters[p.name] for p in self.plain.parameters}
        return moments_within(self.plain, eta, link, own, parameters[LEAST], parameters[MOST])

    def simulate(
        self,
        rng: np.random.Generator,
        mu: Array,
        parameters: Parameters,
        trials: Array | None = None,
    ) -> Array:
        """Draw responses, again and again until all are within their bounds of truncation."""
        y = np.array(self.plain.simulate(rng, mu, parameters, trials), np.float64)
        if LEAST not in parameters:
            return y
        for _ in range(ROUNDS):
            out = (y < parameters[LEAST]) | (y > parameters[MOST])
            if not out.any():
                return y
            y = np.where(out, self.plain.simulate(rng, mu, parameters, trials), y)
        raise SpecError(
            "Responses between the bounds of trunc() are too rare to be drawn: the parameters "
            "put nearly all of them outside."
        )
