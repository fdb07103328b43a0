"""The schema: what a model learns from its training rows, and how rows become arrays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.design.groups.group_schema import (
    GROUPS,
    Groups,
    group_levels,
)
from bayes_glmm.design.learn_states import learn_states
from bayes_glmm.design.predictor_schema import (
    PredictorSchema,
    basis_on_rows,
    learn_origins,
    learn_predictor,
    with_shared,
)
from bayes_glmm.design.reserved_names import kept_apart
from bayes_glmm.design.response.category_predictors import Stated, stated_predictors
from bayes_glmm.design.response.modifiers import modifiers_of
from bayes_glmm.design.response.response_schema import ResponseSchema, learn_response, trials_of
from bayes_glmm.design.table.column_roles import (
    column_roles,
    complete_columns,
    drop_missing,
    offset_expressions,
)
from bayes_glmm.design.table.columns import (
    Column,
    kind_of,
    levels_of,
    locate,
    numbers,
    pick,
    require,
    require_columns,
)
from bayes_glmm.design.table.row_counts import row_weights
from bayes_glmm.design.table.tables import row_ids, to_pandas
from bayes_glmm.design.terms.coding import learn_coding
from bayes_glmm.design.terms.expressions import values
from bayes_glmm.design.terms.full_rank import Columns
from bayes_glmm.design.terms.missing_covariates import MissingCoding
from bayes_glmm.design.terms.origin import Codings, Origins
from bayes_glmm.design.terms.smooth_coding import SmoothCoding, smooth_codings
from bayes_glmm.design.terms.stateful import State
from bayes_glmm.errors import ArgumentError, MissingDataError, SpecError, listed
from bayes_glmm.families import get_family
from bayes_glmm.model.blocks.missing_covariate import CovariateDesign
from bayes_glmm.model.blocks.modelled import identifier
from bayes_glmm.model.design import Design, PredictorDesign
from bayes_glmm.model.thresholds import Cuts
from bayes_glmm.spec.model import ModelSpec
from bayes_glmm.spec.sides import Predictor
from bayes_glmm.spec.terms import Call, Variable


@dataclass(frozen=True, eq=False)
class Schema:
    """Levels, types, contrasts and transforms, learned once and replayed on any rows.

    Attributes
    ----------
    spec : ModelSpec
    n_rows : int
        Number of training rows.
    columns : tuple of Column
        Columns that the model reads, the response first.
    states : mapping of str to mapping
        States of the transforms, by the text of the call.
    codings : mapping of Factor to FactorCoding
        Whether each factor of a term is numbers or levels.
    predictors : mapping of str to PredictorSchema
        By parameter of the family.
    response : ResponseSchema
    covariates : mapping of str to PredictorSchema
        Of the models of columns in ``mi()``.
    origins : mapping of Factor to tuple of float
        Mean of each number in a term, over what the training rows stand for.

    Examples
    --------
    >>> from bayes_glmm.spec.effects import RandomEffect
    >>> from bayes_glmm.spec.sides import Predictor
    >>> rows = pd.DataFrame({"y": [1.0, 2.0, 4.0], "x": [0, 1, 2], "g": ["b", "a", "b"]})
    >>> spec = ModelSpec("y", Predictor(terms=("x",), random=(RandomEffect("g"),)))
    >>> design = Schema.learn(spec, rows).apply(rows)
    >>> design.mu.coefficients, design.mu.group("g").index.tolist()
    (('x',), [1, 0, 1])
    """

    spec: ModelSpec
    n_rows: int
    columns: tuple[Column, ...]
    states: Mapping[str, State]
    codings: Codings
    predictors: Mapping[str, PredictorSchema]
    response: ResponseSchema
    covariates: Mapping[str, PredictorSchema] = MappingProxyType({})
    origins: Origins = MappingProxyType({})

    @classmethod
    def learn(cls, spec: ModelSpec, data: pd.DataFrame) -> Schema:
        """Learn everything that depends on the training rows.

        Parameters
        ----------
        spec : ModelSpec
        data : pandas.DataFrame
            Training rows, complete in the columns that the model reads.

        Raises
        ------
        MissingDataError
            Columns are absent, or have missing or infinite values.
        DataError
            The columns do not suit the model.
        SpecError
            The model uses functions or contrasts that do not exist.
        """
        data = to_pandas(data)
        roles = column_roles(spec, map(str, data.columns))
        require_columns(data, roles)
        require(data, complete_columns(roles), spec.imputed)
        response = learn_response(spec, data)
        stated = stated_predictors(spec, response.categories)
        formulas = {n: s.predictor for n, s in stated.items()}
        every = [*formulas.values(), *(p for _, p in spec.covariates)]
        states = learn_states(spec, every, data)
        factors = dict.fromkeys(f for p in every for t in p.all_terms for f in t)
        codings = {factor: learn_coding(factor, data, states) for factor in factors}
        weights = row_weights(spec, data, states)
        cells, origins = learn_origins(data, codings, states, weights)
        cut = get_family(spec.family).lack("intercept") is not None
        predictors = {
            n: learn_predictor(
                n, s.predictor, data, cells, weights, cut and (n == "mu" or bool(s.boundary))
            )
            for n, s in stated.items()
        }
        covariates = {
            n: learn_predictor(identifier(n), p, data, cells, weights, cut=False)
            for n, p in spec.covariates
        }
        _refuse_taken(spec)
        predictors = with_shared(predictors, formulas, data, cells, weights, covariates)
        columns = tuple(_learn_column(data, name, uses) for name, uses in roles.items())
        smooths = _refuse_smooths(formulas, codings, predictors)
        predictors, covariates = kept_apart(
            spec, predictors, covariates, codings, smooths, data.iloc[:0]
        )
        return cls(
            spec, len(data), columns, states, codings, predictors, response, covariates, origins
        )  # fmt: skip

    def apply(
        self, data: pd.DataFrame, *, groups: Groups = "known", response: bool = True
    ) -> Design:
        """Turn rows into arrays: training rows and new ones in the same way.

        Parameters
        ----------
        data : pandas.DataFrame
            It is not modified.
        groups : {"known", "any", "ignore"}, default "known"
            Whether an unknown level of a group is refused, or has index -1;
            ``"ignore"`` does not read the grouping columns and every index is -1.
        response : bool, default True
            Whether the response is read.

        Returns
        -------
        Design
            Without response where it is not read; without trials too, if the
            columns they come from are absent then.

        Raises
        ------
        ArgumentError
            ``groups`` has another value.
        MissingDataError
            Columns are absent, or have missing or infinite values.
        UnknownLevelError
            A level that was not learned, with the nearest known ones.
        DataError
            A column does not suit the model.

        Notes
        -----
        The levels of the observation-level random effect are row identifiers: a new
        row is a known one where its index label is that of a training row.
        """
        if groups not in GROUPS:
            raise ArgumentError(f"groups={groups!r}: use {', '.join(map(repr, GROUPS))}.")
        data = to_pandas(data)
        require(data, self._needed(data, groups, response), self.spec.imputed)
        cells = Columns(data, self.codings, self.states, self.origins)
        family = get_family(self.spec.family)
        return Design(
            rows=row_ids(data.index),
            predictors={n: self._predictor(n, data, cells, groups) for n in self.predictors},
            response=self.response.apply(data, family.name) if response else None,
            trials=trials_of(self.spec, data, self.states, required=response),
            family=family.name,
            link=family.link(self.spec.link).name,
            modifiers=modifiers_of(self.spec, data, self.states, required=response),
            categories=self.response.categories,
            cuts=self._cuts(data),
            covariates={n: self._covariate(n, data, cells) for n in self.covariates if response},
        )

    @cached_property
    def stated(self) -> dict[str, Stated]:
        """Every linear predictor by name, with the formula that states it."""
        return stated_predictors(self.spec, self.response.categories)

    @property
    def used_columns(self) -> tuple[str, ...]:
        """Names of the columns that the model reads, the response first."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        """Return what was learned about a column.

        Raises
        ------
        MissingDataError
            The model does not read a column of that name.
        """
        if name not in self._by_name:
            raise MissingDataError(
                f"The model does not use {name!r}; it uses {listed(self.used_columns)}."
            )
        return self._by_name[name]

    @cached_property
    def _by_name(self) -> dict[str, Column]:
        return {column.name: column for column in self.columns}

    def drop_missing(self, data: pd.DataFrame) -> tuple[pd.DataFrame, tuple[str, ...]]:
        """Leave out incomplete rows; return the others and the identifiers of those."""
        return drop_missing(self.spec, data)

    def new_levels(self, data: pd.DataFrame) -> list[list[str]]:
        """Return each row's levels of groups that were not learned, as ``site=C``."""
        by_row: list[list[str]] = [[] for _ in range(len(data))]
        groups = {g.name: g for p in self.predictors.values() for g in p.groups if g.columns}
        for columns, group in {g.columns: g for g in groups.values()}.items():
            codes, names = group_levels(data, columns)
            strange = locate(names, group.levels)[codes] < 0
            for i in np.flatnonzero(strange):
                by_row[i].append(f"{':'.join(columns)}={names[codes[i]]}")
        return by_row

    def _needed(self, data: pd.DataFrame, groups: Groups, response: bool) -> list[str]:
        unread = set() if response else {"response", "covariate"}
        unread |= {"group"} if groups == "ignore" else set()
        unread |= {"member", "upper"}
        known = {str(c) for c in data.columns}
        return [
            column.name
            for column in self.columns
            if (roles := set(column.roles) - unread)
            and (response or roles != {"trials"} or column.name in known)
        ]

    def _predictor(
        self, name: str, data: pd.DataFrame, cells: Columns, groups: Groups
    ) -> PredictorDesign:
        learned, stated = self.predictors[name], self.stated[name]
        of_mean = bool(stated.category) or name == "mu"
        offset = np.zeros(len(data))
        if not stated.boundary:
            offset = self._offset(stated.formula, of_mean, data)
        design = self._predictor_of(learned, name, offset, data, cells, groups)
        smooths = tuple(
            replace(s.design(data, self.states), name=_own_name(s, name))
            for s in self.smooths(name)
        )
        return replace(design, smooths=smooths, category=stated.category, boundary=stated.boundary)

    def _cuts(self, data: pd.DataFrame) -> Cuts | None:
        learned = self.response.thresholds
        return None if learned is None else learned.apply(data, self.response.levels)

    def _covariate(self, column: str, data: pd.DataFrame, cells: Columns) -> CovariateDesign:
        coding = self.codings[Call("mi", (Variable(column),))]
        assert isinstance(coding, MissingCoding)
        learned, name = self.covariates[column], identifier(column)
        offset = self._offset(column, False, data)
        predictor = self._predictor_of(learned, name, offset, data, cells, "known")
        factor = coding.factor(data, "")
        return CovariateDesign(column, predictor, factor, coding.mean, coding.sd)

    def _predictor_of(
        self,
        learned: PredictorSchema,
        name: str,
        offset: NDArray[np.float64],
        data: pd.DataFrame,
        cells: Columns,
        groups: Groups,
    ) -> PredictorDesign:
        suffix = "" if name == "mu" else f"_{name}"
        return PredictorDesign(
            intercept=learned.intercept,
            coefficients=learned.coefficients,
            X=cells.matrix(learned.parts),
            centers=learned.centers,
            scales=learned.scales,
            offset=offset,
            groups=tuple(g.apply(data, cells, groups, name) for g in learned.groups),
            parameter=name,
            modelled=cells.modelled(learned.parts, suffix),
            units=learned.units,
            basis=basis_on_rows(learned, cells, suffix),
        )

    def smooths(self, name: str) -> list[SmoothCoding]:
        """Return the smooth terms of a linear predictor."""
        terms = self.stated[name].predictor.terms
        return smooth_codings(self.codings[term[0]] for term in terms)

    def _offset(self, formula: str, of_mean: bool, data: pd.DataFrame) -> NDArray[np.float64]:
        total = np.zeros(len(data))
        for expression in offset_expressions(self.spec, formula):
            total = total + values(expression, data, self.states, use="offset()")
        if of_mean and self.spec.offset:
            total = total + numbers(data, self.spec.offset, "The offset")
        if of_mean and self.spec.exposure:
            with np.errstate(all="ignore"):
                total = total + np.log(numbers(data, self.spec.exposure, "The exposure"))
        return total


