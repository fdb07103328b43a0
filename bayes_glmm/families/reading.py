"""What a family's predictor says of the response, in words and in what can be averaged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.families.capabilities import Capable
from bayes_glmm.maths.link_reading import SHARE
from bayes_glmm.maths.links import Link

type Array = NDArray[np.float64]


class Reading(Capable):
    """How the predictor of a family is read.

    Notes
    -----
    ``link`` is the link of the mean, ``measure`` how two responses are compared
    (``"difference"``, ``"ratio"``, ``"odds_ratio"``, or ``"conditional"`` for the coefficient
    itself), and ``kind`` what is predicted: ``"expected"`` or ``"response"``.
    """

    discrete: bool = False
    has_trials: bool = False
    reports: str = "mean"
    """What predictions of the kind ``expected`` report of the response."""
    location: str = "mean"
    """What ``mu`` is of the responses that :attr:`part` names."""
    part: str = ""
    """Which responses ``mu`` is of, where it is not of all of them."""
    rates: bool = True
    """Whether counts on the log link have ratios of rates: not where zeros are cut off."""
    shown: Mapping[str, str] = {}
    """The explorer's picture of the family, by link; none where it has none."""

    def ratios(self, link: Link) -> tuple[str, str] | None:
        """Name what exponentiated coefficients are, and what the intercept is.

        Returns
        -------
        tuple of str, or None
            None where they have no multiplicative reading.
        """
        tail = f", {self.part}" if self.part else ""
        if self.discrete and link.facts.odds:
            return f"{link.facts.odds} ratio{tail}", f"{link.facts.odds}{tail}"
        if link.facts.exposure != "mean":
            return None
        if self.discrete and self.rates:
            return f"incidence rate ratio{tail}", f"rate{tail}"
        return f"ratio of {self.location}s{tail}", f"{self.location}{tail}"

    def exponentiated(self, link: Link, values: Array) -> Array:
        """Return coefficients as the ratios that :meth:`ratios` names.

        Parameters
        ----------
        values : ndarray
            Link scale.

        Returns
        -------
        ndarray
        """
        return np.exp(values)

    def density_name(self) -> str:
        """Name what the exponential of the log-density is."""
        return "probabilities" if self.discrete else "densities"

    def located(self) -> str:
        """Name what the predictor is of: a mean, or another figure, or of some responses."""
        return self.location + (f" ({self.part})" if self.part else "")

    def reported(self, kind: str) -> str:
        """Name what predictions report."""
        other = kind == "expected" and self.reports != "mean"
        return f"{self.reports} of the response" if other else f"{kind} response"

    def averaged(self) -> str:
        """Name the average of what predictions report, at the beginning of a sentence."""
        usual = self.reports == "mean"
        return "Mean response" if usual else f"Average {self.reports} of the response"

    def response_words(
        self, link: Link, kind: str, column: str, *, averaged: bool = False
    ) -> str | None:
        """Name the scale of predictions; ``None`` where it is that of the response's column.

        Parameters
        ----------
        column : str
            Of the response.
        averaged : bool
            Whether predictions are averaged over what rows stand for.

        Returns
        -------
        str or None
        """
        if self.has_trials:
            made = "share of successes" if averaged else "successes"
        elif self._is_event(link):
            made = "0 or 1"
        else:
            return None
        return "probability" if kind == "expected" else made

    def predictor_words(self, link: Link, categories: Sequence[str]) -> str:
        """Name the scale of the predictor of the mean."""
        return f"link ({link.name})"

    def data_words(self) -> str:
        """Name the scale of single responses."""
        return "response, one trial" if self.has_trials else "response"

    def effect_words(self, link: Link, measure: str, *, single: bool) -> str:
        """Name an effect as a reader would, or what it is an effect on.

        Parameters
        ----------
        single : bool
            Whether it is no effect, but what one arm has.

        Returns
        -------
        str
        """
        event = self._is_event(link)
        rate = self.discrete and self.rates and link.facts.exposure == "mean"
        kind = "probability" if event else "rate" if rate else self.location
        if single:
            return f"{kind}, {self.part}" if self.part else kind
        if measure == "conditional":
            if link.facts.degree == 1:
                return f"difference in {self.location}s"
            if not link.facts.measure:
                return f"difference, link ({link.name})"
            ratio = (self.ratios(link) or (f"ratio of {kind} / (1 - {kind})",))[0]
            return ratio.replace("incidence rate", "rate")
        kind = "risk" if event else "rate" if rate else self.reports
        return {"difference": f"{kind} difference", "ratio": f"{kind} ratio",
                "odds_ratio": "marginal odds ratio"}[measure]  # fmt: skip

    def _is_event(self, link: Link) -> bool:
        return self.discrete and link.facts.domain == SHARE

    def underdispersed(self) -> str:
        """Say what rows that vary less than the family expects may come from."""
        if self.discrete:
            return "rows that are not independent trials or events"
        return "a known spread that is stated too large"

    def modelled(self, link: Link, categories: Sequence[str], known: str) -> str:
        """Say what is modelled, as the end of a sentence.

        Parameters
        ----------
        categories : sequence of str
            Of the response; empty where it has none.
        known : str
            What to say of a known term.

        Returns
        -------
        str
        """
        return f"its {self.located()} on the {link.name} link{known}"

    def changes(self, category: str, names: str) -> str:
        """Say what changes with some columns.

        Parameters
        ----------
        category : str
            Whose predictor it is; empty where there is one predictor for all.
        names : str
            Of the columns.

        Returns
        -------
        str
            A sentence.
        """
        return f"The {self.located()} changes with {names}."

    def equations(
        self, link: Link, own: str, predictors: Mapping[str, str], categories: Sequence[str]
    ) -> list[str]:
        """Write the distribution of the response and its predictors, line by line.

        Parameters
        ----------
        own : str
            The other parameters, each after a comma.
        predictors : mapping of str to str
            The terms of each predictor of the mean, by its category.
        categories : sequence of str
            Of the response; empty where it has none.

        Returns
        -------
        list of str
        """
        trials = "nᵢ, " if self.has_trials else ""
        lines = [f"yᵢ ~ {self.name}({trials}μᵢ{own})"]
        return lines + [f"{link.name}(μᵢ) = {terms}" for terms in predictors.values()]
