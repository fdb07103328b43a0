"""Which treatments studies set beside one another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

from bayes_glmm.answers.meta.study_effects import study_codes
from bayes_glmm.answers.predict.represented import amounts, averaged_over, collapsed_column, copies
from bayes_glmm.answers.require import able
from bayes_glmm.errors import ArgumentError, suggestion
from bayes_glmm.results.fit import Fit


@dataclass(frozen=True, eq=False)
class Network:
    """Treatments and their direct comparisons.

    Attributes
    ----------
    treatments : pandas.DataFrame
        ``treatment``, ``studies``, ``amount`` (patients, exposure or rows) and ``part``: which
        connected part of the network it is in, counted from 0.
    comparisons : pandas.DataFrame
        ``first``, ``second`` (places in ``treatments``) and ``studies`` that have both.
    amount : str
        What ``amount`` is.
    """

    treatments: pd.DataFrame
    comparisons: pd.DataFrame
    amount: str

    @property
    def parts(self) -> int:
        """Number of parts between which nothing can be compared."""
        return int(self.treatments["part"].max()) + 1


def networks(fit: Fit) -> Iterator[tuple[str, str]]:
    """Yield studies and treatments of models whose arms vary within studies.

    These have effects of a group, and of the same group by a factor of three levels or more.
    """
    if not able(fit.family, "one_predictor"):
        return
    groups = {g.name: set(g.columns) for g in fit.schema.predictors["mu"].groups}
    factors = [c.name for c in fit.schema.columns if "fixed" in c.roles and len(c.levels) > 2]
    for study, columns in groups.items():
        for factor in factors:
            if factor not in columns and columns | {factor} in groups.values():
                yield study, factor


def _amounts(fit: Fit) -> tuple[NDArray[np.float64], str]:
    """Return how much each row holds, and what that is."""
    each = amounts(fit, fit.data)
    if fit.design.trials is not None:
        return each, "patients (trials)"
    if fit.spec.exposure not in (None, collapsed_column(fit)):
        return copies(fit) * fit.data[fit.spec.exposure].to_numpy(float), f"{fit.spec.exposure}"
    return each, averaged_over(fit, fit.data)


def _connected(has: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Return which part each treatment is in, from which studies have which, (n_studies, n)."""
    together = sp.csr_array(has.T.astype(float)) @ sp.csr_array(has.astype(float))
    return np.asarray(connected_components(together, directed=False)[1])


def refuse_apart(fit: Fit, study: str, treatment: str, values: tuple[Any, Any]) -> None:
    """Refuse to compare two treatments that no chain of studies joins.

    Raises
    ------
    ArgumentError
        They are in different parts of the network, which are named.
    """
    studies, column = study_codes(fit, study)[0], fit.data[treatment]
    arms, names = pd.factorize(
        column if column.dtype.kind in "iuf" else column.astype(str), sort=True
    )
    has = np.zeros((int(studies.max()) + 1, len(names)), bool)
    has[studies, arms] = True
    part = _connected(has)
    ends = {
        int(k) for v in values for k in part[names == (v if names.dtype.kind in "iuf" else str(v))]
    }
    if len(ends) < 2:
        return
    whole = "; ".join(", ".join(map(str, names[part == k])) for k in range(part.max() + 1))
    raise ArgumentError(
        f"No {study} joins {values[0]} and {values[1]} of {treatment!r}, directly or through other "
        f"levels, so that nothing compares them within one {study}. The parts of this network are: "
        f"{whole}. Give contrast=(low, high) of two in one part."
    )


def network(fit: Fit, study: str, treatment: str) -> Network:
    """Count studies, patients and direct comparisons of treatments.

    Raises
    ------
    ArgumentError
        The treatment is no factor of the model.
    ResultError
        The model has no such group or column of studies.
    """
    factors = [c.name for c in fit.schema.columns if "fixed" in c.roles and c.levels]
    if treatment not in factors:
        raise ArgumentError(
            f"{treatment!r} is no factor of this model." + suggestion(str(treatment), factors)
        )
    studies = study_codes(fit, study)[0]
    names = [str(level) for level in fit.schema.column(treatment).levels]
    arms = fit.data[treatment].astype(str).map({name: i for i, name in enumerate(names)})
    amounts, what = _amounts(fit)
    has = np.zeros((int(studies.max()) + 1, len(names)), bool)
    has[studies, arms.to_numpy()] = True
    pairs = [
        (i, j, int((has[:, i] & has[:, j]).sum())) for i, j in combinations(range(len(names)), 2)
    ]
    direct = pd.DataFrame([p for p in pairs if p[2]], columns=["first", "second", "studies"])
    treatments = pd.DataFrame(
        {
            "treatment": names,
            "studies": has.sum(axis=0),
            "amount": np.bincount(arms, amounts, len(names)),
            "part": _connected(has),
        }
    )
    return Network(treatments, direct, what)
