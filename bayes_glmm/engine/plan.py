"""How the sampler's coordinates lie over those of a program, in the kernel's form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.engine.codes import COLLAPSED
from bayes_glmm.engine.pattern import FIXED, Pattern, Segment
from bayes_glmm.engine.records import PLAN, SEGMENT

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
    """Coordinates of everything linear given the scales.

    They are described in ``native/adapt.h``.

    Attributes
    ----------
    mode : int
        ``FROZEN``, ``ADAPTIVE`` or ``COLLAPSED`` of :mod:`.codes`.
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
        return len(self.theta) if self.mode == COLLAPSED else n_dim

    def write(self, writer: Writer) -> int:
        """Append the plan to a buffer; return where it begins."""
        symbolic = self.pattern.symbolic
        entries: dict[str, float] = {
            "scalars": symbolic.n,
            "tail": symbolic.tail,
            "size": symbolic.size,
            "at_edges": writer.ints(symbolic.edges),
            "at_rows": writer.ints(symbolic.rows),
            "at_order": writer.ints(self.pattern.order[self.pattern.eliminated]),
            "at_theta": writer.ints(self.theta),
            "theta": len(self.theta),
            "at_centre": writer.floats(self.centre),
            "at_factor": writer.floats(self.factor[np.tril_indices(len(self.theta))]),
            "sigma": self.sigma,
            "at_values": writer.floats(self.values),
            "at_middle": writer.floats(self.middle),
            "reference": self.reference,
            "constant": self.constant,
            "squares": self.squares,
            "observations": self.observations,
        }
        if self.products:
            segments = self._segments(writer)
            entries |= {
                "at_targets": writer.ints(symbolic.targets),
                "targets": len(symbolic.targets),
                "at_segments": writer.ints(np.concatenate(segments)),
                "segments": len(segments),
                **self._prior(writer),
            }
        return writer.ints(PLAN.words(**entries))

    def _prior(self, writer: Writer) -> dict[str, float]:
        """Write when each effect is eliminated, and where its prior precision goes."""
        pattern = self.pattern
        when = np.empty_like(pattern.eliminated)
        when[pattern.eliminated] = np.arange(len(when))
        tables = np.zeros(len(pattern.parts), np.int64)  # fixed effects are no group
        for one in pattern.fields:
            tables[one.part.group] = writer.ints(one.places)
        return {
            "at_perm": writer.ints(when),
            "at_unit": writer.floats(pattern.independent[pattern.eliminated]),
            "at_fields": writer.ints(tables),
        }

    def _segments(self, writer: Writer) -> list[NDArray[np.int64]]:
        pulls = dict(zip((p.group for p in self.pattern.parts), self.pulls, strict=True))
        out = []
        for segment, given in zip(self.pattern.segments, self.products, strict=True):
            left, right = segment.left, segment.right
            for G, places, own in _pieces(segment, given):
                out.append(
                    SEGMENT.words(
                        left=max(left.group, FIXED),
                        right=max(right.group, FIXED),
                        pairs=len(G),
                        rows_left=G.shape[1],
                        rows_right=G.shape[2],
                        at_products=writer.floats(G),
                        at_places=writer.ints(places),
                        offset=left.offset,
                        at_c=writer.floats(pulls[left.group]) if own else 0,
                    )
                )
        return out


def _pieces(segment: Segment, G: Array) -> list[tuple[Array, NDArray[np.int64], bool]]:
    """Return products with their places, and whether a part's pulls go with them.

    Coefficients of a smooth have one standard deviation: to the kernel each is a unit of one term.
    """
    left, right, places = segment.left, segment.right, segment.places
    if left is right and left.tied:
        own = np.eye(left.width, dtype=bool)[None]
        below = (places >= 0) & ~own
        found = [(G[own], places[own], True), (G[below], places[below], False)]
        return [(g.reshape(-1, 1, 1), p.reshape(-1, 1, 1), c) for g, p, c in found if len(g)]
    a, b = left.width, right.width
    if right.tied:
        G, places = G.swapaxes(1, 2).reshape(-1, a, 1), places.swapaxes(1, 2).reshape(-1, a, 1)
        b = 1
    if left.tied:
        G, places = G.reshape(-1, 1, b), places.reshape(-1, 1, b)
    return [(G, places, segment.diagonal)]
