"""A family's density on a tape: the response, the predictor and the parameters are its inputs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

from bayes_glmm.errors import SpecError
from bayes_glmm.families.censoring import KNOWN_MEANS, observe
from bayes_glmm.families.contract import Array, Family
from bayes_glmm.families.parameter import Parameter
from bayes_glmm.maths.links import LINKS, Link
from bayes_glmm.maths.tape import Tape
from bayes_glmm.maths.tape_maths import TAPE
from bayes_glmm.maths.tape_nodes import Node
from bayes_glmm.maths.tape_vectors import Vector

UNTAPED = (TypeError, ValueError, AttributeError, NotImplementedError, IndexError)
"""What a density raises that asks more of its arguments than a tape gives."""


@dataclass(frozen=True, eq=False)
class RecordedDensity:
    """The log-density of a row, and the inputs that may change while the data stay.

    Attributes
    ----------
    value : Node
        Natural logarithm. Data are its inputs ``y``, ``trials``, ``places`` and those that
        modifiers of the response are named by; a vector's are numbered, as in ``y[0]``.
    predictors : tuple of Node
        ``eta``; of unordered categories one for each but the first, ``eta[0]``, ...
    parameters : tuple of Node
        The family's other parameters by name, thresholds numbered; of one with a formula its
        predictor, as in ``eta_zi``. Held ones are constants, and not among them.
    """

    value: Node
    predictors: tuple[Node, ...]
    parameters: tuple[Node, ...]


def record_density(
    family: Family,
    link: Link,
    *,
    n_categories: int = 0,
    formulas: Collection[str] = (),
    response: float | None = None,
    by_group: bool = False,
) -> RecordedDensity:
    """Record the log-density of a family.

    Parameters
    ----------
    family : Family
        As :func:`~bayes_glmm.families.censoring.observe` returns it.
    link : Link
        Of the mean.
    n_categories : int
        Of categories, 2 or more.
    formulas : collection of str
        Parameters that have a predictor of their own.
    response : float, optional
        The response, where it is the same for all rows: of a category what is left depends
        on the thresholds beside it alone.
    by_group : bool
        Whether groups have thresholds of their own; ``places`` are then data.

    Returns
    -------
    RecordedDensity
    """
    tape = Tape()
    inputs = {p.name: _inputs(tape, p, n_categories, formulas) for p in family.parameters}
    own = {p.name: _value(tape, p, inputs[p.name], formulas) for p in family.parameters}
    if by_group:
        own["places"] = Vector(_numbered(tape, "places", n_categories))
    eta = _numbered(tape, "eta", *family.axes("predictor", n_categories))
    several = family.axes("stored", n_categories)
    y: Any = Vector(_numbered(tape, "y", *several)) if several else tape.input("y")
    if response is not None:
        y = tape.constant(response)
    trials = tape.input("trials") if family.has_trials else None
    predictor: Any = Vector(eta) if family.axes("predictor", n_categories) else eta[0]
    value = family.log_density(TAPE, y, predictor, link, own, trials)
    changing = chain(*(nodes for name, nodes in inputs.items() if name not in family.known))
    return RecordedDensity(tape.constant(value), eta, tuple(changing))


def record_observed(
    family: Family,
    link: Link,
    modifiers: Mapping[str, Array],
    y: Array,
    formulas: Collection[str] = (),
) -> RecordedDensity | None:
    """Record the log-density of responses as they were observed, if a tape holds it.

    Parameters
    ----------
    family : Family
        The plain one.
    link : Link
        Of the mean.
    modifiers : mapping of str to ndarray, shape (n_rows,)
        Of the response, see :func:`~bayes_glmm.families.censoring.observe`.
    y : ndarray, shape (n_rows,)
        Responses.
    formulas : collection of str
        Parameters that have a predictor of their own.

    Returns
    -------
    RecordedDensity or None
        ``None`` for a predictor for each category, thresholds, modifiers other than weights and bounds, and
        a density that asks more of its arguments than a tape gives.
    """
    if family.vectors or family.by_category or set(modifiers) - {*KNOWN_MEANS}:
        return None
    try:
        return record_density(observe(family, modifiers, y), link, formulas=formulas)
    except (*UNTAPED, SpecError):
        return None


def _numbered(tape: Tape, name: str, size: int | None = None) -> tuple[Node, ...]:
    """Return the inputs of a vector, or the one of a number."""
    if size is None:
        return (tape.input(name),)
    return tuple(tape.input(f"{name}[{k}]") for k in range(size))


def _inputs(
    tape: Tape, p: Parameter, n_categories: int, formulas: Collection[str]
) -> tuple[Node, ...]:
    """Return what may change of a parameter."""
    if p.vector:
        return _numbered(tape, p.name, n_categories - 1)
    if p.name in formulas:
        return (tape.input(f"eta_{p.name}"),)
    return (tape.input(p.name),) if p.fixed is None else ()


def _value(
    tape: Tape, p: Parameter, inputs: tuple[Node, ...], formulas: Collection[str]
) -> Vector | Node:
    """Return a parameter on its own scale."""
    if p.vector:
        return Vector(inputs)
    if p.name in formulas:
        return TAPE.inverse(LINKS[p.link], inputs[0])
    return inputs[0] if p.fixed is None else tape.constant(p.fixed)
