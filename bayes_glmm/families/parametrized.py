"""The links and parameters of a family: which there are, which have formulas, which are known."""

from __future__ import annotations

from collections.abc import Container
from copy import copy
from dataclasses import replace
from typing import Self

import numpy as np

from bayes_glmm.errors import SpecError, suggestion
from bayes_glmm.families.parameter import Parameter
from bayes_glmm.maths.links import LINKS, Link
from bayes_glmm.spec.priors import ONE_TO_TWO, POSITIVE, REAL, UNIT

RANGES = {
    REAL: (-np.inf, np.inf),
    POSITIVE: (0.0, np.inf),
    UNIT: (0.0, 1.0),
    ONE_TO_TWO: (1.0, 2.0),
}


class Parametrized:
    """What a family is stated in: ``mu`` by a link, and parameters beside it."""

    name: str
    links: tuple[str, ...]
    parameters: tuple[Parameter, ...] = ()
    known: tuple[str, ...] = ()
    """Those of the parameters that are data of each row: how its response was observed."""
    discrete: bool = False

    @property
    def default_link(self) -> str:
        """Name of the link used when none is asked for."""
        return self.links[0]

    def link(self, name: str | None = None) -> Link:
        """Return the link of that name, refusing one the family does not take.

        Parameters
        ----------
        name : str, optional
            One of ``links``; the first of them when not given.

        Returns
        -------
        Link
            With ``forward``, ``inverse`` and ``derivative``.

        Raises
        ------
        SpecError
            The family does not take this link.
        """
        chosen = self.default_link if name is None else name
        if chosen not in self.links:
            raise SpecError(
                f"The family {self.name} does not take the link {chosen!r}."
                + suggestion(str(chosen), list(self.links))
            )
        return LINKS[chosen]

    def parameter(self, name: str) -> Parameter:
        """Return the parameter of that name, refusing one the family does not have.

        Parameters
        ----------
        name : str
            A parameter beside ``mu`` that may have a formula.

        Returns
        -------
        Parameter
            Its meaning, link and default prior.

        Raises
        ------
        SpecError
            The family has no such parameter.
        """
        known = {p.name: p for p in self.parameters if p.formula and not p.vector}
        if name not in known:
            raise SpecError(
                f"The family {self.name} has no parameter {name!r} to give a formula."
                + suggestion(name, ["mu", *known])
            )
        return known[name]

    def holding(self, **known: float) -> Self:
        """Return the family with some of its parameters at known values.

        They are then not estimated and take no formula, and the name of the family says
        so: ``student_t(nu=4)``.

        Parameters
        ----------
        **known : float
            Values by name, each on the parameter's own scale.

        Returns
        -------
        Family
            A copy.

        Raises
        ------
        SpecError
            No such parameter, or a value that it cannot have.
        """
        scalars = {p.name: p for p in self.parameters if not p.vector}
        for name, value in known.items():
            if name not in scalars:
                raise SpecError(
                    f"The family {self.name} has no parameter {name!r} to hold."
                    + suggestion(name, list(scalars))
                )
            low, high = RANGES[scalars[name].prior(1.0).support]
            if not low < value < high:
                raise SpecError(
                    f"{name}={value:g}: for {self.name} it must be a number between {low:g} and "
                    f"{high:g}."
                )
        family = copy(self)
        family.name = f"{self.name}({','.join(f'{k}={float(v)!r}' for k, v in known.items())})"
        family.parameters = tuple(
            replace(p, fixed=float(known[p.name]), formula=False) if p.name in known else p
            for p in self.parameters
        )
        return family

    def scalars(self, formulas: Container[str]) -> tuple[Parameter, ...]:
        """Return the parameters that are one number to estimate: they have no formula."""
        plain = (p for p in self.parameters if not p.vector and p.fixed is None)
        return tuple(p for p in plain if p.name not in formulas)

    @property
    def spread(self) -> tuple[Parameter, ...]:
        """The parameters that say how far single rows lie from their mean.

        Of a continuous family that marks none they are all that it has.
        """
        marked = tuple(p for p in self.parameters if p.spread)
        return marked or (() if self.discrete else self.parameters)

    @property
    def vectors(self) -> tuple[Parameter, ...]:
        """The parameters with one element for every boundary between categories."""
        return tuple(p for p in self.parameters if p.vector)
