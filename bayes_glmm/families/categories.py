"""Responses whose mean is a probability, or a share, of each of several categories."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.families.contract import Array, Family, Parameters
from bayes_glmm.families.plausible import Plausible
from bayes_glmm.maths.density_maths import NUMPY, Maths
from bayes_glmm.maths.links import Link


class Categories(Family):
    """One of K categories, as a code from 0; the mean ``mu`` has K elements on its last axis."""

    discrete = True
    mean_is_proportional = False
    by_category = {"expected": 0}
    lacks = {
        "one_mean": "Responses that are categories have a probability each, and no mean: name the column "
        "of a treatment, use measure='conditional' or scale='latent', or compare probabilities by "
        "predictions() and comparisons().",
        "dispersion": "One choice cannot vary by more than its probabilities say: compare groups of rows.",
    }

    @abstractmethod
    def log_probabilities(self, m: Maths, eta: Any, own: Mapping[str, Any], link: Link) -> Any:
        """Return log P(category), shape (..., K), with the functions of ``m``."""

    def invalid(self, y: Array, trials: Array | None) -> list[tuple[NDArray[np.bool_], str]]:
        """Codes come from the learned categories, so that none is wrong."""
        return []

    def expected(self, eta: Array, link: Link, parameters: Parameters) -> Array:
        """Return the probability of every category, shape (..., K)."""
        with np.errstate(all="ignore"):
            return np.exp(self.log_probabilities(NUMPY, np.asarray(eta), parameters, link))

    def log_density(
        self, m: Maths, y: Any, eta: Any, link: Link, own: Mapping[str, Any], trials: Any = None
    ) -> Any:
        """Return the log-probability of each row's category."""
        return m.pick(self.log_probabilities(m, eta, own, link), y)

    def variance(self, mu: Array, parameters: Parameters, trials: Array | None = None) -> Array:
        """Return ``mu * (1 - mu)``, of whether the response is in each category."""
        return mu * (1 - mu)

    def simulate(
        self,
        rng: np.random.Generator,
        mu: Array,
        parameters: Parameters,
        trials: Array | None = None,
    ) -> Array:
        """Draw codes of categories, 0 to K - 1."""
        below = np.cumsum(mu, axis=-1)
        u = rng.random(below.shape[:-1])[..., None] * below[..., -1:]
        return np.asarray((u >= below[..., :-1]).sum(axis=-1), np.float64)

    def counts(self) -> bool:
        """Return False: categories are no numbers."""
        return False

    def two_valued(self) -> bool:
        """Return False: categories are no numbers."""
        return False

    def binary(self, trials: Array | None) -> bool:
        """Return False: categories are no numbers."""
        return False

    def compared(self, trials: Array | None) -> str:
        """Return ``categories``: how many rows are in each."""
        return "categories"

    def centre(self, eta: Array, link: Link, mean: Array) -> Array:
        """Return the mean: there is nothing else that a predictor is of."""
        return mean

    def plausible_means(self, mu: Array, y: Array, link: Link) -> Plausible | None:
        """Return None: every category could be."""
        return None

    def respond_within(
        self,
        rng: np.random.Generator,
        eta: Array,
        link: Link,
        parameters: Parameters,
        trials: Array | None,
    ) -> Array:
        """Draw responses; there is nothing to hold."""
        return self.respond(rng, eta, link, parameters, trials)

    def respond(
        self,
        rng: np.random.Generator,
        eta: Array,
        link: Link,
        parameters: Parameters,
        trials: Array | None = None,
    ) -> Array:
        """Draw responses from the predictor."""
        return self.simulate(rng, self.expected(eta, link, parameters), parameters, trials)

    def moments(
        self, eta: Array, link: Link, parameters: Parameters, trials: Array | None = None
    ) -> tuple[Array, Array]:
        """Return mean and variance of each category's count or share, shape (..., K)."""
        mu = self.expected(eta, link, parameters)
        return self.mean(mu, parameters, trials), self.variance(mu, parameters, trials)
