"""Effects with Student's t: levels that lie far out pull less."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from scipy import special

from bayes_glmm.model.blocks.array_types import Text
from bayes_glmm.model.blocks.effect_distribution import (
    Array,
    Draws,
    EffectDistribution,
    level_coordinates,
    stated_effects,
)
from bayes_glmm.model.blocks.factor import Hyper
from bayes_glmm.model.blocks.group_arrays import GroupArrays
from bayes_glmm.model.blocks.unit_field import UnitField, independent
from bayes_glmm.spec.priors import POSITIVE, Prior

if TYPE_CHECKING:
    from bayes_glmm.model.graph_variables import Graph

NU = Hyper("nu", POSITIVE, Prior("Gamma", alpha=2, beta=0.1), "degrees of freedom of effects")


@dataclass(frozen=True, eq=False)
class StudentEffects(EffectDistribution):
    r"""Independent levels, with one :math:`t_\nu` for all terms of a level.

    With :math:`w \sim \chi^2_\nu / \nu` the effects of a level are normal with the covariance
    :math:`\Sigma / w`; sds are the scale :math:`\Sigma` is made of.
    """

    name: ClassVar[str] = "student"
    words: ClassVar[tuple[str, str]] = ("Student t", "scale")
    normal: ClassVar[bool] = False
    hyper: tuple[Hyper, ...] = (NU,)
    factor: None = None

    def draw(
        self, shape: tuple[int, int, int], hyper: Draws, rng: np.random.Generator
    ) -> tuple[Array, None]:
        """Draw normal effects and divide each level's by the root of its precision."""
        nu = np.asarray(hyper["nu"])[:, None, None]
        z = rng.standard_normal(shape)
        z /= np.sqrt(rng.chisquare(nu, (*shape[:2], 1)) / nu)
        return z, None

    def variances(self, hyper: Draws) -> Array:
        """Return ``nu / (nu - 2)``, infinite where ``nu`` is two or less; nothing in common."""
        nu = np.asarray(hyper["nu"])
        each = np.where(nu > 2, nu / np.where(nu > 2, nu - 2, 1), np.inf)
        return np.array([each, np.zeros_like(each)])

    def field(self, levels: Text) -> UnitField:
        """Return independent nodes, one for each level; normal they are not."""
        return independent(levels)

    def log_density(self, field: UnitField, u: Array, hyper: Mapping[str, Any], R: Array) -> float:
        r"""Return the log-density of one multivariate t for each level.

        .. math:: \log\Gamma(\tfrac{\nu+q}2) - \log\Gamma(\tfrac\nu2) - \tfrac q2 \log(\nu\pi)
            - \tfrac12 \log|R| - \tfrac{\nu+q}2 \log(1 + u'R^{-1}u / \nu)
        """
        nu, (n, q) = hyper["nu"], u.shape
        lengths = (u * np.linalg.solve(R, u.T).T).sum(axis=1)
        size = special.gammaln((nu + q) / 2) - special.gammaln(nu / 2)
        size -= q / 2 * np.log(nu * np.pi) + np.linalg.slogdet(R)[1] / 2
        return float(n * size - (nu + q) / 2 * np.log1p(lengths / nu).sum())

    def state(self, group: GroupArrays, sd: Any, L: Any, graph: Graph) -> Any:
        """State the degrees of freedom and the effects."""
        import pymc as pm

        name, q = graph.named(group.effects), len(group.terms)
        inner = level_coordinates(group, q > 1) if graph.standardized else None
        own = stated_effects(group, inner, graph)
        nu = graph.scalar(group.hyper_name(NU))
        if q == 1:
            return pm.StudentT(name, nu=nu, mu=np.float64(0), sigma=sd, **own)
        chol = sd[:, None] * (np.eye(q) if L is None else L)
        return pm.MvStudentT(name, nu=nu, mu=np.zeros(q), chol=chol, **own)

    def law(self, group: GroupArrays) -> str:
        """Return the beginning of the distribution of a level's effects as one writes it."""
        return f"Student({group.hyper_name(NU)}, "


STUDENT = StudentEffects()
