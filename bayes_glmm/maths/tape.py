"""A tape: a density as a graph of scalar operations, where equal ones are one node."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bayes_glmm.maths.tape_operations import CONDITIONS, OPERATIONS
from bayes_glmm.maths.tape_simplify import COMMUTATIVE, sign_of, simplified

type Scalar = Node | float
NUMBERS = (int, float, np.number, np.bool_)
LEAVES = ("const", "input", "bound")
TOTALS = ("total", "log_total")
LARGEST_PRODUCT = 8
"""The largest whole power that is written as products."""


class Arithmetic:
    """The operators of nodes and of vectors of nodes."""

    __slots__ = ()
    __array_ufunc__ = None
    """NumPy's numbers leave the operators to their other side."""

    def _apply(self, op: str, *args: Any) -> Any:
        raise NotImplementedError

    def __add__(self, other: Any) -> Any:
        return self._apply("add", self, other)

    def __radd__(self, other: Any) -> Any:
        return self._apply("add", other, self)

    def __sub__(self, other: Any) -> Any:
        return self + (-other)

    def __rsub__(self, other: Any) -> Any:
        return other + (-self)

    def __mul__(self, other: Any) -> Any:
        return self._apply("mul", self, other)

    def __rmul__(self, other: Any) -> Any:
        return self._apply("mul", other, self)

    def __truediv__(self, other: Any) -> Any:
        return self._apply("div", self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return self._apply("div", other, self)

    def __neg__(self) -> Any:
        return self._apply("neg", self)

    def __abs__(self) -> Any:
        return self._apply("abs", self)

    def __pow__(self, power: Any) -> Any:
        if isinstance(power, NUMBERS) and abs(power) <= LARGEST_PRODUCT and power == int(power):
            product: Any = 1.0
            for _ in range(abs(int(power))):
                product = product * self
            return product if power >= 0 else 1.0 / product
        return self._apply("pow", self, power)

    def __rpow__(self, base: Any) -> Any:
        return self._apply("pow", base, self)

    def __lt__(self, other: Any) -> Any:
        return self._apply("less", self, other)

    def __gt__(self, other: Any) -> Any:
        return self._apply("less", other, self)

    def __le__(self, other: Any) -> Any:
        return self._apply("less_equal", self, other)

    def __ge__(self, other: Any) -> Any:
        return self._apply("less_equal", other, self)

    def __and__(self, other: Any) -> Any:
        return self._apply("and", self, other)

    def __or__(self, other: Any) -> Any:
        return self._apply("or", self, other)

    def __invert__(self) -> Any:
        return self._apply("not", self)


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
        from bayes_glmm.maths.tape_vectors import Vector

        if key != (Ellipsis, None):
            raise IndexError(f"One number of a tape takes [..., None] alone, not {key!r}.")
        return Vector((self,))

    def __repr__(self) -> str:
        shown = self.data if self.op in LEAVES else ""
        return f"{self.op}({shown or ', '.join(f't{a.number}' for a in self.args)})"


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


def folded(op: str, *values: float) -> float:
    """Return the value of an operation on plain numbers; of a condition one or zero."""
    with np.errstate(all="ignore"):
        found = OPERATIONS[op](*(np.float64(v) for v in values))
    return float(found)


def record(op: str, *args: Scalar) -> Scalar:
    """Record an operation on the tape of its arguments; plain numbers give a plain number."""
    for a in args:
        if isinstance(a, Node):
            return a.tape.apply(op, *args)
    return folded(op, *(float(a) for a in args))


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
