"""What a family is: one file states everything the package needs of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.families.capabilities import Capability
from bayes_glmm.families.distribution import Distribution
from bayes_glmm.families.plausible import Plausible, plausible
from bayes_glmm.families.sufficient import Sums
from bayes_glmm.maths.link_reading import SHARE
from bayes_glmm.maths.links import Link
from bayes_glmm.maths.normal_means import mean_over
from bayes_glmm.spec.priors import Prior

type Array = NDArray[np.float64]
type Parameters = Mapping[str, Array]

LARGEST = 1e12
"""Means are held here before counts are drawn: generators refuse larger ones."""
LARGEST_MEAN = 1e18
"""Means of counts beyond this are refused."""
RESPONSE = "number"


class Family(Distribution):
    """A distribution, and what answers, checks and simulators ask of it beside.

    A family states what differs from these defaults.
    """

    response: str = RESPONSE
    """How the table holds the response: ``number``, ``ordered`` or ``unordered`` categories, or
    several ``columns``."""
    by_category: Mapping[str, int] = {}
    """What has a last axis of categories, and how many of the first of these are left out:
    ``expected`` means, drawn ``response``, its ``moments`` and ``stored`` form, ``predictor``."""
    endless: tuple[str, ...] = ()
    """Parameters whose normal effects, on the log link, leave the response no mean over groups."""
    canonical_link: str = ""
    """The link under which Newton's weights are the variances, where a screen uses it."""
    sums: Sums | None = None
    """How equal rows are described by sums; ``None`` where sums do not say all."""
    has_distribution: bool = False
    """Whether the distribution function is stated."""

    def lack(self, capability: Capability) -> str | None:
        """Return why the family lacks a capability and the way out; ``None`` where it has it."""
        stated = {
            "trials": self.has_trials,
            "sums": self.sums is not None,
            "distribution": self.has_distribution,
            "known_errors": "sigma" in [p.name for p in self.parameters],
        }
        if stated.get(capability):
            return None
        if capability == "residual" and self.discrete:
            return f"Responses of {self.name} are whole numbers, and have no residual of their own."
        return super().lack(capability)

    def check_formula(self, name: str) -> None:
        """Refuse the formula of a parameter that the family does not have."""
        self.parameter(name)

    # shape of what is drawn and predicted

    def axes(self, what: str, categories: int) -> tuple[int, ...]:
        """Return the axes beyond draws and rows of what :attr:`by_category` names."""
        left_out = self.by_category.get(what)
        return () if left_out is None else (categories - left_out,)

    def by_counts(self, y: Array, categories: int) -> Array:
        """Return drawn responses as counts of each category, where they are choices of one."""
        return y

    def separate_predictors(self, categories: Sequence[str]) -> tuple[str, ...]:
        """Return the categories with a predictor of the mean of their own."""
        return ()

    def parts(self, categories: Sequence[str]) -> tuple[str, ...]:
        """Return the labels of the response's columns, where it has several."""
        return tuple(categories) if "stored" in self.by_category else ()

    def rising(self, ladders: Sequence[slice]) -> tuple[slice, ...]:
        """Return the runs of thresholds that are held in order."""
        return ()

    # responses

    def two_valued(self) -> bool:
        """Whether responses are 0 and 1, of single trials."""
        bad = np.zeros(3, dtype=bool)
        for mask, _ in self.invalid(np.array([0.0, 1.0, 2.0]), None):
            bad |= mask
        return not self.has_trials and self.discrete and bad.tolist() == [False, False, True]

    def binary(self, trials: Array | None) -> bool:
        """Whether every row is one 0 or 1: by its family, or by single trials."""
        if self.has_trials:
            return trials is None or bool((trials == 1).all())
        return self.two_valued()

    def counts(self) -> bool:
        """Whether responses are counts without an upper end."""
        return self.discrete and "counts" in self.support

    def single(self, trials: Array | None) -> bool:
        """Whether every row is one trial or one choice, which cannot vary by more than it does."""
        alone = trials is None or bool((trials <= 1).all())
        return self.discrete and not self.counts() and alone

    def spacing(self, continuous: float) -> float:
        """Return the least difference between two responses: a given one where they are numbers."""
        return 1.0 if self.discrete else continuous

    def stored(self, y: Array) -> NDArray[np.float64] | NDArray[np.int64]:
        """Return responses as a table holds them: whole numbers as such."""
        return y.astype(np.int64) if self.discrete else y

    def own_trials(self, trials: Array | None) -> Array | None:
        """Return the trials that a row stands for; none where the family has none."""
        return trials if self.has_trials else None

    def lacks_trials(self, trials: Array | None) -> bool:
        """Whether responses cannot be drawn for want of the trials of some rows."""
        known = self.own_trials(trials)
        return self.wants_trials(trials) or bool(known is not None and np.isnan(known).any())

    def wants_trials(self, trials: Array | None) -> bool:
        """Whether responses cannot be drawn for want of trials."""
        return self.has_trials and trials is None

    def rests_on(self) -> tuple[str, str]:
        """Name what the data of a category tell of, and what an empty one can be joined to."""
        return "coefficients", "another"

    def adds_up(self) -> bool:
        """Whether a row that stands for several is their sum, and not their mean."""
        return self.sums is not None and self.sums.added

    def compared(self, trials: Array | None) -> str:
        """Return how responses are set beside replicated ones.

        Returns
        -------
        {"calibration", "whole", "numbers", "categories", "spreads"}
            Binary ones with their probabilities, counts one by one, other numbers in bins,
            categories each, and compositions by how their shares spread.
        """
        if self.discrete and not self.counts() and trials is None:
            return "calibration"
        return "whole" if self.discrete and trials is None else "numbers"

    def separated(self, link: Link, trials: Array | None) -> tuple[str, ...]:
        """Return what coefficients can separate, so that a likelihood has no maximum.

        Returns
        -------
        tuple of {"categories", "boundaries", "events", "zeros"}
        """
        events = self.has_trials or self.binary(trials)
        zeros = self.discrete and link.facts.exposure == "mean"
        return ("events",) * events + ("zeros",) * zeros

    def own_estimate(self, link: Link) -> str | None:
        """Name the estimate that the rows of one study have: of odds, rates or means.

        Returns
        -------
        {"odds", "rates", "means"} or None
            Of odds and rates exact intervals are known; means need the errors of the rows.
        """
        if self.counts() and link.facts.exposure == "mean":
            return "rates"
        return "means" if link.facts.degree == 1 else None

    # means

    def population_mean(
        self, link: Link, eta: Array, variance: Array, parameters: Parameters
    ) -> Array:
        """Return what predictions report over a normal random part of the predictor.

        Parameters
        ----------
        link : Link
        eta, variance : ndarray, shape (n_draws, n_rows)
            Predictor without, and variance of, the random part.
        parameters : mapping of str to ndarray

        Returns
        -------
        ndarray
            Response scale; of categories with a last axis.
        """
        if self.mean_is_proportional:
            return self.mean(link.normal_mean(eta, variance), parameters)
        report = partial(self.expected, link=link, parameters=parameters)
        return mean_over(report, eta, variance)

    def integration(self, link: Link, predictors: int) -> str:
        """Say how :meth:`population_mean` is computed, and how exactly.

        Parameters
        ----------
        predictors : int
            How many categories have random effects in a predictor of their own.

        Returns
        -------
        str
        """
        if not self.mean_is_proportional:
            return "trapezoid rule, 16 nodes to a standard deviation"
        return link.integration

    def moments_needed(self, link: Link) -> int | None:
        """Return how many moments of the effects the population mean is made of, if of these alone."""
        return link.facts.degree if self.mean_is_proportional else None

    def endless_over(self, parameter: str) -> bool:
        """Whether normal effects in a parameter's formula leave the response no mean over groups."""
        return parameter in self.endless and self.parameter(parameter).link == "log"

    def exposed(self, link: Link) -> bool:
        """Whether the mean is in proportion to the exposure."""
        return self.mean_is_proportional and link.facts.exposure == "mean"

    def centre(self, eta: Array, link: Link, mean: Array) -> Array:
        """Return what the predictor is of, which a prior can make absurd, beside its mean."""
        return link.inverse(eta)

    def plausible_means(self, mu: Array, y: Array, link: Link) -> Plausible | None:
        """Return which means could be of such responses as were observed.

        Parameters
        ----------
        mu : ndarray, shape (n_draws, n_rows)
        y : ndarray, shape (n_rows,)
        link : Link

        Returns
        -------
        Plausible or None
            None where all are.
        """
        return plausible(mu, y, probability=link.facts.domain == SHARE, counts=self.discrete)

    def respond_within(
        self,
        rng: np.random.Generator,
        eta: Array,
        link: Link,
        parameters: Parameters,
        trials: Array | None,
    ) -> Array:
        """Draw responses, with means of counts held below what generators can draw from."""
        mu = link.inverse(eta)
        if self.discrete and trials is None:
            mu = np.clip(np.nan_to_num(mu, nan=LARGEST, posinf=LARGEST), 0, LARGEST)
        return self.simulate(rng, mu, parameters, trials)

    def impossible_means(self, eta: Array, link: Link) -> tuple[Array, NDArray[np.bool_]]:
        """Return the means of a predictor, and which rows have one that cannot be.

        Parameters
        ----------
        eta : ndarray, shape (n_rows,)
        link : Link

        Returns
        -------
        mu : ndarray
        bad : ndarray of bool, shape (n_rows,)
        """
        mu = link.inverse(eta)
        bad = ~np.isfinite(mu)
        if self.discrete:
            return mu, bad | (mu < 0) | (mu > LARGEST_MEAN)
        return mu, np.logical_or.reduce([bad, *(rows for rows, _ in self.invalid(mu, None))])


