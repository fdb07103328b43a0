r"""The reference basis of a whole model: its design, its priors, and the way back of its draws.

Inside, a model is sampled and evaluated in the basis of :mod:`.origin`, where the names are
plain (``beta``, ``sd_g``). Outside, variables of that basis begin with ``reference_``, and the
plain names are on the table's scale. Where both are the same there is one variable, the plain.

A coefficient whose prior the user gave is ``beta`` itself, as the prior was written; so are all
terms of a block of which an sd or the correlations were given. With :math:`\gamma` the reference
coefficients and ``B`` the way back, the sampled vector ``v`` has the elements of :math:`\gamma`
where priors are defaults and of :math:`\beta = B\gamma` where they were given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.families import get_family
from bayes_glmm.model.blocks.group import GroupDesign
from bayes_glmm.model.design import Design, PredictorDesign
from bayes_glmm.model.variables import PREFIX, element, reference_name
from bayes_glmm.spec.priors import Prior

type Array = NDArray[np.float64]
type Priors = Mapping[str, Prior]

LEAST = 1e-300
"""Where maximum likelihood puts sds at zero, correlations are zero and not undefined."""


def plain_priors(priors: Priors) -> dict[str, Prior]:
    """Return priors by the names that variables have inside, on the design of the basis."""
    return {name.removeprefix(PREFIX): prior for name, prior in priors.items()}


def has_basis(design: Design) -> bool:
    """Return whether any variable may differ between the table's scale and the reference."""
    return any(p.basis is not None for p in design.every) or any(
        g.basis is not None for p in design.every for g in p.groups
    )


def in_reference(design: Design, priors: Priors | None = None) -> Design:
    """Return the design in the reference basis, as far as priors are those of the basis.

    Parameters
    ----------
    priors : mapping of str to Prior, optional
        Resolved; without them everything is in the reference basis.
    """
    if not has_basis(design):
        return design
    return replace(
        design,
        predictors={n: _predictor(p, priors) for n, p in design.predictors.items()},
        covariates={
            n: replace(c, predictor=_predictor(c.predictor, priors))
            for n, c in design.covariates.items()
        },
    )


def _predictor(p: PredictorDesign, priors: Priors | None) -> PredictorDesign:
    p = replace(p, groups=tuple(_group(g, priors) for g in p.groups))
    if p.basis is None or not moves(p, priors):
        return replace(p, basis=None)
    basis, mix = p.basis, _mix(p, priors)
    X, centers, scales = basis.X, basis.centers, basis.scales
    if mix is not None:
        X = X @ mix
        centers, scales = centers @ mix, X.std(axis=0)
    return replace(
        p, X=X, modelled=basis.modelled, centers=centers, scales=scales, basis=None
    )  # fmt: skip


def moves(p: PredictorDesign, priors: Priors | None) -> bool:
    """Return whether coefficients of a predictor are sampled in another basis than the table's."""
    return p.basis is not None and not given_coefficients(p, priors).all()


def _mix(p: PredictorDesign, priors: Priors | None) -> Array | None:
    """Return what turns the sampled vector into reference coefficients; None where it is they."""
    given = given_coefficients(p, priors)
    if p.basis is None or not given.any():
        return None
    own = p.basis.back[1:, 1:]
    return np.asarray(np.linalg.inv(np.where(given[:, None], own, np.eye(len(own)))))


def given_coefficients(p: PredictorDesign, priors: Priors | None) -> NDArray[np.bool_]:
    """Return which coefficients have a prior on the table's scale, shape (n_coefficients,)."""
    beta = p.beta
    return np.array([element(beta, c) in (priors or {}) for c in p.coefficients], bool)


def given_terms(group: GroupDesign, priors: Priors | None) -> NDArray[np.bool_]:
    """Return which terms are in a block with priors on the table's scale, shape (n_terms,)."""
    given = np.zeros(len(group.terms), bool)
    for block in group.blocks:
        names = [element(group.sd, group.terms[t]) for t in block] + [group.correlation]
        given[list(block)] = any(name in (priors or {}) for name in names)
    return given


def _group(group: GroupDesign, priors: Priors | None) -> GroupDesign:
    if group.basis is None:
        return group
    given = given_terms(group, priors)
    if given.all():
        return replace(group, basis=None)
    return replace(group, Z=np.where(given, group.values, group.basis.Z), basis=None)


