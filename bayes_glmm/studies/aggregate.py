"""Rows beyond memory: equal ones counted while they are read, exactly as many rows would fit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.design.resolve import Model, resolve_spec
from bayes_glmm.design.response.modifiers import modifier_columns
from bayes_glmm.design.table.column_roles import column_roles
from bayes_glmm.errors import (
    ArgumentError,
    DataError,
    MissingDataError,
    SpecError,
    listed,
    suggestion,
)
from bayes_glmm.families import get_family
from bayes_glmm.families.sufficient import Cells, Sums
from bayes_glmm.spec.model import ModelSpec
from bayes_glmm.spec.priors import Prior
from bayes_glmm.spec.terms import Call, Expression, Number

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.dataset as ds

type Array = NDArray[np.float64]
ROWS = "rows"
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
    sums: Sums
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
    family = get_family(spec.family)
    family.require("sums")
    sums = family.sums
    assert sums is not None
    sums.check(spec.link)
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
    size = sums.size(spec.exposure, None if trials is None else _named(trials, known))
    keys = [c for c in roles if c not in (spec.response.column, size)]
    own = {ROWS, *SUMS} & {*keys, spec.response.column, *([size] if spec.exposure else [])}
    if own:
        raise SpecError(f"Rename the columns {listed(sorted(own))}: counts take their names.")
    return _Plan(spec, sums, tuple(keys), spec.response.column, size)


def _named(trials: Call, known: tuple[str, ...]) -> str | float | None:
    """Return the column of trials, or their number."""
    number = trials.arguments[0]
    names = modifier_columns(trials, set(known))
    return next(iter(names), number.value if isinstance(number, Number) else None)


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
        shift = float(y.mean()) if shift is None and plan.sums.squares else shift
        constant += plan.sums.constant(y, size)
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
    if spec.success is not None and get_family(spec.family).two_valued():
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
    for what in plan.sums.faults(y, size):
        raise DataError(what.format(response=plan.response, size=plan.size))
    return y, size


def _sums(plan: _Plan, table: pa.Table, y: Array, size: Array | None, shift: float) -> pa.Table:
    import pyarrow as pa

    parts = table.select(list(plan.keys))
    parts = parts.append_column("_n", pa.array(np.ones(len(y), np.int64)))
    parts = parts.append_column("_y", pa.array(y - shift))
    if plan.sums.squares:
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
    sums = Cells(
        frame["_n"].to_numpy(), frame["_y"].to_numpy(), _column(frame, "_square"),
        _column(frame, "_size"), counts.shift,
    )  # fmt: skip
    found, size = plan.sums.rows(sums), plan.size if isinstance(plan.size, str) else None
    names = {"response": plan.response, "size": size or ROWS, "rows": ROWS}
    rows = cells.iloc[found.cell].reset_index(drop=True)
    rows = rows.assign(**{names[what]: values for what, values in found.columns.items()})
    spec = replace(plan.sums.told(plan.spec, size, ROWS), missing="error")
    return Collapsed(spec, rows, counts.n_rows, counts.n_dropped, counts.constant + found.constant)


def _column(frame: pd.DataFrame, name: str) -> Array | None:
    return frame[name].to_numpy() if name in frame else None


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
