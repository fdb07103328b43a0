"""Maximum likelihood estimates, to set beside a posterior or another package."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.errors import ArgumentError, EngineError
from bayes_glmm.fitting.options import FormulaOptions, takes
from bayes_glmm.model.default_priors import resolve_priors
from bayes_glmm.model.reference import Way
from bayes_glmm.model.variable_table import variables

if TYPE_CHECKING:
    from bayes_glmm.design.resolve import Model
    from bayes_glmm.model.design import Design

type Array = NDArray[np.float64]
MOVES = 1e-3
"""Share of a figure's change beyond which a coordinate counts among those that it depends on."""


@takes(FormulaOptions)
def maximum_likelihood(
    model: Model,
    data: Any,
    *,
    quadrature: int = 1,
    **options: Unpack[FormulaOptions],
) -> pd.DataFrame:
    """Estimate a model by maximum likelihood, random effects integrated out.

    Other packages report these figures, which have no priors in them. They
    serve to compare; with few groups or sparse binary data they are what a
    posterior improves on.

    Parameters
    ----------
    model, data
        As in :func:`bayes_glmm.fit`.
    quadrature : int, default 1
        Nodes per level of adaptive Gauss-Hermite quadrature [1]_, for one scalar
        random effect. One node is Laplace's method, which any model can have and
        which is exact for Gaussian responses with the identity link.
    family, link, exposure, offset, missing, success
        As in :func:`bayes_glmm.fit`.

    Returns
    -------
    pandas.DataFrame
        ``parameter``, ``estimate`` and ``se``: intercept and coefficients on the link
        scale, standard deviations of random effects on the same, correlations, and
        the family's own parameters. ``se`` is missing where the likelihood has no maximum in a
        parameter but levels off towards the end of its range (a standard deviation of zero, a
        Student's t that is normal): the estimate is where climbing stopped, as good as that end.
        ``attrs["log_likelihood"]`` is the maximum.

    Raises
    ------
    DesignError
        The checks found errors.
    EngineError
        Quadrature for a model with slopes or several groups, or no maximum.

    References
    ----------
    .. [1] Pinheiro & Bates (1995). Approximations to the log-likelihood function in the
       nonlinear mixed-effects model. *Journal of Computational and Graphical
       Statistics* 4, 12-35. doi:10.1080/10618600.1995.10474663

    Examples
    --------
    >>> import bayes_glmm as bg
    >>> table = bg.maximum_likelihood(
    ...     "deaths | trials(operations) ~ 1 + (1 | hospital)", bg.dataset("surgical"),
    ...     family="binomial", quadrature=25,
    ... )
    >>> table.set_index("parameter").estimate.round(2).to_dict()
    {'intercept': -2.54, 'sd_hospital[intercept]': 0.36}
    """
    from bayes_glmm.design.resolve import resolve_spec
    from bayes_glmm.engine.likelihood import maximise
    from bayes_glmm.fitting.prepare import prepare

    if isinstance(quadrature, bool) or not isinstance(quadrature, int) or quadrature < 1:
        raise ArgumentError(f"quadrature={quadrature!r}: a whole number of at least 1 is needed.")
    spec = resolve_spec(model, **options)
    if any(effect.structure for _, p in spec.predictors for effect in p.random):
        raise EngineError("maximum_likelihood() does not cover related levels, gr(): use fit().")
    prepared = prepare(spec, data)
    _, design = prepared.require()
    way = Way.of(design, resolve_priors(prepared.spec, design))
    maximum = maximise(way.design, way.priors, quadrature)

    def figures(point: Array) -> Array:
        return _figures(_on_table_scale(way, maximum.variables(point)), design)[1]

    names, estimates = _figures(_on_table_scale(way, maximum.variables(maximum.point)), design)
    slopes = []
    steps = 1e-4 * np.sqrt(np.where(maximum.flat, 1.0, np.diag(maximum.covariance)))
    for i, step in enumerate(steps):
        move = np.zeros_like(maximum.point)
        move[i] = step
        ends = figures(maximum.point + move) - figures(maximum.point - move)
        slopes.append(ends / (2 * move[i]))
    J = np.stack(slopes, axis=1)
    variance = np.einsum("ij,jk,ik->i", J, maximum.covariance, J)
    moved = np.abs(J) * steps
    flat = (moved * maximum.flat).max(axis=1, initial=0) > MOVES * moved.max(axis=1, initial=0)
    se = np.where(flat, np.nan, np.sqrt(np.maximum(variance, 0)))
    table = pd.DataFrame({"parameter": names, "estimate": estimates, "se": se})
    table.attrs["log_likelihood"] = maximum.log_likelihood
    return table


def _on_table_scale(way: Way, variables: Mapping[str, Array]) -> dict[str, Array]:
    return {**variables, **way.on_table_scale(variables)}


def _figures(values: Mapping[str, Array], design: Design) -> tuple[list[str], Array]:
    """Return names and values of everything but the random effects."""
    out = {
        e.name: float(values[v.name][e.place])
        for v in variables(design).values()
        if v.reported
        for e in sorted(v.elements, key=lambda e: e.place)
    }
    return list(out), np.array(list(out.values()))
