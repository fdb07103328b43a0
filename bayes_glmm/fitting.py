"""From a formula and a table to a fitted result: the calls a user makes first."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from bayes_glmm import __version__
from bayes_glmm.design.checks.check_all import run_checks
from bayes_glmm.design.checks.checks_structures import alike
from bayes_glmm.design.groups.structure_matching import (
    bound_structures,
    given_structures,
    with_factors,
)
from bayes_glmm.design.resolve import Model, resolve_spec
from bayes_glmm.design.schema import Schema
from bayes_glmm.design.table.column_roles import drop_missing
from bayes_glmm.design.table.missing_rows import left_out, predicted, set_aside
from bayes_glmm.design.table.tables import row_ids, to_pandas
from bayes_glmm.errors import (
    DataError,
    Finding,
    Findings,
    listed,
)
from bayes_glmm.model.default_priors import resolve_priors
from bayes_glmm.model.design import Design
from bayes_glmm.model.prior_table import prior_table
from bayes_glmm.spec.model import ModelSpec
from bayes_glmm.spec.priors import Prior

if TYPE_CHECKING:
    import pymc as pm
    import xarray as xr

    from bayes_glmm.engine.run import Draws
    from bayes_glmm.families.contract import Family
    from bayes_glmm.structures import Structure


@dataclass(frozen=True, eq=False)
class Prepared:
    """A model with the table it was given: everything known before sampling."""

    spec: ModelSpec
    data: pd.DataFrame
    dropped: tuple[str, ...]
    findings: Findings
    schema: Schema | None
    design: Design | None
    structures: Mapping[str, Structure]
    aside: pd.DataFrame

    def require(self) -> tuple[Schema, Design]:
        """Return schema and design, raising what the checks found wrong."""
        self.findings.raise_errors()
        assert self.schema is not None and self.design is not None
        return self.schema, self.design


def prepare(
    model: Model, data: Any, structures: Mapping[str, Structure] | None = None, **options: Any
) -> Prepared:
    """Resolve the model, drop rows when asked to, run every check, relate the levels."""
    spec = resolve_spec(model, **options)
    bound: Mapping[str, Structure] = given_structures(spec, structures)
    table = to_pandas(data)
    dropped: tuple[str, ...] = ()
    aside = table.iloc[:0]
    if spec.missing == "drop":
        table, dropped = drop_missing(spec, table)
    if spec.missing == "predict":
        table, aside = set_aside(spec, table)
    findings, schema, design = run_checks(spec, table)
    findings = Findings((*findings, *left_out(dropped)))
    if len(aside) and schema is not None:
        found = predicted(schema, aside)
        findings = Findings((*findings, found))
        schema, design = (None, None) if found.severity == "error" else (schema, design)
    if schema is not None and design is not None:
        try:
            bound = bound_structures(schema, table, bound)
            design = with_factors(design, bound)
            findings = Findings((*findings, *alike(design, bound)))
        except DataError as error:
            said = f"{error}{_whose(spec, structures)}"
            unrelated = Finding("structure_levels", "error", said)
            findings, schema, design = Findings((*findings, unrelated)), None, None
    return Prepared(spec, table, dropped, findings, schema, design, bound, aside)


def _whose(spec: ModelSpec, given: Mapping[str, Structure] | None) -> str:
    """Say which structures are a template's example, where nobody gave others."""
    own = [name for name, source in spec.structures if source.bundled and name not in (given or {})]
    if not own:
        return ""
    return (
        f" {listed(own)} was read from the template's own example: give yours, by structures= or "
        f"--structure {own[0]}={dict(spec.structures)[own[0]].kind}:FILE."
    )


