"""Values of what a tape holds, in NumPy, for many rows at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bayes_glmm.maths.tape_nodes import TOTALS, Loop, Node, loop_of, needed
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
            _fill_totals(loop_of(node, nodes), known)
        else:
            known[node.number] = OPERATIONS[node.op](*(known[a.number] for a in node.args))


def _fill_totals(loop: Loop, known: Values) -> None:
    """Compute sums over the same values in one loop."""
    before = loop.leaves(None, lambda arg: known[arg.number])
    steps = [leaf.number for leaf in loop.bound if leaf.data[1] == 0]
    _fill(loop.fixed, before)
    sums = {total.number: Running(total.op == "log_total") for total in loop.totals}
    for k in range(loop.n):
        here = before | dict.fromkeys(steps, float(k))
        _fill(loop.moving, here)
        for total in loop.totals:
            sums[total.number].add(here[total.data[1].number])
    known.update({number: running.value for number, running in sums.items()})


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
