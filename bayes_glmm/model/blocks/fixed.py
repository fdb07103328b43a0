"""The intercept and the coefficients of the covariates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.maths.field_maths import Maths
from bayes_glmm.model.blocks.block import Block, Rows, Values
from bayes_glmm.model.blocks.modelled import ModelledColumns
from bayes_glmm.model.prior_draws import PriorDraws
from bayes_glmm.model.stated import Stated
from bayes_glmm.model.variables import (
    ABSORBED,
    BETA,
    COEFFICIENT,
    COLUMNS,
    INTERCEPT,
    OFFSET,
    PRIOR_TERM,
    Role,
    Slot,
    Variable,
    element,
    in_formula,
    reference_name,
)

if TYPE_CHECKING:
    from bayes_glmm.model.graph_variables import Graph

type Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class FixedBlock(Block):
    """The intercept and the coefficients of one predictor.

    The prior of the intercept is at the covariates' means: with intercept :math:`a`,
    coefficients :math:`b` and means :math:`m` it is the prior of :math:`a + m'b`.

    Attributes
    ----------
    parameter : str
        What the predictor is of.
    intercept : bool
    coefficients : tuple of str
    X : ndarray, shape (n_rows, n_coefficients)
        Zeros in columns that depend on parameters.
    centers, sizes : ndarray, shape (n_coefficients,)
        Means, and the sds that default priors are scaled by.
    modelled : ModelledColumns
        Columns that depend on parameters.
    moved : bool
        Whether it has another basis beside the table's.
    for_all : (bool, bool)
        Whether the intercept, and the coefficients, may be given the prior of all predictors
        of the mean together.
    """

    parameter: str
    intercept: bool
    coefficients: tuple[str, ...]
    X: Array
    centers: Array
    sizes: Array
    modelled: ModelledColumns = ModelledColumns()
    moved: bool = False
    for_all: tuple[bool, bool] = (False, False)

    @property
    def beta(self) -> str:
        """Name of the coefficients."""
        return in_formula(BETA, self.parameter)

    @property
    def intercept_name(self) -> str:
        """Name of the intercept."""
        return in_formula(INTERCEPT, self.parameter)

    @property
    def coefficient_dim(self) -> str:
        """Dimension of the coefficients."""
        return in_formula(COEFFICIENT, self.parameter)

    @property
    def names(self) -> frozenset[str]:
        """Names of intercept and coefficients, and of what a graph makes of them."""
        stems = (INTERCEPT, BETA, COEFFICIENT, COLUMNS, OFFSET)
        inner = (f"{self.intercept_name}{end}" for end in (ABSORBED, PRIOR_TERM))
        return frozenset([*(in_formula(stem, self.parameter) for stem in stems), *inner])

    def variables(self) -> tuple[Variable, ...]:
        """Return intercept and coefficients."""
        own: dict[str, Any] = {"owner": self.parameter, "moved": self.moved}
        found = []
        if self.intercept:
            name = self.intercept_name
            keys = (name, INTERCEPT) if self.for_all[0] else (name,)
            found.append(Variable(name, Role.INTERCEPT, slots=(Slot(name, keys),), **own))
        if self.coefficients:
            found.append(
                Variable(
                    self.beta, Role.COEFFICIENTS, dims=(self.coefficient_dim,),
                    labels=(np.array(self.coefficients, str),), slots=self._slots(),
                    by_label=self.parameter == "mu", **own,
                )
            )  # fmt: skip
        return tuple(found)

    def _slots(self) -> tuple[Slot, ...]:
        # columns that depend on parameters cannot be mixed with those of another basis
        together = frozenset({self.beta} if self.modelled else ())
        found = []
        for label, size in zip(self.coefficients, self.sizes, strict=True):
            name = element(self.beta, label)
            short = (label,) if self.parameter == "mu" else ()
            shared = (element(BETA, label), label, BETA) if self.for_all[1] else ()
            reference = reference_name(name) if self.moved else ""
            keys = (name, *short, self.beta, *shared)
            found.append(Slot(name, keys, float(size), reference=reference, together=together))
        return tuple(found)

    def rows(self, values: Values, maths: Maths) -> Iterator[Any]:
        """Yield the intercept, the covariates' share, and that of columns with parameters."""
        if self.intercept:
            yield values[self.intercept_name][..., None]
        if self.coefficients:
            beta = values[self.beta]
            yield maths.linear(self.X, beta)
            if self.modelled:
                yield self.modelled.rows(beta, values, maths)

    def state(self, graph: Graph) -> None:
        """State coefficients, what their columns depend on, and the intercept.

        An intercept that takes up the mean of effects is stated by :meth:`absorb`.
        """
        if self.coefficients:
            graph.vector(self.beta, self.coefficients, self.coefficient_dim, graph.standardized)
        for factor in self.modelled.factors:
            factor.state(graph)
        if not self.intercept or graph.absorbed:
            return
        from bayes_glmm.model.distributions import DISTRIBUTIONS
        from bayes_glmm.model.graph_variables import moved_prior
        from bayes_glmm.model.transforms import Standardized

        prior = graph.priors[self.intercept_name]
        graph.values[self.intercept_name] = DISTRIBUTIONS[prior.name](
            graph.named(self.intercept_name), **moved_prior(prior, -self._at_means(graph)),
            default_transform=None, transform=Standardized() if graph.standardized else None,
        )  # fmt: skip

    def absorb(self, effects: Any, graph: Graph) -> None:
        """State the predictor's mean, and the intercept as what it is without the effects'."""
        import pymc as pm

        from bayes_glmm.model.distributions import DISTRIBUTIONS
        from bayes_glmm.model.graph_variables import values_of

        name = self.intercept_name
        prior = graph.priors[name]
        at_means = pm.Flat(f"{name}{ABSORBED}") - effects.mean()
        own = DISTRIBUTIONS[prior.name].dist(**values_of(prior))
        pm.Potential(f"{name}{PRIOR_TERM}", pm.logp(own, at_means))
        graph.values[name] = pm.Deterministic(graph.named(name), at_means - self._at_means(graph))

    def _at_means(self, graph: Graph) -> Any:
        """Return what the coefficients make of the covariates' means."""
        return self.centers @ graph.values[self.beta] if self.coefficients else np.float64(0)

    def with_data(self, graph: Graph) -> FixedBlock:
        """Return the block whose columns are data of a graph."""
        if not self.coefficients:
            return self
        dims = ("observation", self.coefficient_dim)
        columns = graph.data(in_formula(COLUMNS, self.parameter), self.X, dims)
        return replace(self, X=columns, modelled=self.modelled.with_data(graph))

    def draw(self, source: PriorDraws) -> dict[str, Array]:
        """Draw the intercept at the covariates' means, coefficients, and what columns depend on."""
        out: dict[str, Array] = {}
        if self.intercept:
            out[self.intercept_name] = source.number(self.intercept_name)
        if self.coefficients:
            out[self.beta] = source.vector(self.beta, self.coefficients)
            for factor in self.modelled.factors:
                out |= factor.draw(source)
            if self.intercept:
                out[self.intercept_name] = out[self.intercept_name] - out[self.beta] @ self.centers
        return out

    def read(self, stated: Stated) -> dict[str, Array]:
        """Return the stated intercept, coefficients, and what columns depend on."""
        out: dict[str, Array] = {}
        if self.intercept:
            out[self.intercept_name] = stated.number(self.intercept_name)
        if self.coefficients:
            out[self.beta] = stated.vector(self.beta, self.coefficients)
        for factor in self.modelled.factors:
            out |= factor.read(stated)
        return out

    def take(self, rows: Rows) -> FixedBlock:
        """Return the block on some of its rows."""
        return replace(self, X=self.X[rows], modelled=self.modelled.take(rows))
