"""A tape: a density as a graph of scalar operations, where equal ones are one node."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from bayes_glmm.maths.tape_nodes import Node
from bayes_glmm.maths.tape_operations import folded
from bayes_glmm.maths.tape_simplify import COMMUTATIVE, sign_of, simplified

type Scalar = Node | float


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
        simpler = simplified(op, *nodes)
        if simpler is not None:
            return simpler
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
        node = self._known.get(place)
        if node is None:
            sign = sign_of(op, args, data)
            node = Node(self, len(self.nodes), op, args, data, inputs, sign)
            self._known[place] = node
            self.nodes.append(node)
        return node


def _inputs(nodes: Iterable[Node]) -> frozenset[str]:
    return frozenset[str]().union(*(a.inputs for a in nodes))
