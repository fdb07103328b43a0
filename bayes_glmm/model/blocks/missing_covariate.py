"""``mi(x)``: a covariate with missing values, which has a model of its own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.maths.field_maths import Maths
from bayes_glmm.model.blocks.modelled import ModelledFactor
from bayes_glmm.model.predictor_design import PredictorDesign
from bayes_glmm.model.prior_draws import PriorDraws
from bayes_glmm.model.stated import Stated
from bayes_glmm.model.variables import KNOWN, RESIDUAL, Role, Slot, Variable

if TYPE_CHECKING:
    from bayes_glmm.model.graph_variables import Graph


@dataclass(frozen=True, eq=False)
class MissingFactor(ModelledFactor):
    """The factor of ``mi(x)``: known values, and one parameter for each missing cell.

    ``labels`` are the rows whose value is missing; ``codes`` are positions of missing cells,
    -1 where the value is known.
    """

    words: ClassVar[str] = (
        "Missing values of {0} are estimated, together with a normal model of {0}."
    )

    def variables(self) -> tuple[Variable, ...]:
        """Return the missing values."""
        if not len(self.labels):
            return ()
        dims, labels = (self.dim,), (self.labels,)
        units = f"units of {self.column}"
        return (Variable(self.variable, Role.MISSING, self.column, dims, labels, scale=units),)

    def evaluated(self, drawn: Any, maths: Maths) -> Any:
        """Return the known values, and the drawn ones in missing cells."""
        if drawn is None:
            return self.values
        return maths.where(self.codes >= 0, drawn[..., np.maximum(self.codes, 0)], self.values)

    def state(self, graph: Graph) -> None:
        """Leave the missing values to the covariate's model, see :class:`CovariateDesign`."""

    def with_data(self, graph: Graph) -> MissingFactor:
        """Return the factor: its cells are known when the graph is written."""
        return self

    def draw(self, source: PriorDraws) -> dict[str, NDArray[Any]]:
        """Leave the missing values to the covariate's model."""
        return {}

    def read(self, stated: Stated) -> dict[str, NDArray[Any]]:
        """Return the stated missing values."""
        if not len(self.labels):
            return {}
        return {self.variable: stated.vector(self.variable, tuple(self.labels.tolist()))}


@dataclass(frozen=True, eq=False)
class CovariateDesign:
    """The model of a covariate with missing values: normal, with a predictor of its mean.

    Attributes
    ----------
    column : str
    predictor : PredictorDesign
        Its ``parameter`` is the column's identifier: ``intercept_bmi``.
    factor : ModelledFactor
        Known values and places of missing cells.
    mean, sd : float
        Of the known values.
    """

    stems: ClassVar[tuple[str, ...]] = (RESIDUAL, KNOWN)
    """Stems of names beside those of its predictor."""
    column: str
    predictor: PredictorDesign
    factor: ModelledFactor
    mean: float
    sd: float

    @property
    def sigma(self) -> str:
        """Name of the standard deviation of the values about their mean."""
        return self.predictor.name(RESIDUAL)

    def variables(self) -> tuple[Variable, ...]:
        """Return the variables of its model, in units of the column."""
        sigma = Variable(
            self.sigma, Role.RESIDUAL, self.column, slots=(Slot(self.sigma, (self.sigma,)),)
        )
        own = (*self.predictor.variables(), sigma, *self.factor.variables())
        return tuple(replace(v, scale=v.scale or f"units of {self.column}") for v in own)

    @property
    def known(self) -> NDArray[np.intp]:
        """Places of the rows whose value is known."""
        return np.flatnonzero(self.factor.codes < 0)

    @property
    def missing(self) -> NDArray[np.intp]:
        """Places of the rows without a value, in the order of ``factor.labels``."""
        rows = np.flatnonzero(self.factor.codes >= 0)
        return rows[np.argsort(self.factor.codes[rows])]

    def state(self, mean: Any, graph: Graph) -> None:
        """State the standard deviation, the known values and the missing ones.

        Parameters
        ----------
        mean : variable, shape (n_rows,)
            Its predictor.
        """
        import pymc as pm

        from bayes_glmm.model.transforms import Standardized

        sigma, factor, known = graph.scalar(self.sigma), self.factor, self.known
        observed = factor.values[known]
        pm.Normal(self.predictor.name(KNOWN), mean[known], sigma, observed=observed)
        if len(factor.labels):
            graph.values[factor.variable] = pm.Normal(
                factor.variable, mean[self.missing], sigma, dims=factor.dim,
                default_transform=None, transform=Standardized() if graph.standardized else None,
            )  # fmt: skip

    def draw(self, mean: NDArray[np.float64], source: PriorDraws) -> dict[str, NDArray[Any]]:
        """Draw the standard deviation, and missing values around their means.

        Parameters
        ----------
        mean : ndarray, shape (n_draws, n_rows)
            Its predictor.
        """
        out = {self.sigma: source.number(self.sigma)}
        rows = self.missing
        if len(rows):
            z = source.rng.standard_normal((source.n, len(rows)))
            out[self.factor.variable] = mean[:, rows] + out[self.sigma][:, None] * z
        return out
