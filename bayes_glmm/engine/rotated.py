r"""A Gaussian model with one structured covariance, its effects integrated out.

With :math:`Z K Z' = U \Lambda U'` the rotated responses :math:`U'y` are independent, with
variances :math:`sd^2 \lambda_i + \sigma^2`: one eigendecomposition before sampling, and a
density of a few parameters. The latents are drawn exactly afterwards.

References
----------
.. [1] Zhou & Stephens (2012). Genome-wide efficient mixed-model analysis for association
   studies. *Nature Genetics* 44, 821-824. doi:10.1038/ng.2310
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.model.blocks.group import GroupDesign
from bayes_glmm.model.design import Design
from bayes_glmm.spec.priors import Prior

type Array = NDArray[np.float64]
MOST_ROWS, MOST_NODES = 3_000, 6_000
BLOCK = 4_000_000
STREAM = 7


@dataclass(frozen=True, eq=False)
class Rotation:
    """The axes in which related rows are independent.

    Attributes
    ----------
    axes : ndarray, shape (n_rows, n_rows)
        Eigenvectors in columns.
    sizes : ndarray, shape (n_rows,)
        Eigenvalues, in units of ``sd**2``.
    root : ndarray, shape (n_levels, n_nodes)
        What the latents give the levels.
    """

    axes: Array
    sizes: Array
    root: Array

    @classmethod
    def of(cls, group: GroupDesign) -> Rotation:
        """Decompose the covariance that a group gives the rows."""
        from bayes_glmm.maths.field_maths import NUMPY

        assert group.factor is not None
        root = np.asarray(group.factor.effect(np.eye(len(group.factor.nodes)), {}, NUMPY))
        rows = root[group.index]
        sizes, axes = np.linalg.eigh(rows @ rows.T)
        return cls(axes, np.maximum(sizes, 0.0), root)


def rotates(design: Design) -> bool:
    """Whether this is a Gaussian model whose one group is structured and varies in level."""
    groups = design.groups
    if (
        (design.family, design.link) != ("gaussian", "identity")
        or set(design.predictors) != {"mu"}
        or design.mu.modelled
        or design.modifiers
        or design.smooths
        or len(groups) != 1
    ):
        return False
    (group,) = groups
    return (
        group.factor is not None
        and group.terms == ("intercept",)
        and group.Z is None
        and not group.hyper
        and design.n_rows <= MOST_ROWS
        and len(group.factor.nodes) <= MOST_NODES
    )


def rotated_graph(design: Design, priors: Mapping[str, Prior], rotation: Rotation) -> Any:
    """State the collapsed model; its variables have the posterior's names."""
    import pymc as pm

    from bayes_glmm.model.graph_variables import Graph
    from bayes_glmm.model.variable_table import dimensions

    mu, group = design.mu, design.groups[0]
    coords = dimensions(design)[1]
    turned = rotation.axes.T
    name, term = group.sd, group.term_dim
    with pm.Model(coords={k: coords[k] for k in ("coefficient", term) if k in coords}) as model:
        graph = Graph(priors)
        mu.fixed.state(graph)
        beta = graph.values.get(mu.beta)
        intercept = graph.values[mu.intercept_name] if mu.intercept else np.float64(0)
        sd = graph.vector(name, group.terms, term)
        sigma = graph.scalar("sigma")
        mean = pm.Data("offset", turned @ mu.offset)
        mean += pm.Data("ones", turned.sum(axis=1)) * intercept
        if mu.coefficients:
            mean += pm.Data("X", turned @ mu.X) @ beta
        variance = sd[0] ** 2 * pm.Data("sizes", rotation.sizes) + sigma**2
        y = pm.Data("response", turned @ np.asarray(design.response))
        pm.Normal("y", mean, variance**0.5, observed=y)
    return model


def with_effects(
    design: Design, rotation: Rotation, draws: Mapping[str, Array], seed: int
) -> dict[str, Array]:
    """Draw the latents given everything else, and add them and the effects to the draws.

    A prior draw of latents and errors is moved by what it leaves of the responses
    (Matheron's rule), which makes it an exact draw of their joint distribution.
    """
    group, mu = design.groups[0], design.mu
    name = group.name
    lead = draws["sigma"].shape
    flat = {k: v.reshape(-1, *v.shape[2:]) for k, v in draws.items()}
    sd, sigma = flat[f"sd_{name}"][:, 0], flat["sigma"]
    F, U, index = rotation.root, rotation.axes, group.index
    z = np.empty((len(sd), F.shape[1]))
    rng = np.random.default_rng([seed, STREAM])
    step = max(1, BLOCK // max(design.n_rows, F.shape[1]))
    for at in range(0, len(sd), step):
        part = slice(at, at + step)
        s, e = sd[part, None], sigma[part, None]
        before = rng.standard_normal((len(s), F.shape[1]))
        left = np.asarray(design.response) - mu.offset - s * (before @ F.T)[:, index]
        left = left - e * rng.standard_normal(left.shape)
        if mu.intercept:
            left -= flat["intercept"][part, None]
        if mu.coefficients:
            left -= flat["beta"][part] @ mu.X.T
        weights = (left @ U / (s**2 * rotation.sizes + e**2)) @ U.T
        z[part] = before + s * (weights @ F[index])
    u = sd[:, None] * (z @ F.T)
    return {
        **draws,
        f"z_{name}": z.reshape(*lead, -1, 1),
        f"u_{name}": u.reshape(*lead, -1, 1),
    }
