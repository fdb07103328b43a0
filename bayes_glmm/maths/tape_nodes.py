"""Nodes of a tape: numbers that are computed from other numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from bayes_glmm.maths.tape_arithmetic import NUMBERS, Arithmetic
from bayes_glmm.maths.tape_operations import CONDITIONS
from bayes_glmm.maths.tape_vectors import Vector

LEAVES = ("const", "input", "bound")
TOTALS = ("total", "log_total")


class Recorder(Protocol):
    """What nodes need of their tape; see :class:`~bayes_glmm.maths.tape.Tape`."""

    slopes: dict[tuple[int, int], Node]

    def constant(self, value: Any) -> Node:
        """Return a number as a node."""

    def apply(self, op: str, *args: Any) -> Node:
        """Return an operation on nodes and numbers."""

    def total(self, op: str, term: Callable[..., Any], n: int, values: Iterable[Any]) -> Node:
        """Return a sum of ``term(k, *values)`` over ``k``."""


@dataclass(frozen=True, eq=False, repr=False, slots=True)
class Node(Arithmetic):
    """A number, or a condition, on a tape.

    Equal nodes of a tape are one object, so that ``is`` tells whether two are equal.

    Attributes
    ----------
    tape : Tape
    number : int
        Place on the tape; arguments come first.
    op : str
        One of :data:`~bayes_glmm.maths.tape_operations.OPERATIONS`; or a leaf: ``const``,
        ``input`` or ``bound``; or a sum over ``k``: ``total``, or ``log_total`` for the log of
        the sum of exponentials.
    args : tuple of Node
        Arguments; of a sum, what stands in its term beside ``k``.
    data : object
        Of a constant its value, of an input its name, of a bound leaf ``(depth, place)``, and
        of a sum ``(n, term)``: the term is a node over bound leaves, of which place 0 is ``k``,
        from 0 to ``n - 1``, and place ``j`` is ``args[j - 1]``.
    inputs : frozenset of str
        Names of the inputs that it depends on.
    sign : int
        2 where it is above zero for certain, 1 where it is never below, else 0.
    """

    tape: Recorder
    number: int
    op: str
    args: tuple[Node, ...]
    data: Any
    inputs: frozenset[str]
    sign: int

    def _apply(self, op: str, *args: Any) -> Any:
        if all(isinstance(a, (Node, *NUMBERS)) for a in args):
            return self.tape.apply(op, *args)
        return NotImplemented

    def __bool__(self) -> bool:
        """Refuse to choose for all rows at once."""
        raise TypeError("A node of a tape is no truth value: choose with m.where().")

    def __getitem__(self, key: Any) -> Any:
        """Return a vector of one element for ``[..., None]``, the only key."""
        if key != (Ellipsis, None):
            raise IndexError(f"One number of a tape takes [..., None] alone, not {key!r}.")
        return Vector((self,))

    def __repr__(self) -> str:
        inside = self.data if self.op in LEAVES else ", ".join(f"t{a.number}" for a in self.args)
        return f"{self.op}({inside})"


def needed(*outputs: Node) -> tuple[Node, ...]:
    """Return the nodes that outputs need, each after its arguments; leaves too."""
    seen: dict[int, Node] = {}
    waiting = list(outputs)
    while waiting:
        node = waiting.pop()
        if node.number not in seen:
            seen[node.number] = node
            waiting.extend(node.args)
    return tuple(seen[number] for number in sorted(seen))


def is_condition(node: Node) -> bool:
    """Whether a node is true or false, and no number."""
    return node.op in CONDITIONS
