"""What a family can do, and why not where it cannot: answers and checks ask for it by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

from bayes_glmm.errors import SpecError

type Capability = Literal[
    "mean", "average", "one_mean", "one_predictor", "common_boundaries", "rank", "observed",
    "dispersion", "reports_mean", "independent_trials", "curvature", "residual", "intercept",
    "population_mean", "bounded_mean", "heavy_mean", "normal_effects", "independent_levels", "single_levels",
    "odds", "positive_means", "exposure", "units", "straight",
    "thresholds", "free_boundaries", "pairs", "trials", "known_errors", "distribution",
    "simulator", "score_test", "sums",
]  # fmt: skip
NAMES: tuple[str, ...] = get_args(Capability.__value__)

NEEDS: Mapping[Capability, str] = {
    "mean": "means that the model knows",
    "average": "means that can be averaged",
    "one_mean": "one mean for each row",
    "one_predictor": "one predictor of the response",
    "common_boundaries": "one predictor for all boundaries",
    "rank": "responses that lie above or below their replications",
    "observed": "responses that were observed",
    "population_mean": "a mean over the population of groups",
    "normal_effects": "normal effects",
    "bounded_mean": "means that have ends",
    "independent_levels": "levels that are independent of one another",
    "single_levels": "rows of one level each",
    "odds": "probabilities",
    "positive_means": "means that are positive",
}
"""What an answer needs, as the subject of a message goes on: ``residuals() needs ...``."""

OFFERED: Mapping[Capability, str] = {
    "thresholds": "thres() gives groups thresholds of their own, and the family {family} has none: "
    "use it with cumulative, sequential or adjacent.",
    "free_boundaries": "cs() moves boundaries of ordered categories; {family} has none: use it with "
    "sequential or adjacent.",
    "pairs": "against() is for the binomial family, not for {family}: the odds of the other arm cancel "
    "there alone.",
    "trials": "The family {family} has no trials: use family='binomial', or remove trials().",
    "known_errors": "se() states sigma row by row, and {family} has no sigma: use family='gaussian' or "
    "'student_t' for estimates with normal errors.",
    "distribution": "cens() and trunc() need the distribution function, which {family} does not have "
    "here: use gaussian, lognormal, weibull, exponential, poisson, geometric or negative_binomial.",
    "independent_trials": "Trials of one row of {family} need not be independent of one another: draw "
    "whole rows.",
    "sums": "Rows of the family {family!r} are not described by sums: bernoulli, binomial, poisson and "
    "gaussian are. Fit it to a sample of the rows.",
    "score_test": "A screen is for bernoulli, binomial and poisson responses, not for {family}: fit "
    "one of these.",
}
"""What a family has only if it says so, and the way out where it does not."""


class Capable:
    """A family that states what it can do.

    Attributes
    ----------
    lacks : mapping of str to str
        Capabilities that most families have and this one has not, each with the reason and
        the way out; ``{family}`` stands for its name.
    offers : frozenset of str
        Those of ``OFFERED`` that it has.
    """

    name: str
    lacks: Mapping[Capability, str] = {}
    offers: frozenset[str] = frozenset()

    def lack(self, capability: Capability) -> str | None:
        """Return why the family lacks a capability and the way out; ``None`` where it has it.

        Parameters
        ----------
        capability : str
            Its name: one of ``NAMES`` in this file.

        Returns
        -------
        str or None
            One or two sentences.
        """
        why = self.lacks.get(capability)
        if why is None and capability not in self.offers:
            why = OFFERED.get(capability)
        return None if why is None else why.format(family=self.name)

    def require(self, capability: Capability) -> None:
        """Refuse a model that asks for what the family lacks.

        Parameters
        ----------
        capability : str
            Its name: one of ``NAMES`` in this file.

        Raises
        ------
        SpecError
            With the reason and the way out.
        """
        if why := self.lack(capability):
            raise SpecError(why)
