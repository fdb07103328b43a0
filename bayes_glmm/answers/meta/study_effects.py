"""Effects on the predictor: study by study, on average, and how much they vary."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.answers.predict.expected import take
from bayes_glmm.answers.predict.predictor_draws import (
    eta_draws,
    factors,
    fixed_part,
    n_draws,
    parameters,
)
from bayes_glmm.answers.predict.represented import amounts, column_means
from bayes_glmm.answers.predict.student_effects import precision_draws
from bayes_glmm.design.groups.group_schema import group_levels
from bayes_glmm.errors import ArgumentError, ResultError, suggestion
from bayes_glmm.families.censoring import WEIGHTS, observe
from bayes_glmm.model.blocks.group import GroupDesign
from bayes_glmm.model.design import PredictorDesign
from bayes_glmm.results.fit import Fit

type Array = NDArray[np.float64]
type Mask = NDArray[np.bool_]
type Part = Callable[[Fit, PredictorDesign], Array]
STEP = 1e-5


@dataclass(frozen=True, eq=False)
class Arms:
    """The rows of every study that has both arms of a contrast.

    Attributes
    ----------
    studies : list of str
    rows : list of ndarray of bool, shape (n_rows,)
        All rows of each study.
    low, high : list of ndarray of bool
        Rows of each arm; ``low`` has ``None`` where effects are not contrasts.
    variable : str or None
    values : pair
        What the variable is set to.
    """

    studies: list[str]
    rows: list[Mask]
    low: list[Mask | None]
    high: list[Mask]
    variable: str | None = None
    values: tuple[Any, Any] = (None, None)

    @classmethod
    def of(cls, fit: Fit, study: str, variable: str | None, values: tuple[Any, Any]) -> Arms:
        """Sort the training rows into studies and arms."""
        index, names = study_codes(fit, study)
        there = amounts(fit, fit.data) > 0
        rows = [(index == i) & there for i in range(len(names))]
        if variable is None:
            some = [i for i, r in enumerate(rows) if r.any()]
            kept = [rows[i] for i in some]
            return cls([names[i] for i in some], kept, [None] * len(kept), kept)
        column = fit.data[variable]
        given = column if column.dtype.kind in "iufb" else column.astype(str)
        low, high = ((given == v).to_numpy() for v in values)
        both = [i for i, r in enumerate(rows) if (r & low).any() and (r & high).any()]
        return cls(
            [names[i] for i in both], [rows[i] for i in both], [rows[i] & low for i in both],
            [rows[i] & high for i in both], variable, values,
        )  # fmt: skip


def study_codes(fit: Fit, study: str) -> tuple[NDArray[np.integer[Any]], list[str]]:
    """Return each row's study, a group of the model or a column, and their names.

    Raises
    ------
    ArgumentError
        Rows belong to several levels of the group.
    ResultError
        There is no such group or column.
    """
    groups = {g.name: g for g in fit.groups}
    if study in groups and not groups[study].whole:
        raise ArgumentError(
            f"Rows have weights of the levels of {study!r}, mm() or gr(by=), and belong to no one study: "
            "name a column that has a study for each row."
        )
    if study in groups:
        return groups[study].index, [str(level) for level in groups[study].levels]
    if study in fit.data:
        codes, levels = group_levels(fit.data, [study])
        return codes, [str(level) for level in levels]
    known = [*groups, *map(str, fit.data)]
    raise ResultError(f"The model has no group or column {study!r}." + suggestion(study, known))


@dataclass(frozen=True, eq=False)
class Shift:
    """Effects on the link scale, draw by draw.

    Attributes
    ----------
    studies : ndarray, shape (n_draws, n_studies)
    average : ndarray, shape (n_draws,)
        The mean of the distribution of effects.
    parts : tuple of (str, ndarray, ndarray)
        Of each group by which effects vary: its name, and over the draws their variance and
        that of a normal effect of the same scale.
    """

    studies: Array
    average: Array
    parts: tuple[tuple[str, Array, Array], ...]

    @classmethod
    def of(cls, fit: Fit, arms: Arms) -> Shift:
        """Compute them from what the arms differ by in the design."""
        low, high = _predictors(fit, arms)
        own, each = _effects(fit, low, high, eta_draws), amounts(fit, fit.data)
        studies = [own[:, rows] @ each[rows] / each[rows].sum() for rows in arms.rows]
        average = column_means(fit, _effects(fit, low, high, fixed_part).T)
        found = np.array(studies).T if studies else np.empty((n_draws(fit), 0))
        return cls(found, average, tuple(_variances(fit, low, high, arms.variable)))

    @property
    def varies(self) -> bool:
        """Whether the model has effects that differ between levels at all."""
        return bool(self.parts)

    @property
    def spread(self) -> Array:
        """The standard deviation of the distribution of effects, tau, shape (n_draws,)."""
        return np.sqrt(sum((whole for _, whole, _ in self.parts), np.zeros(len(self.average))))

    def new(self, fit: Fit, seed: int) -> Array:
        """Draw the effect of a new study, shape (n_draws,)."""
        rng = np.random.default_rng([seed, 3])
        heavy = {g.name for g in fit.groups if not g.distribution.normal}
        plain = sum((v for n, v, _ in self.parts if n not in heavy), np.zeros(len(self.average)))
        found = self.average + np.sqrt(plain) * rng.standard_normal(len(plain))
        for name, _, scale in (part for part in self.parts if part[0] in heavy):
            z = rng.standard_normal(len(plain)) / np.sqrt(precision_draws(fit, name, rng))
            found = found + np.sqrt(scale) * z
        return np.asarray(found)


def _predictors(fit: Fit, arms: Arms) -> tuple[PredictorDesign | None, PredictorDesign]:
    """Return the predictors under both arms; offsets, which they share, are left out."""
    if arms.variable is None:
        return None, replace(fit.design.mu, offset=np.zeros(fit.design.n_rows))
    pair = []
    for value in arms.values:
        rows = fit.data.assign(**{arms.variable: value})
        mu = fit.apply(rows, groups="any", response=False).mu
        pair.append(replace(mu, offset=np.zeros(len(rows))))
    return pair[0], pair[1]


def _effects(fit: Fit, low: PredictorDesign | None, high: PredictorDesign, part: Part) -> Array:
    """Return the difference that the arms make to part of each row's predictor."""
    return part(fit, high) if low is None else part(fit, high) - part(fit, low)


