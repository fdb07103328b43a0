"""Maximum likelihood estimates, to set beside a posterior or another package."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.errors import ArgumentError, EngineError
from bayes_glmm.model.default_priors import resolve_priors
from bayes_glmm.model.reference import Way

if TYPE_CHECKING:
    from bayes_glmm.design.resolve import Model
    from bayes_glmm.families.contract import Family
    from bayes_glmm.model.design import Design

type Array = NDArray[np.float64]


def maximum_likelihood(
    model: Model,
    data: Any,
    *,
    family: str | Family | None = None,
    link: str | None = None,
    exposure: str | None = None,
    offset: str | None = None,
    missing: Literal["error", "drop", "predict"] | None = None,
    success: str | None = None,
    quadrature: int = 1,
) -> pd.DataFrame:
    """Estimate a model by maximum likelihood, random effects integrated out.

    Other packages report these figures, which have no priors in them. They
    serve to compare; with few groups or sparse binary data they are what a
    posterior improves on.

    Parameters
    ----------
    model, data, family, link, exposure, offset, missing, success
        As in :func:`bayes_glmm.fit`.
    quadrature : int, default 1
        Nodes per level of adaptive Gauss-Hermite quadrature [1]_, for one scalar
        random effect. One node is Laplace's method, which any model can have and
        which is exact for Gaussian responses with the identity link.

    Returns
    -------
    pandas.DataFrame
        ``parameter``, ``estimate`` and ``se``: intercept and coefficients on the link
        scale, standard deviations of random effects on the same, correlations, and
        the family's own parameters. ``attrs["log_likelihood"]`` is the maximum.

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
    from bayes_glmm.fitting import prepare

    if isinstance(quadrature, bool) or not isinstance(quadrature, int) or quadrature < 1:
        raise ArgumentError(f"quadrature={quadrature!r}: a whole number of at least 1 is needed.")
    spec = resolve_spec(
        model, family=family, link=link, exposure=exposure, offset=offset,
        missing=missing, success=success,
    )  # fmt: skip
    if any(effect.structure for _, p in spec.predictors for effect in p.random):
        raise EngineError("maximum_likelihood() does not cover related levels, gr(): use fit().")
    prepared = prepare(spec, data)
    _, design = prepared.require()
    way = Way.of(design, resolve_priors(prepared.spec, design))
    found = maximise(way.design, way.priors, quadrature)

    def figures(point: Array) -> Array:
        return _figures(_on_table_scale(way, found.variables(point)), design)[1]

    names, estimates = _figures(_on_table_scale(way, found.variables(found.point)), design)
    slopes = []
    for i, step in enumerate(1e-4 * np.sqrt(np.abs(np.diag(found.covariance)))):
        move = np.zeros_like(found.point)
        move[i] = step or 1e-6
        ends = figures(found.point + move) - figures(found.point - move)
        slopes.append(ends / (2 * move[i]))
    J = np.stack(slopes, axis=1)
    variance = np.einsum("ij,jk,ik->i", J, found.covariance, J)
    table = pd.DataFrame(
        {"parameter": names, "estimate": estimates, "se": np.sqrt(np.maximum(variance, 0))}
    )
    table.attrs["log_likelihood"] = found.log_likelihood
    return table


def _on_table_scale(way: Way, variables: Mapping[str, Array]) -> dict[str, Array]:
    return {**variables, **way.on_table_scale(variables)}


def _figures(variables: Mapping[str, Array], design: Design) -> tuple[list[str], Array]:
    """Return names and values of everything but the random effects."""
    mu = design.mu
    out: dict[str, Any] = {}
    if mu.intercept:
        out["intercept"] = variables["intercept"]
    out |= {f"beta[{c}]": variables["beta"][j] for j, c in enumerate(mu.coefficients)}
    for group in mu.groups:
        name, terms = group.name, group.terms
        out |= {f"sd_{name}[{t}]": variables[f"sd_{name}"][k] for k, t in enumerate(terms)}
        for block in (b for b in group.blocks if len(b) > 1):
            pairs = [(i, j) for i in block for j in block if i < j]
            corr = variables[f"corr_{name}"]
            out |= {f"corr_{name}[{terms[i]}, {terms[j]}]": corr[i, j] for i, j in pairs}
    known = {*out, "intercept", "beta"}
    own = [k for k, v in variables.items() if k not in known and np.ndim(v) == 0]
    out |= {k: variables[k] for k in own}
    return list(out), np.array([float(v) for v in out.values()])
