"""What each link makes of a mean: its scale, its ratios, and its averages over normal effects."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.errors import ArgumentError
from bayes_glmm.maths.normal_means import (
    ERROR,
    cloglog_mean,
    exponential_mean,
    identity_mean,
    logit_mean,
    probit_mean,
    square_mean,
)

type Array = NDArray[np.float64]
type Average = Callable[[Array, Array], Array]
CLOSED = "closed form"
BY_QUADRATURE = f"trapezoid rule, absolute error below {ERROR:g}"
ENDLESS = (-np.inf, np.inf)
POSITIVE, SHARE = (0.0, np.inf), (0.0, 1.0)


@dataclass(frozen=True)
class LinkFacts:
    """What holds for a link, whatever the family.

    Attributes
    ----------
    domain : tuple of float
        Ends of what the mean can be for any predictor.
    unit_free : bool
        Whether the predictor has no unit, whatever that of the response.
    latent_variance : float or None
        Variance of the latent variable that a probability is the distribution function of.
    average : callable or None
        ``(eta, variance)``: the mean over a normal random part; ``None`` where there is none.
    integration : str
        How that is computed, in words.
    degree : int or None
        Where the mean is a polynomial of the predictor, its degree: it has a mean over effects
        with that many moments.
    odds : str
        What the exponential of the predictor of a probability is; empty where it is nothing.
    measure : str
        What differences of predictors are exponentiated to; empty where they are not.
    exposure : str
        What a known logarithm in the predictor multiplies; empty where it is nothing.
    """

    domain: tuple[float, float] = ENDLESS
    unit_free: bool = False
    latent_variance: float | None = None
    average: Average | None = None
    integration: str = CLOSED
    degree: int | None = None
    odds: str = ""
    measure: str = ""
    exposure: str = ""


FACTS = {
    "identity": LinkFacts(average=identity_mean, degree=1),
    "log": LinkFacts(
        POSITIVE, unit_free=True, average=exponential_mean, measure="ratio", exposure="mean"
    ),
    "sqrt": LinkFacts(POSITIVE, average=square_mean, degree=2),
    "inverse": LinkFacts(),
    "tan_half": LinkFacts((-np.pi, np.pi)),
    "logit": LinkFacts(
        SHARE, unit_free=True, latent_variance=np.pi**2 / 3, average=logit_mean,
        integration=BY_QUADRATURE, odds="odds", measure="odds_ratio",
    ),
    "probit": LinkFacts(SHARE, unit_free=True, latent_variance=1.0, average=probit_mean),
    "cloglog": LinkFacts(
        SHARE, unit_free=True, latent_variance=np.pi**2 / 6, average=cloglog_mean,
        integration=BY_QUADRATURE, odds="hazard", exposure="hazard",
    ),
}  # fmt: skip

LACKS: dict[str, tuple[Callable[[LinkFacts], bool], str]] = {
    "population_mean": (
        lambda facts: facts.average is not None,
        "With the {link} link the mean over a population of groups does not exist: use "
        "groups='known' or 'typical', or another link.",
    ),
    "bounded_mean": (
        lambda facts: facts.domain == SHARE,
        "Student's t has tails so heavy that the mean over the population does not exist with the "
        "{link} link: use groups='known', 'typical' or 'new'.",
    ),
    "heavy_mean": (
        lambda facts: facts.domain == SHARE or facts.degree is not None,
        "The mean over effects with Student's t does not exist with the {link} link: use normal "
        "effects.",
    ),
    "odds": (
        lambda facts: facts.domain == SHARE,
        "Odds ratios are for probabilities, and means under the {link} link are none: use "
        "measure='ratio'.",
    ),
    "positive_means": (
        lambda facts: facts.domain[0] >= 0,
        "Under the {link} link a mean may be negative: compare by differences.",
    ),
    "exposure": (
        lambda facts: bool(facts.exposure),
        "A known logarithm in the predictor makes rates under the link log (or cloglog), not "
        "{link}: use that link, or make the column a predictor.",
    ),
    "units": (
        lambda facts: not facts.unit_free,
        "Predictors of the {link} link have no unit: compare them with one.",
    ),
    "straight": (
        lambda facts: facts.degree == 1,
        "Under the {link} link the mean is no straight line in the predictor: compare means.",
    ),
}
"""What a link may lack: whether it has it, and why not, with the way out."""


class LinkReading:
    """How the predictor of a link is read."""

    name: str
    inverse: Callable[[Array], Array]

    @property
    def facts(self) -> LinkFacts:
        """What holds for the link, whatever the family."""
        return FACTS[self.name]

    @property
    def scale(self) -> str:
        """Words for the scale of the predictor."""
        return "response" if self.facts.degree == 1 else f"link ({self.name})"

    @property
    def integration(self) -> str:
        """How :meth:`normal_mean` is computed, in words."""
        return self.facts.integration

    def lack(self, capability: str) -> str | None:
        """Return why the link lacks a capability and the way out; ``None`` where it has it.

        Parameters
        ----------
        capability : str
            One that links have a say in has an entry in ``LACKS``; they lack no other.

        Returns
        -------
        str or None
            One or two sentences.
        """
        has, why = LACKS.get(capability, (lambda facts: True, ""))
        return None if has(self.facts) else why.format(link=self.name)

    def normal_mean(self, eta: Array, variance: Array) -> Array:
        r"""Return :math:`E[g^{-1}(\eta + v)]` for :math:`v \sim N(0, \text{variance})`.

        Parameters
        ----------
        eta, variance : ndarray
            Predictor without, and variance of, the random part; they broadcast.

        Returns
        -------
        ndarray
            Response scale.

        Raises
        ------
        ArgumentError
            The mean over groups does not exist: the inverse link.
        """
        eta, variance = np.broadcast_arrays(np.asarray(eta, float), np.asarray(variance, float))
        average = self.facts.average
        if not variance.any():
            return np.array(self.inverse(eta))
        if average is None:
            raise ArgumentError(str(self.lack("population_mean")))
        return average(eta, variance)

    def effect(self, difference: Array | float) -> Array:
        """Return a difference of predictors as it is read: as a ratio on the log and logit links.

        Parameters
        ----------
        difference : ndarray or float
            Link scale; zero gives what the effect is where there is none.

        Returns
        -------
        ndarray
        """
        return np.exp(difference) if self.facts.measure else np.asarray(difference)

    def measures(self) -> tuple[str, ...]:
        """Return the measures that compare predictors: a difference, and its exponential."""
        return ("difference", *([self.facts.measure] if self.facts.measure else []))

    def ratio(self) -> str:
        """Name the exponential of a difference of predictors; empty where it is not read."""
        return self.facts.measure.replace("_", " ")

    def multiplied(self, offset: Array) -> Array:
        """Return what known terms of the predictor multiply the mean by; ones where nothing.

        Parameters
        ----------
        offset : ndarray, shape (n_rows,)
            Link scale.

        Returns
        -------
        ndarray, shape (n_rows,)
        """
        return np.exp(offset) if self.facts.exposure == "mean" else np.ones(np.shape(offset))

    def added(self, offset: float) -> float:
        """Return what known terms add to the predictor, apart from what multiplies the mean."""
        return 0.0 if self.facts.exposure == "mean" else offset
