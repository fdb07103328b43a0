"""Rows beyond memory: equal ones counted while they are read, exactly as many rows would fit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import gammaln

from bayes_glmm.design.resolve import Model, resolve_spec
from bayes_glmm.design.response.modifiers import COLLAPSED, modifier_columns
from bayes_glmm.design.table.column_roles import column_roles
from bayes_glmm.errors import (
    ArgumentError,
    DataError,
    MissingDataError,
    SpecError,
    listed,
    suggestion,
)
from bayes_glmm.spec.model import ModelSpec, Response
from bayes_glmm.spec.priors import Prior
from bayes_glmm.spec.terms import Call, Expression, Number, Variable

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.dataset as ds

type Array = NDArray[np.float64]
ROWS = "rows"
FAMILIES = ("bernoulli", "binomial", "poisson", "gaussian")
PURE = frozenset({"log", "exp", "sqrt", "C", "offset", "mo", "factor", "abs", "log1p", "trials"})
"""Functions of a formula that learn nothing from how often a value occurs."""
BATCH = 2**20
WORTH = 0.5
SUMS = ("_n", "_y", "_square", "_size")


@dataclass(frozen=True, eq=False)
class Collapsed:
    """A model and the table of counts that says all that many rows say.

    Attributes
    ----------
    spec : ModelSpec
        For ``bg.fit(collapsed.spec, collapsed.data)``.
    data : pandas.DataFrame
        One row for each set of equal rows (Gaussian: two where they differ), sums of counts and
        of exposures, with the number of ``rows``.
    n_rows : int
        Number of rows that were counted.
    n_dropped : int
        Rows with missing values, left out by ``missing="drop"``.
    constant : float
        What to add to the log-likelihood of ``data`` to get that of the rows.
    """

    spec: ModelSpec
    data: pd.DataFrame
    n_rows: int
    n_dropped: int
    constant: float


def collapse(
    source: str | Path | pd.DataFrame,
    formula: Model,
    *,
    family: str | None = None,
    link: str | None = None,
    exposure: str | None = None,
    offset: str | None = None,
    priors: Mapping[str, Prior] | None = None,
    missing: Literal["error", "drop"] | None = None,
    success: str | None = None,
    max_cells: int = 1_000_000,
) -> Collapsed:
    r"""Count equal rows of a table that need not fit into memory.

    Rows with equal covariates and groups are sufficiently described by their number and sums:
    successes of trials (``bernoulli``, ``binomial``), a count and its exposure (``poisson``
    with the log link), or number, mean and sum of squares (``gaussian``). A Gaussian cell
    becomes two rows at its mean plus and minus its sd, each with half the weight, which has
    the same likelihood. The column ``rows`` counts the rows (Gaussian: half of them in each of
    the two) and ``collapsed(rows)`` beside the response says so, so that every average and every
    prediction is that of single rows: of one row with the mean exposure, where there is one.

    Parameters
    ----------
    source : path or pandas.DataFrame
        A Parquet file, a folder of them (``key=value`` folders are columns), or a table.
    formula : str, mapping, or ModelSpec
        The model, as :func:`bayes_glmm.fit` takes it.
    family, link, exposure, offset, priors, missing, success
        As in :func:`bayes_glmm.fit`.
    max_cells : int, default 1,000,000
        Most sets of equal rows.

    Returns
    -------
    Collapsed
        ``bg.fit(found.spec, found.data)`` fits it.

    Raises
    ------
    SpecError
        A family, or a term, for which counts do not say all.
    MissingDataError
        A column is absent, or has missing values and ``missing`` is not ``"drop"``.
    DataError
        Nearly as many sets of equal rows as rows; the message counts distinct values.

    Notes
    -----
    The likelihood is that of the rows. Default priors are scaled by the table that is fitted,
    each set of equal rows counting once: state ``priors=`` to have the same in both. That of
    the intercept is at the covariates' means, here those over sets of equal rows.

    Examples
    --------
    >>> import pandas as pd
    >>> import bayes_glmm as bg
    >>> rows = pd.DataFrame({"y": [0, 1, 1, 0], "x": ["a", "a", "b", "a"]})
    >>> found = bg.collapse(rows, "y ~ x", family="bernoulli")
    >>> found.data.to_dict("list")
    {'x': ['a', 'b'], 'y': [1, 1], 'rows': [3, 1]}
    >>> found.spec.formula
    'y | trials(rows) ~ x'
    """
    spec = resolve_spec(
        formula, family=family, link=link, exposure=exposure, offset=offset, priors=priors,
        missing=missing, success=success,
    )  # fmt: skip
    data = _dataset(source)
    plan = _plan(spec, tuple(data.schema.names))
    return _finish(plan, _count(plan, data, max_cells), data)


@dataclass(frozen=True)
class _Plan:
    """What is grouped by, and what is summed."""

    spec: ModelSpec
    keys: tuple[str, ...]
    response: str
    size: str | float | None

    @property
    def columns(self) -> list[str]:
        size = [self.size] if isinstance(self.size, str) else []
        return list(dict.fromkeys([*self.keys, self.response, *size]))


@dataclass(frozen=True, eq=False)
class _Counts:
    cells: pa.Table
    n_rows: int
    n_dropped: int
    shift: float
    constant: float


def _dataset(source: Any) -> ds.Dataset:
    import pyarrow as pa
    import pyarrow.dataset as ds

    if isinstance(source, pd.DataFrame):
        return ds.dataset(pa.Table.from_pandas(source, preserve_index=False))
    path = Path(source)
    if not path.exists():
        raise DataError(f"There is no file or folder {str(path)!r}.")
    try:
        return ds.dataset(path, format="parquet", partitioning="hive")
    except (pa.ArrowInvalid, OSError) as error:
        raise DataError(f"{path} is not Parquet: {str(error).splitlines()[0]}") from error


def _plan(spec: ModelSpec, known: tuple[str, ...]) -> _Plan:
    """Refuse what counts cannot say; return what to group by."""
    if spec.family not in FAMILIES:
        raise SpecError(
            f"Rows of the family {spec.family!r} are not described by sums: {listed(FAMILIES)} are. "
            "Fit it to a sample of the rows."
        )
    if spec.family == "poisson" and spec.link not in (None, "log"):
        raise SpecError("Poisson counts add up with the log link alone: use link='log'.")
    roles = column_roles(spec, known)
    absent = [c for c in (*roles, *spec.response.columns) if c not in known]
    if absent:
        raise MissingDataError(
            f"The table has no column {absent[0]!r}." + suggestion(absent[0], known)
        )
    if any(e.group == ("observation",) for p in spec.every.values() for e in p.random):
        if "observation" not in known:
            raise SpecError("(1 | observation) makes every row one of its own: nothing is equal.")
    odd = sorted({name for name in _functions(spec) if name not in PURE})
    if odd or spec.covariates:
        raise SpecError(
            f"{listed(odd or ['mi'])}() learns from all rows how often values occur, which counts of "
            "equal rows do not repeat: make that column in the table first."
        )
    trials = spec.response.modifier("trials")
    others = [m.function for m in spec.response.modifiers if m.function != "trials"]
    if others:
        raise SpecError(f"{listed(others)}() beside the response: such rows cannot be added up.")
    size: str | float | None = spec.exposure if spec.family == "poisson" else None
    if spec.family == "binomial" and trials is not None:
        names = modifier_columns(trials, set(known))
        number = trials.arguments[0]
        size = next(iter(names), number.value if isinstance(number, Number) else None)
    keys = [c for c in roles if c not in (spec.response.column, size)]
    own = {ROWS, *SUMS} & {*keys, spec.response.column, *([size] if spec.exposure else [])}
    if own:
        raise SpecError(f"Rename the columns {listed(sorted(own))}: counts take their names.")
    return _Plan(spec, tuple(keys), spec.response.column, size)


def _functions(spec: ModelSpec) -> Iterator[str]:
    def inside(expression: Expression) -> Iterator[str]:
        if isinstance(expression, Call):
            yield expression.function
            for argument in expression.arguments:
                yield from inside(argument)

    for _, predictor in spec.predictors:
        slopes = (term for effect in predictor.random for term in effect.terms)
        for factor in (f for term in (*predictor.terms, *slopes) for f in term):
            yield from inside(factor)
        for expression in predictor.offsets:
            yield from inside(expression)


def _count(plan: _Plan, data: ds.Dataset, max_cells: int) -> _Counts:
    """Read in batches, adding up as it goes."""
    partial: list[pa.Table] = []
    n_rows = n_dropped = waiting = 0
    shift: float | None = None
    constant = 0.0
    for table in _batches(plan, data):
        whole, n_missing = _complete(plan, table)
        n_dropped += n_missing
        if not whole.num_rows:
            continue
        y, size = _response(plan, whole)
        shift = float(y.mean()) if shift is None and plan.spec.family == "gaussian" else shift
        constant += _rows_constant(plan.spec.family, y, size)
        partial.append(_sums(plan, whole, y, size, shift or 0.0))
        n_rows += whole.num_rows
        waiting += partial[-1].num_rows
        if waiting > max(BATCH, 2 * partial[0].num_rows):
            partial = [_added(plan, partial)]
            waiting = partial[0].num_rows
            _refuse_many(plan, partial[0], n_rows, max_cells, False)
    if not n_rows:
        raise DataError("The source has no complete row.")
    cells = _added(plan, partial)
    _refuse_many(plan, cells, n_rows, max_cells, True)
    return _Counts(cells, n_rows, n_dropped, shift or 0.0, constant)


def _batches(plan: _Plan, data: ds.Dataset) -> Iterator[pa.Table]:
    import pyarrow as pa

    held: list[pa.RecordBatch] = []
    n = 0
    scanner = data.scanner(
        columns=plan.columns, batch_size=2**18, batch_readahead=2, fragment_readahead=1
    )
    for batch in scanner.to_batches():
        held.append(batch)
        n += batch.num_rows
        if n >= BATCH:
            yield pa.Table.from_batches(held)
            held, n = [], 0
    if held:
        yield pa.Table.from_batches(held)


def _complete(plan: _Plan, table: pa.Table) -> tuple[pa.Table, int]:
    """Return rows without missing values, decoded, and how many were left out."""
    import pyarrow as pa
    import pyarrow.compute as pc

    hole: Any = None
    bad = []
    for i, name in enumerate(table.column_names):
        column = table.column(name)
        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
            table = table.set_column(i, name, column)
        floating = pa.types.is_floating(column.type)
        if column.null_count or (floating and pc.any(pc.invert(pc.is_finite(column))).as_py()):
            own = pc.is_null(column, nan_is_null=True)
            if floating:
                infinite = pc.fill_null(pc.is_inf(column), False)
                if pc.any(infinite).as_py():
                    raise MissingDataError(f"Column {name!r} has infinite values.")
            hole = own if hole is None else pc.or_(hole, own)
            bad.append(name)
    if hole is None:
        return table, 0
    n = int(pc.sum(hole).as_py())
    if plan.spec.missing != "drop":
        raise MissingDataError(
            f"{n} of the first rows have missing values in {listed(map(repr, bad))}: missing='drop' "
            "leaves such rows out and counts them."
        )
    return table.filter(pc.invert(hole)), n


def _response(plan: _Plan, table: pa.Table) -> tuple[Array, Array | None]:
    """Return the response as numbers, and trials or exposures."""
    spec = plan.spec
    column = table.column(plan.response)
    if spec.family == "bernoulli" and spec.success is not None:
        import pyarrow as pa
        import pyarrow.compute as pc

        y = pc.equal(pc.cast(column, pa.string()), spec.success).to_numpy().astype(np.float64)
    else:
        try:
            y = column.to_numpy().astype(np.float64)
        except (TypeError, ValueError) as error:
            raise DataError(
                f"The response {plan.response!r} is no number: name the level that counts with success=."
            ) from error
    size = None
    if isinstance(plan.size, str):
        size = table.column(plan.size).to_numpy().astype(np.float64)
    elif plan.size is not None:
        size = np.full(len(y), plan.size)
    _refuse_values(plan, y, size)
    return y, size


def _refuse_values(plan: _Plan, y: Array, size: Array | None) -> None:
    family, name = plan.spec.family, plan.response
    whole = family == "gaussian" or bool(((y >= 0) & (y == np.floor(y))).all())
    if not whole:
        raise DataError(f"The response {name!r} has values that are no counts from 0.")
    top: Any = 1 if family == "bernoulli" else size if family == "binomial" else np.inf
    if (y > top).any():
        what = "1: name the level that counts with success=" if family == "bernoulli" else "trials"
        raise DataError(f"The response {name!r} has values above {what}.")
    if family == "poisson" and size is not None and not (size > 0).all():
        raise DataError(f"The exposure {plan.size!r} has values that are not positive.")


def _rows_constant(family: str, y: Array, size: Array | None) -> float:
    """Return what the rows' log-likelihood has that does not depend on parameters."""
    if family == "poisson":
        counts = np.bincount(y.astype(np.int64)) if y.max() < 1e6 else None
        whole = float(gammaln(y + 1).sum()) if counts is None else _factorials(counts)
        return (0.0 if size is None else float(y @ np.log(size))) - whole
    if family == "binomial" and size is not None:
        return float(_ways(size, y).sum())
    return 0.0


