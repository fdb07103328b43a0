"""Moran's I: whether residuals of neighbouring places go together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

from bayes_glmm.answers.diagnose.ppc import MOST_DRAWS
from bayes_glmm.answers.diagnose.residuals import MEANING, pit_residuals
from bayes_glmm.design.groups.group_schema import group_levels
from bayes_glmm.errors import ArgumentError, listed, suggestion
from bayes_glmm.literals import Effects
from bayes_glmm.results.fit import Fit, read_fit
from bayes_glmm.structures.adjacency import read_graph

if TYPE_CHECKING:
    import xarray as xr

type Array = NDArray[np.float64]
type Index = NDArray[np.intp]
PERMUTATIONS = 999
FEWEST = 10
EDGE = 1e-9


@dataclass(frozen=True, eq=False)
class Judged:
    """Moran's I of a fit's residuals, and what it is held against.

    Attributes
    ----------
    observed : float
    replicated : ndarray, shape (n_replications,)
        Of data that the model makes.
    permuted : ndarray, shape (999,)
        Of the observed residuals with the places shuffled.
    """

    observed: float
    replicated: Array
    permuted: Array


@dataclass(frozen=True, eq=False)
class Space:
    """Places with rows, and which of them are neighbours.

    Attributes
    ----------
    level : str
    names : ndarray of str, shape (n_places,)
    index : ndarray of int, shape (n_rows,)
        The place of each row.
    pairs : ndarray of int, shape (n_pairs, 2)
    """

    level: str
    names: NDArray[np.str_]
    index: Index
    pairs: Index

    @classmethod
    def of(cls, level: str, names: Any, index: Any, known: Any, pairs: Any) -> Space:
        """Keep the pairs both of which have rows."""
        place = {str(label): i for i, label in enumerate(names)}
        where = np.array([place.get(str(label), -1) for label in known], np.intp)[pairs]
        whole = where[(where >= 0).all(axis=1)]
        return cls(level, np.asarray(names, str), np.asarray(index, np.intp), whole)

    def judge(
        self, fit: Fit, groups: Effects = "new", *, n: int = MOST_DRAWS, seed: int = 0
    ) -> Judged:
        """Compare the residuals of neighbours."""
        found = pit_residuals(fit, groups, n=n, seed=seed)
        observed, made = (
            self._means(values) for values in (found.observed[None], found.replicated)
        )
        rng = np.random.default_rng([seed, 5])
        shuffled = rng.permuted(np.repeat(observed, PERMUTATIONS, axis=0), axis=1)
        return Judged(float(self.moran(observed)[0]), self.moran(made), self.moran(shuffled))

    def _means(self, pit: Array) -> Array:
        """Return the mean normal residual of each place, shape (n_sets, n_places)."""
        residuals = ndtri(np.clip(pit, EDGE, 1 - EDGE))
        order = np.argsort(self.index, kind="stable")
        starts = np.searchsorted(self.index[order], np.arange(len(self.names)))
        totals = np.add.reduceat(residuals[:, order], starts, axis=1)
        return np.asarray(totals / np.bincount(self.index))

    def moran(self, values: Array) -> Array:
        """Return Moran's I of each set of places' values, neighbours with weight one."""
        away = values - values.mean(axis=1, keepdims=True)
        together = (away[:, self.pairs[:, 0]] * away[:, self.pairs[:, 1]]).mean(axis=1)
        return np.asarray(together / np.maximum((away**2).mean(axis=1), 1e-300))


def spaces(fit: Fit) -> Iterator[Space]:
    """Yield the places of every structure that has neighbours, where there are enough."""
    for group in fit.groups:
        structure = fit.structures.get(group.structure or "")
        if structure is None or structure.neighbours is None or not group.whole:
            continue
        found = Space.of(
            group.name, group.levels, group.index, structure.labels, structure.neighbours
        )
        if len(found.names) >= FEWEST and len(found.pairs) >= FEWEST:
            yield found


def moran(
    tree: xr.DataTree,
    level: str | None = None,
    neighbours: Any = None,
    *,
    groups: Effects = "new",
    n: int = MOST_DRAWS,
    seed: int = 0,
) -> pd.DataFrame:
    """Say whether the residuals of neighbouring places go together.

    Parameters
    ----------
    tree : xarray.DataTree
        A fitted result.
    level : str, optional
        A group of the model, or a column that it reads, whose levels are places. Without,
        the levels whose structure knows their neighbours.
    neighbours : table or graph, optional
        Who is next to whom, as :func:`bayes_glmm.areal` takes it: a row for each pair of
        levels, for instance from :func:`bayes_glmm.nearest_neighbours`.
    groups : {"new", "known"}
        With the effects of all levels redrawn in replicated data, which looks at the
        effects and at the rows; or given each row's own effects, which take up what is
        common to a place, so that little is left to be found.
    n : int, default 400
        Replicated data sets.
    seed : int, default 0
        Of replicated data, ties and shuffles.

    Returns
    -------
    pandas.DataFrame
        A row for each set of places: ``level``, ``places``, ``pairs``, ``moran`` (of the
        places' mean quantile residuals), ``replicated`` (its mean in data that the model
        makes), ``p_predictive`` (share of these with a value as high), ``permuted`` and
        ``p_permutation`` (the same with the residuals shuffled over the places).

    Raises
    ------
    ArgumentError
        No neighbours are known, no such level, or hardly any pairs with rows.

    Notes
    -----
    A model of space makes data whose neighbours are alike: ``p_predictive`` says whether
    they are more alike than that, ``p_permutation`` whether they are alike at all.

    References
    ----------
    .. [1] Moran (1950). Notes on continuous stochastic phenomena. *Biometrika* 37, 17-23.
       doi:10.1093/biomet/37.1-2.17

    Examples
    --------
    >>> import bayes_glmm as bg
    >>> villages = bg.dataset("villages")
    >>> near = bg.nearest_neighbours(villages, "village", "east_km", "north_km")
    >>> tree = bg.fit(
    ...     "positive | trials(tested) ~ 1 + (1 | village)", villages, family="binomial"
    ... )
    >>> bg.moran(tree, "village", near)["places"].tolist()
    [80]
    """
    fit = read_fit(tree)
    if groups not in MEANING:
        raise ArgumentError(f"groups={groups!r}: use 'new' or 'known'.")
    found = [_given(fit, level, neighbours)] if neighbours is not None else list(spaces(fit))
    found = [s for s in found if level in (None, s.level)]
    if not found:
        raise ArgumentError(
            "The model does not say which levels are neighbours: give level= and neighbours=, a table "
            "of pairs such as bg.nearest_neighbours() makes."
        )
    rows = []
    for space in found:
        judged = space.judge(fit, groups, n=n, seed=seed)
        rows.append(
            {"level": space.level, "places": len(space.names), "pairs": len(space.pairs),
             "moran": judged.observed, "replicated": judged.replicated.mean(),
             "p_predictive": _share(judged.replicated, judged.observed),
             "permuted": judged.permuted.mean(),
             "p_permutation": _share(judged.permuted, judged.observed)}
        )  # fmt: skip
    table = pd.DataFrame(rows)
    table.attrs = {
        "estimand": f"Moran's I of quantile residuals, {MEANING[groups]}",
        "scale": "correlation of neighbours",
        **({"banner": fit.banner} if fit.banner else {}),
    }
    return table


def _share(others: Array, value: float) -> float:
    return float((1 + (others >= value).sum()) / (1 + len(others)))


def _given(fit: Fit, level: str | None, neighbours: Any) -> Space:
    """Return the places that a caller's neighbours are about."""
    groups = {g.name: g for g in fit.groups if g.whole}
    known = [*groups, *map(str, fit.data.columns)]
    if level is None or level not in known:
        raise ArgumentError(
            f"level={level!r}: name the group, or the column of the model, that has the places."
            + suggestion(str(level), known)
        )
    if level in groups:
        names: Any = groups[level].levels
        index: Any = groups[level].index
    else:
        index, names = group_levels(fit.data, [level])
    graph = read_graph(neighbours, None, None)
    space = Space.of(level, names, index, graph.labels, graph.pairs)
    if len(space.pairs) < FEWEST:
        raise ArgumentError(
            f"Only {len(space.pairs)} pairs of neighbours have rows, and {FEWEST} are needed; levels "
            f"of {level!r} are {listed(map(repr, names))}."
        )
    return space
