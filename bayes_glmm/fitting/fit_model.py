"""From a formula and a table to a fitted result."""

from __future__ import annotations

import time
import warnings
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Unpack

from bayes_glmm.engine.settings import choose_settings
from bayes_glmm.errors import IncompleteWarning
from bayes_glmm.fitting.options import FitOptions, ModelOptions, SamplingOptions, part, takes
from bayes_glmm.fitting.prepare import Prepared, prepare
from bayes_glmm.fitting.provenance import provenance
from bayes_glmm.model.default_priors import resolve_priors

if TYPE_CHECKING:
    import xarray as xr

    from bayes_glmm.design.resolve import Model
    from bayes_glmm.design.schema import Schema
    from bayes_glmm.engine.run import Draws
    from bayes_glmm.model.design import Design
    from bayes_glmm.spec.priors import Prior


@takes(FitOptions)
def fit(model: Model, data: Any, **options: Unpack[FitOptions]) -> xr.DataTree:
    """Fit a generalized linear mixed model by NUTS.

    Ctrl-C while the chains are sampled ends the call with what is there: whole chains, and
    those under way with their draws after warm-up, as many of each chain as keep the most
    draws in all. A warning and the notes of the result say how many.

    Parameters
    ----------
    model : str, mapping, or ModelSpec
        A formula such as ``"y ~ x + (1 + x | group)"``, a mapping of formulas by the
        family's parameters (``{"mu": "y ~ x", "zi": "~ x"}``), a template's name, or a
        ready spec. Effects with one name between their bars, ``(1 |p| group)``, are
        correlated across formulas. ``mo(x)`` is a monotonic effect of an ordered column;
        ``mi(x)`` estimates the missing values of a column of numbers, by a formula of its
        own: ``{"mu": "y ~ mi(x)", "x": "x ~ z"}``. Beside the response may stand
        ``trials(n)``, ``cens(status, upper)``, ``trunc(lower, upper)``, ``weights(w)`` and
        ``se(s)``.
    data : DataFrame
        A pandas table, or any that narwhals reads. It is not changed.
    family : str or Family, default "gaussian"
        Name of a family, or one of your own.
    link : str, optional
        Link of the mean; the family's default when not given.
    exposure : str, optional
        Positive column, in any unit; its logarithm enters the predictor.
    offset : str, optional
        Column that enters the predictor as it is, on the link scale.
    missing : {"error", "drop", "predict"}, default "error"
        Incomplete rows are an error; ``"drop"`` leaves them out and lists them in the result.
        ``"predict"`` sets rows without a response aside and predicts them: see
        :func:`bayes_glmm.missing_responses`.
    success : str, optional
        Level of a two-level text response that counts as 1.
    priors : mapping of str to Prior, optional
        By parameter (``"sd_herd"``), element (``"beta[x]"``) or class (``"sd"``).
    structures : mapping of str to Structure, optional
        Known covariances of levels by the names that the formula uses: with
        ``{"A": bg.kinship(K)}``, ``(1 | gr(animal, A))``. Levels are matched by label;
        labels without data can be predicted. What the model itself describes, as its
        TOML text may, is read from the current folder unless given here.
    engine : {"auto", "nuts", "collapsed", "laplace", "jax"}, default "auto"
        ``"auto"`` samples the model's density by the fastest exact way. ``"nuts"``
        samples the PyMC graph as it is, and ``"jax"`` does so compiled by JAX, on
        an accelerator where there is one. ``"collapsed"`` integrates the effects of
        a Gaussian model out and draws them afterwards. ``"laplace"`` is a preview in
        seconds: draws of a normal approximation, weighted to the posterior, with a
        verdict on the weights.
    tune : int, optional
        Iterations of warm-up, by chain; chosen by rule when not given.
    target_accept : float, optional
        When not given, 0.8 or 0.9 by rule, and one second run at 0.99 if
        divergences remain.
    chains : int, default 4
        Number of chains.
    cores : int, optional
        Chains that run at the same time; those that are left share the rows of large tables.
        Results do not depend on it. As many as there are processors when not given.
    draws : int, default 1000
        Kept draws of each chain.
    seed : int, default 1
        Equal calls with equal seeds give equal bytes.
    progress : bool, default True
        Show a bar for each chain, in a terminal or a notebook.
    store : path, optional
        Folder that keeps each finished chain; the same call resumes there. One process
        owns it at a time.
    log_likelihood : bool, default False
        Add the pointwise log-likelihood, shape (chain, draw, observation).

    Returns
    -------
    xarray.DataTree
        ``posterior``, ``sample_stats``, ``observed_data``, ``constant_data``;
        the spec, the schema, the findings and the verdict in the attributes; ``attrs["mode"]``
        names the coordinates that were sampled, or ``"graph"``.

    Raises
    ------
    SpecError, DataError, DesignError
        The model or the table is wrong; the message names where.
    EngineError
        A store belongs to another call, is in use, or was altered.
    WriteError
        A store's disk is full; what it keeps stays.
    KeyboardInterrupt
        Ctrl-C before any chain has ten draws after warm-up.

    Warns
    -----
    IncompleteWarning
        Ctrl-C stopped the sampling: the result has fewer draws or chains than asked for.

    Examples
    --------
    >>> import bayes_glmm as bg
    >>> tree = bg.fit(
    ...     "events ~ treat + (1 | study)", bg.dataset("nielweise2008"), family="poisson",
    ...     exposure="catheter_days",
    ... )
    >>> dict(tree["posterior"].sizes)
    {'chain': 4, 'draw': 1000, 'coefficient': 1, 'study_term': 1, 'study': 9}
    """
    return _fitted(model, data, options, stoppable=True)


