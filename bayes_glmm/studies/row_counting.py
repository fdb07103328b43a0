"""Equal rows counted while they are read, batch by batch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.errors import DataError, MissingDataError, listed
from bayes_glmm.families import get_family
from bayes_glmm.studies.counting_plan import SUMS, Plan

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.dataset as ds

type Array = NDArray[np.float64]
BATCH = 2**20
WORTH = 0.5


@dataclass(frozen=True, eq=False)
class Counts:
    """Sums by set of equal rows.

    Attributes
    ----------
    cells : pyarrow.Table
        The keys of each set, the number ``_n`` of its rows and their sums: ``_y`` (less
        ``shift`` each), ``_square`` of that, ``_size`` of trials or exposures.
    n_rows, n_dropped : int
    shift : float
        About the mean of a Gaussian response, so that squares keep their digits.
    constant : float
        Of the rows' log-likelihood: what no parameter moves.
    """

    cells: pa.Table
    n_rows: int
    n_dropped: int
    shift: float
    constant: float


def open_rows(source: Any) -> ds.Dataset:
    """Open a table, a Parquet file or a folder of them.

    Raises
    ------
    DataError
        It is not there, or no Parquet.
    """
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


def count_rows(plan: Plan, data: ds.Dataset, max_cells: int) -> Counts:
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
    return Counts(cells, n_rows, n_dropped, shift or 0.0, constant)


def _batches(plan: Plan, data: ds.Dataset) -> Iterator[pa.Table]:
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


def _complete(plan: Plan, table: pa.Table) -> tuple[pa.Table, int]:
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


def _response(plan: Plan, table: pa.Table) -> tuple[Array, Array | None]:
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


def _sums(plan: Plan, table: pa.Table, y: Array, size: Array | None, shift: float) -> pa.Table:
    import pyarrow as pa

    parts = table.select(list(plan.keys))
    parts = parts.append_column("_n", pa.array(np.ones(len(y), np.int64)))
    parts = parts.append_column("_y", pa.array(y - shift))
    if plan.sums.squares:
        parts = parts.append_column("_square", pa.array((y - shift) ** 2))
    if size is not None:
        parts = parts.append_column("_size", pa.array(size))
    return _grouped(plan, parts)


def _added(plan: Plan, partial: list[pa.Table]) -> pa.Table:
    import pyarrow as pa

    return _grouped(plan, pa.concat_tables(partial)) if len(partial) > 1 else partial[0]


def _grouped(plan: Plan, table: pa.Table) -> pa.Table:
    summed = [name for name in table.column_names if name in SUMS]
    found = table.group_by(list(plan.keys), use_threads=False).aggregate(
        [(name, "sum") for name in summed]
    )
    names = [
        name.removesuffix("_sum") if name[:-4] in SUMS else name for name in found.column_names
    ]
    return found.rename_columns(names).select([*plan.keys, *summed])


def _refuse_many(plan: Plan, cells: pa.Table, n_rows: int, most: int, done: bool) -> None:
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