def check(
    model: Model,
    data: Any,
    *,
    family: str | Family | None = None,
    link: str | None = None,
    exposure: str | None = None,
    offset: str | None = None,
    priors: Mapping[str, Prior] | None = None,
    missing: Literal["error", "drop", "predict"] | None = None,
    success: str | None = None,
    structures: Mapping[str, Structure] | None = None,
) -> Findings:
    """Say everything that can be said about a model before sampling.

    Nothing is raised for what is wrong with the data: it is in the findings.

    Parameters
    ----------
    model, data, family, link, exposure, offset, priors, missing, success, structures
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
    >>> found = bg.check("y ~ x", table, family="poisson")
    >>> [f.severity for f in found.errors]
    ['error']
    """
    prepared = prepare(
        model, data, family=family, link=link, exposure=exposure, offset=offset,
        priors=priors, missing=missing, success=success, structures=structures,
    )  # fmt: skip
    if prepared.design is not None and not prepared.findings.errors:
        resolve_priors(prepared.spec, prepared.design)  # a fit refuses what this refuses
    return prepared.findings


def build_model(
    model: Model,
    data: Any,
    *,
    family: str | Family | None = None,
    link: str | None = None,
    exposure: str | None = None,
    offset: str | None = None,
    priors: Mapping[str, Prior] | None = None,
    missing: Literal["error", "drop", "predict"] | None = None,
    success: str | None = None,
    structures: Mapping[str, Structure] | None = None,
) -> pm.Model:
    """Build the generative graph, for reading, extending and sampling elsewhere.

    Its named variables are those of the posterior that :func:`fit` returns, on
    the same scale.

    Parameters
    ----------
    model, data, family, link, exposure, offset, priors, missing, success, structures
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

    prepared = prepare(
        model, data, family=family, link=link, exposure=exposure, offset=offset,
        priors=priors, missing=missing, success=success, structures=structures,
    )  # fmt: skip
    _, design = prepared.require()
    return build_graph(prepared.spec, design, resolve_priors(prepared.spec, design))


def priors(
    model: Model,
    data: Any,
    *,
    family: str | Family | None = None,
    link: str | None = None,
    exposure: str | None = None,
    offset: str | None = None,
    priors: Mapping[str, Prior] | None = None,
    missing: Literal["error", "drop", "predict"] | None = None,
    success: str | None = None,
    structures: Mapping[str, Structure] | None = None,
) -> pd.DataFrame:
    """Tabulate the priors that a fit would use, defaults and overrides.

    Parameters
    ----------
    model, data, family, link, exposure, offset, priors, missing, success, structures
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
    prepared = prepare(
        model, data, family=family, link=link, exposure=exposure, offset=offset,
        priors=priors, missing=missing, success=success, structures=structures,
    )  # fmt: skip
    _, design = prepared.require()
    return prior_table(prepared.spec, design)


