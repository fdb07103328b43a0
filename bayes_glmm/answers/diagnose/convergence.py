"""Convergence of the chains: R-hat, effective sample sizes, divergences, energy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtri

from bayes_glmm.answers.diagnose.rhat_ess import diagnostics, folded_ess
from bayes_glmm.errors import Finding, listed
from bayes_glmm.model.variables import (
    CORRELATION,
    CORRELATION_FACTOR,
    EFFECTS,
    PREFIX,
    element,
    named,
    reference_name,
)

if TYPE_CHECKING:
    import xarray as xr

R_HAT = 1.01
MANY = 20
BY_CHANCE = 0.01
ESS_PER_CHAIN = 100
BFMI = 0.3
PARETO_K = 0.7
DEEP_SHARE = 0.01
STILL = 1e-12
LONGER = "Sample longer (draws=, tune=), and simplify the random effects if that does not help."


@dataclass(frozen=True)
class Measure:
    """One figure about the chains, with its threshold.

    Attributes
    ----------
    name : str
    figure, threshold : float
        The figure is NaN where it could not be computed.
    meaning : str
        What the figure is, in a phrase.
    finding : Finding or None
        What it means and what to do, where the threshold is not met.
    """

    name: str
    figure: float
    threshold: float
    meaning: str
    finding: Finding | None = None


def convergence(posterior: xr.Dataset, stats: xr.Dataset) -> tuple[bool, list[Finding]]:
    """Judge chains by ArviZ's thresholds.

    The largest R-hat among hundreds of levels lies above 1.01 by chance alone. Variables of
    more than 20 elements are therefore compared with the 99 % quantile of the largest R-hat
    among so many elements of chains that agree, each at its least effective sample size, that of
    its distance from the median included: the squared R-hat of ``m`` split chains is close to
    ``1 + m / ESS * chi2 / (m - 1)``.

    Parameters
    ----------
    posterior : xarray.Dataset
        Dims (chain, draw, ...). Entries of correlation matrices that are fixed by
        construction (the diagonal, a factor's upper triangle), and effects that can only be zero,
        are passed over.
    stats : xarray.Dataset
        ``diverging``, ``energy`` and ``reached_max_treedepth`` over (chain, draw).

    Returns
    -------
    converged : bool
    findings : list of Finding
        Severity ``error`` where the chains must not be reported from.
    """
    findings = [m.finding for m in measures(posterior, stats) if m.finding is not None]
    return not any(f.severity == "error" for f in findings), findings


def measures(posterior: xr.Dataset, stats: xr.Dataset) -> list[Measure]:
    """Measure everything that :func:`convergence` judges, met or not.

    A variable with a twin in the reference basis is judged by its twin: convergence does
    not depend on where a covariate has its zero.
    """
    twins = [name for name in posterior if reference_name(str(name)) in posterior]
    elements = Elements.of(posterior.drop_vars(twins))
    chains = posterior.sizes["chain"]
    return [
        _moved(elements),
        *_mixed(elements, chains),
        _small(elements, "ess_bulk", float(ESS_PER_CHAIN * chains)),
        _small(elements, "ess_tail", float(ESS_PER_CHAIN * chains)),
        *_of_the_sampler(stats),
    ]


@dataclass(frozen=True, eq=False)
class Elements:
    """Diagnostics of every free element of every variable.

    Attributes
    ----------
    places : list of (xarray.DataArray, ndarray)
        Each variable with the flat positions of its free elements.
    figures : dict of str to ndarray, shape (n_elements,)
        ``r_hat``, ``ess_bulk``, ``ess_tail``; NaN where an element never moved.
    """

    places: list[tuple[xr.DataArray, NDArray[np.intp]]]
    figures: dict[str, NDArray[np.float64]]

    @classmethod
    def of(cls, posterior: xr.Dataset) -> Elements:
        """Compute them variable by variable."""
        places, parts = [], []
        for name, variable in posterior.data_vars.items():
            cube = variable.values.reshape(*variable.shape[:2], -1)
            free = _free(str(name), variable.shape[2:], cube)
            if len(free):
                whole = len(free) == cube.shape[2]
                places.append((variable, free))
                parts.append(diagnostics(cube if whole else cube[:, :, free]))
        kinds = ("r_hat", "ess_bulk", "ess_tail")
        return cls(places, {k: np.concatenate([p[k] for p in parts]) for k in kinds})

    def draws(self, i: int) -> NDArray[np.float64]:
        """Return the draws of an element, shape (n_chains, n_draws)."""
        variable, place = self._place(i)
        return np.asarray(variable.values.reshape(*variable.shape[:2], -1)[:, :, place])

    def name(self, i: int) -> str:
        """Return the label of an element, such as ``u_ward[w3, intercept]``."""
        variable, place = self._place(i)
        where = np.unravel_index(place, variable.shape[2:]) if variable.ndim > 2 else ()
        labels = [str(variable[d].values[k]) for d, k in zip(variable.dims[2:], where, strict=True)]
        return element(str(variable.name), *labels) if labels else str(variable.name)

    def _place(self, i: int) -> tuple[xr.DataArray, int]:
        """Return the variable of an element, and its flat position there."""
        for variable, free in self.places:
            if i < len(free):
                return variable, int(free[i])
            i -= len(free)
        raise IndexError(i)


def _free(name: str, shape: tuple[int, ...], cube: NDArray[Any]) -> NDArray[np.intp]:
    """Return positions of elements that are not fixed by construction."""
    stem = name.removeprefix(PREFIX)
    if stem.startswith(named(EFFECTS, "")):  # a walk of one time has no deviation: exact zeros
        return np.flatnonzero((cube != 0).any(axis=(0, 1)))
    if not stem.startswith(named(CORRELATION, "")) or len(shape) != 2:
        return np.arange(cube.shape[2])
    factor = stem.startswith(named(CORRELATION_FACTOR, ""))
    lower = np.ravel_multi_index(np.tril_indices(shape[0], 0 if factor else -1), shape)
    still = np.ptp(cube[:, :, lower], axis=(0, 1)) <= STILL
    return np.asarray(lower[~still])


def _moved(elements: Elements) -> Measure:
    values = elements.figures["ess_bulk"]
    still = np.flatnonzero(~np.isfinite(values))
    meaning = "parameters that never moved, or left the numbers"
    if not len(still):
        return Measure("stuck", 0.0, 0.0, meaning)
    shown = _shown(elements, still.tolist())
    message = (
        f"{len(still)} of {len(values)} parameters have the same value in every draw, values that are "
        f"not finite, or fewer than four draws: {shown}. Nothing was learned about them; sample "
        "with other data, priors or more draws."
    )
    figure = float(len(still))
    return Measure(
        "stuck", figure, 0.0, meaning, Finding("stuck", "error", message, (), figure, 0.0)
    )


def _shown(elements: Elements, worst: list[int]) -> str:
    return listed([*map(elements.name, worst[:3]), *map(str, worst[3:])], limit=3)


MEANINGS = {
    "r_hat": ("largest R-hat", "R-hat is {:.4f} (above {:.4g}) for {}: the chains disagree."),
    "r_hat_of_many": (
        "largest R-hat of many levels, beside chance",
        "R-hat is {:.4f} (above {:.4f}, which chance explains among so many) for {}: the chains "
        "disagree.",
    ),
    "ess_bulk": (
        "smallest effective sample size of a mean",
        "The effective sample size is {:.0f} (below {:.0f}) for {}: its mean is not precise.",
    ),
    "ess_tail": (
        "smallest effective sample size of the tails",
        "The effective sample size of the tails is {:.0f} (below {:.0f}) for {}: its interval is "
        "not precise.",
    ),
}


def _mixed(elements: Elements, chains: int) -> Iterator[Measure]:
    """Compare R-hat of few elements with 1.01, and of many with chance as well."""
    lengths = np.array([len(free) for _, free in elements.places])
    sizes = np.repeat(lengths, lengths)
    few, many = np.flatnonzero(sizes <= MANY), np.flatnonzero(sizes > MANY)
    yield _worst(elements, "r_hat", few, np.full(len(few), R_HAT))
    if len(many):
        limits = _by_chance(elements, many, sizes[many], 2 * chains)
        yield _worst(elements, "r_hat_of_many", many, limits)


def _by_chance(
    elements: Elements, many: NDArray[np.intp], sizes: NDArray[np.intp], m: int
) -> NDArray[np.float64]:
    """Return the R-hat that chance explains, no less than 1.01, shape (n_many,)."""
    ess = np.minimum(elements.figures["ess_bulk"], elements.figures["ess_tail"])[many]
    above = np.flatnonzero(elements.figures["r_hat"][many] > R_HAT)
    if len(above):
        draws = np.stack([elements.draws(i) for i in many[above]], axis=2)
        ess[above] = np.minimum(ess[above], folded_ess(draws))
    ess = np.maximum(np.nan_to_num(ess), ESS_PER_CHAIN * m / 2)
    square = 1 + m / ess * chdtri(m - 1, BY_CHANCE / (2 * sizes)) / (m - 1)
    return np.maximum(R_HAT, np.sqrt(square))


def _small(elements: Elements, kind: str, limit: float) -> Measure:
    everything = np.arange(len(elements.figures[kind]))
    return _worst(elements, kind, everything, np.full(len(everything), limit))


def _worst(
    elements: Elements, kind: str, among: NDArray[np.intp], limits: NDArray[np.float64]
) -> Measure:
    above = kind.startswith("r_hat")
    values = elements.figures["r_hat" if above else kind][among]
    meaning, text = MEANINGS[kind]
    beyond = values - limits if above else limits - values
    order = np.argsort(-beyond)
    if not np.isfinite(values).any():
        return Measure(kind, float("nan"), float(limits[0]) if len(limits) else R_HAT, meaning)
    figure, limit = float(values[order[0]]), float(limits[order[0]])
    worst = [int(among[i]) for i in order if beyond[i] > 0]
    if not worst:
        return Measure(kind, figure, limit, meaning)
    message = f"{text.format(figure, limit, _shown(elements, worst))} {LONGER}"
    return Measure(kind, figure, limit, meaning, Finding(kind, "error", message, (), figure, limit))


def _of_the_sampler(stats: xr.Dataset) -> Iterator[Measure]:
    if "pareto_k" in stats:
        yield _weights(float(stats["pareto_k"].max()))
    if "diverging" in stats:
        yield _divergences(np.asarray(stats["diverging"].values))
    if "energy" in stats:
        yield _energy(np.asarray(stats["energy"].values, float))
    if "reached_max_treedepth" in stats:
        yield _depth(float(np.mean(stats["reached_max_treedepth"].values)))


def _weights(k: float) -> Measure:
    above = k > PARETO_K
    message = (
        f"The Pareto k of the importance weights is {k:.2f} (above {PARETO_K}): the normal "
        'approximation is not close to the posterior. Fit again with engine="auto".'
    )
    finding = Finding("pareto_k", "error", message, (), k, PARETO_K) if above else None
    return Measure("pareto_k", k, PARETO_K, "Pareto k of the importance weights", finding)


def _divergences(diverging: NDArray[Any]) -> Measure:
    n, meaning = int(diverging.sum()), "iterations that diverged"
    message = (
        f"{n} of {diverging.size} iterations diverged ({n / diverging.size:.2%}): part of the "
        "posterior was not explored. Raise target_accept, or simplify random effects whose sd may be "
        "zero."
    )
    finding = Finding("divergences", "error", message, (), float(n), 0.0) if n else None
    return Measure("divergences", float(n), 0.0, meaning, finding)


def _energy(energy: NDArray[np.float64]) -> Measure:
    lowest = float("nan")
    if energy.shape[1] > 1 and np.isfinite(energy).all() and (np.ptp(energy, axis=1) > 0).all():
        steps = np.square(np.diff(energy, axis=1)).mean(axis=1)
        lowest = float((steps / energy.var(axis=1, ddof=1)).min())
    message = (
        f"E-BFMI is {lowest:.2f} (below {BFMI}): the tails are explored slowly. A near-zero sd or a "
        "heavy-tailed prior is the usual cause: look at those first."
    )
    if np.isnan(lowest):
        message = (
            "E-BFMI cannot be computed: the energy of a chain is constant or not finite, so how the "
            "tails were explored is unknown. Sample again with other initial draws (seed=)."
        )
    figure = None if np.isnan(lowest) else lowest
    bad = figure is None or figure < BFMI
    finding = Finding("energy", "warning", message, (), figure, BFMI) if bad else None
    return Measure("energy", lowest, BFMI, "smallest E-BFMI of a chain", finding)


def _depth(share: float) -> Measure:
    message = (
        f"{share:.1%} of the trajectories were cut at the largest tree depth: sampling is slow, not "
        "wrong. Standardise predictors of very different scales."
    )
    bad = share > DEEP_SHARE
    finding = Finding("tree_depth", "warning", message, (), share, DEEP_SHARE) if bad else None
    return Measure("tree_depth", share, DEEP_SHARE, "share of trajectories cut short", finding)
