"""K-fold cross-validation, by refits without importance sampling."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.answers.compare.left_out import Left, refuse_different
from bayes_glmm.errors import ArgumentError, UnconvergedWarning, listed, suggestion
from bayes_glmm.fitting.fit_model import fit_whole
from bayes_glmm.fitting.options import (
    AgainOptions,
    ChainsOptions,
    ManyOptions,
    RefitOptions,
    part,
    takes,
)
from bayes_glmm.fitting.provenance import data_hash
from bayes_glmm.results.fit import Fit, read_fit
from bayes_glmm.studies.jobs import Record, run_many

if TYPE_CHECKING:
    import xarray as xr

DRAWS = 500
SEED_OF_FOLDS = 271


@takes(RefitOptions)
def refit(
    tree: xr.DataTree,
    without: Sequence[str] | NDArray[Any],
    *,
    draws: int = DRAWS,
    seed: int | None = None,
    progress: bool = False,
    **options: Unpack[RefitOptions],
) -> xr.DataTree:
    """Fit a model again without some of its rows.

    Parameters
    ----------
    tree : xarray.DataTree
        A fitted result: its model, structures and table are used again, and its priors as
        they were, defaults included.
    without : sequence of str
        Identifiers (index) of the rows to leave out; none to fit all again.
    draws : int, default 500
        Draws of each chain.
    seed : int, optional
        That of the result when not given.
    progress : bool, default False
        Show a bar in a terminal or a notebook.
    engine, tune, target_accept, chains, cores, store, log_likelihood
        As in :func:`bayes_glmm.fit`.

    Returns
    -------
    xarray.DataTree
        A result as :func:`bayes_glmm.fit` gives it.

    Raises
    ------
    ArgumentError
        A row is not there, or none is left.

    Examples
    --------
    >>> import bayes_glmm as bg
    >>> tree = bg.fit(
    ...     "deaths | trials(operations) ~ 1 + (1 | hospital)", bg.dataset("surgical"),
    ...     family="binomial",
    ... )
    >>> again = bg.refit(tree, ["0"])
    >>> again["observed_data"].sizes["observation"]
    11
    """
    whole = Fit.of(tree)
    out = [str(row) for row in np.asarray(without).ravel()]
    known = whole.data.index.astype(str)
    absent = sorted(set(out) - set(known))
    if absent:
        raise ArgumentError(
            f"without={listed(absent)}: no such row." + suggestion(absent[0], list(known))
        )
    rows = whole.data[~known.isin(out)]
    if rows.empty:
        raise ArgumentError("without= holds every row: nothing is left to fit.")
    spec = whole.spec.with_(priors=tuple(whole.priors.items()))
    seed = whole.info["seed"] if seed is None else seed
    return fit_whole(
        spec, rows, structures=whole.structures or None, draws=draws, seed=seed,
        progress=progress, **options,
    )  # fmt: skip


@takes(AgainOptions)
def kfold(
    models: xr.DataTree | Mapping[str, xr.DataTree],
    k: int = 10,
    by: str | None = None,
    *,
    draws: int = DRAWS,
    seed: int = 0,
    **options: Unpack[AgainOptions],
) -> pd.DataFrame:
    """Score models by the rows, or groups, that fits have not seen.

    Every model is fitted ``k`` times, each time without one part of the rows. The density of
    that part is then computed; effects of levels without other rows are integrated out.

    Parameters
    ----------
    models : xarray.DataTree, or mapping of str to xarray.DataTree
        One fit, or several to the same rows and response, which get the same parts.
    k : int, default 10
        Number of parts; as many as there are rows or groups leaves them out one by one.
    by : str, optional
        A group of one of the models, or a column: whole levels are left out and scored
        together.
    draws : int, default 500
        Draws of each chain of each fit.
    seed : int, default 0
        For the parts and for effects of new levels.
    engine, tune, target_accept, chains, cores
        Of each fit, as in :func:`refit`.
    executor, store, progress
        As in :func:`bayes_glmm.calibrate`: where fits are done, what keeps their scores.

    Returns
    -------
    pandas.DataFrame
        One row per ``model``, the best first: ``elpd`` (expected log predictive density,
        summed) and its ``se``, ``elpd_diff`` to the best and its ``dse``, ``p`` (effective
        number of parameters), ``weight`` (stacking) and ``mcse``. ``attrs["pointwise"]`` has
        each unit's score by model, ``attrs["part"]`` its part. A part without a fit by one of
        the models is in ``attrs["failures"]`` and in no score, such as one that holds all rows
        of a level of a factor.

    Raises
    ------
    ArgumentError
        ``k`` does not fit the number of rows or levels, or an unknown ``by``; no part that
        all models could be fitted without.
    ResultError
        The models were fitted to different rows or responses.
    EngineError
        A store belongs to another call, or an executor's workers died.

    Notes
    -----
    The density of a group that a model hardly expects rests on few draws: its score is then
    too low, and ``mcse`` too small. Give more ``draws``.

    References
    ----------
    .. [1] Vehtari, Gelman & Gabry (2017). Practical Bayesian model evaluation using
       leave-one-out cross-validation and WAIC. *Stat Comput* 27, 1413-1432.
       doi:10.1007/s11222-016-9696-4
    .. [2] Roberts et al. (2017). Cross-validation strategies for data with temporal, spatial,
       hierarchical, or phylogenetic structure. *Ecography* 40, 913-929.
       doi:10.1111/ecog.02881

    Examples
    --------
    >>> import bayes_glmm as bg
    >>> tree = bg.fit("weight ~ age + (1 + age | rat)", bg.dataset("rats"))
    >>> table = bg.kfold(tree, k=5, by="rat")  # doctest: +SKIP
    >>> table[["elpd", "se"]]  # doctest: +SKIP
    """
    import xarray as xr

    given = {"model": models} if isinstance(models, xr.DataTree) else models
    fits = {str(name): read_fit(tree) for name, tree in given.items()}
    if not fits:
        raise ArgumentError("kfold() needs a model or more.")
    refuse_different(fits)
    left = Left.of(fits, by)
    index, n = left.index, len(left.kept)
    if isinstance(k, bool) or not isinstance(k, int) or not 2 <= k <= n:
        raise ArgumentError(f"k={k!r}: a whole number from 2 to the {n} {by or 'row'}s is needed.")
    parts = np.random.default_rng([seed, SEED_OF_FOLDS]).permutation(np.arange(n) % k) + 1
    sampling = {"draws": draws, **part(options, ChainsOptions)}
    job = Job({name: one.tree for name, one in fits.items()}, index, parts, seed, sampling)
    records = run_many(
        partial(one_part, job), len(fits) * k, what="cross-validation",
        identity=_identity(fits, parts, seed, by, sampling),
        **part(options, ManyOptions),
    )  # fmt: skip
    by_model = {name: records[at * k : (at + 1) * k] for at, name in enumerate(fits)}
    failures = [
        {"model": name, "part": at + 1, "error": str(record["error"])}
        for name, own in by_model.items() for at, record in enumerate(own) if "error" in record
    ]  # fmt: skip
    out = np.array([failure["part"] for failure in failures], np.intp)
    kept = ~np.isin(parts, out)
    if kept.sum() < 2:
        raise ArgumentError(
            f"{kept.sum()} {by or 'row'}s are left to score: {len(failures)} of {len(records)} fits "
            f"failed, the first with {failures[0]['error']}"
        )
    scored = {name: _score(fits[name], index, kept, by_model[name]) for name in fits}
    return _table(scored, parts, by or "row", failures)


@dataclass(frozen=True, eq=False)
class Job:
    """All inputs of a fit without one part, for any process that runs it.

    Attributes
    ----------
    trees : dict of str to xarray.DataTree
    index : ndarray of int, shape (n_rows,)
        The unit of each row.
    part : ndarray of int, shape (n_units,)
        From 1.
    seed : int
    options : dict
    """

    trees: dict[str, xr.DataTree]
    index: NDArray[np.intp]
    part: NDArray[np.intp]
    seed: int
    options: dict[str, Any]


def one_part(job: Job, number: int) -> Record:
    """Fit one model without one part, and score the units of that part."""
    from scipy.special import logsumexp

    from bayes_glmm.answers.compare.leaving_out import LeavingOut

    which, at = divmod(number, int(job.part.max()))
    again = partial(refit, **job.options)
    tree = list(job.trees.values())[which]
    wrapper = LeavingOut(tree, np.zeros((1, 1, len(job.part))), job.index, again, job.seed)
    rows, units = wrapper.sel_observations(np.flatnonzero(job.part == at + 1))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnconvergedWarning)
        values = wrapper.log_likelihood__i(units, wrapper.sample(rows)).values
    values = values.reshape(-1, len(units))
    return {
        "units": units.tolist(),
        "scores": (logsumexp(values, axis=0) - np.log(len(values))).tolist(),
        "mcse": wrapper.mcse,
        "unconverged": wrapper.unconverged,
    }


def _identity(
    fits: Mapping[str, Fit], part: NDArray[np.intp], seed: int, by: str | None, options: Any
) -> dict[str, Any]:
    """Return all that scores depend on, as JSON values."""
    return {
        "models": {
            name: [one.spec.to_toml(), repr(sorted(one.priors.items())), one.info["seed"]]
            for name, one in fits.items()
        },
        "data_hash": [data_hash(f.data, tuple(map(str, f.data.columns))) for f in fits.values()],
        "structures": [
            {name: s.identity() for name, s in f.structures.items()} for f in fits.values()
        ],
        "parts": part.tolist(),
        "seed": seed,
        "by": by,
        "options": repr(sorted((k, v) for k, v in options.items() if k != "cores")),
    }


def _score(
    whole: Fit, index: NDArray[np.intp], kept: NDArray[np.bool_], records: Sequence[Record]
) -> tuple[Any, Sequence[Record]]:
    """Sum the scores of one model's units with ArviZ; return its result and the records used."""
    from arviz_stats import loo_kfold

    from bayes_glmm.answers.compare.leaving_out import Scored
    from bayes_glmm.answers.compare.pointwise import with_log_likelihood

    rows = with_log_likelihood(whole.tree)["log_likelihood"].to_dataset()["y"].values
    order = np.argsort(index, kind="stable")
    starts = np.searchsorted(index[order], np.arange(len(kept)))
    values = np.add.reduceat(rows[:, :, order], starts, axis=2)
    scores = np.empty(len(kept))
    good = [r for r in records if "error" not in r and kept[r["units"]].all()]
    for record in good:
        scores[record["units"]] = record["scores"]
    wrapper = Scored(values[:, :, kept], scores[kept])
    halves = np.arange(kept.sum()) % 2 + 1  # all scores are computed: any folds will do
    score = loo_kfold(wrapper.idata_orig, wrapper, pointwise=True, var_name="y", folds=halves)
    return score, good