def _factorials(counts: NDArray[np.intp]) -> float:
    return float(counts @ gammaln(np.arange(len(counts)) + 1.0))


def _ways(n: Array, k: Array) -> Array:
    return np.asarray(gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1))


def _sums(plan: _Plan, table: pa.Table, y: Array, size: Array | None, shift: float) -> pa.Table:
    import pyarrow as pa

    parts = table.select(list(plan.keys))
    parts = parts.append_column("_n", pa.array(np.ones(len(y), np.int64)))
    parts = parts.append_column("_y", pa.array(y - shift))
    if plan.spec.family == "gaussian":
        parts = parts.append_column("_square", pa.array((y - shift) ** 2))
    if size is not None:
        parts = parts.append_column("_size", pa.array(size))
    return _grouped(plan, parts)


def _added(plan: _Plan, partial: list[pa.Table]) -> pa.Table:
    import pyarrow as pa

    return _grouped(plan, pa.concat_tables(partial)) if len(partial) > 1 else partial[0]


def _grouped(plan: _Plan, table: pa.Table) -> pa.Table:
    summed = [name for name in table.column_names if name in SUMS]
    found = table.group_by(list(plan.keys), use_threads=False).aggregate(
        [(name, "sum") for name in summed]
    )
    names = [
        name.removesuffix("_sum") if name[:-4] in SUMS else name for name in found.column_names
    ]
    return found.rename_columns(names).select([*plan.keys, *summed])


