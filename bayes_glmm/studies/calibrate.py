"""Simulation-based calibration: whether posteriors cover the truth as often as they should."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.answers.diagnose.rank_calibration import Calibration, ranks
from bayes_glmm.errors import ArgumentError, DataError, SpecError, listed
from bayes_glmm.families import get_family
from bayes_glmm.families.contract import LARGEST
from bayes_glmm.fitting.options import (
    ChainOptions,
    ManyOptions,
    ModelOptions,
    StudyOptions,
    part,
    takes,
)
from bayes_glmm.fitting.prepare import prepare
from bayes_glmm.fitting.provenance import provenance
from bayes_glmm.model.default_priors import resolve_priors
from bayes_glmm.model.design import Design
from bayes_glmm.model.variable_table import dimensions
from bayes_glmm.spec.model import ModelSpec
from bayes_glmm.studies.jobs import Record, run_many
from bayes_glmm.studies.prior_predictive import draw_parameters, draw_responses
from bayes_glmm.studies.quantities import log_likelihood, parameters_of, quadratic_forms

if TYPE_CHECKING:
    from bayes_glmm.design.resolve import Model
    from bayes_glmm.engine.compiled import Sampled
    from bayes_glmm.engine.settings import Settings
    from bayes_glmm.spec.priors import Prior
    from bayes_glmm.structures import Structure

type Array = NDArray[np.float64]
type Simulator = Callable[[np.random.Generator], tuple[Mapping[str, Any], Any]]
type Quantity = Callable[[Mapping[str, Array]], Array]


@takes(StudyOptions)
def calibrate(
    model: Model,
    data: Any,
    *,
    n: int = 1000,
    simulator: Simulator | None = None,
    quantities: Mapping[str, Quantity] | None = None,
    draws: int = 400,
    chains: int = 1,
    seed: int = 1,
    **options: Unpack[StudyOptions],
) -> Calibration:
    """Fit a model to data drawn from its own priors, again and again [1]_.

    Parameters are drawn from the priors and responses from the parameters; the rank of
    each true value among its posterior's draws is then uniform, if everything between the
    prior and the draws is right. Ranked are all parameters but the effects of single
    levels, the log-likelihood of the responses, and the size of each group's effects
    against their covariance, which tell wrong posteriors from right ones that parameters
    alone do not [2]_.

    Parameters
    ----------
    model, data
        As in :func:`bayes_glmm.fit`. The covariates and groups of ``data`` are kept. Its
        response is only read for default priors, which are the same in all fits.
    n : int, default 1000
        Number of simulations.
    simulator : callable, optional
        Draws parameters and responses in the model's place: takes a
        ``numpy.random.Generator`` and returns a mapping of parameters by the posterior's
        names (numbers, values in order, or mappings by label) and the responses of all
        rows as numbers. What it leaves out is not ranked.
    quantities : mapping of str to callable, optional
        More to rank: each takes a mapping of the posterior's variables, shape
        (n_draws, ...), and returns an array, shape (n_draws,).
    draws : int, default 400
        Kept draws of each chain of each fit.
    chains : int, default 1
        Of each fit.
    seed : int, default 1
        Equal calls with equal seeds give equal results.
    family, link, exposure, offset, missing, success, priors, structures
        As in :func:`bayes_glmm.fit`.
    engine, tune, target_accept
        As in :func:`bayes_glmm.fit`, of each fit. The model is compiled once in each process.
    executor : concurrent.futures.Executor or dask.distributed.Client, optional
        Where fits are done; in this process when not given. Results do not depend on it.
    store : path, optional
        Folder that keeps each fit as it finishes: the same call goes on from there.
    progress : bool, default True
        Show a bar in a terminal or a notebook.

    Returns
    -------
    Calibration
        ``table`` (uniformity and coverage of each quantity), ``ranks``, ``fits``,
        ``failures``, ``passed``. A simulation that could not be fitted is in
        ``failures`` and stops nothing.

    Raises
    ------
    SpecError, DataError, DesignError
        The model or the table is wrong.
    SpecError
        The model says nothing about how its responses, or covariates, come about:
        ``cens()``, ``weights()`` and ``mi()``.
    EngineError
        A store belongs to another call, or an executor's workers died.

    Notes
    -----
    Wide priors draw data that nobody would see, some of which cannot be fitted; those
    simulations fail. State priors that :func:`bayes_glmm.prior_predictive` finds sound.

    References
    ----------
    .. [1] Talts, Betancourt, Simpson, Vehtari & Gelman (2018). Validating Bayesian inference
       algorithms with simulation-based calibration. arXiv:1804.06788
    .. [2] Modrák, Moon, Kim, Bürkner, Huurre, Faltejsková, Gelman & Vehtari (2023).
       Simulation-based calibration checking for Bayesian computation: the choice of test
       quantities shapes sensitivity. *Bayesian Analysis*. doi:10.1214/23-BA1404

    Examples
    --------
    >>> import bayes_glmm as bg
    >>> calibration = bg.calibrate(
    ...     "weight ~ age + (1 | rat)", bg.dataset("rats"), n=5, draws=100, progress=False,
    ... )
    >>> calibration.table["quantity"].tolist()
    ['intercept', 'beta[age]', 'sd_rat[intercept]', 'sigma', 'quadratic_rat', 'log_likelihood']
    """
    from bayes_glmm.engine.settings import choose_settings

    if isinstance(n, bool) or not isinstance(n, int) or n < 1:
        raise ArgumentError(f"n={n!r}: a whole number of at least 1 is needed.")
    prepared = prepare(model, data, **part(options, ModelOptions))
    schema, design = prepared.require()
    if len(prepared.aside):
        raise SpecError('calibrate() draws every response: use missing="drop".')
    if simulator is None:
        refuse_unknown_origin(design)
    settings = choose_settings(
        draws=draws, chains=chains, cores=1, seed=seed, progress=False,
        **part(options, ChainOptions),
    )  # fmt: skip
    resolved = resolve_priors(prepared.spec, design)
    identity = provenance(prepared, schema, resolved, settings.identity())
    identity |= {"simulator": named(simulator), "quantities": sorted(quantities or {})}
    job = Job(
        hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest(),
        prepared.spec.with_(priors=tuple(resolved.items())),
        prepared.data,
        dict(prepared.structures),
        settings,
        simulator,
        dict(quantities or {}),
    )
    records = run_many(
        partial(one_fit, job), n, what="calibration", identity=identity,
        **part(options, ManyOptions),
    )  # fmt: skip
    return Calibration.of(records, spec=prepared.spec.to_toml(), seed=seed, draws=draws * chains)


@dataclass(frozen=True)
class Job:
    """All inputs of a fit, for any process that runs it.

    Attributes
    ----------
    key : str
        Jobs with equal keys have equal models.
    spec : ModelSpec
        With every prior stated.
    """

    key: str
    spec: ModelSpec = field(compare=False)
    data: pd.DataFrame = field(compare=False)
    structures: dict[str, Structure] = field(compare=False)
    settings: Settings = field(compare=False)
    simulator: Simulator | None = field(compare=False)
    quantities: dict[str, Quantity] = field(compare=False)


@dataclass(frozen=True, eq=False)
class Ready:
    """A model prepared and compiled in this process."""

    design: Design
    priors: Mapping[str, Prior]
    sampled: Sampled


@lru_cache(maxsize=2)
def ready(job: Job) -> Ready:
    """Prepare and compile the model of a job, once in a process."""
    from bayes_glmm.engine.compiled import compile_model

    _, design = prepare(job.spec, job.data, structures=job.structures or None).require()
    priors = resolve_priors(job.spec, design)
    return Ready(design, priors, compile_model(job.spec, design, priors, job.settings.engine))


def one_fit(job: Job, k: int) -> Record:
    """Simulate and fit once; rank the truth."""
    from bayes_glmm.engine.run import sample_compiled

    whole = ready(job)
    drawing, ties, sampling = np.random.SeedSequence([job.settings.seed, k]).spawn(3)
    truth, y = simulated(whole, job.simulator, np.random.default_rng(drawing))
    design = replace(whole.design, response=y)
    began = time.perf_counter()
    settings = replace(job.settings, seed=int(sampling.generate_state(1)[0]))
    drawn = sample_compiled(whole.sampled.again(design), settings)
    flat = {name: v.reshape(-1, *v.shape[2:]) for name, v in drawn.posterior.items()}
    before = ranked(design, truth, job.quantities)
    after = ranked(design, flat, job.quantities, wanted=before.keys())
    shape = drawn.stats["diverging"].shape
    return {
        "ranks": ranks(
            {name: float(value[0]) for name, value in before.items()},
            {name: value.reshape(shape) for name, value in after.items()},
            np.random.default_rng(ties),
        ),
        "divergences": int(drawn.stats["diverging"].sum()),
        "seconds": round(time.perf_counter() - began, 4),
    }


def ranked(
    design: Design,
    variables: Mapping[str, Array],
    more: Mapping[str, Quantity],
    wanted: Any = None,
) -> dict[str, Array]:
    """Return all quantities that the variables allow, each of shape (n_draws,)."""
    out = parameters_of(design, variables) | quadratic_forms(design, variables)
    likelihood = log_likelihood(design, variables)
    out |= {} if likelihood is None else {"log_likelihood": likelihood}
    out |= {name: np.asarray(made(variables), float) for name, made in more.items()}
    return out if wanted is None else {name: out[name] for name in wanted}


def simulated(
    whole: Ready, simulator: Simulator | None, rng: np.random.Generator
) -> tuple[dict[str, Array], Array]:
    """Draw parameters, with a leading axis of one, and responses."""
    design = whole.design
    if simulator is None:
        truth = draw_parameters(design, whole.priors, 1, rng)
        y, _, mu = draw_responses(design, truth, rng)
        if not np.isfinite(mu).all() or np.abs(mu).max() >= LARGEST:
            raise DataError(
                "The priors drew means that no response has: narrow them, as bg.priors() lists them."
            )
        y = y[0]
    else:
        given, drawn = simulator(rng)
        truth = {name: _in_order(name, value, design) for name, value in given.items()}
        y = np.asarray(drawn, float)
        wanted = np.shape(np.asarray(design.response))
        if y.shape != wanted:
            raise DataError(
                f"The simulator returned responses of shape {y.shape}; the table has {wanted}."
            )
    for rows, message in get_family(design.family).invalid(y, design.trials):
        if rows.any():
            raise DataError(f"The simulated response {message}. Rows: {listed(design.rows[rows])}.")
    return truth, y


def _in_order(name: str, value: Any, design: Design) -> Array:
    """Return a parameter in the posterior's layout, with a leading axis of one."""
    dims, coords = dimensions(design)
    shape = tuple(len(coords[d]) for d in dims.get(name, ()))
    if isinstance(value, Mapping | pd.Series):
        labels = coords[dims[name][0]]
        by_label = {str(label): v for label, v in value.items()}
        if absent := [str(label) for label in labels if str(label) not in by_label]:
            raise ArgumentError(f"The simulator's {name} lacks {listed(absent)}.")
        value = [by_label[str(label)] for label in labels]
    return np.asarray(value, float).reshape(1, *shape)


def refuse_unknown_origin(design: Design) -> None:
    """Refuse models that cannot simulate their data from their parameters."""
    parts = {"status": "cens()", "weights": "weights()", "total": "against()"}
    what = [text for name, text in parts.items() if name in design.modifiers]
    what += ["mi()"] * bool(design.covariates)
    if what:
        raise SpecError(
            f"{listed(what)}: the model does not say how such data come about, so they cannot be "
            "drawn from it. Leave it out, or give simulator=."
        )


def named(function: Any) -> str | None:
    """Return the name of a function, to distinguish runs."""
    if function is None:
        return None
    inner = getattr(function, "func", function)
    return getattr(inner, "__qualname__", type(inner).__qualname__)
