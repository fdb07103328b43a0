"""What every structured covariance says about itself: latents in, related effects out.

A structure knows every level by its label. Prepared for the levels of some data it is
a :class:`Factor`: independent standard-normal latents ``z``, one per node, and the map
from them to unit-scale effects of the levels. Nodes may be more than the levels (the
ancestors of recorded animals), and each node keeps its meaning when levels are added,
which is how an unseen related level is predicted: the nodes that were sampled are
taken by their labels, and the others are drawn.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.errors import ArgumentError, listed
from bayes_glmm.maths.field_maths import NUMPY, Maths
from bayes_glmm.spec.priors import Prior
from bayes_glmm.structures.interpolate import over_draws
from bayes_glmm.structures.level_labels import match

type Array = NDArray[np.float64]
type Text = NDArray[np.str_]
type Values = Mapping[str, Any]


@dataclass(frozen=True)
class Hyper:
    """A parameter that a structure has besides the standard deviation.

    Attributes
    ----------
    stem : str
        ``"mix"``, ``"range"``, ``"halflife"``, ``"signal"``; the posterior's name is
        ``<stem>_<level>``.
    support : {"positive", "unit"}
    prior : Prior
        The default.
    meaning : str
        What it is, with its unit, in a few words.
    """

    stem: str
    support: str
    prior: Prior
    meaning: str


@dataclass(frozen=True, eq=False)
class Factor:
    """A structure prepared for the levels of some data.

    Attributes
    ----------
    levels : ndarray of str, shape (n_levels,)
    nodes : ndarray of str, shape (n_nodes,)
        Labels of the latents, unique and in the order of ``z``.
    diagonal : bool
        Whether parameters only scale the latents, so that many of them cost no more
        than one.
    """

    diagonal: ClassVar[bool] = False
    levels: Text
    nodes: Text

    def effect(self, z: Any, hyper: Values, maths: Maths) -> Any:
        """Return unit-scale effects of the levels.

        Parameters
        ----------
        z : shape (n_nodes, n_terms)
            Standard normal; an array or a PyTensor variable, as ``maths`` says.
        hyper : mapping of str to scalar
            By stem.
        maths : Maths

        Returns
        -------
        shape (n_levels, n_terms)
        """
        raise NotImplementedError

    def covariance(self, hyper: Values) -> Array:
        """Return the covariance of the effects, shape (n_levels, n_levels); dense."""
        root = np.asarray(self.effect(np.eye(len(self.nodes)), hyper, NUMPY))
        return root @ root.T

    def mean_variance(self, hyper: Values) -> tuple[float, float]:
        """Return the mean of the covariance's diagonal, and the mean of all of it.

        Their difference is the variance that the effects have among these levels:
        what all of them share is part of the intercept.
        """
        covariance = self.covariance(hyper)
        return float(np.diag(covariance).mean()), float(covariance.mean())


@dataclass(frozen=True, eq=False)
class Structure:
    """A known covariance of levels, or one known up to a few parameters.

    A kind of structure is a subclass in a file of its own, with an entry in
    ``bayes_glmm.structures.KINDS``.

    Attributes
    ----------
    labels : ndarray of str, shape (n_labels,)
        Every level that the structure knows, in its own canonical order: the order
        of the input's rows must not be seen in it.
    """

    kind: ClassVar[str] = ""
    labels: Text

    def __repr__(self) -> str:
        few = listed(map(repr, self.labels.tolist()), limit=3)
        return f"<{self.kind} structure of {len(self.labels)} levels{few and ': '}{few}>"

    @property
    def hyper(self) -> tuple[Hyper, ...]:
        """Parameters besides the standard deviation."""
        return ()

    @property
    def neighbours(self) -> NDArray[np.int64] | None:
        """Pairs of places in ``labels`` that are next to each other; none unless in space."""
        return None

    def prepare(self, levels: Text, sampled: Text | None = None) -> Factor:
        """Return the map from latents to the effects of some levels.

        Parameters
        ----------
        levels : ndarray of str, shape (n_levels,)
            Each of them among ``labels``.
        sampled : ndarray of str, optional
            Nodes whose latents are known: they are among the nodes of the result, with
            the same meaning. Other nodes are independent of them.

        Raises
        ------
        UnknownLevelError
            Levels that the structure does not know, with the nearest ones.
        """
        raise NotImplementedError

    def require(self, levels: Text, what: str = "The data") -> NDArray[np.intp]:
        """Return the places of levels among the labels, refusing unknown ones."""
        return match(levels, self.labels, what, f"the {self.kind} structure")

    def bind(self, data: pd.DataFrame, column: str) -> Structure:
        """Return the structure of the levels of a table, where it is read from columns.

        Called once with the training rows, before :meth:`prepare`; a structure that is
        complete as it is returns itself.

        Parameters
        ----------
        data : pandas.DataFrame
        column : str
            The column of levels.
        """
        return self

    def extend(self, levels: Text, data: pd.DataFrame, column: str) -> Structure:
        """Return a structure that knows further levels as well.

        Parameters
        ----------
        levels : ndarray of str
            Levels that are not among ``labels``.
        data : pandas.DataFrame
            Rows of those levels; their columns may say how they are related.
        column : str
            The column of levels in ``data``.

        Raises
        ------
        ArgumentError
            Nothing says how the levels are related to the others.
        """
        raise ArgumentError(
            f"A {self.kind} structure does not say how {str(levels[0])!r} is related to its levels: "
            "give a structure with all levels when fitting (levels without data are allowed), "
            "or predict with groups='population' or 'typical'."
        )

    def notes(self) -> tuple[str, ...]:
        """Say what was changed, dropped or counted when the structure was made."""
        return ()

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return everything the structure is as arrays of numbers and text."""
        raise NotImplementedError

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Structure:
        """Read what :meth:`to_arrays` wrote."""
        raise NotImplementedError

    def identity(self) -> dict[str, Any]:
        """Return kind, number of labels, first and last label, and SHA-256 of it all."""
        digest = hashlib.sha256(self.kind.encode())
        for name, values in sorted(self.to_arrays().items()):
            digest.update(f"\0{name}\0{values.shape}\0".encode())
            text = values.dtype.kind in "US"
            digest.update("\0".join(values.ravel()).encode() if text else values.tobytes())
        return {
            "kind": self.kind,
            "n": len(self.labels),
            "first": str(self.labels[0]),
            "last": str(self.labels[-1]),
            "hash": digest.hexdigest(),
        }


