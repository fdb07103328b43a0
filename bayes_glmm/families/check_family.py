"""A test bench for families: whether density, mean, variance and simulator agree."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.errors import ArgumentError, Finding, Findings
from bayes_glmm.families.density_family import Written
from bayes_glmm.maths.links import Link

type Array = NDArray[np.float64]
DRAWS, ERRORS = 200_000, 4.5
MASS, GRADIENT = 1e-6, 1e-6
MOST_COUNTED = 10_000
LARGEST_LOG = 700.0


def check_family(
    family: Written, means: Sequence[float], parameters: Mapping[str, float] | None = None
) -> Findings:
    """Check that the parts of a family of one's own describe one distribution.

    For every link and mean: the density has total one, 200,000 simulated responses have
    the stated mean and variance, and the gradient of the graph is that of the density.

    Parameters
    ----------
    family : Family
        Without trials.
    means : sequence of float
        Values of ``mu`` to check at, inside the domain of every link.
    parameters : mapping of str to float, optional
        Values of the family's other parameters.

    Returns
    -------
    Findings
        ``.passed``; each fault with its figure and its limit.

    Raises
    ------
    ArgumentError
        A parameter is missing or unknown, or the family has trials.

    Examples
    --------
    >>> import numpy as np
    >>> import bayes_glmm as bg
    >>> class Rayleigh(bg.Family):
    ...     name, support, links, lower = "rayleigh", "positive numbers", ("log",), 0.0
    ...
    ...     def density(self, m, y, mean, own, trials):
    ...         square = mean.value**2 * 2 / np.pi
    ...         return m.log(y) - m.log(square) - y**2 / (2 * square)
    ...
    ...     def variance(self, mu, parameters, trials=None):
    ...         return (4 / np.pi - 1) * mu**2
    ...
    ...     def simulate(self, rng, mu, parameters, trials=None):
    ...         return rng.rayleigh(mu * np.sqrt(2 / np.pi))
    >>> bg.check_family(Rayleigh(), means=[0.5, 3.0]).passed
    True
    """
    own = {k: np.float64(v) for k, v in (parameters or {}).items()}
    wanted = {p.name for p in family.parameters}
    if set(own) != wanted or family.has_trials:
        raise ArgumentError(
            f"check_family() needs a family without trials and values of exactly "
            f"{sorted(wanted)}; given are {sorted(own)}."
        )
    found: list[Finding] = []
    for name in family.links:
        for mu in means:
            found += _faults(family, family.link(name), float(mu), own)
    return Findings(tuple(found))


def _faults(family: Written, link: Link, mu: float, own: Mapping[str, Any]) -> Iterator[Finding]:
    eta = np.asarray(link.forward(np.asarray(mu)))
    at = f"at mu={mu:g} with the {link.name} link"
    total = _total(family, eta, link, own)
    if not abs(total - 1) <= MASS:
        yield _fault("density", f"The density has the total {total:.7g} {at}, not 1.", total)
    y = family.simulate(np.random.default_rng(1), np.full(DRAWS, mu), own)
    mean = float(np.mean(family.mean(np.full(DRAWS, mu), own)))
    variance = float(np.mean(family.variance(np.full(DRAWS, mu), own)))
    gap = (y.mean() - mean) / np.sqrt(variance / DRAWS)
    if not abs(gap) <= ERRORS:
        text = f"Simulated responses have the mean {y.mean():.4g} {at}; mean() says {mean:.4g}."
        yield _fault("mean", text, float(gap))
    squares = (y - mean) ** 2
    gap = (squares.mean() - variance) / (squares.std() / np.sqrt(DRAWS))
    if not abs(gap) <= ERRORS:
        text = f"Simulated responses vary by {squares.mean():.4g} {at}; variance() says {variance:.4g}."
        yield _fault("variance", text, float(gap))
    worst = _gradient_gap(family, link, eta, own, y[:50])
    if not worst <= GRADIENT:
        text = f"The gradient of the graph {at} is not that of the density: {worst:.2g} apart."
        yield _fault("gradient", text, worst)


def _fault(name: str, message: str, figure: float) -> Finding:
    return Finding(name, "error", message, figure=figure)


def _total(family: Written, eta: Array, link: Link, own: Mapping[str, Any]) -> float:
    def density(y: Any) -> Array:
        return np.exp(family.logpdf(np.asarray(y, np.float64), eta, link, own))

    if family.discrete:
        low = 0.0 if np.isinf(family.lower) else np.floor(family.lower) + 1
        high = min(family.upper, low + MOST_COUNTED)
        return float(density(np.arange(low, high)).sum())
    from scipy.integrate import IntegrationWarning, quad

    middle = float(link.inverse(eta))
    ends = [family.lower, middle, family.upper]
    if np.isfinite(family.lower) and np.isinf(family.upper):  # by logs, where the mass is spread
        plain, low = density, family.lower
        ends = [-np.inf, np.log(middle - low), np.inf]

        def density(y: Any) -> Array:
            return plain(low + np.exp(y)) * np.exp(y) if abs(y) < LARGEST_LOG else np.zeros(())

    with warnings.catch_warnings():  # an integral that is not one is a finding
        warnings.simplefilter("ignore", IntegrationWarning)
        return float(sum(quad(density, a, b, limit=500)[0] for a, b in pairwise(ends)))


def _gradient_gap(
    family: Written, link: Link, eta: Array, own: Mapping[str, Any], y: Array
) -> float:
    import pymc as pm
    import pytensor
    import pytensor.tensor as pt

    names = list(own)
    x = pt.dvector("x")
    given = {name: x[1 + k] for k, name in enumerate(names)}
    with pm.Model():
        rv = family.likelihood("y", x[0] + np.zeros(len(y)), link, given, None)
    values = y.astype(np.int64) if family.discrete else y
    total = pm.logp(rv, pt.as_tensor(values)).sum()
    function = pytensor.function([x], [total, pytensor.grad(total, x)], mode="FAST_COMPILE")
    at = np.array([float(eta), *(float(own[name]) for name in names)])

    def log_density(v: Array) -> float:
        mine = dict(zip(names, v[1:], strict=True))
        return float(family.logpdf(y, np.full(len(y), v[0]), link, mine).sum())

    gradient, worst = (
        function(at)[1],
        abs(function(at)[0] - log_density(at)) / max(1, abs(log_density(at))),
    )
    for k in range(len(at)):
        h = 1e-4 * max(1.0, abs(at[k]))
        step = np.zeros_like(at)
        step[k] = h
        ends = [log_density(at + c * step) for c in (-2, -1, 1, 2)]
        slope = (ends[0] - 8 * ends[1] + 8 * ends[2] - ends[3]) / (12 * h)
        worst = max(worst, abs(slope - gradient[k]) / max(1.0, abs(slope)))
    return float(worst)
