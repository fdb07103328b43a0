"""Fields on a map, prepared for the levels at some of its areas."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy import linalg

from bayes_glmm.model.blocks.areal import IntrinsicFactor
from bayes_glmm.model.blocks.areal_proper import Part, SpectralFactor
from bayes_glmm.model.blocks.array_types import Array, Places, Text
from bayes_glmm.structures.adjacency import Graph
from bayes_glmm.structures.laplacian import cascade, factor, precision
from bayes_glmm.structures.level_labels import match


def intrinsic_factor(
    graph: Graph,
    order: Places,
    scale: Array,
    variance: Array,
    mixed: bool,
    levels: Text,
    rows: Places,
    sampled: Text | None,
) -> IntrinsicFactor:
    """Prepare an ICAR field, or with ``mixed`` BYM2, for the levels at some areas.

    All areas keep a latent, as leaving one out would change who borders whom; the
    independent effects are those of the levels only.
    """
    n, part = len(graph.labels), graph.component
    L, d = factor(graph, order) if len(order) else (sp.csc_matrix((0, 0)), np.zeros(0))
    system, backwards = cascade(L), order[::-1]
    on_map = np.sort(np.r_[order, np.flatnonzero(graph.island)])
    latent = np.full(n, -1, dtype=np.int64)
    latent[on_map] = np.arange(len(on_map))
    size, lone = np.bincount(part), np.flatnonzero(graph.island)
    passes, each = len(system.parents), np.arange(n)
    nodes = np.char.add("map:", graph.labels[on_map])
    own = None
    if mixed:
        owners = _owners(graph, rows, sampled)
        nodes = np.r_[nodes, np.char.add("own:", graph.labels[owners])]
        own = np.searchsorted(owners, rows)
    return IntrinsicFactor(
        levels=levels,
        nodes=nodes,
        system=system,
        enter=_sparse(d[::-1] ** -0.5, system.place, latent[backwards], (passes, len(on_map))),
        leave=_sparse(scale[part[backwards]] ** -0.5, backwards, system.place, (n, passes)),
        mean=_sparse(1 / size[part], part, each, (len(size), n)),
        spread=_sparse(np.ones(n), each, part, (n, len(size))),
        lone=_sparse(np.ones(len(lone)), lone, latent[lone], (n, len(on_map))),
        rows=rows,
        own=own,
        variance=np.where(graph.island, 1.0, variance / scale[part]),
        areas=graph.labels,
        laplacian=sp.csr_matrix(sp.diags(scale[part]) @ precision(graph))
        + sp.diags(graph.island.astype(float)),
        log_determinant=float(((size - 1) * np.log(scale) + np.log(size)).sum() + np.log(d).sum()),
    )


def _owners(graph: Graph, rows: Places, sampled: Text | None) -> Places:
    if sampled is None:
        return np.unique(rows)
    own = sampled[np.char.startswith(sampled, "own:")]
    before = np.array([name.removeprefix("own:") for name in own.tolist()], dtype=np.str_)
    return np.union1d(rows, match(before, graph.labels, "The result", "the graph of areas"))


def _sparse(values: Array, rows: Places, columns: Places, shape: tuple[int, int]) -> sp.csr_matrix:
    return sp.csr_matrix((values, (rows, columns)), shape=shape)


def spectral_factor(
    graph: Graph, model: str, levels: Text, rows: NDArray[np.int64]
) -> SpectralFactor:
    """Prepare Leroux's field or a proper CAR; every area keeps its latent."""
    sizes = np.bincount(graph.component)
    members = np.split(np.argsort(graph.component, kind="stable"), np.cumsum(sizes)[:-1])
    parts = tuple(_part(graph, model, places) for places in members if len(places) > 1)
    lone = np.flatnonzero(graph.island)
    laid = np.concatenate([*(p.places for p in parts), lone]).astype(np.int64)
    place = np.empty_like(laid)
    place[laid] = np.arange(len(laid))
    return SpectralFactor(levels, graph.labels, model, parts, lone, place[rows])


def _part(graph: Graph, model: str, places: NDArray[np.int64]) -> Part:
    R: sp.csr_matrix = precision(graph)[places][:, places]
    borders = sp.csr_matrix(sp.diags(R.diagonal()) - R)
    if model == "leroux":
        values, vectors = linalg.eigh(R.toarray())
        return Part(places, vectors, np.maximum(values, 0.0), np.ones(len(places)), borders)
    root = np.sqrt(R.diagonal())
    values, vectors = linalg.eigh(borders.toarray() / np.outer(root, root))
    return Part(places, vectors, np.clip(values, -1.0, 1.0), root, borders)
