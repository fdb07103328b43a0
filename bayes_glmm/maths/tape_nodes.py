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


@dataclass(frozen=True, eq=False, slots=True)
class Loop:
    """Sums over the same values, which one loop computes.

    Attributes
    ----------
    totals : tuple of Node
    n : int
        Steps, numbered from 0.
    bound : tuple of Node
        The leaves of the terms; place 0 is the step, and place ``j`` argument ``j - 1``.
    fixed, moving : tuple of Node
        What the terms need beside: the same at all steps, and of each step.
    """

    totals: tuple[Node, ...]
    n: int
    bound: tuple[Node, ...]
    fixed: tuple[Node, ...]
    moving: tuple[Node, ...]

    def leaves(self, step: Any, values: Callable[[Node], Any]) -> dict[int, Any]:
        """Return what the bound leaves are, by number: the step, or the value of an argument."""
        args = self.totals[0].args
        return {b.number: values(args[b.data[1] - 1]) if b.data[1] else step for b in self.bound}


def loop_of(total: Node, nodes: Iterable[Node]) -> Loop:
    """Return the loop of a sum and of those among other nodes that are over the same values."""
    alike = tuple(
        t for t in nodes if t.op in TOTALS and (t.data[0], t.args) == (total.data[0], total.args)
    )
    inside = needed(*(t.data[1] for t in alike))
    bound = tuple(node for node in inside if node.op == "bound")
    steps = {name for node in bound if node.data[1] == 0 for name in node.inputs}
    rest = [node for node in inside if node.op != "bound"]
    fixed = tuple(node for node in rest if not node.inputs & steps)
    moving = tuple(node for node in rest if node.inputs & steps)
    return Loop(alike, total.data[0], bound, fixed, moving)


def is_condition(node: Node) -> bool:
    """Whether a node is true or false, and no number."""
    return node.op in CONDITIONS
