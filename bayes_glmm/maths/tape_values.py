"""Values of what a tape holds, in NumPy, for many rows at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bayes_glmm.maths.tape_nodes import TOTALS, Node, needed
from bayes_glmm.maths.tape_operations import OPERATIONS

type Array = NDArray[np.float64]
type Values = dict[int, Any]


def evaluate(outputs: Sequence[Node], inputs: Mapping[str, ArrayLike]) -> tuple[Array, ...]:
    """Return the values of several nodes.

    Parameters
    ----------
    outputs : sequence of Node
    inputs : mapping of str to array_like
        Values of inputs by name, which broadcast: numbers, or arrays over rows.

    Returns
    -------
    tuple of ndarray
        In the shape of the inputs that each node depends on.
    """
    nodes = needed(*outputs)
    leaves = [node for node in nodes if node.op == "input"]
    known: Values = {node.number: np.asarray(inputs[node.data], np.float64) for node in leaves}
    with np.errstate(all="ignore"):
        _fill(nodes, known)
    return tuple(np.asarray(known[node.number]) for node in outputs)


def _fill(nodes: Iterable[Node], known: Values) -> None:
    """Add the values of nodes, which are in order, to those of their leaves."""
    nodes = tuple(nodes)
    for node in nodes:
        if node.number in known:
            continue
        if node.op == "const":
            known[node.number] = node.data
        elif node.op in TOTALS:
            alike = [t for t in nodes if t.op in TOTALS and _range(t) == _range(node)]
            _fill_totals(alike, known)
        else:
            known[node.number] = OPERATIONS[node.op](*(known[a.number] for a in node.args))


def _range(node: Node) -> tuple[Any, ...]:
    """Return what sums have in common that one loop can compute."""
    return (node.data[0], *node.args)


def _fill_totals(totals: Sequence[Node], known: Values) -> None:
    """Compute sums over the same values in one loop."""
    n, args = totals[0].data[0], totals[0].args
    nodes = needed(*(total.data[1] for total in totals))
    leaves = {node.data[1]: node for node in nodes if node.op == "bound"}
    before = {leaf.number: known[args[j - 1].number] for j, leaf in leaves.items() if j}
    moving = [node for node in nodes if leaves.get(0) is not None and _depends(node, leaves[0])]
    moves = {node.number for node in moving}
    _fill([node for node in nodes if node.number not in moves], before)
    sums = {total.number: Running(total.op == "log_total") for total in totals}
    for k in range(n):
        here = before | ({leaves[0].number: float(k)} if moving else {})
        _fill(moving, here)
        for total in totals:
            sums[total.number].add(here[total.data[1].number])
    known.update({number: running.value for number, running in sums.items()})


def _depends(node: Node, leaf: Node) -> bool:
    return bool(leaf.inputs & node.inputs)


class Running:
    """A sum, or the log of a sum of exponentials from the largest one so far."""

    def __init__(self, of_logs: bool) -> None:
        self.of_logs, self.sum, self.largest = of_logs, 0.0, -np.inf

    def add(self, term: Any) -> None:
        """Add one term."""
        if not self.of_logs:
            self.sum = self.sum + term
            return
        largest = np.maximum(self.largest, term)
        middle = np.where(np.isinf(largest), 0.0, largest)
        self.sum = self.sum * np.exp(self.largest - middle) + np.exp(term - middle)
        self.largest = largest

    @property
    def value(self) -> Any:
        """The sum of what was added."""
        if not self.of_logs:
            return self.sum
        middle = np.where(np.isinf(self.largest), 0.0, self.largest)
        return np.log(self.sum) + middle
