"""A tape: a density as a graph of scalar operations, where equal ones are one node."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from bayes_glmm.maths.tape_arithmetic import NUMBERS, Arithmetic
from bayes_glmm.maths.tape_operations import CONDITIONS, folded
from bayes_glmm.maths.tape_simplify import COMMUTATIVE, sign_of, simplified
from bayes_glmm.maths.tape_vectors import Vector

type Scalar = Node | float
LEAVES = ("const", "input", "bound")
TOTALS = ("total", "log_total")


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

    tape: Tape
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

    def __getitem__(self, key: Any) -> Any:
        """Return a vector of one element for ``[..., None]``, the only key."""
        if key != (Ellipsis, None):
            raise IndexError(f"One number of a tape takes [..., None] alone, not {key!r}.")
        return Vector((self,))

    def __repr__(self) -> str:
        inside = self.data if self.op in LEAVES else ", ".join(f"t{a.number}" for a in self.args)
        return f"{self.op}({inside})"


@dataclass(eq=False)
class Tape:
    """Nodes in the order in which they were recorded.

    ``slopes`` remembers derivatives: by the number of an input and that of a node.
    """

    nodes: list[Node] = field(default_factory=list)
    slopes: dict[tuple[int, int], Node] = field(default_factory=dict)
    _known: dict[tuple[Any, ...], Node] = field(default_factory=dict)
    _depth: int = 0

    def input(self, name: str) -> Node:
        """Return the input of that name: a parameter, a predictor or what is known of a row."""
        return self._node("input", (), name, name, frozenset([name]))

    def constant(self, value: Scalar) -> Node:
        """Return a number as a node."""
        if isinstance(value, Node):
            if value.tape is not self:
                raise ValueError("Nodes of two tapes do not mix.")
            return value
        plain = float(value)
        return self._node("const", (), plain.hex(), plain, frozenset())

    def apply(self, op: str, *args: Scalar) -> Node:
        """Return an operation on nodes and numbers, simplified where that changes no value."""
        nodes = tuple(self.constant(a) for a in args)
        if all(a.op == "const" for a in nodes):
            return self.constant(folded(op, *(a.data for a in nodes)))
        found = simplified(op, *nodes)
        if found is not None:
            return found
        if op in COMMUTATIVE:
            nodes = tuple(sorted(nodes, key=lambda a: a.number))
        return self._node(op, nodes, None, None, _inputs(nodes))

    def total(self, op: str, term: Callable[..., Scalar], n: int, values: Iterable[Scalar]) -> Node:
        """Return a sum of ``term(k, *values)`` over ``k`` from 0 to ``n - 1``.

        Parameters
        ----------
        op : {"total", "log_total"}
            The sum, or the log of the sum of exponentials.
        term : callable
            May depend on its arguments alone.
        n : int
        values : iterable of Node or float
        """
        args = tuple(self.constant(v) for v in values)
        self._depth += 1
        try:
            names = [f"bound {self._depth}.{place}" for place in range(len(args) + 1)]
            bound = [
                self._node("bound", (), name, (self._depth, place), frozenset([name]))
                for place, name in enumerate(names)
            ]
            body = self.constant(term(*bound))
        finally:
            self._depth -= 1
        if not body.inputs <= set(names):
            raise ValueError("A term of a sum may depend on its arguments alone.")
        if op == "total" and body.op == "const" and body.data == 0:
            return body
        return self._node(op, args, (n, body.number), (n, body), _inputs(args))

    def _node(
        self, op: str, args: tuple[Node, ...], key: Any, data: Any, inputs: frozenset[str]
    ) -> Node:
        place = (op, key, *(a.number for a in args))
        found = self._known.get(place)
        if found is None:
            sign = sign_of(op, args, data)
            found = Node(self, len(self.nodes), op, args, data, inputs, sign)
            self._known[place] = found
            self.nodes.append(found)
        return found


def _inputs(nodes: Iterable[Node]) -> frozenset[str]:
    return frozenset[str]().union(*(a.inputs for a in nodes))


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