def _own_name(smooth: SmoothCoding, parameter: str) -> str:
    return smooth.name if parameter == "mu" else f"{parameter}_{smooth.name}"


def _refuse_smooths(
    stated: Mapping[str, Predictor], codings: Codings, predictors: Mapping[str, PredictorSchema]
) -> dict[str, str]:
    """Return smooth terms by name; refuse names that are taken."""
    labels: dict[str, str] = {}
    names = Counter(g.name for p in predictors.values() for g in p.groups)
    for parameter, p in stated.items():
        for coding in smooth_codings(codings[term[0]] for term in p.terms):
            names[_own_name(coding, parameter)] += 1
            labels[_own_name(coding, parameter)] = coding.label
            if names[_own_name(coding, parameter)] > 1:
                raise SpecError(
                    f"{coding.label} would have the name {coding.name!r} of another term: keep "
                    "one of the two, or rename a column."
                )
    return labels


def _refuse_taken(spec: ModelSpec) -> None:
    """Refuse covariates whose variables would clash with others."""
    taken = Counter(p.name for p in get_family(spec.family).parameters) + Counter(["mu"])
    for name, _ in spec.covariates:
        taken[identifier(name)] += 1
        if taken[identifier(name)] > 1:
            raise SpecError(
                f"mi({name}): variables of its model would be named as those of another parameter or "
                "column: rename the column."
            )


def _learn_column(data: pd.DataFrame, name: str, roles: tuple[str, ...]) -> Column:
    series = pick(data, name)
    kind = kind_of(series, name, times=True)
    if kind == "numeric" or set(roles) <= {"group", "member"}:
        return Column(name, kind, (), roles)
    return Column(name, kind, tuple(levels_of(series, name, times=True)[1].tolist()), roles)