def _refuse_many(plan: _Plan, cells: pa.Table, n_rows: int, most: int, done: bool) -> None:
    n = cells.num_rows
    if n <= most and (n <= WORTH * n_rows or not done):
        return
    import pyarrow.compute as pc

    distinct = {name: pc.count_distinct(cells.column(name)).as_py() for name in plan.keys}
    ranked = sorted(distinct.items(), key=lambda pair: -pair[1])
    shown = listed([f"{name!r} {count:,}" for name, count in ranked], limit=4)
    raise DataError(
        f"{n:,} distinct cells among {'' if done else 'the first '}{n_rows:,} rows: counting equal rows "
        f"saves {'too little' if n <= most else f'less than max_cells={most:,} asks for'}. Distinct "
        f"values: {shown}. Round the continuous ones or cut them into bins (pandas.cut, or SQL's "
        f"width_bucket), and write the bins' middles; {ranked[0][0]!r} first. Rows that fit into memory "
        "need no collapsing."
    )


def _finish(plan: _Plan, counts: _Counts, data: ds.Dataset) -> Collapsed:
    """Lay the counts out as the table of the model that says the same."""
    frame = counts.cells.to_pandas()
    frame = frame.sort_values(list(plan.keys), ignore_index=True) if plan.keys else frame
    cells = frame.loc[:, list(plan.keys)].copy()
    for name in plan.keys:
        cells[name] = _levels(cells[name], data, name)
    n, y = frame["_n"].to_numpy(), frame["_y"].to_numpy()
    family, spec = plan.spec.family, plan.spec
    constant = counts.constant
    if family == "gaussian":
        return _gaussian(plan, counts, cells, frame)
    whole = np.round(y).astype(np.int64)
    cells[plan.response] = whole
    if family == "poisson":
        name = spec.exposure or ROWS
        size = frame["_size"].to_numpy() if spec.exposure else n
        cells[name] = size
        constant += float(gammaln(whole + 1.0).sum() - whole @ np.log(size))
        cells[ROWS] = n
        response = Response(plan.response, (Call(COLLAPSED, (Variable(ROWS),)),))
        spec = replace(spec, response=response, exposure=name)
    else:
        name = plan.size if isinstance(plan.size, str) else ROWS
        size = n if family == "bernoulli" else np.round(frame["_size"].to_numpy()).astype(np.int64)
        cells[name] = size
        constant -= float(_ways(size.astype(np.float64), whole.astype(np.float64)).sum())
        response = Response(plan.response, (Call("trials", (Variable(name),)),))
        spec = replace(spec, family="binomial", response=response, success=None)
    spec = replace(spec, missing="error")
    return Collapsed(spec, cells, counts.n_rows, counts.n_dropped, constant)


