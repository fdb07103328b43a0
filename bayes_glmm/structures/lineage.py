"""Lineages: phylogenies and cell trees, with independent increments along branches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.errors import ArgumentError, ArgumentTypeError, DataError, listed, suggestion
from bayes_glmm.model.blocks.array_types import Text
from bayes_glmm.model.blocks.factor import Hyper
from bayes_glmm.model.blocks.tree import MODELS, LineageFactor
from bayes_glmm.spec.priors import Prior
from bayes_glmm.structures.add_tips import grafted
from bayes_glmm.structures.level_labels import text_labels
from bayes_glmm.structures.newick import read_newick
from bayes_glmm.structures.pruned_tree import skeleton
from bayes_glmm.structures.rooted_tree import Tree, levels_upwards, read_table, steps_to_root
from bayes_glmm.structures.structure import Structure

_HYPER: dict[str, tuple[Hyper, ...]] = {
    "brownian": (),
    "ou": (
        Hyper(
            "halflife",
            "positive",
            Prior("LogNormal", mu=float(np.log(0.5)), sigma=1),
            "time in which half of a deviation is lost, in heights of the tree",
        ),
    ),
    "pagel": (
        Hyper(
            "signal",
            "unit",
            Prior("Beta", alpha=1, beta=1),
            "share of the variance that follows the tree (Pagel's lambda)",
        ),
    ),
}


def lineage(
    tree: str | Path | pd.DataFrame,
    model: Literal["brownian", "ou", "pagel"] = "brownian",
    *,
    parent: str | None = None,
    length: str | None = None,
) -> Lineage:
    r"""Relate levels by a phylogeny or a tree of cell divisions.

    Branch lengths are divided by the tree's height, the greatest distance of a tip
    from the root; ``height`` keeps the factor. With depth :math:`d` and the depth
    :math:`s_{ij}` of the last common ancestor, both in heights, the covariance of
    unit-scale effects is

    - ``"brownian"``: :math:`s_{ij}`; the tips farthest from the root have variance one.
    - ``"pagel"``: :math:`\lambda s_{ij}` between levels and :math:`d_i` for a level, with
      :math:`\lambda` the parameter ``signal``.
    - ``"ou"``: :math:`2^{-(d_i + d_j - 2 s_{ij}) / h}` with :math:`h` the parameter
      ``halflife``, in heights; the variance is one everywhere.

    Parameters
    ----------
    tree : str, path or pandas.DataFrame
        Newick text, a file of it, or a table with columns ``node``, ``parent`` and
        ``length``. Tips and named inner nodes may have data. Trees need be neither
        binary nor ultrametric; branches may be of length zero. A length above the
        root shifts every level alike, as the intercept does, and is left out.
    model : {"brownian", "ou", "pagel"}
    parent, length : str, optional
        Columns of new data that say on which node of the tree a new level is grafted
        and by how long a branch, in the tree's own unit.

    Returns
    -------
    Lineage
        For ``structures=``.

    Raises
    ------
    DataError
        The tree is malformed; the message shows where.
    ArgumentError
        The model is unknown, or labels repeat or can be mistaken for each other.

    References
    ----------
    .. [1] Felsenstein J (1985). Phylogenies and the comparative method.
       doi:10.1086/284325
    .. [2] Pagel M (1999). Inferring the historical patterns of biological evolution.
       doi:10.1038/44766
    .. [3] Hansen TF (1997). Stabilizing selection and the comparative analysis of
       adaptation. doi:10.1111/j.1558-5646.1997.tb01457.x

    Examples
    --------
    >>> import bayes_glmm as bg
    >>> structure = bg.lineage("((cat:2,dog:2)carnivore:3,horse:5);")
    >>> structure.labels.tolist(), structure.height
    (['carnivore', 'cat', 'dog', 'horse'], 5.0)
    """
    if model not in MODELS:
        raise ArgumentError(
            f"There is no model {model!r} of a lineage." + suggestion(model, MODELS)
        )
    if (parent is None) != (length is None):
        raise ArgumentError("Give both columns, parent= and length=, to graft new levels.")
    canonical, notes = _canonical(_read(tree))
    height = float(canonical.depth.max())
    if not height > 0:
        raise DataError("The tree has no height: every tip is at its root.")
    named = text_labels([n for n in canonical.names if n], "The nodes of the tree")
    nodes, scaled = _identifiers(canonical), _scaled(canonical, height)
    return Lineage(
        np.sort(named), model, scaled, nodes, height, parent, length,
        (f"Branch lengths were divided by {height:.6g}, the tree's height.", *notes),
    )  # fmt: skip


@dataclass(frozen=True, eq=False, repr=False)
class Lineage(Structure):
    """Levels on a tree.

    Attributes
    ----------
    labels : ndarray of str
        Named nodes, sorted.
    model : {"brownian", "ou", "pagel"}
    tree : Tree
        Canonical, lengths in heights.
    nodes : ndarray of str, shape (n_nodes,)
        Unique identifiers of all nodes of the tree, named or not.
    height : float
        Unit of the lengths, in the tree's own unit.
    parent, length : str or None
        Columns by which new levels are grafted.
    """

    kind: ClassVar[str] = "lineage"
    model: str
    tree: Tree
    nodes: Text
    height: float
    parent: str | None = None
    length: str | None = None
    said: tuple[str, ...] = ()

    @property
    def hyper(self) -> tuple[Hyper, ...]:
        """``halflife`` (heights) of OU, ``signal`` (share) of Pagel; none of Brownian."""
        return _HYPER[self.model]

    def prepare(self, levels: Text, sampled: Text | None = None) -> LineageFactor:
        """Return the increments of the branches that lead to some levels."""
        self.require(levels)
        return skeleton(self.tree, self.nodes, self.model, levels, sampled)

    def extend(self, levels: Text, data: pd.DataFrame, column: str) -> Lineage:
        """Add levels as tips, at nodes and with branch lengths from columns of the data."""
        if self.parent is None or self.length is None:
            raise ArgumentError(
                f"The tree does not have {str(levels[0])!r}: put all levels in the tree when fitting "
                "(levels without data are allowed), or say with lineage(..., parent='column', "
                "length='column') where new levels are grafted."
            )
        tree, nodes = grafted(
            self.tree, self.nodes, levels, data, column, (self.parent, self.length), self.height
        )
        labels = np.sort(text_labels([n for n in tree.names if n], "The nodes of the tree"))
        return replace(self, labels=labels, tree=tree, nodes=nodes)

    def notes(self) -> tuple[str, ...]:
        """Report the divisor of branch lengths, and parts of the tree that have no effect."""
        return self.said

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return the tree, its scale and the model."""
        return {
            "names": np.array(self.tree.names, dtype=np.str_),
            "above": self.tree.parent,
            "length": self.tree.length,
            "nodes": self.nodes,
            "height": np.array([self.height, self.tree.stem]),
            "options": np.array([self.model, self.parent or "", self.length or ""], dtype=np.str_),
            "notes": np.array(self.said, dtype=np.str_),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Lineage:
        """Read what :meth:`to_arrays` wrote."""
        names = tuple(str(n) for n in arrays["names"])
        height, stem = (float(x) for x in arrays["height"])
        model, parent, length = (str(x) for x in arrays["options"])
        if model not in MODELS:
            raise ValueError(model)
        tree = Tree(names, arrays["above"].astype(np.int64), arrays["length"].astype(float), stem)
        labels = np.sort(np.array([n for n in names if n], dtype=np.str_))
        nodes = np.asarray(arrays["nodes"], dtype=np.str_)
        said = tuple(str(n) for n in arrays["notes"])
        return cls(labels, model, tree, nodes, height, parent or None, length or None, said)


def _read(tree: object) -> Tree:
    if isinstance(tree, pd.DataFrame):
        return read_table(tree)
    if isinstance(tree, str | Path):
        return read_newick(tree)
    raise ArgumentTypeError(
        f"A tree is Newick text, the path of a file, or a data frame with columns node, parent "
        f"and length, not {type(tree).__name__}."
    )


def _scaled(tree: Tree, height: float) -> Tree:
    """Return the tree with lengths in units of its height."""
    length = tree.length / height
    length.flags.writeable = False
    return replace(tree, length=length)


def _canonical(tree: Tree) -> tuple[Tree, tuple[str, ...]]:
    """Order nodes by steps from the root and first tip below; drop repeated inner names."""
    tip, names = tree.tip, np.array(tree.names, dtype=object)
    counts = Counter(names[~tip])
    repeated = sorted(n for n, times in counts.items() if n and times > 1)
    names[~tip] = ["" if n in set(repeated) else n for n in names[~tip]]
    order = np.lexsort((_first_tip(tree), steps_to_root(tree.parent)))
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    above = tree.parent[order]
    parent = np.where(above < 0, -1, place[above])
    notes = []
    if repeated:
        notes.append(
            f"Inner nodes share the names {listed(map(repr, repeated), limit=5)}: these are taken "
            "for annotations, and no level."
        )
    if tree.stem > 0:
        notes.append(
            f"The length {tree.stem:.6g} above the root shifts all levels alike, as the "
            "intercept does, and is left out."
        )
    return Tree(tuple(names[order]), parent, tree.length[order], tree.stem), tuple(notes)


def _first_tip(tree: Tree) -> NDArray[np.int64]:
    """Return the rank of the alphabetically first tip below each node."""
    tips = np.flatnonzero(tree.tip)
    rank = np.full(len(tree.names), len(tips), dtype=np.int64)
    rank[tips[np.argsort([tree.names[i] for i in tips])]] = np.arange(len(tips))
    for step in levels_upwards(tree.parent):
        np.minimum.at(rank, tree.parent[step], rank[step])
    return rank


def _identifiers(tree: Tree) -> Text:
    """Name unnamed nodes after the first tip below them: ``[2 above a]``."""
    rank, steps = _first_tip(tree), steps_to_root(tree.parent)
    tips = np.flatnonzero(tree.tip)
    first = tips[np.argsort([tree.names[i] for i in tips])][rank]
    return np.array(
        [
            name or f"[{steps[t] - steps[i]} above {tree.names[t]}]"
            for i, (name, t) in enumerate(zip(tree.names, first, strict=True))
        ],
        dtype=np.str_,
    )