def _variances(
    fit: Fit, low: PredictorDesign | None, high: PredictorDesign, variable: str | None
) -> Iterator[tuple[str, Array, Array]]:
    """Yield what effects vary by between new levels of each group; see :class:`Shift`.

    Where a group's levels differ between the arms, such as ``study:treatment``, the arms
    have independent effects.
    """
    learned = {g.name: g.columns for g in fit.schema.predictors["mu"].groups}
    for k, group in enumerate(high.groups):
        after = column_means(fit, group.values)
        before = np.zeros_like(after)
        if low is not None:
            before = column_means(fit, low.groups[k].values)
        apart = variable is not None and variable in learned[group.name]
        moved = (after, before) if apart else (after - before,)
        if any(z.any() for z in moved):
            if not group.whole:
                raise ArgumentError(
                    f"Effects vary by {group.name!r}, of whose levels rows have weights, mm() or gr(by=): "
                    "a new study has no one distribution of effects. Use comparisons(), or "
                    "random_effects() and their standard deviations in summary()."
                )
            scale = sum((_quadratic(fit, group, z) for z in moved), np.zeros(n_draws(fit)))
            yield group.name, fit.level_variance(group.name) * scale, scale


def _quadratic(fit: Fit, group: GroupDesign, z: Array) -> Array:
    return np.asarray((np.einsum("dij,i->dj", factors(fit, group), z) ** 2).sum(axis=1))


def typical_variance(fit: Fit, arms: Arms) -> Array:
    r"""Return the typical sampling variance of a study's effect, shape (n_draws,).

    With :math:`w_i` the information of study *i* about its own effect, at the fitted means
    and therefore finite without events, it is
    :math:`(k - 1) \sum w_i / ((\sum w_i)^2 - \sum w_i^2)` of Higgins and Thompson.
    """
    weights = []
    for low, high in zip(arms.low, arms.high, strict=True):
        told = [_information(fit, rows) for rows in (high, low) if rows is not None]
        with np.errstate(divide="ignore"):  # an arm without information has no weight
            weights.append(1 / sum(1 / information for information in told))
    w = np.array(weights)
    return np.asarray((len(w) - 1) * w.sum(0) / (w.sum(0) ** 2 - (w**2).sum(0)))


def _information(fit: Fit, rows: Mask) -> Array:
    """Return the Fisher information of some rows about a shift of their predictor."""
    part = take(fit.design, np.flatnonzero(rows))
    eta, own = eta_draws(fit, part.mu), parameters(fit, part)
    step = STEP * fit.family.scale(np.asarray(fit.design.response, float), fit.link.name)
    family, own = observe(fit.family, part.modifiers), {**own, **part.modifiers}
    moments = [family.moments(eta + d, fit.link, own, part.trials) for d in (-step, 0.0, step)]
    slope = (moments[2][0] - moments[0][0]) / (2 * step)
    variance = np.broadcast_to(moments[1][1], slope.shape)
    told = np.divide(slope**2, variance, out=np.zeros_like(slope), where=variance > 0)
    return np.asarray(told @ part.modifiers.get(WEIGHTS, np.ones(part.n_rows)))
