"""Prior sensitivity: fits under narrower and wider priors."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.answers.answer_tables import interval
from bayes_glmm.errors import (
    ArgumentError,
    EngineError,
    IncompleteWarning,
    UnconvergedWarning,
    listed,
)
from bayes_glmm.fitting.fit_model import fit_whole
from bayes_glmm.fitting.options import AgainOptions, ChainsOptions, ManyOptions, part, takes
from bayes_glmm.fitting.provenance import data_hash
from bayes_glmm.model.variable_table import kept_prior, named_priors
from bayes_glmm.results.fit import Fit, read_fit
from bayes_glmm.studies.jobs import Record, run_many
from bayes_glmm.studies.quantities import parameters_of

if TYPE_CHECKING:
    import xarray as xr

    from bayes_glmm.spec.priors import Prior

type Array = NDArray[np.float64]
DRAWS = 1000


@takes(AgainOptions)
def prior_sensitivity(
    tree: xr.DataTree,
    scale: Sequence[float] = (0.5, 2.0),
    priors: Sequence[str] | None = None,
    *,
    draws: int = DRAWS,
    seed: int | None = None,
    **options: Unpack[AgainOptions],
) -> pd.DataFrame:
    """Fit a model again with priors of other widths, and compare the parameters.

    Parameters
    ----------
    tree : xarray.DataTree
        A fitted result: its model, structures and table are used again.
    scale : sequence of float, default (0.5, 2)
        What the scales of priors are multiplied by, a fit for each: half and twice as wide.
        Normal priors keep their location. Correlations, shares and other numbers between
        bounds have priors without a scale, which stay as they are.
    priors : sequence of str, optional
        The priors to change, named as in ``priors=`` of :func:`bayes_glmm.fit`: ``"beta[x]"`` or
        ``"x"``, ``"sd_g"`` for all of a group; all together when not given.
    draws : int, default 1000
        Of each chain of each fit.
    seed : int, optional
        That of the given result when not given.
    engine, tune, target_accept, chains, cores
        Of each fit, as in :func:`bayes_glmm.fit`.
    executor, store, progress
        As in :func:`bayes_glmm.calibrate`.

    Returns
    -------
    pandas.DataFrame
        One row per ``parameter`` and ``prior_scale``, 1 being the given result: ``prior``
        of the parameter, posterior ``mean``, ``sd`` and interval on the scale of the
        parameter, and ``shift``, the distance of the mean from the given result's in its
        posterior sds. ``attrs["failures"]`` lists scales that could not be fitted, which the
        table lacks; ``attrs["banner"]`` and a warning say so.

    Raises
    ------
    ArgumentError
        A scale that is not a positive number, or an unknown prior.
    ResultError
        ``tree`` is no result.
    EngineError
        A store belongs to another call, an executor's workers died, or no fit succeeded.

    Warns
    -----
    IncompleteWarning
        The model could not be fitted with some of the priors.

    Notes
    -----
    :func:`bayes_glmm.diagnose` finds sensitivity to small changes without refits, by power
    scaling [1]_; refits say what large ones do. Where the compiled kernel does not cover the
    model each fit is compiled for itself.

    References
    ----------
    .. [1] Kallioinen, Paananen, Bürkner & Vehtari (2024). Detecting and diagnosing prior and
       likelihood sensitivity with power-scaling. *Stat Comput* 34, 57.
       doi:10.1007/s11222-023-10366-5

    Examples
    --------
    >>> import bayes_glmm as bg
    >>> tree = bg.fit(
    ...     "deaths | trials(operations) ~ 1 + (1 | hospital)", bg.dataset("surgical"),
    ...     family="binomial",
    ... )
    >>> table = bg.prior_sensitivity(
    ...     tree, scale=(2,), priors=["sd_hospital[intercept]"], draws=200, progress=False
    ... )
    >>> sorted(set(table["prior_scale"]))
    [1.0, 2.0]
    """
    whole = read_fit(tree)
    factors = _factors(scale)
    wide = [changed(whole, factor, priors) for factor in factors]
    seed = whole.info["seed"] if seed is None else seed
    sampling = {"seed": seed, "draws": draws, **part(options, ChainsOptions)}
    job = Job(tree, tuple(wide), sampling)
    identity = {
        "spec": whole.spec.to_toml(),
        "priors": [repr(sorted(own.items())) for own in wide],
        "data_hash": data_hash(whole.data, tuple(map(str, whole.data.columns))),
        "structures": {name: s.identity() for name, s in whole.structures.items()},
        "options": repr(sorted((k, v) for k, v in sampling.items() if k != "cores")),
    }
    records = run_many(
        partial(one_fit, job), len(wide), what="prior sensitivity", identity=identity,
        **part(options, ManyOptions),
    )  # fmt: skip
    return _table(whole, factors, wide, records)


@dataclass(frozen=True, eq=False)
class Job:
    """All inputs of the fits, for any process that runs them: one set of priors a fit."""

    tree: xr.DataTree
    priors: tuple[dict[str, Prior], ...]
    options: dict[str, Any]


def one_fit(job: Job, number: int) -> Record:
    """Fit the model with one set of priors."""
    whole = Fit.of(job.tree)
    spec = whole.spec.with_(priors=tuple(job.priors[number].items()))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnconvergedWarning)
        refitted = fit_whole(
            spec, whole.data, structures=whole.structures or None, progress=False, **job.options
        )  # fmt: skip
    one = Fit.of(refitted)
    return {"summary": summarised(one), "banner": one.banner}


def summarised(one: Fit) -> dict[str, list[float]]:
    """Return mean, sd and interval of every parameter, without effects of levels."""
    variables = {str(k): np.asarray(v.values) for k, v in one.posterior.items()}
    flat = {k: v.reshape(-1, *v.shape[2:]) for k, v in variables.items()}
    return {
        name: [float(v.mean()), float(v.std(ddof=1)), *map(float, interval(v)[:2])]
        for name, v in parameters_of(one.design, flat).items()
    }


def changed(fit: Fit, factor: float, wanted: Sequence[str] | None = None) -> dict[str, Prior]:
    """Return the priors of a fit, some or all of them widened by a factor."""
    priors = fit.priors
    names = set(priors)
    if wanted is not None:
        names = {p for n in wanted for p in named_priors(fit.variables, priors, str(n))}
    return {name: p.widened(factor) if name in names else p for name, p in priors.items()}


def _factors(scale: Sequence[float]) -> list[float]:
    given = np.atleast_1d(np.asarray(scale, float))
    if not (len(given) and np.isfinite(given).all() and (given > 0).all()):
        raise ArgumentError(f"scale={scale!r}: give positive numbers, such as (0.5, 2).")
    return [float(v) for v in given]


def _prior_of(name: str, priors: Mapping[str, Prior]) -> str:
    """Return the prior of a parameter, or of its matrix or vector."""
    names = [kept_prior(n, priors) for n in (name, name.split("[", maxsplit=1)[0])]
    prior = next((priors[n] for n in names if n in priors), None)
    return "" if prior is None else repr(prior)


def _absent(failures: Sequence[Mapping[str, Any]], n: int) -> str:
    """Name the scales that a table lacks, and warn.

    Raises
    ------
    EngineError
        It lacks all of them.
    """
    scales = listed(f"{failure['prior_scale']:g}" for failure in failures)
    text = (
        f"the table lacks the prior scale{'s' * (len(failures) > 1)} {scales}, which could not be "
        f"fitted ({failures[0]['error']})"
    )
    if len(failures) == n:
        raise EngineError(f"No fit with other priors succeeded: {text}.")
    warnings.warn(f"{text[0].upper()}{text[1:]}.", IncompleteWarning, stacklevel=5)
    return text


def _table(
    whole: Fit,
    factors: Sequence[float],
    priors: Sequence[Mapping[str, Prior]],
    records: Sequence[Record],
) -> pd.DataFrame:
    base, (low, high) = summarised(whole), interval(np.zeros(2))[2]
    fits: list[tuple[float, Mapping[str, Prior], Any]] = [(1.0, whole.priors, base)]
    fits += [
        (factor, used, record["summary"])
        for factor, used, record in zip(factors, priors, records, strict=True)
        if "error" not in record
    ]
    rows = [
        {
            "parameter": name, "prior_scale": factor, "prior": _prior_of(name, used),
            "mean": values[name][0], "sd": values[name][1],
            low: values[name][2], high: values[name][3],
            "shift": (values[name][0] - base[name][0]) / base[name][1],
        }
        for name in base for factor, used, values in sorted(fits, key=lambda f: f[0])
    ]  # fmt: skip
    table = pd.DataFrame(rows)
    failures = [
        {"prior_scale": factor, "error": str(record["error"])}
        for factor, record in zip(factors, records, strict=True)
        if "error" in record
    ]
    said = [r["banner"] for r in records if r.get("banner")] + [whole.banner] * bool(whole.banner)
    if failures:
        said = [_absent(failures, len(records)), *said[:1]]
    table.attrs = {
        "estimand": "parameters under priors so many times as wide",
        "scale": "of the parameter",
        "failures": failures,
        **({"banner": "; ".join(said)} if failures else {"banner": said[0]} if said else {}),
    }
    return table
