"""What of a tape is computed when: once for data, once for parameters, or for every row."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from bayes_glmm.maths.tape_nodes import LEAVES, Node, needed


@dataclass(frozen=True)
class Stages:
    """Operations in the order of computation, each after its arguments; leaves are left out.

    Attributes
    ----------
    known : tuple of Node
        What depends on data alone, as the factorial of a count: computed once for each row.
    shared : tuple of Node
        What depends on parameters alone that are one number for all rows: computed once
        for each value of the parameters.
    rows : tuple of Node
        The rest, computed for each row and value.
    """

    known: tuple[Node, ...]
    shared: tuple[Node, ...]
    rows: tuple[Node, ...]


def stages(outputs: Sequence[Node], known: Collection[str], shared: Collection[str]) -> Stages:
    """Sort what outputs need by the inputs that it depends on.

    Parameters
    ----------
    outputs : sequence of Node
    known : collection of str
        Names of inputs that are data: the response, trials, weights, bounds.
    shared : collection of str
        Names of parameters that are one number for all rows.
    """
    of_data, of_parameters, rest = [], [], []
    for node in needed(*outputs):
        if node.op in LEAVES:
            continue
        if node.inputs <= set(known):
            of_data.append(node)
        elif node.inputs <= set(shared):
            of_parameters.append(node)
        else:
            rest.append(node)
    return Stages(tuple(of_data), tuple(of_parameters), tuple(rest))