def _gaussian(plan: _Plan, counts: _Counts, cells: pd.DataFrame, frame: pd.DataFrame) -> Collapsed:
    n = frame["_n"].to_numpy().astype(np.float64)
    middle = frame["_y"].to_numpy() / n
    spread = np.sqrt(np.maximum(frame["_square"].to_numpy() / n - middle**2, 0.0))
    spread[n == 1] = 0.0
    twice = spread > 0
    above = cells.assign(**{plan.response: counts.shift + middle + spread})
    above[ROWS] = np.where(twice, n / 2, n)
    below = cells[twice].assign(**{plan.response: (counts.shift + middle - spread)[twice]})
    below[ROWS] = n[twice] / 2
    data = pd.concat([above, below]).sort_index(kind="stable").reset_index(drop=True)
    told = tuple(Call(name, (Variable(ROWS),)) for name in ("weights", COLLAPSED))
    response = Response(plan.response, told)
    spec = replace(plan.spec, response=response, missing="error")
    return Collapsed(spec, data, counts.n_rows, counts.n_dropped, 0.0)


def _levels(values: pd.Series, data: ds.Dataset, name: str) -> pd.Series:
    """Give a column of categories its order again."""
    import pyarrow as pa

    kind = data.schema.field(name).type
    if not pa.types.is_dictionary(kind):
        return values
    first = data.head(1, columns=[name]).column(0).combine_chunks()
    known = first.dictionary.to_pylist() if len(first) else []
    if not set(values) <= set(known):
        if kind.ordered:
            raise ArgumentError(
                f"The files disagree about the categories of {name!r}, so that their order is not known."
            )
        return values
    return pd.Series(pd.Categorical(values, known, ordered=kind.ordered), values.index)
