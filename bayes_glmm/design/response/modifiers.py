"""How each response was observed: weights, censoring, truncation and known errors."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.design.table.columns import is_missing, kind_of, pick
from bayes_glmm.design.table.tables import rows_where
from bayes_glmm.design.terms.expressions import States, values, variables
from bayes_glmm.errors import DataError, MissingDataError, SpecError, listed
from bayes_glmm.families.censoring import INTERVAL, LEFT, RIGHT, SEEN
from bayes_glmm.spec.model import ModelSpec
from bayes_glmm.spec.terms import Call, Expression, Variable

type Array = NDArray[np.float64]
type Reader = Callable[[Call, pd.DataFrame, States], dict[str, Array]]

STATES_OF = {"none": SEEN, "left": LEFT, "right": RIGHT, "interval": INTERVAL}
UNBOUNDED = ("none", "inf")
SAID = ("cens", "trunc", "weights", "se", "against")


def modifiers_of(
    spec: ModelSpec, data: pd.DataFrame, states: States, required: bool
) -> dict[str, Array]:
    """Return what the modifiers of the response say about each row.

    Parameters
    ----------
    required : bool
        Whether absent columns are refused; rows to predict need none.

    Returns
    -------
    dict of str to ndarray, shape (n_rows,)
        ``weights``, ``status`` (0 observed, -1 left, 1 right, 2 interval), ``upper``,
        ``least``, ``most`` (infinite where there is no bound), ``se``, and ``total`` (events
        of the row's arm and of the one it is held against) with ``other_trials``.

    Raises
    ------
    DataError
        A status that is none of those.
    SpecError
        Bounds that are the wrong way round.
    """
    known = {str(c) for c in data.columns}
    found: dict[str, Array] = {}
    for call in spec.response.modifiers:
        if call.function not in SAID:
            continue
        if not required and not set(modifier_columns(call, known)) <= known:
            continue
        if call.function == "against" and spec.response.column not in known:
            continue
        found |= _READERS[call.function](call, data, states)
    if "total" in found:
        found["total"] += values(Variable(spec.response.column), data, states, use="against()")
    return found


def modifier_columns(call: Call, known: set[str]) -> list[str]:
    """Name the columns that a modifier reads; ``none`` and ``inf`` are no columns by themselves."""
    open_ended = set(UNBOUNDED) - known if call.function == "trunc" else set()
    return [name for name in variables(call) if name not in open_ended]


def upper_ends(call: Call) -> list[str]:
    """Name the columns that only the upper ends of ``cens()`` read."""
    if call.function != "cens" or not call.arguments:
        return []
    first = set(variables(call.arguments[0]))
    return [c for e in call.arguments[1:] for c in variables(e) if c not in first]


def without_upper(spec: ModelSpec, data: pd.DataFrame) -> NDArray[np.bool_]:
    """Return where a response is known to be in an interval whose upper end is missing.

    Rows that are no intervals have no upper end, and lack nothing.
    """
    absent = np.zeros(len(data), bool)
    call = spec.response.modifier("cens")
    if call is None or not isinstance(call.arguments[0], Variable):
        return absent
    for name in upper_ends(call):
        absent |= is_missing(pick(data, name))
    return absent & (pick(data, call.arguments[0].name).astype(str) == "interval").to_numpy()


def _censoring(call: Call, data: pd.DataFrame, states: States) -> dict[str, Array]:
    status, *upper = call.arguments
    if not isinstance(status, Variable):
        raise SpecError("cens() takes a column first: none, left, right or interval, row by row.")
    series = pick(data, status.name)
    if kind_of(series, status.name) != "factor":
        raise DataError(
            f"The column {status.name!r} of cens() holds words: {listed(STATES_OF)}; this one does "
            "not. Map its values to them."
        )
    words = series.astype(str).to_numpy()
    unknown = ~np.isin(words, list(STATES_OF))
    if unknown.any():
        raise DataError(
            f"The column {status.name!r} of cens() holds {words[unknown][0]!r}; it takes "
            f"{listed(STATES_OF)} ({rows_where(data.index, unknown)})."
        )
    found = {"status": np.array([STATES_OF[w] for w in words])}
    if upper:
        ends = values(upper[0], data, states, use="cens()")
        interval = found["status"] == INTERVAL
        endless = interval & ~np.isfinite(ends)
        if endless.any():
            raise MissingDataError(
                f"Intervals of cens() have no upper end in {rows_where(data.index, endless)}: give "
                f"it, or the status 'right' where only the lower end is known."
            )
        found["upper"] = np.where(np.isfinite(ends), ends, 0.0)  # elsewhere it is not read
    elif (found["status"] == INTERVAL).any():
        rows = rows_where(data.index, found["status"] == INTERVAL)
        raise DataError(f"Intervals need their upper end: cens({status.name}, upper) ({rows}).")
    return found


def _truncation(call: Call, data: pd.DataFrame, states: States) -> dict[str, Array]:
    known = {str(c) for c in data.columns}

    def bound(expression: Expression, endless: float) -> Array:
        match expression:
            case Variable(name) if name in UNBOUNDED and name not in known:
                return np.full(len(data), endless)
        return values(expression, data, states, use="trunc()")

    least, most = bound(call.arguments[0], -np.inf), bound(call.arguments[1], np.inf)
    if not (least < most).all():
        rows = rows_where(data.index, ~(least < most))
        raise DataError(f"trunc() takes the lower bound first ({rows}).")
    return {"least": least, "most": most}


def _one(name: str) -> Reader:
    def read(call: Call, data: pd.DataFrame, states: States) -> dict[str, Array]:
        return {name: values(call.arguments[0], data, states, use=f"{name}()")}

    return read


def _other_arm(call: Call, data: pd.DataFrame, states: States) -> dict[str, Array]:
    events, trials = (values(e, data, states, use="against()") for e in call.arguments)
    return {"total": np.array(events, float), "other_trials": np.array(trials, float)}


_READERS: dict[str, Reader] = {
    "cens": _censoring,
    "trunc": _truncation,
    "weights": _one("weights"),
    "se": _one("se"),
    "against": _other_arm,
}


def faults(y: Array, modifiers: dict[str, Array]) -> Iterator[tuple[NDArray[np.bool_], str]]:
    """Yield rows whose modifiers cannot be, with what is wrong and what to do."""
    none = np.zeros(len(y), bool)
    weights, se = modifiers.get("weights"), modifiers.get("se")
    if weights is not None:
        yield ~(weights >= 0), "has a weight that is negative: a weight counts copies of a row"
        yield none | (not weights.any()), "has only weights of zero: nothing is left to model"
    if se is not None:
        yield ~(se > 0), "has a standard error that is not above 0: remove the row, or correct it"
    if "total" in modifiers:
        events, trials = modifiers["total"] - y, modifiers["other_trials"]
        wrong = ~((events >= 0) & (events <= trials) & (trials >= 1))
        wrong |= (events != np.rint(events)) | (trials != np.rint(trials))
        yield wrong, "is held against an arm whose events are no whole number from 0 to its trials"
    if "upper" in modifiers:
        interval = modifiers["status"] == INTERVAL
        wrong = interval & ~(modifiers["upper"] > y)
        yield wrong, "has an interval whose upper end is not above its lower end: swap them"
    if "least" in modifiers:
        out = (y < modifiers["least"]) | (y > modifiers["most"])
        yield out, "lies outside the bounds of trunc(), where it could not have been seen"
