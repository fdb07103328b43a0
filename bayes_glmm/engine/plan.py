"""How the sampler's coordinates lie over those of a program, in the kernel's form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.engine.pattern import Pattern

type Array = NDArray[np.float64]


class Writer:
    """Appends arrays to the buffer and remembers where they start."""

    def __init__(self, header: int):
        self.parts: list[NDArray[np.int64]] = [np.zeros(header, np.int64)]
        self.length = header

    def floats(self, values: object) -> int:
        """Append floats by their bits."""
        return self.ints(np.ascontiguousarray(values, np.float64).ravel().view(np.int64))

    def ints(self, values: object) -> int:
        """Append whole numbers."""
        at = self.length
        self.parts.append(np.ascontiguousarray(values, np.int64).ravel())
        self.length += self.parts[-1].size
        return at


@dataclass(frozen=True, eq=False)
class Plan:
    """Coordinates of everything linear given the scales, see :mod:`.adapt`.

    Attributes
    ----------
    mode : int
        ``FROZEN``, ``ADAPTIVE`` or ``COLLAPSED`` of :mod:`.kernel`.
    theta : ndarray of int
        Coordinates of scales, correlations and the family's parameters.
    centre, factor : ndarray, shapes (n_theta,), (n_theta, n_theta)
        Where they are and a lower-triangular square root of their covariance.
    products, pulls : sequence of ndarray
        What the rows say about the effects, segment by segment and part by part.
    sigma, reference : int, float
        Coordinate of a residual scale and its value that the products assume.
    values, middle : ndarray
        Factor and centre of the frozen coordinates.
    constant, squares, observations : float
        What the collapsed density adds.
    signed : mapping of str to float
        Standard deviations with a sign, and their units.
    """

    mode: int
    pattern: Pattern
    theta: NDArray[np.intp]
    centre: Array
    factor: Array
    products: Sequence[Array] = ()
    pulls: Sequence[Array] = ()
    sigma: int = -1
    reference: float = 0.0
    values: Array = field(default_factory=lambda: np.zeros(0))
    middle: Array = field(default_factory=lambda: np.zeros(0))
    constant: float = 0.0
    squares: float = 0.0
    observations: float = 0.0
    signed: Mapping[str, float] = field(default_factory=dict)

    def n_sampled(self, n_dim: int) -> int:
        """Return the number of coordinates that are sampled, of ``n_dim``."""
        from bayes_glmm.engine import kernel as k

        return len(self.theta) if self.mode == k.COLLAPSED else n_dim

    def write(self, writer: Writer) -> int:
        """Append the plan to a buffer; return where it begins."""
        from bayes_glmm.engine import adapt as a

        symbolic = self.pattern.symbolic
        entries = {
            a.SCALARS: symbolic.n,
            a.TAIL: symbolic.tail,
            a.SIZE: symbolic.size,
            a.AT_EDGES: writer.ints(symbolic.edges),
            a.AT_ROWS: writer.ints(symbolic.rows),
            a.AT_ORDER: writer.ints(self.pattern.order),
            a.AT_THETA: writer.ints(self.theta),
            a.THETA: len(self.theta),
            a.AT_CENTRE: writer.floats(self.centre),
            a.AT_FACTOR: writer.floats(self.factor[np.tril_indices(len(self.theta))]),
            a.SIGMA: self.sigma,
            a.AT_VALUES: writer.floats(self.values),
            a.AT_MIDDLE: writer.floats(self.middle),
        }
        if self.products:
            entries |= {
                a.AT_TARGETS: writer.ints(symbolic.targets),
                a.N_TARGETS: len(symbolic.targets),
                a.AT_SEGMENTS: self._segments(writer),
                a.SEGMENTS: len(self.pattern.segments),
            }
        floats = {
            a.REFERENCE: self.reference,
            a.CONSTANT: self.constant,
            a.SQUARES: self.squares,
            a.OBSERVATIONS: self.observations,
        }
        plan = np.zeros(a.PLAN_WIDTH, np.int64)
        for at, value in entries.items():
            plan[at] = value
        for at, number in floats.items():
            plan[at] = np.float64(number).view(np.int64)
        return writer.ints(plan)

    def _segments(self, writer: Writer) -> int:
        pulls = dict(zip((p.group for p in self.pattern.parts), self.pulls, strict=True))
        out: list[int] = []
        for segment, G in zip(self.pattern.segments, self.products, strict=True):
            left, right = segment.left, segment.right
            out += [
                left.group,
                right.group,
                len(G),
                left.width,
                right.width,
                writer.floats(G),
                writer.ints(segment.places),
                left.offset,
                writer.floats(pulls[left.group]) if left is right else 0,
            ]
        return writer.ints(out)
