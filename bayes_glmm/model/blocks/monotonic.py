"""``mo(x)``: a monotonic effect, whose steps between categories have shares of the whole."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.errors import ArgumentError
from bayes_glmm.maths.field_maths import Maths
from bayes_glmm.model.blocks.modelled import ModelledFactor
from bayes_glmm.model.prior_draws import PriorDraws
from bayes_glmm.model.stated import Stated
from bayes_glmm.model.variables import INDEX, SHARES, Role, Slot, Variable, named

if TYPE_CHECKING:
    from bayes_glmm.model.graph_variables import Graph

SUM_ERROR = 1e-8


@dataclass(frozen=True, eq=False)
class MonotonicFactor(ModelledFactor):
    r"""The factor of ``mo(x)``, whose steps between categories sum to their number.

    With :math:`D` steps, and shares :math:`\zeta` that sum to one, category :math:`k` counts as
    :math:`D \sum_{i \le k} \zeta_i`. ``labels`` are the steps, ``codes`` the categories from 0.

    References
    ----------
    .. [1] Bürkner & Charpentier (2020). Modelling monotonic effects of ordinal predictors
       in Bayesian regression models. *Br. J. Math. Stat. Psychol.* 73, 420-451.
       doi:10.1111/bmsp.12195
    """

    words: ClassVar[str] = (
        "The effect of {0} rises or falls all the way over its categories; the coefficient of "
        "mo({0}) is the average step between neighbouring ones."
    )

    def variables(self) -> tuple[Variable, ...]:
        """Return the shares of the steps."""
        slot = Slot(self.variable, (self.variable, SHARES))
        dims, labels = (self.dim,), (self.labels,)
        return (Variable(self.variable, Role.SHARES, self.column, dims, labels, slots=(slot,)),)

    def evaluated(self, drawn: Any, maths: Maths) -> Any:
        """Return each row's category as the sum of the steps below it."""
        steps = float(len(self.labels)) * maths.cumsum(drawn)
        return maths.join([0.0 * steps[..., :1], steps])[..., self.codes]

    def state(self, graph: Graph) -> None:
        """State the shares."""
        import pymc as pm

        name = self.variable
        alpha = np.full(len(self.labels), graph.priors[name]["alpha"], np.float64)
        graph.values[name] = pm.Dirichlet(name, alpha, dims=self.dim)

    def with_data(self, graph: Graph) -> MonotonicFactor:
        """Return the factor whose categories are data of a graph."""
        codes = graph.data(named(INDEX, self.variable), self.codes, "observation")
        return replace(self, codes=codes)

    def draw(self, source: PriorDraws) -> dict[str, NDArray[Any]]:
        """Draw the shares."""
        alpha = np.full(len(self.labels), source.priors[self.variable]["alpha"])
        return {self.variable: source.rng.dirichlet(alpha, source.n)}

    def read(self, stated: Stated) -> dict[str, NDArray[Any]]:
        """Return the stated shares."""
        shares = stated.vector(self.variable, tuple(self.labels.tolist()))
        if (shares < 0).any() or abs(shares.sum() - 1) > SUM_ERROR:
            raise ArgumentError(
                f"{self.variable} holds shares: none is below 0, and they sum to 1."
            )
        return {self.variable: shares}
