"""Areal structures (ICAR, BYM2, Leroux, CAR), scaled so that ``sd`` does not depend on the map."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.errors import ArgumentError, listed, suggestion
from bayes_glmm.model.blocks.array_types import Array, Text
from bayes_glmm.model.blocks.factor import Factor, Hyper
from bayes_glmm.spec.priors import Prior
from bayes_glmm.structures.adjacency import Graph, read_graph
from bayes_glmm.structures.laplacian import elimination_order, variances
from bayes_glmm.structures.level_labels import match
from bayes_glmm.structures.prepare_areas import intrinsic_factor, spectral_factor
from bayes_glmm.structures.structure import Structure

MODELS = ("icar", "bym2", "leroux", "car")
LARGEST = 3000
_MEANING = {
    "bym2": "share of the variance that neighbours have in common",
    "leroux": "weight of the neighbours against independence (Leroux's lambda)",
    "car": "dependence on the mean of the neighbours (alpha of a proper CAR)",
}


def areal(
    edges: Any,
    model: Literal["icar", "bym2", "leroux", "car"] = "bym2",
    *,
    areas: Iterable[str] | None = None,
    column: str | None = None,
) -> Areal:
    r"""Relate areas by who borders whom.

    With :math:`R` the graph's Laplacian (numbers of neighbours on the diagonal, -1 for
    each border), :math:`R^-` its generalized inverse, :math:`D` its diagonal and
    :math:`W` the borders, the covariance of unit-scale effects in one connected part of
    the map is

    - ``"icar"``: :math:`R^- / g`, which sums to zero;
    - ``"bym2"``: :math:`\rho R^- / g + (1 - \rho) I`;
    - ``"leroux"``: :math:`(\rho R + (1 - \rho) I)^{-1} / g(\rho)`;
    - ``"car"``: :math:`(D - \rho W)^{-1} / g(\rho)`,

    where :math:`\rho` is the parameter ``mix``, and the :math:`g` are the geometric means
    of the diagonals, so that ``sd`` is a typical area's standard deviation whatever
    the map and whatever :math:`\rho`. Every connected part is scaled, and of an intrinsic
    field centred, by itself; an area without a neighbour has an independent effect of
    variance one. Parts of a map may differ in level: a fixed effect says so.

    Parameters
    ----------
    edges : pandas.DataFrame, GeoDataFrame or libpysal graph
        Two columns of labels with a row for each border, in either direction or both;
        a map, whose areas are neighbours when they share a point or more
        (``pip install "bayes_glmm[spatial]"``); or a graph of libpysal with weights of one,
        in which either direction makes neighbours.
    model : {"bym2", "icar", "leroux", "car"}
        ``"leroux"`` and ``"car"`` are dense: at most 3,000 areas in one part.
    areas : iterable of str, optional
        All areas, where some stand in no border.
    column : str, optional
        Column of a map with the labels; its index when not given.

    Returns
    -------
    Areal
        For ``structures=``.

    Raises
    ------
    ArgumentError, ArgumentTypeError, DataError
        Borders are malformed, or the model is unknown or too large.

    References
    ----------
    .. [1] Riebler A, Sorbye SH, Simpson D, Rue H (2016). An intuitive Bayesian spatial
       model for disease mapping that accounts for scaling. doi:10.1177/0962280216660421
    .. [2] Freni-Sterrantino A, Ventrucci M, Rue H (2018). A note on intrinsic conditional
       autoregressive models for disconnected graphs. doi:10.1016/j.sste.2018.04.002
    .. [3] Leroux BG, Lei X, Breslow N (2000). Estimation of disease rates in small areas.
       doi:10.1007/978-1-4612-1284-3_4

    Examples
    --------
    >>> import pandas as pd
    >>> import bayes_glmm as bg
    >>> borders = pd.DataFrame({"from": ["a", "b"], "to": ["b", "c"]})
    >>> structure = bg.areal(borders, areas=["a", "b", "c", "lone"])
    >>> structure.labels.tolist()
    ['a', 'b', 'c', 'lone']
    """
    if model not in MODELS:
        raise ArgumentError(f"There is no areal model {model!r}." + suggestion(model, MODELS))
    graph = read_graph(edges, areas, column)
    largest = int(np.bincount(graph.component).max())
    if model in ("leroux", "car") and largest > LARGEST:
        raise ArgumentError(
            f"The model {model!r} is dense and takes at most {LARGEST} areas in one part of the "
            f"map; this one has {largest}. Use model='bym2', which is sparse."
        )
    return Areal(graph.labels, model, graph, elimination_order(graph))


@dataclass(frozen=True, eq=False, repr=False)
class Areal(Structure):
    """Areas of a map.

    Attributes
    ----------
    labels : ndarray of str
        Areas, sorted.
    model : {"icar", "bym2", "leroux", "car"}
    graph : Graph
    order : ndarray of int64
        Order of elimination of the sparse factor, without one area of each part.
    """

    kind: ClassVar[str] = "areal"
    model: str
    graph: Graph
    order: NDArray[np.int64]

    @property
    def hyper(self) -> tuple[Hyper, ...]:
        """``mix``, between zero and one; none of ICAR."""
        if self.model == "icar":
            return ()
        return (Hyper("mix", "unit", Prior("Beta", alpha=1, beta=1), _MEANING[self.model]),)

    @property
    def neighbours(self) -> NDArray[np.int64]:
        """Areas that share a border."""
        return np.asarray(self.graph.pairs, np.int64)

    @cached_property
    def scale(self) -> Array:
        """Geometric mean of the variances in each part of the map, one for single areas."""
        graph = self.graph
        variance = np.where(graph.island, 1.0, self.variance)
        sizes = np.bincount(graph.component)
        return np.exp(np.bincount(graph.component, weights=np.log(variance)) / sizes)

    @cached_property
    def variance(self) -> Array:
        """Diagonal of the Laplacian's generalized inverse, shape (n_areas,)."""
        return variances(self.graph, self.order)

    def prepare(self, levels: Text, sampled: Text | None = None) -> Factor:
        """Return the map from latents of all areas to the effects of some."""
        rows = match(levels, self.labels, "The data", "the graph of areas")
        if self.model in ("leroux", "car"):
            return spectral_factor(self.graph, self.model, levels, rows)
        mixed = self.model == "bym2"
        return intrinsic_factor(
            self.graph, self.order, self.scale, self.variance, mixed, levels, rows, sampled
        )

    def notes(self) -> tuple[str, ...]:
        """Say how many parts the map has, and which areas have no neighbour."""
        sizes = np.bincount(self.graph.component)
        parts = np.sort(sizes[sizes > 1])[::-1]
        notes = [
            f"The map has {len(self.labels)} areas and {len(self.graph.pairs)} borders, in "
            f"{len(parts)} connected part{'s' * (len(parts) != 1)} of {listed(parts)} areas."
        ]
        lone = self.labels[self.graph.island]
        if len(lone):
            notes.append(
                f"{len(lone)} area{'s' * (len(lone) > 1)} without a neighbour have independent "
                f"effects: {listed(lone)}."
            )
        return tuple(notes)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return the graph, the order of elimination and the model."""
        return {
            "labels": self.labels,
            "pairs": self.graph.pairs,
            "order": self.order,
            "model": np.array([self.model], dtype=np.str_),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Areal:
        """Read what :meth:`to_arrays` wrote."""
        labels, model = np.asarray(arrays["labels"], dtype=np.str_), str(arrays["model"][0])
        if model not in MODELS:
            raise ValueError(model)
        pairs = arrays["pairs"].astype(np.int64).reshape(-1, 2)
        return cls(labels, model, Graph(labels, pairs), arrays["order"].astype(np.int64))