def scale_prior(spread: float) -> Prior:
    """Return the default prior of a scale in the units of the response."""
    return Prior("HalfStudentT", nu=4.0, sigma=spread)


def any_share(spread: float) -> Prior:
    """Return the default prior of a probability: level from zero to one."""
    return Prior("Beta", alpha=1.0, beta=1.0)


def fill(value: Array | float, like: Array) -> Array:
    """Broadcast a value over the shape of another."""
    return np.array(np.broadcast_to(value, np.broadcast_shapes(np.shape(value), np.shape(like))))


def whole(values: Array) -> NDArray[np.bool_]:
    """Whether values are whole numbers; infinities are not."""
    return np.isfinite(values) & (values == np.rint(values))


def invalid_counts(y: Array) -> list[tuple[NDArray[np.bool_], str]]:
    """Return what makes numbers no counts."""
    return [
        (y < 0, "is negative: counts start at 0; correct or remove these rows"),
        (~whole(y), "is not a whole number: give counts, and what they refer to as exposure"),
    ]


def count_start(y: Array, exposure: Array) -> float:
    """Return counts per unit exposure, half a count from zero."""
    return float((np.sum(y) + 0.5) / np.sum(exposure))


def counts_of(draws: Array | NDArray[np.int64]) -> Array:
    """Return counts as floats, the type of every response."""
    return np.asarray(draws, np.float64)