def effect_draws(factor: Factor, z: Array, hyper: Mapping[str, Array]) -> Array:
    """Return unit-scale effects of every draw, shape (n_draws, n_levels, n_terms).

    Parameters
    ----------
    factor : Factor
    z : ndarray, shape (n_draws, n_nodes, n_terms)
    hyper : mapping of str to ndarray, shape (n_draws,)
    """
    n_draws, n_nodes, n_terms = z.shape
    flat = np.moveaxis(z, 0, 1).reshape(n_nodes, n_draws * n_terms)

    def every(values: Values) -> Array:
        effects = np.asarray(factor.effect(flat, values, NUMPY))
        return np.moveaxis(effects.reshape(-1, n_draws, n_terms), 1, 0)

    def one(values: Values, draw: int) -> Array:
        return np.asarray(factor.effect(z[draw], values, NUMPY))

    if not hyper:
        return every({})
    if len(hyper) == 1 and not factor.diagonal:
        ((stem, draws),) = hyper.items()
        found = over_draws(
            lambda v: every({stem: v}), np.asarray(draws), lambda v, d: one({stem: v}, d)
        )
        if found is not None:
            return found
    each: Sequence[Values] = [{k: v[d] for k, v in hyper.items()} for d in range(n_draws)]
    return np.stack([one(values, d) for d, values in enumerate(each)])


def variance_draws(factor: Factor, hyper: Mapping[str, Array]) -> Array:
    """Return both numbers of :meth:`Factor.mean_variance` in every draw.

    Parameters
    ----------
    factor : Factor
    hyper : mapping of str to ndarray, shape (n_draws,)

    Returns
    -------
    ndarray, shape (2, n_draws), or (2, 1) without parameters
    """
    if not hyper:
        return np.array([factor.mean_variance({})]).T

    def at(values: Values) -> Array:
        return np.array(factor.mean_variance(values))

    if len(hyper) == 1:
        ((stem, draws),) = hyper.items()
        found = over_draws(
            lambda v: at({stem: v})[None], np.asarray(draws), lambda v, _: at({stem: v})
        )
        if found is not None:
            return found.T
    each = [dict(zip(hyper, row, strict=True)) for row in zip(*hyper.values(), strict=True)]
    return np.array([at(values) for values in each]).T
