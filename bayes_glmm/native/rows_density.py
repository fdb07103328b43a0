"""A family's density for rows in C: over the mean and its logs, with data's own terms apart."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, cast

from bayes_glmm.families import get_family
from bayes_glmm.families.density_family import Written
from bayes_glmm.families.ordinal import Cumulative
from bayes_glmm.maths.tape import Tape
from bayes_glmm.maths.tape_maths import TAPE
from bayes_glmm.maths.tape_nodes import LEAVES, Node, needed
from bayes_glmm.maths.tape_vectors import Vector, pick
from bayes_glmm.maths.vocabulary import Mean

MEANS = ("mu", "log_mu", "log_rest")
"""The mean, its log, and the log of what it leaves of one."""
DATA = ("y", "trials")
CHEAP = frozenset(
    ("neg", "abs", "add", "mul", "less", "less_equal", "equal", "and", "or", "not", "where", "max", "min")
)  # fmt: skip
"""What costs a row less than reading a number."""


@dataclass(frozen=True, eq=False)
class RowDensity:
    """The log-density of a row over the three faces of its mean, so that no link is in it.

    Attributes
    ----------
    value : Node
        Natural logarithm without :attr:`constant`.
    constant : Node
        The terms that depend on data alone.
    columns : tuple of Node
        What rows read of the data: inputs, and what is costly to compute from them.
    means : tuple of Node
        The inputs ``mu``, ``log_mu`` and ``log_rest``, whether used or not.
    own : tuple of Node
        The inputs of the family's own parameters, held ones too.
    """

    value: Node
    constant: Node
    columns: tuple[Node, ...]
    means: tuple[Node, ...]
    own: tuple[Node, ...]

    @property
    def uses(self) -> tuple[int, ...]:
        """The places of the means that the density takes."""
        return tuple(k for k, node in enumerate(self.means) if node.inputs <= self.value.inputs)


def record_rows(family: Written) -> RowDensity:
    """Record the log-density of a family over the faces of its mean.

    Parameters
    ----------
    family : Written
        With one predictor; not as observed with bounds.

    Returns
    -------
    RowDensity
    """
    tape = Tape()
    means = tuple(tape.input(name) for name in MEANS)
    own = {p.name: tape.input(p.name) for p in family.parameters}
    trials = family.own_trials(cast("Any", tape.input("trials")))
    whole = family.density(TAPE, tape.input("y"), Mean(*means), own, trials)
    rest, constant = _apart(tape.constant(whole), frozenset(DATA))
    return RowDensity(rest, constant, columns((rest,), DATA), means, tuple(own.values()))


def record_cumulative(link: str) -> RowDensity:
    """Record the log-probability of an ordered category between two thresholds.

    Parameters
    ----------
    link : str
        Of the cumulative family's.

    Returns
    -------
    RowDensity
        Its faces are the predictor and the thresholds below and above the category; its only
        column says which is there: 0 for the first category, which has one above and finds it in
        the place of that below, 1 for a middle one, and 2 for the last.
    """
    family = cast("Cumulative", get_family("cumulative"))
    tape = Tape()
    eta, low, high = (tape.input(name) for name in ("eta", "low", "high"))
    size, kind = tape.input("discrimination"), tape.input("kind")
    cut = Vector((size * (low - eta), size * (high - eta)))
    value = pick(family.from_cuts(TAPE, cut, family.link(link)), kind)
    return RowDensity(value, tape.constant(0.0), (kind,), (eta, low, high), (size,))


def _apart(node: Node, data: frozenset[str]) -> tuple[Node, Node]:
    """Split a sum into what depends on more than data, and the rest.

    A choice by data is split in both its branches; one between a sum and an infinity gives up
    the sum's constant, which is finite.
    """
    zero = node.tape.constant(0.0)
    if node.inputs <= data:
        return zero, node
    if node.op == "neg":
        rest, constant = _apart(node.args[0], data)
        return -rest, -constant
    if node.op == "add":
        (a, ca), (b, cb) = (_apart(arg, data) for arg in node.args)
        return a + b, ca + cb
    if node.op == "where":
        chosen, first, second = node.args
        where = node.tape.apply
        (a, ca), (b, cb) = _apart(first, data), _apart(second, data)
        if chosen.inputs <= data:
            return where("where", chosen, a, b), where("where", chosen, ca, cb)
        if first.op == "const" and math.isinf(first.data):
            return where("where", chosen, first, b), cb
    return node, zero


def columns(outputs: Sequence[Node], data: Collection[str]) -> tuple[Node, ...]:
    """Return what of the data outputs read: inputs, and what is costly to compute from them.

    Parameters
    ----------
    outputs : sequence of Node
    data : collection of str
        Names of the inputs that are data.

    Returns
    -------
    tuple of Node
        In the order of the tape.
    """
    known = frozenset(data)
    found: dict[int, Node] = {}
    waiting = [node for node in outputs if node.op not in ("const", "bound")]
    seen: set[int] = set()
    while waiting:
        node = waiting.pop()
        if node.number in seen:
            continue
        seen.add(node.number)
        if node.inputs <= known and node.inputs and _is_column(node):
            found[node.number] = node
        else:
            waiting.extend(node.args)
    return tuple(found[number] for number in sorted(found))


def _is_column(node: Node) -> bool:
    """Whether a number of data is read and not computed: conditions are computed."""
    if node.op == "input":
        return True
    return any(step.op not in CHEAP and step.op not in LEAVES for step in needed(node))
