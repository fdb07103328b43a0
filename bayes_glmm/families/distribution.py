"""What a distribution of responses is: its density, mean, variance and simulator."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.families.parameter import response_scale
from bayes_glmm.families.parametrized import Parametrized
from bayes_glmm.families.reading import Reading
from bayes_glmm.maths.density_maths import NUMPY, Maths
from bayes_glmm.maths.links import LINKS, Link

type Array = NDArray[np.float64]
type Parameters = Mapping[str, Array]


class Distribution(Reading, Parametrized, ABC):
    """A response distribution with its links, defaults, density and simulator.

    Everything is stated for the conditional mean ``mu`` = ``link⁻¹(eta)`` of one
    row, except that families with trials have ``mu`` = P(success). NumPy methods
    broadcast over leading draw dimensions; only :meth:`likelihood` needs PyMC.

    Notes
    -----
    Arguments mean the same in every method: ``y`` are responses, shape (n_rows,); ``eta`` is
    the predictor (link scale) and ``mu`` the mean (response scale, or P(success)), whose
    leading dims are draws; ``link`` is the link of the mean; ``parameters`` are the others of
    the family by name, each on its own scale; ``trials`` is the number of trials of each
    row, where there are trials; ``rng`` is a generator: equal states, equal responses.
    """

    support: str
    mean_is_proportional: bool = True
    """Whether E[y] is ``mu`` times something that does not depend on ``mu``."""

    @abstractmethod
    def invalid(self, y: Array, trials: Array | None) -> list[tuple[NDArray[np.bool_], str]]:
        """Find responses that the family cannot have.

        Parameters
        ----------
        y : ndarray, shape (n_rows,)
            Responses.
        trials : ndarray or None
            Number of trials of each row.

        Returns
        -------
        list of (ndarray of bool, str)
            Bad rows, and what is wrong and what to do.
        """

    @abstractmethod
    def start(self, y: Array, trials: Array | None, exposure: Array) -> float | Array:
        """Return a finite mean response per unit exposure, inside the link's domain.

        Parameters
        ----------
        y : ndarray, shape (n_rows,)
            Responses.
        trials : ndarray or None
            Number of trials of each row.
        exposure : ndarray, shape (n_rows,)
            What the mean is multiplied by; ones without an exposure.

        Returns
        -------
        float or ndarray
            One number, or of unordered categories the share of each; response scale.
        """

    def scale(self, y: Array, link: str) -> float:
        """Return the unit of the predictor.

        It is one where the link is free of units (logit, probit, cloglog, log),
        and the standard deviation of ``y`` carried to the link scale otherwise.

        Parameters
        ----------
        y : ndarray, shape (n_rows,)
            Responses.
        link : str
            Name of the link.

        Returns
        -------
        float
            Link scale; default priors are in this unit.
        """
        if LINKS[link].facts.unit_free:
            return 1.0
        mean, spread = float(np.mean(y)), response_scale(y)
        slope = float(LINKS[link].derivative(LINKS[link].forward(np.asarray(mean))))
        size = spread / abs(slope) if slope else 1.0
        return size if np.isfinite(size) and size > 0 else 1.0

    @abstractmethod
    def likelihood(
        self,
        name: str,
        eta: Any,
        link: Link,
        parameters: Mapping[str, Any],
        trials: Any | None,
        **kwargs: Any,
    ) -> Any:
        """Add the observed variable to the PyMC model in context.

        Parameters
        ----------
        name : str
            Name of the variable.
        eta : tensor, shape (n_rows,)
            Predictor, link scale.
        link : Link
            Link of the mean.
        parameters : mapping of str to tensor
            The family's other parameters.
        trials : ndarray or None
            Number of trials of each row.
        **kwargs
            ``observed`` and ``dims``, passed on to PyMC.

        Returns
        -------
        tensor
            The variable.
        """

    @abstractmethod
    def log_density(
        self, m: Maths, y: Any, eta: Any, link: Link, own: Mapping[str, Any], trials: Any = None
    ) -> Any:
        """Return the log-density of each row, with the functions of ``m``.

        What graphs, answers and derivatives know of the family's probabilities.

        Parameters
        ----------
        m : Maths
            Functions of arrays, tensors or nodes of a tape.
        y : ndarray, tensor or node, shape (n_rows,)
            Responses; of several columns with a last axis.
        eta : ndarray, tensor or node, shape (n_rows,)
            Predictor, link scale; of unordered categories with a last axis.
        link : Link
            Link of the mean.
        own : mapping of str
            The family's other parameters.
        trials : ndarray, tensor, node or None
            Number of trials of each row.

        Returns
        -------
        ndarray, tensor or node
            Natural logarithms.
        """

    def logpdf(
        self,
        y: Array,
        eta: Array,
        link: Link,
        parameters: Parameters,
        trials: Array | None = None,
    ) -> Array:
        """Log-density of ``y`` row by row, finite also in the far tails.

        Parameters
        ----------
        y, eta, link, parameters, trials
            As the class says.

        Returns
        -------
        ndarray
            In the shape that the arguments broadcast to; natural logarithms.
        """
        with np.errstate(all="ignore"):
            y, eta = np.asarray(y), np.asarray(eta)
            return np.asarray(self.log_density(NUMPY, y, eta, link, parameters, trials))

    def mean(self, mu: Array, parameters: Parameters, trials: Array | None = None) -> Array:
        """Return ``mu``, times ``trials`` where there are trials.

        Parameters
        ----------
        mu, parameters, trials
            As the class says.

        Returns
        -------
        ndarray
            E[y], response scale.
        """
        return mu if trials is None else mu * trials

    @abstractmethod
    def variance(self, mu: Array, parameters: Parameters, trials: Array | None = None) -> Array:
        """Var[y] given ``mu``.

        Parameters
        ----------
        mu, parameters, trials
            As the class says.

        Returns
        -------
        ndarray
            Response scale, squared.
        """

    def deviation(self, y: Array, mean: Array) -> Array:
        """Return how far responses are from their mean.

        Parameters
        ----------
        y, mean : ndarray
            Response scale.

        Returns
        -------
        ndarray
            ``y - mean``; of angles the shorter way round.
        """
        return y - mean

    @abstractmethod
    def simulate(
        self,
        rng: np.random.Generator,
        mu: Array,
        parameters: Parameters,
        trials: Array | None = None,
    ) -> Array:
        """Draw responses (NumPy), in the shape that the arguments broadcast to.

        Parameters
        ----------
        rng, mu, parameters, trials
            As the class says.

        Returns
        -------
        ndarray
            Responses, whole numbers as floats.
        """

    def expected(self, eta: Array, link: Link, parameters: Parameters) -> Array:
        """E[y] from the predictor; per trial where the family has trials."""
        return self.mean(link.inverse(eta), parameters)

    def respond(
        self,
        rng: np.random.Generator,
        eta: Array,
        link: Link,
        parameters: Parameters,
        trials: Array | None = None,
    ) -> Array:
        """Draw responses from the predictor."""
        return self.simulate(rng, link.inverse(eta), parameters, trials)

    def moments(
        self, eta: Array, link: Link, parameters: Parameters, trials: Array | None = None
    ) -> tuple[Array, Array]:
        """Return mean and variance of the response, given the predictor."""
        mu = link.inverse(eta)
        return self.mean(mu, parameters, trials), self.variance(mu, parameters, trials)

    def observation_variance(self, mu: Array, link: Link, parameters: Parameters) -> Array:
        """Distribution-specific variance on the link scale (Nakagawa et al. 2017).

        The delta method here: the variance over the squared slope of the link.

        Parameters
        ----------
        mu, link, parameters
            As the class says.

        Returns
        -------
        ndarray
            Link scale, squared.
        """
        return self.variance(mu, parameters) / link.derivative(link.forward(mu)) ** 2

    def __repr__(self) -> str:
        return f"<family {self.name}>"
