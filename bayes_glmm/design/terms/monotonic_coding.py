"""``mo(x)``: the monotonic effect of an ordered covariate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.design.table.columns import kind_of, learned_codes, levels_of, pick
from bayes_glmm.design.table.tables import rows_where
from bayes_glmm.design.terms.expressions import States
from bayes_glmm.errors import DataError, listed
from bayes_glmm.model.blocks.modelled import identifier
from bayes_glmm.model.blocks.monotonic import MonotonicFactor
from bayes_glmm.model.thresholds import boundaries
from bayes_glmm.model.variables import SHARES, named


@dataclass(frozen=True)
class MonotonicCoding:
    r"""A factor of a term that rises or falls over ordered categories.

    With :math:`D` steps between its :math:`D + 1` categories and a simplex
    :math:`\zeta`, category :math:`k` counts as :math:`D \sum_{i \le k} \zeta_i`: the
    coefficient is the average step between neighbouring categories, and the simplex says
    how the whole is shared among the steps. One simplex serves all terms of the column in
    a formula, so that the effect is monotonic at every value of what it interacts with.

    Attributes
    ----------
    column : str
    levels : tuple of str
        The categories seen in training, in order.

    References
    ----------
    .. [1] Bürkner & Charpentier (2020). Modelling monotonic effects of ordinal predictors
       in Bayesian regression models. *Br. J. Math. Stat. Psychol.* 73, 420-451.
       doi:10.1111/bmsp.12195
    """

    column: str
    levels: tuple[str, ...]

    def columns(self, full: bool) -> tuple[str, ...]:
        """Return the label of its one column."""
        return (f"mo({self.column})",)

    def matrix(self, data: pd.DataFrame, states: States, full: bool) -> NDArray[np.float64]:
        """Return the values under equal steps, shape (n_rows, 1)."""
        return self._codes(data).astype(np.float64)[:, None]

    def factor(self, data: pd.DataFrame, suffix: str) -> MonotonicFactor:
        """Return the factor on some rows, in the formula that variables with the suffix are of."""
        codes = self._codes(data)
        name = identifier(self.column)
        return MonotonicFactor(
            self.column, f"{named(SHARES, name)}{suffix}", f"{name}_step{suffix}",
            np.array(boundaries(self.levels), dtype=np.str_), codes, codes.astype(np.float64),
        )  # fmt: skip

    def _codes(self, data: pd.DataFrame) -> NDArray[np.intp]:
        way = f"mo() learned {len(self.levels)} categories: refit with rows of the new one."
        return learned_codes(data, self.column, self.levels, f"Column {self.column!r}", way)


def learn_ordered(column: str, data: pd.DataFrame) -> MonotonicCoding:
    """Learn the categories of an ordered covariate.

    Raises
    ------
    DataError
        Text or categories without an order, numbers that are not whole, or one category.
    """
    series = pick(data, column)
    kind = kind_of(series, column)
    levels = tuple(levels_of(series, column)[1].tolist())
    if kind == "factor" and not getattr(series.dtype, "ordered", False):
        raise DataError(
            f"mo({column}) needs an order, and column {column!r} holds levels without one "
            f"({listed(levels[:8])}): give it one, as in "
            f"pandas.Categorical(data[{column!r}], categories=[...], ordered=True)."
        )
    if kind == "boolean":
        raise DataError(f"mo({column}): {column!r} is true or false; write the column itself.")
    if kind == "numeric":
        values = series.to_numpy(float)
        bad = values != np.rint(values)
        if bad.any():
            raise DataError(
                f"mo({column}) takes ordered categories or whole numbers, and column {column!r} "
                f"has others, as {values[bad][0]:g}, in {rows_where(data.index, bad)}: use the column "
                "itself, bs(), or cut it into ordered categories."
            )
    if len(levels) < 2:
        raise DataError(
            f"mo({column}): column {column!r} has one category ({levels[0]}); remove it."
        )
    if len(levels) > MOST_LEVELS:
        raise DataError(
            f"mo({column}): column {column!r} has {len(levels)} categories, and {MOST_LEVELS} are "
            "allowed: use the column itself, or bs()."
        )
    return MonotonicCoding(column, levels)


MOST_LEVELS = 200
