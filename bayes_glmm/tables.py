"""The command line's tables: CSV or Parquet in, identifiers kept as text, and out to a terminal."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bayes_glmm.errors import DataError, MissingDependencyError
from bayes_glmm.spec.model import Arithmetic, Call, Expression, ModelSpec, Variable

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table

_MISSING = ("", "NA", "N/A", "NaN", "nan", "NULL", "null", "None")


def read_table(path: str | Path, text: Collection[str] = ()) -> pd.DataFrame:
    """Read a CSV or Parquet file; its rows are counted from 1.

    Parameters
    ----------
    path : str or Path
        Ends with ``.parquet`` or ``.pq``, else it is read as CSV.
    text : collection of str
        Columns of a CSV file that are kept as they are written, so that ``001``
        stays ``001`` and ``NA`` is a name; only an empty cell is missing.

    Raises
    ------
    DataError
        The file does not exist or is not a table.
    MissingDependencyError
        A Parquet file, without pyarrow.
    """
    import pandas as pd

    path = Path(path)
    if not path.is_file():
        raise DataError(f"{path}: there is no such file.")
    try:
        parquet = path.suffix.lower() in (".parquet", ".pq")
        data = pd.read_parquet(path) if parquet else _read_csv(path, text)
    except ImportError as error:
        raise MissingDependencyError(
            f"{path}: reading Parquet needs pyarrow: pip install 'bayes-glmm[all]'."
        ) from error
    except (ValueError, OSError) as error:
        raise DataError(f"{path}: not a readable table ({error}).") from error
    if data.empty:
        raise DataError(f"{path}: the table has no rows.")
    data.index = pd.RangeIndex(1, len(data) + 1)
    return data


def _read_csv(path: Path, text: Collection[str]) -> pd.DataFrame:
    import pandas as pd

    header = pd.read_csv(path, nrows=0).columns
    return pd.read_csv(
        path,
        dtype={column: "str" for column in header if column in text},
        keep_default_na=False,
        na_values={c: [""] if c in text else list(_MISSING) for c in header},
    )


def identifier_columns(spec: ModelSpec) -> frozenset[str]:
    """Return the columns that the model uses as groups and as nothing else."""
    groups, others = set[str](), {spec.response.column, spec.exposure, spec.offset}
    for modifier in spec.response.modifiers:
        others.update(_names(modifier))
    for _, predictor in spec.predictors:
        terms = [*predictor.terms, predictor.offsets]
        for effect in predictor.random:
            groups.update(effect.group)
            terms.extend(effect.terms)
        others.update(name for term in terms for part in term for name in _names(part))
    return frozenset(groups - others)


def _names(expression: Expression) -> Iterator[str]:
    parts: tuple[Any, ...] = ()
    match expression:
        case Variable(name):
            yield name
        case Arithmetic(_, left, right):
            parts = (left, right)
        case Call(_, arguments):
            parts = arguments
    for part in parts:
        yield from _names(part)


def rich_table(data: pd.DataFrame, *, title: str | None = None) -> Table:
    """Lay a data frame out for the terminal, numbers with three significant digits."""
    from rich import box
    from rich.table import Table

    shown = data.reset_index() if data.index.name or data.index.nlevels > 1 else data
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
    for column in shown.columns:
        number = shown[column].dtype.kind in "iuf"
        table.add_column(str(column), justify="right" if number else "left", overflow="fold")
    for row in shown.itertuples(index=False):
        table.add_row(*(_cell(value) for value in row))
    return table


def _cell(value: object) -> str:
    from rich.markup import escape

    if isinstance(value, float):
        return f"{value:.3g}" if abs(value) < 1e3 else f"{value:,.0f}"
    return escape(str(value))