def fit_whole(model: Model, data: Any, **options: Unpack[FitOptions]) -> xr.DataTree:
    """Fit as :func:`fit` does, but let Ctrl-C through: for calls that fit many models.

    Parameters
    ----------
    model, data, **options
        As :func:`fit` takes them.

    Returns
    -------
    xarray.DataTree

    Raises
    ------
    KeyboardInterrupt
        Ctrl-C; chains that were whole are in the store, if there is one.
    """
    return _fitted(model, data, options, stoppable=False)


def _fitted(model: Model, data: Any, options: FitOptions, *, stoppable: bool) -> xr.DataTree:
    """Prepare, sample and assemble; say so where sampling was stopped."""
    from bayes_glmm.engine.run import sample

    prepared = prepare(model, data, **part(options, ModelOptions))
    schema, design = prepared.require()
    settings = choose_settings(**part(options, SamplingOptions))
    resolved = resolve_priors(prepared.spec, design)
    info = provenance(prepared, schema, resolved, settings.identity())
    began = time.perf_counter()
    result = sample(prepared.spec, design, resolved, settings, info, stoppable=stoppable)
    if result.stopped:
        warnings.warn(result.stopped, IncompleteWarning, stacklevel=4)
    chains, draws = result.shape
    info |= {
        "wall_seconds": round(time.perf_counter() - began, 3),
        "notes": list(result.notes),
        "settings": {
            **info["settings"],
            "chains": chains,
            "draws": draws,
            "path": result.path,
            "target": result.target_accept,
            "tune": result.tune,
        },
    }
    return _assemble(
        prepared, schema, design, resolved, result, info, options.get("log_likelihood", False)
    )


def _assemble(
    prepared: Prepared,
    schema: Schema,
    design: Design,
    priors: Mapping[str, Prior],
    result: Draws,
    info: dict[str, Any],
    log_likelihood: bool,
) -> xr.DataTree:
    """Label the draws, judge their convergence, and put all of it in one tree."""
    from bayes_glmm.answers.diagnose.convergence import convergence
    from bayes_glmm.results.fit import make_tree, with_info

    tree = make_tree(
        result.posterior, result.stats, prepared.spec, schema, design, prepared.data, priors,
        {**info, "findings": [asdict(f) for f in prepared.findings], "converged": True},
        prepared.structures,
    )  # fmt: skip
    converged, verdict = convergence(
        tree["posterior"].to_dataset(), tree["sample_stats"].to_dataset()
    )
    tree = with_info(tree, converged=converged, verdict=[asdict(f) for f in verdict])
    if len(prepared.aside):
        from bayes_glmm.answers.predict.missing_responses import with_missing_responses

        tree = with_missing_responses(tree, prepared.aside, int(info["seed"]))
    if log_likelihood:
        from bayes_glmm.answers.compare.pointwise import with_log_likelihood

        tree = with_log_likelihood(tree)
    return tree