def fit(
    model: Model,
    data: Any,
    *,
    family: str | Family | None = None,
    link: str | None = None,
    exposure: str | None = None,
    offset: str | None = None,
    priors: Mapping[str, Prior] | None = None,
    missing: Literal["error", "drop", "predict"] | None = None,
    success: str | None = None,
    structures: Mapping[str, Structure] | None = None,
    engine: str = "auto",
    draws: int = 1000,
    tune: int | None = None,
    chains: int = 4,
    cores: int | None = None,
    seed: int = 1,
    target_accept: float | None = None,
    progress: bool = True,
    store: str | Path | None = None,
    log_likelihood: bool = False,
) -> xr.DataTree:
    """Fit a generalized linear mixed model by NUTS.

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
    priors : mapping of str to Prior, optional
        By parameter (``"sd_herd"``), element (``"beta[x]"``) or class (``"sd"``).
    missing : {"error", "drop", "predict"}, optional
        ``"drop"`` leaves incomplete rows out and lists them in the result. ``"predict"``
        sets rows without a response aside and predicts them: see
        :func:`bayes_glmm.missing_responses`.
    success : str, optional
        Level of a two-level text response that counts as 1.
    structures : mapping of str to Structure, optional
        Known covariances of levels by the names that the formula uses: with
        ``{"A": bg.kinship(K)}``, ``(1 | gr(animal, A))``. Levels are matched by label;
        labels without data can be predicted. What the model itself describes, as its
        TOML text may, is read from the current folder unless given here.
    engine : {"auto", "nuts", "collapsed", "laplace", "jax"}
        ``"auto"`` samples the model's density by the fastest exact way. ``"nuts"``
        samples the PyMC graph as it is, and ``"jax"`` does so compiled by JAX, on
        an accelerator where there is one. ``"collapsed"`` integrates the effects of
        a Gaussian model out and draws them afterwards. ``"laplace"`` is a preview in
        seconds: draws of a normal approximation, weighted to the posterior, with a
        verdict on the weights.
    draws, tune, chains, cores : int
        ``tune=None`` is chosen by rule; results do not depend on ``cores``.
    seed : int, default 1
        Equal calls with equal seeds give equal bytes.
    target_accept : float, optional
        When not given, 0.8 or 0.9 by rule, and one second run at 0.99 if
        divergences remain.
    progress : bool, default True
        Show a bar in a terminal, or in a notebook that has ipywidgets.
    store : path, optional
        Folder that keeps each finished chain; the same call resumes there. One process
        owns it at a time.
    log_likelihood : bool, default False
        Add the pointwise log-likelihood, shape (chain, draw, observation).

    Returns
    -------
    xarray.DataTree
        ``posterior``, ``sample_stats``, ``observed_data``, ``constant_data``;
        the spec, the schema, the findings and the verdict in the attributes.

    Raises
    ------
    SpecError, DataError, DesignError
        The model or the table is wrong; the message names where.
    EngineError
        A store belongs to another call, is in use, or was altered.
    WriteError
        A store's disk is full; what it keeps stays.

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
    from bayes_glmm.engine.run import sample
    from bayes_glmm.engine.settings import choose_settings

    prepared = prepare(
        model, data, family=family, link=link, exposure=exposure, offset=offset,
        priors=priors, missing=missing, success=success, structures=structures,
    )  # fmt: skip
    schema, design = prepared.require()
    settings = choose_settings(
        engine=engine, draws=draws, tune=tune, chains=chains, cores=cores, seed=seed,
        target_accept=target_accept, progress=progress, store=store,
    )  # fmt: skip
    resolved = resolve_priors(prepared.spec, design)
    info = provenance(prepared, schema, resolved, settings.identity())
    began = time.perf_counter()
    result = sample(prepared.spec, design, resolved, settings, info)
    info |= {
        "wall_seconds": round(time.perf_counter() - began, 3),
        "notes": list(result.notes),
        "settings": {
            **info["settings"],
            "path": result.path,
            "target": result.target_accept,
            "tune": result.tune,
        },
    }
    return _assemble(prepared, schema, design, resolved, result, info, log_likelihood)


def provenance(
    prepared: Prepared, schema: Schema, priors: Mapping[str, Prior], settings: dict[str, Any]
) -> dict[str, Any]:
    """Return what the draws of a call depend on, JSON-able."""
    packages = ("pymc", "pytensor", "nutpie", "numba", "numpy", "arviz-stats")
    return {
        "spec": prepared.spec.to_toml(),
        "priors": {k: [p.name, dict(p.parameters)] for k, p in priors.items()},
        "seed": settings["seed"],
        "settings": settings,
        "versions": {"bayes_glmm": __version__, **{p: version(p) for p in packages}},
        "data_hash": data_hash(prepared.data, schema.used_columns),
        "n_rows": len(prepared.data),
        "dropped": list(prepared.dropped),
        "predicted": row_ids(prepared.aside.index).tolist(),
        "structures": {
            name: {**s.identity(), "notes": list(s.notes())}
            for name, s in prepared.structures.items()
        },
    }


def data_hash(data: pd.DataFrame, columns: tuple[str, ...]) -> str:
    """Return the SHA-256 of the used columns, in the order of the rows."""
    digest = hashlib.sha256()
    for column in columns:
        values = data[column].to_numpy()
        if values.dtype.kind in "biuf":
            content = np.ascontiguousarray(values).tobytes()
        else:
            content = "\0".join(map(str, values)).encode()
        digest.update(json.dumps([column, str(data[column].dtype), len(values)]).encode())
        digest.update(content)
    return digest.hexdigest()


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
    from bayes_glmm.answers.compare.pointwise import with_log_likelihood
    from bayes_glmm.answers.diagnose.convergence import convergence
    from bayes_glmm.answers.predict.missing_responses import with_missing_responses
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
        tree = with_missing_responses(tree, prepared.aside, int(info["seed"]))
    return with_log_likelihood(tree) if log_likelihood else tree
