"""What a check may look at."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.design.schema import Schema
from bayes_glmm.errors import Finding, listed
from bayes_glmm.families import LINKS, Link, get_family
from bayes_glmm.families.contract import Family
from bayes_glmm.model.blocks.group import GroupDesign
from bayes_glmm.model.design import Design, PredictorDesign
from bayes_glmm.model.row_spread import estimated_spread
from bayes_glmm.spec.model import ModelSpec

OBSERVATION = "observation"


@dataclass(frozen=True, eq=False)
class Context:
    """A model, its table, and the arrays made of them."""

    spec: ModelSpec
    data: pd.DataFrame
    schema: Schema
    design: Design

    @property
    def family(self) -> Family:
        """The family of the response."""
        return get_family(self.design.family)

    @cached_property
    def y(self) -> NDArray[np.float64]:
        """The response."""
        return np.asarray(self.design.response, np.float64)

    @property
    def spread(self) -> tuple[str, ...]:
        """Parameters that say how far single rows lie from their mean, where estimated."""
        return estimated_spread(self.family, self.design)

    @property
    def has_residual(self) -> bool:
        """Whether single rows vary by a scale that is estimated, as sigma is."""
        return bool(self.spread) and self.family.lack("residual") is None

    @property
    def is_category(self) -> bool:
        """Whether every row is one of several categories."""
        return bool(self.design.categories) and self.y.ndim == 1

    @property
    def is_binary(self) -> bool:
        """Whether every row is one 0 or 1: by its family, or by single trials."""
        return self.family.binary(self.design.trials)

    @property
    def link(self) -> Link:
        """The link of the mean."""
        return LINKS[self.design.link]

    @property
    def failures(self) -> NDArray[np.float64]:
        """Trials without success; one trial per row where the model states none."""
        return (1.0 if self.design.trials is None else self.design.trials) - self.y

    @property
    def predictors(self) -> list[tuple[str, PredictorDesign]]:
        """One linear predictor of each formula, with the words that say which one it is."""
        found: dict[str, PredictorDesign] = {}
        for name, predictor in self.design.predictors.items():
            formula = self.schema.stated[name].formula
            words = "" if formula == "mu" else f" in the formula of {formula!r}"
            found.setdefault(" in cs()" if predictor.boundary else words, predictor)
        for covariate in self.design.covariates.values():
            predictor = covariate.predictor
            found[f" in the formula of {predictor.parameter!r}"] = predictor
        return list(found.items())

    @property
    def groups(self) -> list[GroupDesign]:
        """Random effects of one linear predictor of each formula, those of the mean first."""
        return [group for _, predictor in self.predictors for group in predictor.groups]

    def finding(
        self,
        name: str,
        severity: str,
        message: str,
        rows: NDArray[np.bool_] | None = None,
        **figures: Any,
    ) -> Finding:
        """Make a finding, naming the first ten of the rows concerned."""
        if rows is None:
            return Finding(name, severity, message, **figures)
        ids = self.design.rows[rows]
        message = f"{message} Rows: {listed(ids)}."
        return Finding(name, severity, message, tuple(map(str, ids[:10])), **figures)
