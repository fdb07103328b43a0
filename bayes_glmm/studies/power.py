"""Design analysis: what a study of some size would find, were the parameters known."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.answers.predict.comparisons import comparisons
from bayes_glmm.design.resolve import Model, resolve_spec
from bayes_glmm.design.schema import Schema
from bayes_glmm.design.table.tables import to_pandas
from bayes_glmm.errors import ArgumentError, ArgumentTypeError, listed, suggestion
from bayes_glmm.fitting import data_hash, prepare
from bayes_glmm.model.default_priors import resolve_priors
from bayes_glmm.model.design import Design
from bayes_glmm.results.fit import make_tree
from bayes_glmm.spec.model import ModelSpec
from bayes_glmm.studies.jobs import Record, run_many
from bayes_glmm.studies.quantities import parameters_of
from bayes_glmm.studies.simulate import simulate, variables_of

if TYPE_CHECKING:
    from bayes_glmm.engine.compiled import Sampled
    from bayes_glmm.engine.settings import Settings
    from bayes_glmm.families.contract import Family
    from bayes_glmm.spec.priors import Prior
    from bayes_glmm.structures import Structure

type Array = NDArray[np.float64]
type Question = str | Mapping[str, Any]
RATIOS = ("ratio", "odds_ratio")


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
    family: str | Family | None = None,
    link: str | None = None,
    exposure: str | None = None,
    offset: str | None = None,
    priors: Mapping[str, Prior] | None = None,
    success: str | None = None,
    structures: Mapping[str, Structure] | None = None,
    engine: str = "auto",
    draws: int = 500,
    tune: int | None = None,
    chains: int = 2,
    seed: int = 1,
    target_accept: float | None = None,
    executor: Any = None,
    store: str | Path | None = None,
    progress: bool = True,
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
    family, link, exposure, offset, priors, success, structures
        As in :func:`bayes_glmm.fit`.
    engine, draws, tune, chains, seed, target_accept
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
    spec = resolve_spec(
        model, family=family, link=link, exposure=exposure, offset=offset,
        priors=priors, success=success,
    )  # fmt: skip
    grid = pd.DataFrame([{}] if designs is None else designs)
    if designs is not None and grid.empty:
        raise ArgumentError("designs= has no row.")
    settings = choose_settings(
        engine=engine, draws=draws, tune=tune, chains=chains, cores=1, seed=seed,
        target_accept=target_accept, progress=False,
    )  # fmt: skip
    rows: list[dict[Any, Any]] = [{}] if designs is None else grid.to_dict("records")
    tables = [planned(data, {str(c): v for c, v in row.items()}, by) for row in rows]
    asked = question if isinstance(question, str) else dict(question)
    identity = {
        "spec": spec.to_toml(),
        "parameters": repr(dict(parameters)),
        "question": repr(asked),
        "data_hash": [data_hash(t, tuple(map(str, t.columns))) for t in tables],
        "structures": {name: s.identity() for name, s in (structures or {}).items()},
        "settings": settings.identity(),
        "n": n,
        "prob": prob,
    }
    key = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()
    job = Job(
        key, spec, tuple(tables), dict(parameters), asked, dict(structures or {}), settings, n, prob
    )
    truths = [ready(job, which).truth for which in range(len(tables))]
    records = run_many(
        partial(one_study, job), n * len(tables), what="design analysis", identity=identity,
        executor=executor, store=store, progress=progress,
    )  # fmt: skip
    ratio = isinstance(asked, dict) and asked.get("measure") in RATIOS
    line = (1.0 if ratio else 0.0) if null is None else float(null)
    return _table(grid, truths, records, n, Against(line, ratio), prob)


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


def planned(data: Any, row: Mapping[str, Any], by: str | None) -> pd.DataFrame:
    """Return the table of one design."""
    if callable(data):
        return to_pandas(data(**row))
    table = to_pandas(data)
    if not row:
        return table
    if unknown := [c for c in row if c not in ("groups", "size")]:
        raise ArgumentError(
            f"A table is changed by the columns groups and size of designs=, not by "
            f"{listed(unknown)}: give a function as data that takes {listed(row)}."
        )
    if by is None or by not in table.columns:
        raise ArgumentError(f"by={by!r}: name the column of the table whose levels are copied.")
    return resized(table, by, row.get("groups"), row.get("size"))


def resized(
    table: pd.DataFrame, by: str, groups: int | None = None, size: int | None = None
) -> pd.DataFrame:
    """Copy groups of rows, in their order and again from the first, to a planned size.

    Parameters
    ----------
    by : str
        Column of the groups; copies beyond the first have labels such as ``"a (2)"``.
    groups, size : int, optional
        Number of groups, and of rows in each; as they are when not given.
    """
    for name, value in (("groups", groups), ("size", size)):
        if value is not None and not (float(value).is_integer() and value >= 1):
            raise ArgumentTypeError(f"{name}={value!r}: a whole number of at least 1 is needed.")
    labels = pd.unique(table[by])
    parts = []
    for k in range(len(labels) if groups is None else int(groups)):
        again, at = divmod(k, len(labels))
        rows = table[table[by] == labels[at]]
        if size is not None:
            rows = rows.iloc[np.arange(int(size)) % len(rows)]
        label = str(labels[at]) if again == 0 else f"{labels[at]} ({again + 1})"
        parts.append(rows.assign(**{by: label}))
    return pd.concat(parts, ignore_index=True)


@dataclass(frozen=True)
class Against:
    """What an answer is held against, and whether on the log scale."""

    null: float
    ratio: bool

    def away(self, value: Any) -> Any:
        """Return the signed distance from it."""
        if self.ratio:
            return np.log(value) - np.log(self.null)
        return np.asarray(value) - self.null


def _table(
    grid: pd.DataFrame,
    truths: Sequence[Mapping[str, float]],
    records: Sequence[Record],
    n: int,
    against: Against,
    prob: float,
) -> pd.DataFrame:
    rows = []
    for which, truth in enumerate(truths):
        own = records[which * n : (which + 1) * n]
        good = [r["answers"] for r in own if "error" not in r]
        if not good:
            raise ArgumentError(f"No study of design {which + 1} was fitted: {own[0]['error']}")
        for name, value in truth.items():
            found = np.array([answer[name] for answer in good])
            design = grid.iloc[which].to_dict()
            rows.append({**design, "question": name, **_row(found, value, against)})
    table = pd.DataFrame(rows)
    table = table.astype({c: grid[c].dtype for c in grid.columns})
    table.attrs = {
        "estimand": "what studies with these parameters would find",
        "designs": [str(c) for c in grid.columns],
        "null": against.null,
        "prob": prob,
        "failures": [
            {"design": k // n, "study": k % n, "error": r["error"]}
            for k, r in enumerate(records) if "error" in r
        ],
    }  # fmt: skip
    return table


def _row(found: Array, truth: float, against: Against) -> dict[str, float]:
    """Summarise intervals and medians, shape (n_studies, 3), of studies of one design."""
    low, middle, high = found.T
    clear = (low > against.null) | (high < against.null)
    share, wanted = float(clear.mean()), float(against.away(truth))
    away = against.away(middle[clear])
    some = clear.any() and wanted != 0
    return {
        "truth": truth,
        "n": len(found),
        "power": share,
        "power_se": float(np.sqrt(share * (1 - share) / len(found))),
        "width": float((high - low).mean()),
        "coverage": float(((low <= truth) & (truth <= high)).mean()),
        "estimate": float(middle.mean()),
        "sign_error": float((np.sign(away) != np.sign(wanted)).mean()) if some else np.nan,
        "exaggeration": float(np.abs(away).mean() / abs(wanted)) if some else np.nan,
    }
