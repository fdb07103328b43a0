"""The variables of a model and their names; no other module spells a name.

A name is a stem and its owner: ``sd_Subject``, ``beta_zi``. Blocks and predictors state their
variables as :class:`Variable`; all other code takes names from these.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.spec.priors import CORRELATION as MATRIX
from bayes_glmm.spec.priors import POSITIVE, REAL, SIMPLEX, Prior

BETA, INTERCEPT = "beta", "intercept"
SD, CORRELATION, CORRELATION_FACTOR = "sd", "corr", "corr_chol"
EFFECTS, LATENTS = "u", "z"
SHARES, MISSING = "simplex", "mi"
RESIDUAL = "sigma"
DEGREES = "nu"
"""Degrees of freedom of effects."""
RANGE = "range"
HYPERS = (RANGE, "mix", "halflife", "signal", "rho", DEGREES)
"""Parameters of structures, of smooths and of the distribution of effects."""
COEFFICIENT = "coefficient"
"""Dimension of the coefficients."""
RESERVED = ("chain", "draw", "sample", "observation", COEFFICIENT, "y", "response", "mu")
"""What every result and graph has: dimensions of draws and rows, the response."""
COLUMNS, OFFSET, INDEX, VALUES, WEIGHTS, BASIS, KNOWN = (
    "X", "offset", "index", "Z", "weights", "basis", "known",
)  # fmt: skip
"""Data of a graph."""
ABSORBED, PRIOR_TERM = "_absorbed", "_prior"
"""Suffixes of variables in a graph whose intercept absorbs the mean of effects."""
PREFIX = "reference_"
"""Of variables in the basis that is sampled in, see :mod:`.reference`."""


class Role(Enum):
    """The role of a variable in its model."""

    INTERCEPT = "intercept"
    COEFFICIENTS = "coefficients"
    SHARES = "shares of monotonic steps"
    MISSING = "missing values of a covariate"
    RESIDUAL = "residual standard deviation of a covariate"
    SD = "standard deviations"
    HYPER = "parameter of a structure, a smooth or a distribution of effects"
    CORRELATION = "correlations"
    CORRELATION_FACTOR = "Cholesky factor of correlations"
    EFFECTS = "effects"
    LATENTS = "standard normal latents of effects"
    THRESHOLD = "boundaries between ordered categories"
    OWN = "parameter of the family"


REPORTED = frozenset(Role) - {
    Role.MISSING, Role.CORRELATION_FACTOR, Role.EFFECTS, Role.LATENTS,
}  # fmt: skip
"""What tables of parameters show."""
SUPPORT = {
    Role.SD: POSITIVE, Role.RESIDUAL: POSITIVE, Role.CORRELATION: MATRIX,
    Role.CORRELATION_FACTOR: MATRIX, Role.SHARES: SIMPLEX,
}  # fmt: skip
"""Support of the roles that are not the whole real line."""
SCALE = {Role.CORRELATION: "correlation", Role.SHARES: "share of all steps"}
"""Words for the scale of roles that are not on the link scale."""


@dataclass(frozen=True)
class Slot:
    """The target of one prior: a number, or a matrix, shares or thresholds as a whole.

    Attributes
    ----------
    name : str
        ``"beta[x]"``, ``"sd_g[intercept]"``, ``"corr_g"``.
    keys : tuple of str
        Names under which a user may give the prior, the most specific first.
    size : float
        Typical size of the values that the number multiplies: default priors are divided by it.
    parameter : str
        The formula that it belongs to; empty if it belongs to all formulas of the variable.
    reference : str
        Its name in the reference basis, if the default is defined there.
    together : frozenset of str
        Sets of priors that it is in: if a user gives one of a set, all are on the table's scale.
    """

    name: str
    keys: tuple[str, ...]
    size: float = 1.0
    parameter: str = ""
    reference: str = ""
    together: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Element:
    """One number of a variable: its name, where it is, and the formula that it belongs to."""

    name: str
    place: tuple[int, ...]
    parameter: str = ""


@dataclass(frozen=True, eq=False)
class Variable:
    """A variable of a model: an array of numbers with a name.

    Attributes
    ----------
    name : str
        In the posterior: ``"sd_Subject"``.
    role : Role
    owner : str
        The predictor, block or family that states it: ``"mu"``, ``"Subject"``, ``"s_x"``.
    dims : tuple of str
    labels : tuple of ndarray of str
        Along each dimension.
    support : str
        Where its numbers lie, as in :attr:`.Prior.support`; if not stated, that of its role.
    slots : tuple of Slot
        The targets of priors; none if the distribution follows from other variables.
    prior : Prior or None
        The default of the variable, where it does not depend on the response.
    scale : str
        Unit or scale in words, if not its role's; empty on the link of its formula.
    derived : bool
        Whether it is computed from other variables of the graph.
    moved : bool
        Whether it may have a twin in the reference basis, of other values.
    parameters : tuple of str
        Where several formulas share a block, the formula of each label of the last dimension.
    places : tuple of tuple of int, or None
        Which elements tables name, in their order; ``None``: all.
    by_label : bool
        Whether an element is called by its label alone, as the mean's coefficients are.
    """

    name: str
    role: Role
    owner: str
    dims: tuple[str, ...] = ()
    labels: tuple[NDArray[np.str_], ...] = ()
    support: str = ""
    slots: tuple[Slot, ...] = ()
    prior: Prior | None = None
    scale: str = ""
    derived: bool = False
    moved: bool = False
    parameters: tuple[str, ...] = ()
    places: tuple[tuple[int, ...], ...] | None = None
    by_label: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "support", self.support or SUPPORT.get(self.role, REAL))
        object.__setattr__(self, "scale", self.scale or SCALE.get(self.role, ""))

    @property
    def reported(self) -> bool:
        """Whether tables of parameters show it."""
        return self.role in REPORTED

    @property
    def reference(self) -> str:
        """Name of its twin in the reference basis."""
        return reference_name(self.name)

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of labels along each dimension."""
        return tuple(len(labels) for labels in self.labels)

    @property
    def elements(self) -> tuple[Element, ...]:
        """The numbers that tables name; of correlations, those of correlated pairs."""
        places = self.places
        if places is None:
            places = tuple(product(*(range(n) for n in self.shape)))
        return tuple(self.at(place) for place in places)

    def at(self, place: tuple[int, ...]) -> Element:
        """Return the element at a place, shape of ``place`` (n_dims,)."""
        labels = [str(along[k]) for along, k in zip(self.labels, place, strict=True)]
        name = element(self.name, *labels) if labels else self.name
        return Element(name, place, self.parameters[place[-1]] if self.parameters else "")

    def place(self, label: str) -> tuple[int, ...] | None:
        """Find an element by its labels, ``"intercept, x"``; ``None`` where there is none.

        A dimension that has a single label may be left out.
        """
        return _place([[str(text) for text in labels] for labels in self.labels], label)

    def called(self, place: tuple[int, ...]) -> str:
        """Return an element's name in tables: its full name, or its label alone."""
        return str(self.labels[0][place[0]]) if self.by_label else self.at(place).name