def _table(
    scored: Mapping[str, tuple[Any, Sequence[Record]]],
    part: NDArray[np.intp],
    unit: str,
    failures: list[dict[str, Any]],
) -> pd.DataFrame:
    from arviz_stats import compare as ranked

    results = {name: score for name, (score, _) in scored.items()}
    order = list(scored)
    frame = pd.DataFrame(
        {"elpd": [results[n].elpd for n in order], "se": [results[n].se for n in order],
         "elpd_diff": 0.0, "dse": 0.0, "p": [results[n].p for n in order], "weight": 1.0},
        order,
    )  # fmt: skip
    if len(order) > 1:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            frame = ranked(results, round_to="none")
    columns = ["elpd", "se", "elpd_diff", "dse", "p", "weight"]
    table = frame[columns].astype(float).rename_axis("model").reset_index()
    mcse = {
        name: float(np.hypot.reduce([r["mcse"] for r in kept]))
        for name, (_, kept) in scored.items()
    }
    table["mcse"] = [mcse[name] for name in table["model"]]
    table.attrs = {
        "estimand": f"log predictive density of a {unit} not seen, summed; {part.max()} parts",
        "scale": "log density of the response",
        "unit": unit,
        "part": part.tolist(),
        "pointwise": {name: score.elpd_i.values.tolist() for name, score in results.items()},
        "failures": failures,
        **({"banner": banner} if (banner := _banner(scored, failures)) else {}),
    }
    return table


def _banner(
    scored: Mapping[str, tuple[Any, Sequence[Record]]], failures: list[dict[str, Any]]
) -> str:
    """Return the warning about the scores, if any."""
    several = {name: sum(r["unconverged"] for r in own) for name, (_, own) in scored.items()}
    bad = [f"{n} fits of {name!r}" for name, n in several.items() if n]
    said = [f"{listed(bad)} did not converge: see draws=, tune="] if bad else []
    if failures:
        out = sorted({failure["part"] for failure in failures})
        said.append(
            f"parts {listed(out)} are in no score: {failures[0]['model']!r} could not be fitted "
            f"without part {failures[0]['part']} ({failures[0]['error']})"
        )
    return "; ".join(said)
