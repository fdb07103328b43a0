"""The command line's tables: CSV or Parquet in, identifiers kept as text, and out to a terminal or a file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from bayes_glmm.disk.atomic_files import write_atomically
from bayes_glmm.disk.table_limits import (
    WIDEST,
    csv_text,
    inspect_parquet,
    refuse_padded,
)
from bayes_glmm.disk.text_files import MISSING
from bayes_glmm.errors import BayesGLMMError, DataError, MissingDependencyError

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table

    from bayes_glmm.spec.model import ModelSpec

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-](inf|nan)")


def read_table(path: str | Path, spec: ModelSpec | None = None) -> pd.DataFrame:
    """Read a CSV or Parquet file; its rows are counted from 1.

    Parameters
    ----------
    path : str or Path
        Ends with ``.parquet`` or ``.pq``, else it is read as CSV.
    spec : ModelSpec, optional
        Columns of a CSV file that this model uses as groups and as nothing else
        are kept as they are written, so that ``001`` stays ``001`` and ``NA`` is a
        name; there only an empty cell is missing.

    Raises
    ------
    DataError
        The file does not exist, is not a table, or is beyond the limits of
        :mod:`bayes_glmm.disk.table_limits`.
    MissingDependencyError
        A Parquet file, without pyarrow.
    """
    import pandas as pd

    path = existing(path)
    with _refusing(path):
        if _is_parquet(path):
            names = inspect_parquet(path)
            data = pd.read_parquet(path)
        else:
            data, names = _read_csv(path, spec)
        used = {} if spec is None else _roles(spec, names)
        refuse_padded(path, data, [c for c in used if c in data.columns])
    if data.empty:
        raise DataError(f"{path}: the table has no rows.")
    data.index = pd.RangeIndex(1, len(data) + 1)
    return data


def read_by_id(path: str | Path, column: str = "id") -> pd.DataFrame:
    """Read a table whose rows are named by a column of text, such as genotypes.

    Raises
    ------
    DataError
        As :func:`read_table`, though more columns may be there; or it has no such column.
    """
    import pandas as pd

    path = existing(path)
    with _refusing(path):
        if path.suffix.lower() in (".parquet", ".pq"):
            names = inspect_parquet(path, WIDEST)
            table = pd.read_parquet(path)
        else:
            content, names = csv_text(path, WIDEST)
            kinds = {column: str, "chromosome": str}
            table = pd.read_csv(BytesIO(content), dtype=kinds, low_memory=False)
    if column not in names:
        raise DataError(f"{path} has no column {column!r}, by which its rows are matched.")
    return table.set_index(column)


def column_names(path: str | Path) -> list[str]:
    """Return the column names of a CSV or Parquet file; raises as :func:`read_table`."""
    path = existing(path)
    with _refusing(path):
        return inspect_parquet(path) if _is_parquet(path) else _named(path)[0]


def write_csv(table: pd.DataFrame, path: str | Path) -> None:
    """Write a table as CSV, whole or not at all; raises ``WriteError``. See :func:`csv_of`."""
    write_atomically(Path(path), csv_of(table).encode("utf-8"))


def csv_of(table: pd.DataFrame) -> str:
    """Return a table as CSV text that no spreadsheet takes for formulas.

    A text, level or column name that begins with ``=``, ``+``, ``-``, ``@``, a tab or an end
    of line gets an apostrophe before it, unless it is a number; numbers are as they are.

    Examples
    --------
    >>> import pandas as pd
    >>> print(csv_of(pd.DataFrame({"id": ["=1+1", "-2", "b"], "x": [-1.5, 2.0, 3.0]})), end="")
    id,x
    '=1+1,-1.5
    -2,2.0
    b,3.0
    """
    import pandas as pd

    safe = table.rename(columns=_inert)
    for place, (_, column) in enumerate(table.items()):
        if column.dtype.kind not in "iufb" and not pd.api.types.is_numeric_dtype(column):
            safe.isetitem(place, [_inert(value) for value in column])
    return safe.to_csv(index=False)


def _inert[T](value: T) -> T | str:
    if isinstance(value, str) and value.startswith(_FORMULA) and not _NUMBER.fullmatch(value):
        return f"'{value}"
    return value


def existing(path: str | Path) -> Path:
    """Return the path of a file that is there.

    Raises
    ------
    DataError
        It is not.
    """
    path = Path(path)
    if not path.is_file():
        raise DataError(f"{path}: there is no such file.")
    return path


def _is_parquet(path: Path) -> bool:
    return path.suffix.lower() in (".parquet", ".pq")


@contextmanager
def _refusing(path: Path) -> Iterator[None]:
    try:
        yield
    except BayesGLMMError:
        raise
    except ImportError as error:
        raise MissingDependencyError(
            f"{path}: reading Parquet needs pyarrow: pip install 'bayes-glmm[all]'."
        ) from error
    except MemoryError as error:
        raise DataError(f"{path}: there is not enough memory to read it.") from error
    except Exception as error:  # of the system, of pandas or of pyarrow
        raise DataError(f"{path}: not a readable table ({error}).") from error


def _read_csv(path: Path, spec: ModelSpec | None) -> tuple[pd.DataFrame, list[str]]:
    import pandas as pd

    header, content = _named(path)
    roles = {} if spec is None else _roles(spec, header)
    text = [column for column in header if roles.get(column) == ("group",)]
    data = pd.read_csv(
        BytesIO(content),
        dtype=dict.fromkeys(text, "str"),
        keep_default_na=False,
        na_values={c: [""] if c in text else list(MISSING) for c in header},
        low_memory=False,
    )
    return data, header


def _named(path: Path) -> tuple[list[str], bytes]:
    """Return the columns of a CSV file as pandas names them, and its text."""
    import pandas as pd

    content, names = csv_text(path)
    head = list(pd.read_csv(BytesIO(content), nrows=0).columns)
    if len(head) != len(names):
        raise DataError(f"{path}: its header cannot be read.")
    return head, content


def _roles(spec: ModelSpec, header: list[str]) -> Mapping[str, tuple[str, ...]]:
    from bayes_glmm.design.table.column_roles import column_roles

    return column_roles(spec, header)


def rich_table(data: pd.DataFrame, *, title: str | None = None) -> Table:
    """Lay a data frame out for the terminal, numbers with three significant digits."""
    from rich import box
    from rich.table import Table

    shown = data.reset_index() if data.index.name or data.index.nlevels > 1 else data
    table = Table(
        title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0)
    )
    for place, column in enumerate(shown.columns):
        number = shown[column].dtype.kind in "iuf"
        side: Literal["left", "right"] = "right" if number else "left"
        table.add_column(str(column), justify=side, no_wrap=number or not place, overflow="fold")
    for row in shown.itertuples(index=False):
        table.add_row(*(_cell(value) for value in row))
    return table


def _cell(value: object) -> str:
    from rich.markup import escape

    if isinstance(value, float):
        return f"{value:.3g}" if abs(value) < 1e3 else f"{value:,.0f}"
    return escape(str(value))
