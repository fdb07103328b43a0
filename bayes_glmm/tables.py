"""The command line's tables: CSV or Parquet in, identifiers kept as text, and out to a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from bayes_glmm.errors import DataError, MissingDependencyError

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table

    from bayes_glmm.spec.model import ModelSpec

_MISSING = ("", "NA", "N/A", "NaN", "nan", "NULL", "null", "None")


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
        The file does not exist or is not a table.
    MissingDependencyError
        A Parquet file, without pyarrow.
    """
    import pandas as pd

    path = existing(path)
    with _refusing(path):
        data = pd.read_parquet(path) if _is_parquet(path) else _read_csv(path, spec)
    if data.empty:
        raise DataError(f"{path}: the table has no rows.")
    data.index = pd.RangeIndex(1, len(data) + 1)
    return data


def column_names(path: str | Path) -> list[str]:
    """Return the column names of a CSV or Parquet file; raises as :func:`read_table`."""
    import pandas as pd

    path = existing(path)
    with _refusing(path):
        head = pd.read_parquet(path) if _is_parquet(path) else pd.read_csv(path, nrows=0)
    return list(head.columns)


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
    except ImportError as error:
        raise MissingDependencyError(
            f"{path}: reading Parquet needs pyarrow: pip install 'bayes-glmm[all]'."
        ) from error
    except (ValueError, OSError) as error:
        raise DataError(f"{path}: not a readable table ({error}).") from error


def _read_csv(path: Path, spec: ModelSpec | None) -> pd.DataFrame:
    import pandas as pd

    header = list(pd.read_csv(path, nrows=0).columns)
    text = _identifiers(spec, header)
    return pd.read_csv(
        path,
        dtype=dict.fromkeys(text, "str"),
        keep_default_na=False,
        na_values={c: [""] if c in text else list(_MISSING) for c in header},
    )


def _identifiers(spec: ModelSpec | None, header: list[str]) -> list[str]:
    from bayes_glmm.design.uses import column_roles

    roles = {} if spec is None else column_roles(spec, header)
    return [column for column in header if roles.get(column) == ("group",)]


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
