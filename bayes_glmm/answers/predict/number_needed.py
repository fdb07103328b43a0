"""How many must be treated for one event fewer, or one more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.answers.answer_tables import beside, interval
from bayes_glmm.answers.predict.answer_rows import By
from bayes_glmm.answers.predict.comparisons import comparisons
from bayes_glmm.answers.predict.predictions import scale_of
from bayes_glmm.errors import ArgumentError
from bayes_glmm.literals import Groups
from bayes_glmm.results.fit import Fit

if TYPE_CHECKING:
    import xarray as xr

type Array = NDArray[np.float64]


def number_needed(
    tree: xr.DataTree,
    variable: str,
    data: Any = None,
    groups: Groups = "population",
    by: By = None,
    *,
    contrast: Sequence[Any] | float | None = None,
    seed: int = 0,
) -> pd.DataFrame:
    """Give the number needed to treat: one over the difference in probability.

    The number is of no use as draws: where the difference may be zero it is infinite
    and changes sign. It is therefore computed from the average difference and from the
    ends of its interval, and its interval is open where that of the difference has zero.

    Parameters
    ----------
    tree : xarray.DataTree
        A model of a probability.
    variable, data, groups, by, contrast, seed
        As in :func:`comparisons`.

    Returns
    -------
    pandas.DataFrame
        ``variable``, ``contrast``, cells, ``number_needed`` for one event ``fewer`` or
        ``more`` (column ``events``), the interval of that number, infinite where the
        difference may be zero, ``p_fewer`` (probability that events are fewer), and the
        ``difference`` in probability.

    Raises
    ------
    ArgumentError
        The response is no probability, or the variable is not in the model.

    References
    ----------
    .. [1] Altman (1998). Confidence intervals for the number needed to treat.
       *BMJ* 317, 1309-1312. doi:10.1136/bmj.317.7168.1309

    Examples
    --------
    >>> import bayes_glmm as bg
    >>> tree = bg.fit(
    ...     "cured | trials(patients) ~ arm + (1 | center)", bg.dataset("beitler_landis"),
    ...     family="binomial",
    ... )
    >>> bg.number_needed(tree, "arm")["events"].tolist()
    ['more']
    """
    scale = scale_of(Fit.of(tree), "expected", None)
    if scale != "probability":
        raise ArgumentError(
            f"A number needed to treat is of probabilities; this response is {scale}. "
            "Use comparisons() for its difference."
        )
    found = comparisons(
        tree, variable, data, "difference", groups, by, contrast=contrast, draws=True, seed=seed
    )
    draws = found.values.reshape(-1, found.sizes["row"])
    labels = {c: found[c].values for c in found.coords if c not in ("row", "measure")}
    mean = draws.mean(axis=0)
    low, high, names = interval(draws)
    ends = np.sort(np.abs(np.vstack([low, high])), axis=0)
    open_end = (low <= 0) & (high >= 0)
    least, most = _over(ends[1]), np.where(open_end, np.inf, _over(ends[0]))
    toward = np.where(open_end, np.where(mean < 0, -low, high), ends[1])
    table = beside(
        pd.DataFrame(labels),
        {
            "number_needed": _over(np.abs(mean)),
            "events": np.where(mean < 0, "fewer", "more"),
            names[0]: np.where(open_end, _over(toward), least),
            names[1]: most,
            "p_fewer": (draws < 0).mean(axis=0),
            "difference": mean,
        },
    )
    about = {k: v for k, v in found.attrs.items() if k != "measure"}
    table.attrs = about | {"scale": "persons treated for one event fewer or more"}
    return table


def _over(value: Array) -> Array:
    with np.errstate(divide="ignore"):
        return np.asarray(1 / value)
