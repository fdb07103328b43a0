"""Pedigrees: order, ancestors and inbreeding coefficients of animals."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.errors import ArgumentError
from bayes_glmm.native.library import ADDRESS, INTEGER, entry, pointer, present
from bayes_glmm.structures.sparse_inverse import columns_of_inverse

type Array = NDArray[np.float64]
type Places = NDArray[np.int64]
type Text = NDArray[np.str_]
MOST_NAMED = 12


def parents_first(labels: Text, parents: Places) -> NDArray[np.intp]:
    """Return an order in which parents precede offspring: by generation, then by label.

    Raises
    ------
    ArgumentError
        An animal is its own ancestor; the animals of the loop are named.
    """
    n = len(labels)
    child, which = np.nonzero(parents >= 0)
    parent = parents[child, which]
    by_parent = np.argsort(parent, kind="stable")
    child = child[by_parent]
    begin = np.searchsorted(parent[by_parent], np.arange(n + 1))
    waiting = (parents >= 0).sum(axis=1)
    generation = np.zeros(n, dtype=np.int64)
    front, done = np.flatnonzero(waiting == 0), 0
    step = 0
    while len(front):
        generation[front] = step
        done += len(front)
        offspring = child[_ranges(begin[front], begin[front + 1])]
        touched, times = np.unique(offspring, return_counts=True)
        waiting[touched] -= times
        front = touched[waiting[touched] == 0]
        step += 1
    if done < n:
        raise ArgumentError(_loop(labels, parents, waiting > 0))
    return np.lexsort([labels, generation])


def _ranges(start: NDArray[np.integer], stop: NDArray[np.integer]) -> NDArray[np.intp]:
    """Join the ranges from each start to its stop."""
    sizes = stop - start
    shift = np.repeat(start - np.append(0, np.cumsum(sizes)[:-1]), sizes)
    return np.arange(sizes.sum()) + shift


def _loop(labels: Text, parents: Places, stuck: NDArray[np.bool_]) -> str:
    """Return a loop of ancestors: follow unplaced parents until one repeats."""
    seen: dict[int, int] = {}
    at = int(np.flatnonzero(stuck)[0])
    path: list[int] = []
    while at not in seen:
        seen[at] = len(path)
        path.append(at)
        at = next(int(p) for p in parents[at] if p >= 0 and stuck[p])
    loop = [str(labels[i]) for i in path[seen[at] :]]
    if len(loop) == 1:
        return f"{loop[0]!r} is its own parent: correct its row in the pedigree."
    shown = [repr(name) for name in loop[:MOST_NAMED]] + ["..."] * (len(loop) > MOST_NAMED)
    chain = " <- ".join([*shown, repr(loop[0])])
    return (
        f"The pedigree has a loop of {len(loop)} animals, each with the next as a parent: {chain}. "
        "Nobody is their own ancestor: correct one of these rows."
    )


def ancestors(places: NDArray[np.integer], parents: Places) -> NDArray[np.intp]:
    """Return the given animals with all their ancestors, in order."""
    kept = np.zeros(len(parents), dtype=bool)
    front = np.unique(places)
    while len(front):
        kept[front] = True
        above = np.unique(parents[front])
        above = above[above >= 0]
        front = above[~kept[above]]
    return np.flatnonzero(kept)


def inbreeding(parents: Places) -> Array:
    """Return the inbreeding coefficients of animals whose parents come first.

    Parameters
    ----------
    parents : ndarray of int, shape (n, 2)
        Earlier rows; -1 where a parent is unknown.

    Returns
    -------
    ndarray, shape (n,)
        Time is proportional to the number of distinct pairs of parents times that of
        their ancestors, memory to ``n``.

    References
    ----------
    .. [1] Meuwissen & Luo (1992). Computing inbreeding coefficients in large
       populations. *Genetics Selection Evolution* 24, 305-313.
       doi:10.1186/1297-9686-24-4-305
    """
    n = len(parents)
    if not ((parents >= -1) & (parents < np.arange(n)[:, None])).all():
        raise ValueError("parents are -1 or earlier rows")
    pairs = np.sort(parents, axis=1)
    _, first, same = np.unique(pairs, axis=0, return_index=True, return_inverse=True)
    if not (pairs[:, 0] >= 0).any():
        return np.zeros(n)
    if not present():
        return _by_generations(parents)
    parents = np.ascontiguousarray(parents, np.int64)
    alike = np.ascontiguousarray(first[same.ravel()], np.int64)
    F, own, share, heap = np.empty(n), np.empty(n), np.zeros(n), np.empty(n // 64 + 3, np.int64)
    entry("inbreeding", None, INTEGER, *(ADDRESS,) * 6)(
        n, pointer(parents, np.int64), pointer(alike, np.int64), pointer(F), pointer(own),
        pointer(share), pointer(heap, np.int64),
    )  # fmt: skip
    return F


def _by_generations(parents: Places) -> Array:
    r"""Return inbreeding coefficients without the library, for machines that it is not made for.

    With ``P`` halves where animals have parents and ``D`` the variances of their own parts, the
    relationships are :math:`A = (I - P)^{-1} D (I - P')^{-1}` and ``F`` is their diagonal less
    one. A generation needs the ``F`` of earlier ones for its part of ``D``.
    """
    from scipy import sparse

    n = len(parents)
    known = parents >= 0
    child, which = np.nonzero(known)
    halves = (np.full(len(child), 0.5), (parents[child, which], child))
    upper = sparse.csr_matrix(sparse.identity(n) - sparse.csr_matrix(halves, shape=(n, n)))
    generation = np.zeros(n, np.int64)
    for i in np.unique(child):
        generation[i] = generation[parents[i][known[i]]].max() + 1
    F, own = np.zeros(n), np.zeros(n)
    for step in range(int(generation.max()) + 1):
        here = np.flatnonzero(generation == step)
        own[here] = 0.5 - 0.25 * np.where(known[here], F[parents[here]], -1.0).sum(axis=1)
        here = here[known[here].all(axis=1)]
        for block, shares in columns_of_inverse(upper, here, lower=False):
            F[block] = own @ shares**2 - 1.0
    return F
