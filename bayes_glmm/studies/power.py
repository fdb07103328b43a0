"""Design analysis: what a study of some size would find, were the parameters known."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.answers.predict.comparisons import comparisons
from bayes_glmm.design.resolve import Model, resolve_spec
from bayes_glmm.design.schema import Schema
from bayes_glmm.errors import ArgumentError, suggestion
from bayes_glmm.fitting.options import (
    ChainOptions,
    FormulaOptions,
    ManyOptions,
    StudyOptions,
    part,
    takes,
)
from bayes_glmm.fitting.prepare import prepare
from bayes_glmm.fitting.provenance import data_hash
from bayes_glmm.model.default_priors import resolve_priors
from bayes_glmm.model.design import Design
from bayes_glmm.results.fit import make_tree
from bayes_glmm.spec.model import ModelSpec
from bayes_glmm.studies.jobs import Record, run_many
from bayes_glmm.studies.planned_tables import planned
from bayes_glmm.studies.power_table import Against, power_table
from bayes_glmm.studies.quantities import parameters_of
from bayes_glmm.studies.simulate import simulate, variables_of

if TYPE_CHECKING:
    from bayes_glmm.engine.compiled import Sampled
    from bayes_glmm.engine.settings import Settings
    from bayes_glmm.spec.priors import Prior
    from bayes_glmm.structures import Structure

type Array = NDArray[np.float64]
type Question = str | Mapping[str, Any]
RATIOS = ("ratio", "odds_ratio")


@takes(StudyOptions)
def power(
    model: Model,
    parameters: Mapping[str, Any],
    data: Any,
    question: Question,
    n: int = 100,
    *,
    designs: pd.DataFrame | Sequence[Mapping[str, Any]] | None = None,
    by: str | None = None,
    null: float | None = None,
    prob: float = 0.95,
    draws: int = 500,
    chains: int = 2,
    seed: int = 1,
    **options: Unpack[StudyOptions],
) -> pd.DataFrame:
    """Simulate studies with known parameters, fit each, and ask what it found.

    Parameters
    ----------
    model : str, mapping, or ModelSpec
        As in :func:`bayes_glmm.fit`. Default priors follow the first table that is simulated
        for each design.
    parameters : mapping
        The truth, as in :func:`bayes_glmm.simulate`; effects of levels are drawn anew in
        every study.
    data : DataFrame or callable
        Covariates and groups; the response need not be there. With ``designs`` either
        a function that makes them from one row of designs, ``data(**row)``, or a table
        like the one that is planned, whose groups are copied.
    question : str or mapping
        A parameter (``"beta[treat]"``), or the arguments of
        :func:`bayes_glmm.comparisons` (``{"variable": "treat", "measure": "ratio"}``).
    n : int, default 100
        Studies for each design.
    designs : DataFrame or sequence of mappings, optional
        A row for each design. For a table they have ``groups``, ``size`` (rows in
        each), or both; groups beyond those in the table are copies with new labels.
    by : str, optional
        Column of the table whose levels are copied.
    null : float, optional
        What an interval must leave out: zero, or one for ratios, when not given.
    prob : float, default 0.95
        Of equal-tailed intervals.
    draws : int, default 500
        Kept draws of each chain of each fit.
    chains : int, default 2
        Of each fit.
    seed : int, default 1
        Equal calls with equal seeds give equal results.
    family, link, exposure, offset, missing, success, priors, structures
        As in :func:`bayes_glmm.fit`.
    engine, tune, target_accept
        Of each fit, as in :func:`bayes_glmm.fit`.
    executor, store, progress
        As in :func:`bayes_glmm.calibrate`.

    Returns
    -------
    pandas.DataFrame
        One row per design and question: the design's columns, ``question``, ``truth``, ``n``
        studies that were fitted, ``power`` (share of intervals without ``null``) with its
        simulation error ``power_se``, the intervals' mean ``width`` and their ``coverage`` of
        the truth, the mean ``estimate``, and of the studies with an interval without ``null``
        the share on the wrong side of it, ``sign_error``, and how many times too
        large their estimates are on average, ``exaggeration`` (ratios on the log scale) [1]_.
        ``attrs["failures"]`` lists what could not be fitted.

    Raises
    ------
    ArgumentError
        A design, a question or a parameter that does not fit the model.
    SpecError, DataError, DesignError
        The model or a table is wrong.
    EngineError
        A store belongs to another call, or an executor's workers died.

    References
    ----------
    .. [1] Gelman & Carlin (2014). Beyond power calculations: assessing type S (sign) and
       type M (magnitude) errors. *Perspectives on Psychological Science* 9, 641-651.
       doi:10.1177/1745691614551642

    Examples
    --------
    >>> import bayes_glmm as bg
    >>> pilot = bg.dataset("nielweise2008")
    >>> truth = {"intercept": -5.0, "beta": {"treat": -0.5}, "sd_study": 0.5}
    >>> table = bg.power(
    ...     "events ~ treat + (1 | study)", truth, pilot, "beta[treat]", n=5, by="study",
    ...     designs=[{"groups": 5}, {"groups": 20}], family="poisson", exposure="catheter_days",
    ...     draws=200, progress=False,
    ... )
    >>> table[["groups", "n"]]
       groups  n
    0       5  5
    1      20  5
    """
    from bayes_glmm.engine.settings import choose_settings

    if isinstance(n, bool) or not isinstance(n, int) or n < 1:
        raise ArgumentError(f"n={n!r}: a whole number of at least 1 is needed.")
    if not 0 < prob < 1:
        raise ArgumentError(f"prob={prob!r}: use a number between 0 and 1.")
    structures = options.get("structures") or {}
    spec = resolve_spec(model, **part(options, FormulaOptions), priors=options.get("priors"))
    grid = pd.DataFrame([{}] if designs is None else designs)
    if designs is not None and grid.empty:
        raise ArgumentError("designs= has no row.")
    settings = choose_settings(
        draws=draws, chains=chains, cores=1, seed=seed, progress=False,
        **part(options, ChainOptions),
    )  # fmt: skip
    rows: list[dict[Any, Any]] = [{}] if designs is None else grid.to_dict("records")
    tables = [planned(data, {str(c): v for c, v in row.items()}, by) for row in rows]
    asked = question if isinstance(question, str) else dict(question)
    identity = {
        "spec": spec.to_toml(),
        "parameters": repr(dict(parameters)),
        "question": repr(asked),
        "data_hash": [data_hash(t, tuple(map(str, t.columns))) for t in tables],
        "structures": {name: s.identity() for name, s in structures.items()},
        "settings": settings.identity(),
        "n": n,
        "prob": prob,
    }
    key = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()
    job = Job(
        key, spec, tuple(tables), dict(parameters), asked, dict(structures), settings, n, prob
    )
    truths = [ready(job, which).truth for which in range(len(tables))]
    records = run_many(
        partial(one_study, job), n * len(tables), what="design analysis", identity=identity,
        **part(options, ManyOptions),
    )  # fmt: skip
    ratio = isinstance(asked, dict) and asked.get("measure") in RATIOS
    line = (1.0 if ratio else 0.0) if null is None else float(null)
    return power_table(grid, truths, records, n, Against(line, ratio), prob)


@dataclass(frozen=True)
class Job:
    """Everything that a study needs, wherever it is fitted; equal keys are equal jobs."""

    key: str
    spec: ModelSpec = field(compare=False)
    tables: tuple[pd.DataFrame, ...] = field(compare=False)
    parameters: dict[str, Any] = field(compare=False)
    question: str | dict[str, Any] = field(compare=False)
    structures: dict[str, Structure] = field(compare=False)
    settings: Settings = field(compare=False)
    n: int = field(compare=False)
    prob: float = field(compare=False)


@dataclass(frozen=True, eq=False)
class Ready:
    """The model of one design, prepared and compiled in this process."""

    schema: Schema
    design: Design
    priors: Mapping[str, Prior]
    sampled: Sampled
    truth: dict[str, float]


@lru_cache(maxsize=4)
def ready(job: Job, which: int) -> Ready:
    """Prepare and compile the model of one design, and answer the question for the truth."""
    from bayes_glmm.engine.compiled import compile_model

    table = _study(job, which, 0)
    prepared = prepare(job.spec, table, structures=job.structures or None)
    schema, design = prepared.require()
    priors = resolve_priors(job.spec, design)
    variables = {k: v[None, None] for k, v in variables_of(design, job.parameters).items()}
    sampled = compile_model(job.spec, design, priors, job.settings.engine)
    whole = Ready(schema, design, priors, sampled, {})
    found = answered(job, whole, design, table, variables, {})
    return replace(whole, truth={k: float(v[0, 0]) for k, v in found.items()})


def one_study(job: Job, number: int) -> Record:
    """Simulate and fit one study; return estimate and interval for each question."""
    from bayes_glmm.engine.run import sample_compiled

    which, k = divmod(number, job.n)
    whole = ready(job, which)
    table = _study(job, which, k)
    design = replace(whole.design, response=whole.schema.apply(table).response)
    settings = replace(job.settings, seed=_seed(job, which, k, 1))
    drawn = sample_compiled(whole.sampled.again(design), settings)
    found = answered(job, whole, design, table, drawn.posterior, drawn.stats)
    tails = [(1 - job.prob) / 2, 0.5, (1 + job.prob) / 2]
    return {
        "answers": {name: np.quantile(v, tails).tolist() for name, v in found.items()},
        "divergences": int(drawn.stats["diverging"].sum()),
    }


def _study(job: Job, which: int, k: int) -> pd.DataFrame:
    seed = _seed(job, which, k, 0)
    return simulate(
        job.spec, job.tables[which], job.parameters, seed, structures=job.structures or None
    )


def _seed(job: Job, which: int, k: int, use: int) -> int:
    return int(np.random.SeedSequence([job.settings.seed, which, k, use]).generate_state(1)[0])


def answered(
    job: Job,
    whole: Ready,
    design: Design,
    table: pd.DataFrame,
    variables: Mapping[str, Array],
    stats: Mapping[str, Array],
) -> dict[str, Array]:
    """Return draws of the answer, shape (n_chains, n_draws), by question."""
    if isinstance(job.question, str):
        lead = next(iter(variables.values())).shape[:2]
        flat = {name: v.reshape(-1, *v.shape[2:]) for name, v in variables.items()}
        known = parameters_of(design, flat)
        if job.question not in known:
            raise ArgumentError(
                f"The model has no parameter {job.question!r}."
                + suggestion(job.question, list(known))
            )
        return {job.question: known[job.question].reshape(lead)}
    tree = make_tree(
        variables, stats, job.spec, whole.schema, design, table, whole.priors, {"seed": 1},
        job.structures,
    )  # fmt: skip
    found: Any = comparisons(tree, **{**job.question, "draws": True})
    labels = [c for c in found.coords if c not in ("chain", "draw", "row")]
    rows = zip(*(found.coords[c].values for c in labels), strict=True)
    names = [" ".join(str(v) for v in row) for row in rows]
    return {name: found.values[:, :, k] for k, name in enumerate(names)}