def _place(axes: list[list[str]], label: str) -> tuple[int, ...] | None:
    if not axes:
        return None if label else ()
    first, *rest = axes
    for i, known in enumerate(first):
        if label == known or label.startswith(f"{known},"):
            place = _place(rest, label[len(known) + 1 :].strip())
            if place is not None:
                return (i, *place)
    if len(first) == 1:
        place = _place(rest, label)
        return None if place is None else (0, *place)
    return None


def element_of(values: NDArray[np.float64], place: tuple[int, ...]) -> NDArray[np.float64]:
    """Return an element in every draw, shape (...), of values, shape (..., *shape)."""
    where: tuple[Any, ...] = (..., *place)
    return np.asarray(values[where])


def named(stem: str, owner: str) -> str:
    """Return a variable's name: ``named("sd", "Subject")`` is ``"sd_Subject"``."""
    return f"{stem}_{owner}"


def element(name: str, *labels: str) -> str:
    """Return the name of one element: ``"beta[size]"``, ``"corr_g[intercept, x]"``."""
    return f"{name}[{', '.join(labels)}]"


def in_formula(stem: str, parameter: str) -> str:
    """Return a predictor's variable: ``"beta"``, or ``"beta_zi"`` in the formula of ``zi``."""
    return stem if parameter == "mu" else named(stem, parameter)


def variable_of(name: str) -> str:
    """Return the variable of an element, or of its twin: ``"beta"`` of ``"beta[x]"``."""
    return name.removeprefix(PREFIX).partition("[")[0]


def reference_name(name: str) -> str:
    """Return the name of a variable's twin in the reference basis."""
    return f"{PREFIX}{name}"


def hyper_variable(owner: str, stem: str, support: str, prior: Prior, meaning: str) -> Variable:
    """Return a parameter of one number that a structure or a distribution of effects has."""
    assert stem in HYPERS, f"{stem!r} is not among the names that are kept free"
    name = named(stem, owner)
    slot = Slot(name, (name, stem))
    return Variable(
        name, Role.HYPER, owner, support=support, slots=(slot,), prior=prior, scale=meaning
    )  # fmt: skip


def names_of(variables: Iterable[Variable]) -> frozenset[str]:
    """Return all names of variables: their own, their twins', and those of dimensions."""
    return frozenset(name for v in variables for name in (v.name, v.reference, *v.dims))


def numbers_below(blocks: Iterable[Sequence[int]]) -> tuple[tuple[int, int], ...]:
    """Return places of the correlations in blocks of terms, each pair once, row by row."""
    return tuple((a, b) for block in blocks for i, b in enumerate(block) for a in block[:i])
