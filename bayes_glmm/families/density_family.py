"""Families whose density is written once, for arrays and for graphs."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.families.contract import Array, Family, Parameters, whole
from bayes_glmm.maths.density_maths import Maths, Mean, pytensor_maths
from bayes_glmm.maths.links import Link, mean_of


class Written(Family):
    """A family that states ``density`` and ``simulate``, and no library's calls.

    Whatever computes the density goes through the ``Maths`` that it is given, so
    that the graph and the answers cannot drift apart. What most families can do and this one
    cannot goes into ``lacks``, by the names of ``families/capabilities.py``, each with the reason
    and the way out: answers that need it are then refused in these words.

    See Also
    --------
    bayes_glmm.check_family : Hold a family to what it says of itself.

    Examples
    --------
    >>> import numpy as np
    >>> import bayes_glmm as bg
    >>> class HalfNormal(bg.Family):
    ...     name, support, links, lower = "half_normal", "positive numbers", ("log",), 0.0
    ...
    ...     def density(self, m, y, mean, own, trials):
    ...         square = mean.value**2 * np.pi / 2
    ...         return np.log(2 / np.pi) / 2 - m.log(square) / 2 - y**2 / (2 * square)
    ...
    ...     def variance(self, mu, parameters, trials=None):
    ...         return (np.pi / 2 - 1) * mu**2
    ...
    ...     def simulate(self, rng, mu, parameters, trials=None):
    ...         return np.abs(rng.normal(0, mu * np.sqrt(np.pi / 2)))
    >>> bg.check_family(HalfNormal(), means=[0.5, 3.0]).passed
    True
    """

    lower: float = -np.inf
    upper: float = np.inf
    """Ends of the support, themselves not in it; see :meth:`invalid`."""

    def invalid(self, y: Array, trials: Array | None) -> list[tuple[NDArray[np.bool_], str]]:
        """Refuse what is not between ``lower`` and ``upper``, and fractions among counts.

        Parameters
        ----------
        y, trials
            As in :class:`Family`.

        Returns
        -------
        list of (ndarray of bool, str)
            Bad rows, and what is wrong and what to do.
        """
        outside = ~((y > self.lower) & (y < self.upper))
        faults = [(outside, f"is not among {self.support}: correct or remove these rows")]
        if self.discrete:
            faults.append((~whole(y), "is not a whole number: give counts"))
        return faults

    def start(self, y: Array, trials: Array | None, exposure: Array) -> float:
        """Return the mean per unit exposure.

        Parameters
        ----------
        y, trials, exposure
            As in :class:`Family`.

        Returns
        -------
        float
            Response scale.
        """
        return float(np.mean(y) / np.mean(exposure))

    def log_below(self, m: Maths, y: Any, mean: Mean, own: Mapping[str, Any], largest: int) -> Any:
        """Return log P(response <= y) of each row.

        Parameters
        ----------
        m : Maths
            Functions of arrays, or of tensors: ``m.log``, ``m.exp``, ``m.gammaln``, ...
        y : ndarray or tensor, shape (n_rows,)
            Responses.
        mean : Mean
            ``mean.value`` (response scale), ``mean.log`` and ``mean.log_complement``.
        own : mapping of str
            The family's other parameters.
        largest : int
            The largest ``y`` of counts.

        Returns
        -------
        ndarray or tensor
            Natural logarithms, one for each row.
        """
        return m.log_not(self.log_above(m, y, mean, own, largest))

    def log_above(self, m: Maths, y: Any, mean: Mean, own: Mapping[str, Any], largest: int) -> Any:
        """Return log P(response > y) of each row.

        Parameters
        ----------
        m, y, mean, own, largest
            As in :meth:`log_below`.

        Returns
        -------
        ndarray or tensor
            Natural logarithms, one for each row.
        """
        raise NotImplementedError

    @abstractmethod
    def density(self, m: Maths, y: Any, mean: Mean, own: Mapping[str, Any], trials: Any) -> Any:
        """Return the log-density of each row, with the functions of ``m``.

        Parameters
        ----------
        m : Maths
            Functions of arrays, or of tensors: ``m.log``, ``m.exp``, ``m.gammaln``, ...
        y : ndarray or tensor, shape (n_rows,)
            Responses.
        mean : Mean
            ``mean.value`` (response scale), ``mean.log`` and ``mean.log_complement``.
        own : mapping of str
            The family's other parameters.
        trials : ndarray, tensor or None
            Number of trials of each row.

        Returns
        -------
        ndarray or tensor
            Natural logarithms, one for each row.
        """

    def likelihood(
        self,
        name: str,
        eta: Any,
        link: Link,
        parameters: Mapping[str, Any],
        trials: Any | None,
        **kwargs: Any,
    ) -> Any:
        """Add ``y`` with the family's density and simulator.

        Parameters
        ----------
        name, eta, link, parameters, trials, **kwargs
            As in :class:`Family`.

        Returns
        -------
        tensor
            The observed variable of the PyMC model in context.
        """
        import pymc as pm

        names = [p.name for p in self.parameters]
        given = [eta, *(parameters[n] for n in names), *([] if trials is None else [trials])]

        def split(rest: tuple[Any, ...]) -> tuple[dict[str, Any], Any]:
            own = dict(zip(names, rest, strict=False))
            return own, rest[-1] if len(rest) > len(names) else None

        def log_density(value: Any, eta: Any, *rest: Any) -> Any:
            from pytensor.scalar.basic import autocast_float_as

            own, n = split(rest)
            with autocast_float_as("float64"):
                return self.log_density(pytensor_maths(), value, eta, link, own, n)

        def draw(eta: Any, *rest: Any, rng: np.random.Generator, size: Any = None) -> Any:
            own, n = split(rest)
            shape = () if size is None else tuple(size)
            mu = np.broadcast_to(link.inverse(eta), np.broadcast_shapes(np.shape(eta), shape))
            return self.simulate(rng, mu, own, n)

        return pm.CustomDist(
            name,
            *given,
            logp=log_density,
            random=draw,
            signature=",".join(["()"] * len(given)) + "->()",
            dtype="int64" if self.discrete else "float64",
            class_name=type(self).__name__,
            **kwargs,
        )

    def log_density(
        self, m: Maths, y: Any, eta: Any, link: Link, own: Mapping[str, Any], trials: Any = None
    ) -> Any:
        """Return the density of each row given its predictor.

        Parameters
        ----------
        m, y, eta, link, own, trials
            As in :class:`Family`.

        Returns
        -------
        ndarray, tensor or node
            Natural logarithms.
        """
        return self.density(m, y, mean_of(m, link, eta), own, trials)

    def observation_variance(self, mu: Array, link: Link, parameters: Parameters) -> Array:
        """``log(1 + var / mean**2)`` on the log link (Nakagawa et al. 2017), else by slopes.

        Parameters
        ----------
        mu, link, parameters
            As in :class:`Family`.

        Returns
        -------
        ndarray
            Link scale, squared.
        """
        if link.facts.exposure == "mean":
            expected = self.mean(mu, parameters)
            return np.log1p(self.variance(mu, parameters) / expected**2)
        return super().observation_variance(mu, link, parameters)
