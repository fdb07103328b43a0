"""What a family is: one file states everything the package needs of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Container, Mapping
from copy import copy
from dataclasses import replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.errors import SpecError, suggestion
from bayes_glmm.families.parameter import Parameter, response_scale
from bayes_glmm.families.reading import Reading
from bayes_glmm.maths.density_maths import NUMPY, Maths
from bayes_glmm.maths.links import LINKS, Link
from bayes_glmm.spec.priors import ONE_TO_TWO, POSITIVE, REAL, UNIT, Prior

type Array = NDArray[np.float64]
type Parameters = Mapping[str, Array]

RANGES = {
    REAL: (-np.inf, np.inf),
    POSITIVE: (0.0, np.inf),
    UNIT: (0.0, 1.0),
    ONE_TO_TWO: (1.0, 2.0),
}
UNIT_FREE = ("logit", "probit", "cloglog", "log")


class Family(Reading, ABC):
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

    name: str
    support: str
    links: tuple[str, ...]
    parameters: tuple[Parameter, ...] = ()
    known: tuple[str, ...] = ()
    """Those of the parameters that are data of each row: how its response was observed."""
    has_trials: bool = False
    discrete: bool = False
    increasing: bool = False
    categorical: bool = False
    """Whether the mean has an element for each of several categories, on a last axis."""
    unordered: bool = False
    """Whether every category but the first has a predictor of its own, on a last axis."""
    composed: bool = False
    """Whether the response is several columns, one for each category."""
    mean_is_proportional: bool = True
    """Whether E[y] is ``mu`` times something that does not depend on ``mu``."""

    @property
    def default_link(self) -> str:
        """Name of the link used when none is asked for."""
        return self.links[0]

    def link(self, name: str | None = None) -> Link:
        """Return the link of that name, refusing one the family does not take.

        Parameters
        ----------
        name : str, optional
            One of ``links``; the first of them when not given.

        Returns
        -------
        Link
            With ``forward``, ``inverse`` and ``derivative``.

        Raises
        ------
        SpecError
            The family does not take this link.
        """
        chosen = self.default_link if name is None else name
        if chosen not in self.links:
            raise SpecError(
                f"The family {self.name} does not take the link {chosen!r}."
                + suggestion(str(chosen), list(self.links))
            )
        return LINKS[chosen]

    def parameter(self, name: str) -> Parameter:
        """Return the parameter of that name, refusing one the family does not have.

        Parameters
        ----------
        name : str
            A parameter beside ``mu`` that may have a formula.

        Returns
        -------
        Parameter
            Its meaning, link and default prior.

        Raises
        ------
        SpecError
            The family has no such parameter.
        """
        known = {p.name: p for p in self.parameters if p.formula and not p.vector}
        if name not in known:
            raise SpecError(
                f"The family {self.name} has no parameter {name!r} to give a formula."
                + suggestion(name, ["mu", *known])
            )
        return known[name]

    def holding(self, **known: float) -> Self:
        """Return the family with some of its parameters at known values.

        They are then not estimated and take no formula, and the name of the family says
        so: ``student_t(nu=4)``.

        Parameters
        ----------
        **known : float
            Values by name, each on the parameter's own scale.

        Returns
        -------
        Family
            A copy.

        Raises
        ------
        SpecError
            No such parameter, or a value that it cannot have.
        """
        own = {p.name: p for p in self.parameters if not p.vector}
        for name, value in known.items():
            if name not in own:
                raise SpecError(
                    f"The family {self.name} has no parameter {name!r} to hold."
                    + suggestion(name, list(own))
                )
            low, high = RANGES[own[name].prior(1.0).support]
            if not low < value < high:
                raise SpecError(
                    f"{name}={value:g}: for {self.name} it must be a number between {low:g} and "
                    f"{high:g}."
                )
        held = copy(self)
        held.name = f"{self.name}({','.join(f'{k}={float(v)!r}' for k, v in known.items())})"
        held.parameters = tuple(
            replace(p, fixed=float(known[p.name]), formula=False) if p.name in known else p
            for p in self.parameters
        )
        return held

    def scalars(self, formulas: Container[str]) -> tuple[Parameter, ...]:
        """Return the parameters that are one number to estimate: they have no formula."""
        plain = (p for p in self.parameters if not p.vector and p.fixed is None)
        return tuple(p for p in plain if p.name not in formulas)

    @property
    def spread(self) -> tuple[Parameter, ...]:
        """The parameters that say how far single rows lie from their mean.

        Of a continuous family that marks none they are all that it has.
        """
        marked = tuple(p for p in self.parameters if p.spread)
        return marked or (() if self.discrete else self.parameters)

    @property
    def vectors(self) -> tuple[Parameter, ...]:
        """The parameters with one element for every boundary between categories."""
        return tuple(p for p in self.parameters if p.vector)

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
        if link in UNIT_FREE:
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
