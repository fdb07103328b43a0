"""What can be said and seen of a model before it is sampled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack

from bayes_glmm.fitting.options import ModelOptions, takes
from bayes_glmm.fitting.prepare import prepare
from bayes_glmm.model.default_priors import resolve_priors
from bayes_glmm.model.prior_table import prior_table

if TYPE_CHECKING:
    import pandas as pd
    import pymc as pm

    from bayes_glmm.design.resolve import Model
    from bayes_glmm.errors import Findings


@takes(ModelOptions)
def check(model: Model, data: Any, **options: Unpack[ModelOptions]) -> Findings:
    """Say everything that can be said about a model before sampling.

    Nothing is raised for what is wrong with the data: it is in the findings.

    Parameters
    ----------
    model, data, family, link, exposure, offset, missing, success, priors, structures
        As in :func:`fit`.

    Returns
    -------
    Findings
        ``.errors`` stop a fit, ``.warnings`` travel with it, ``.passed``.

    Raises
    ------
    SpecError
        The model as written cannot be understood or is beyond the grammar's limits; a prior
        is of no parameter of it.
    ArgumentTypeError
        The data are no table.

    Examples
    --------
    >>> import pandas as pd
    >>> import bayes_glmm as bg
    >>> table = pd.DataFrame({"y": [1, 0, 2, -1], "x": [0.1, 0.4, 0.2, 0.9]})
    >>> findings = bg.check("y ~ x", table, family="poisson")
    >>> [f.severity for f in findings.errors]
    ['error']
    """
    prepared = prepare(model, data, **options)
    if prepared.design is not None and not prepared.findings.errors:
        resolve_priors(prepared.spec, prepared.design)  # a fit refuses what this refuses
    return prepared.findings


@takes(ModelOptions)
def build_model(model: Model, data: Any, **options: Unpack[ModelOptions]) -> pm.Model:
    """Build the generative graph, for reading, extending and sampling elsewhere.

    Its named variables are those of the posterior that :func:`fit` returns, on
    the same scale.

    Parameters
    ----------
    model, data, family, link, exposure, offset, missing, success, priors, structures
        As in :func:`fit`.

    Returns
    -------
    pymc.Model
        With the data as ``observed``.

    Raises
    ------
    DesignError
        The checks found errors; all of them are in the message.

    Examples
    --------
    >>> import bayes_glmm as bg
    >>> model = bg.build_model("weight ~ age + (1 | rat)", bg.dataset("rats"))
    >>> sorted(v.name for v in model.free_RVs)
    ['beta', 'intercept', 'sd_rat', 'sigma', 'u_rat']
    """
    from bayes_glmm.model.graph import build_graph

    prepared = prepare(model, data, **options)
    _, design = prepared.require()
    return build_graph(prepared.spec, design, resolve_priors(prepared.spec, design))


@takes(ModelOptions)
def priors(model: Model, data: Any, **options: Unpack[ModelOptions]) -> pd.DataFrame:
    """Tabulate the priors that a fit would use, defaults and overrides.

    Parameters
    ----------
    model, data, family, link, exposure, offset, missing, success, priors, structures
        As in :func:`fit`.

    Returns
    -------
    pandas.DataFrame
        ``parameter``, ``prior``, ``scale`` (where it lives), ``source``
        (``"default"`` or ``"given"``) and the central 95 % of its mass; the prior of
        ``intercept`` is that of the predictor at the covariates' means.

    Raises
    ------
    PriorError
        A prior for something the model does not have, or of another kind of number.
    DesignError
        The checks found errors; all of them are in the message.

    Examples
    --------
    >>> import bayes_glmm as bg
    >>> table = bg.priors("weight ~ age + (1 | rat)", bg.dataset("rats"))
    >>> table["parameter"].tolist()
    ['intercept', 'beta[age]', 'sd_rat[intercept]', 'sigma']
    """
    prepared = prepare(model, data, **options)
    _, design = prepared.require()
    return prior_table(prepared.spec, design)