@dataclass(frozen=True, eq=False)
class Way:
    """A model in the reference basis and the way back to the table's scale.

    Attributes
    ----------
    given : Design
        As the table has it.
    design : Design
        In the reference basis, under plain names.
    priors : mapping of str to Prior
        By plain names.
    own : mapping of str to Prior
        By the names that they are kept by.
    """

    given: Design
    design: Design
    priors: Priors
    own: Priors

    @classmethod
    def of(cls, design: Design, priors: Priors) -> Way:
        """Find the way of a design with its resolved priors."""
        if not has_basis(design):
            return cls(design, design, dict(priors), priors)
        return cls(design, in_reference(design, priors), plain_priors(priors), priors)

    @property
    def _predictors(self) -> list[PredictorDesign]:
        return [p for p in self.given.every if moves(p, self.own)]

    @property
    def _groups(self) -> list[tuple[GroupDesign, Array]]:
        """Groups in another basis, with the way back of their effects."""
        found = []
        for group in self.given.groups:
            if group.basis is not None:
                given = given_terms(group, self.own)
                if not given.all():
                    back = np.where(given[:, None], np.eye(len(given)), group.basis.back)
                    found.append((group, back))
        return found

    @property
    def renamed(self) -> frozenset[str]:
        """Plain names whose variables differ between the basis and the table's scale."""
        names: list[str] = []
        for p in self._predictors:
            names += [p.beta]
            names += [p.intercept_name] if p.intercept else []
            if p.of_mean and not p.intercept:
                names += [v.name for v in get_family(self.given.family).vectors]
        for group, _ in self._groups:
            names += [group.sd, group.correlation, group.effects]
            names += [name for name, _ in group.correlation_factors]
        return frozenset(names)

    def stored(self, name: str) -> str:
        """Return the name under which a variable of the basis is kept."""
        return reference_name(name) if name in self.renamed else name

    def back(self, drawn: Mapping[str, Any], stack: Callable[..., Any] = np.stack) -> dict:
        """Return draws under the names that they are kept by, with those on the table's scale.

        Parameters
        ----------
        drawn : mapping of str to array, shape (..., variable's own)
            In the reference basis, by plain names.
        stack : callable
            ``numpy.stack``, or that of the library of the arrays.
        """
        renamed = self.renamed
        if not renamed:
            return dict(drawn)
        out = {reference_name(k) if k in renamed else k: v for k, v in drawn.items()}
        return out | self.on_table_scale(drawn, stack)

    def on_table_scale(
        self, drawn: Mapping[str, Any], stack: Callable[..., Any] = np.stack
    ) -> dict[str, Any]:
        """Return the variables that differ, on the table's scale, from those of the basis."""
        out: dict[str, Any] = {}
        constants: dict[str, Any] = {}
        for p in self._predictors:
            assert p.basis is not None
            name, mix, back = p.beta, _mix(p, self.own), p.basis.back[:, 1:]
            turn = back if mix is None else back @ mix
            out[name] = drawn[name] @ turn[1:].T
            shift = drawn[name] @ turn[0]
            if p.intercept:
                out[p.intercept_name] = drawn[p.intercept_name] + shift
            else:
                constants[p.parameter] = shift
        out |= self._thresholds(drawn, constants, stack)
        for group, turn in self._groups:
            if group.effects in drawn:
                out |= _effects(group, turn, drawn)
        return out

    def _thresholds(
        self, drawn: Mapping[str, Any], constants: Mapping[str, Any], stack: Callable[..., Any]
    ) -> dict[str, Any]:
        """Thresholds lose what an intercept would gain."""
        vectors = [v.name for v in get_family(self.given.family).vectors]
        if not constants or not vectors:
            return {}
        whole: Any = constants.get("mu", np.float64(0))
        if self.given.specific:
            zero = 0.0 * next(iter(constants.values()))
            each = [constants.get(p.parameter, zero) + whole for p in self.given.specific]
            moved = stack(each, axis=-1)
        else:
            moved = whole[..., None]
        return {name: drawn[name] - moved for name in vectors}


def _effects(group: GroupDesign, turn: Array, drawn: Mapping[str, Any]) -> dict[str, Any]:
    r"""Carry effects and their covariance back: :math:`u = B\tilde u`, :math:`\Sigma = B\tilde\Sigma B'`."""
    eye, sd = np.eye(len(turn)), drawn[group.sd]
    covariance = sd[..., :, None] * drawn[group.correlation] * sd[..., None, :]
    whole = turn @ covariance @ turn.T
    size = (whole * eye).sum(axis=-1) ** 0.5
    return {
        group.sd: size,
        group.correlation: whole / (size[..., :, None] * size[..., None, :] + LEAST),
        group.effects: drawn[group.effects] @ turn.T,
    }
