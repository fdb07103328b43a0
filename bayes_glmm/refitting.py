"""Fits without some of the rows: cross-validation that leaves nothing to importance sampling."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.answers.compare import levels_left_out, refuse_different
from bayes_glmm.errors import ArgumentError, listed, suggestion
from bayes_glmm.fitting import fit
from bayes_glmm.results import Fit, UnconvergedWarning, read_fit

if TYPE_CHECKING:
    import xarray as xr

DRAWS = 500
SEED_OF_FOLDS = 271


def refit(
    tree: xr.DataTree, without: Sequence[str] | NDArray[Any], *, draws: int = DRAWS, **options: Any
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
    **options
        Of sampling, as in :func:`bayes_glmm.fit`: ``chains``, ``seed``, ``cores``, ...

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
    seed = options.pop("seed", whole.info["seed"])
    return fit(
        spec, rows, structures=whole.structures or None, draws=draws, seed=seed,
        **{"progress": False, **options},
    )  # fmt: skip


def kfold(
    models: xr.DataTree | Mapping[str, xr.DataTree],
    k: int = 10,
    by: str | None = None,
    *,
    seed: int = 0,
    **options: Any,
) -> pd.DataFrame:
    """Score models by the rows, or groups, that fits have not seen.

    Every model is fitted ``k`` times, each time without one part of the rows, whose density
    is then computed. Levels without rows left have their effects integrated out.

    Parameters
    ----------
    models : xarray.DataTree, or mapping of str to xarray.DataTree
        One fit, or several to the same rows and response, which get the same parts.
    k : int, default 10
        Number of parts; as many as there are rows or groups leaves them out one by one.
    by : str, optional
        A group of one of the models, or a column: whole levels are left out and scored
        together.
    seed : int, default 0
        For the parts and for effects of new levels.
    **options
        Of sampling, as in :func:`refit`.

    Returns
    -------
    pandas.DataFrame
        One row per ``model``, the best first: ``elpd`` (expected log predictive density,
        summed) and its ``se``, ``elpd_diff`` to the best and its ``dse``, ``p`` (effective
        number of parameters), ``weight`` (stacking) and ``mcse``. ``attrs["pointwise"]`` has
        each unit's score by model, ``attrs["part"]`` its part.

    Raises
    ------
    ArgumentError
        ``k`` does not fit the number of rows or levels, or an unknown ``by``.
    ResultError
        The models were fitted to different rows or responses.
    UnknownLevelError
        All rows of a level of a factor are in one part.

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
    n_rows = next(iter(fits.values())).design.n_rows
    index, n = (np.arange(n_rows), n_rows) if by is None else levels_left_out(fits, by)
    if isinstance(k, bool) or not isinstance(k, int) or not 2 <= k <= n:
        raise ArgumentError(f"k={k!r}: a whole number from 2 to the {n} {by or 'row'}s is needed.")
    part = np.random.default_rng([seed, SEED_OF_FOLDS]).permutation(np.arange(n) % k) + 1
    scored = {
        name: _score(one, index, part, seed, partial(refit, **options))
        for name, one in fits.items()
    }
    return _table(scored, part, by or "row")


def _score(
    whole: Fit, index: NDArray[np.intp], part: NDArray[np.intp], seed: int, again: Any
) -> tuple[Any, Any]:
    """Score one model by ArviZ; returns its result and the wrapper with what happened."""
    from arviz_stats import loo_kfold

    from bayes_glmm.answers.leaving_out import LeavingOut
    from bayes_glmm.answers.pointwise import with_log_likelihood

    rows = with_log_likelihood(whole.tree)["log_likelihood"].to_dataset()["y"].values
    order = np.argsort(index, kind="stable")
    starts = np.searchsorted(index[order], np.arange(len(part)))
    values = np.add.reduceat(rows[:, :, order], starts, axis=2)
    wrapper = LeavingOut(whole.tree, values, index, again, seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnconvergedWarning)
        found = loo_kfold(wrapper.idata_orig, wrapper, pointwise=True, var_name="y", folds=part)
    return found, wrapper


def _table(
    scored: Mapping[str, tuple[Any, Any]], part: NDArray[np.intp], unit: str
) -> pd.DataFrame:
    from arviz_stats import compare as ranked

    results = {name: found for name, (found, _) in scored.items()}
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
    table["mcse"] = [scored[name][1].mcse for name in table["model"]]
    bad = [f"{w.unconverged} fits of {name!r}" for name, (_, w) in scored.items() if w.unconverged]
    table.attrs = {
        "estimand": f"log predictive density of a {unit} not seen, summed; {part.max()} parts",
        "scale": "log density of the response",
        "unit": unit,
        "part": part.tolist(),
        "pointwise": {name: found.elpd_i.values.tolist() for name, found in results.items()},
        **({"banner": f"{listed(bad)} did not converge: see draws=, tune="} if bad else {}),
    }
    return table
