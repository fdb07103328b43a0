"""The files that a command writes: refused before its work, kept when they cannot be written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bayes_glmm.disk.atomic_files import aside
from bayes_glmm.disk.outputs import Kind, usable_folder, writable, written_or_kept
from bayes_glmm.errors import ArgumentError

if TYPE_CHECKING:
    import pandas as pd

CSV, PARQUET = (".csv", ".txt"), (".parquet", ".pq")


@dataclass(frozen=True)
class Output:
    """A file to write.

    Attributes
    ----------
    path : str
        As it was given.
    kind : {"fit", "page", "table"}
    inputs : tuple of str or Path
        What it is made from.
    force : bool
        Whether a file of another kind may be replaced.
    unnamed : {"csv", "parquet"}
        Format of a table whose name has no ending.
    """

    path: str
    kind: Kind
    inputs: tuple[str | Path, ...] = ()
    force: bool = False
    unnamed: str = "csv"

    def check(self) -> Path:
        """Return the place to write to, or refuse it."""
        place = writable(self.path, self.kind, inputs=self.inputs, force=self.force)
        if self.kind == "table":
            _format(self.path, self.unnamed)
        return place

    def check_store(self, store: Path | None) -> None:
        """Refuse a folder for chains that cannot be, or that the file would have to be."""
        if store is not None:
            usable_folder(store, out=self.path)

    def write(self, write: Callable[[Path], object], what: str) -> None:
        """Check once more and write, or keep what was made in another place."""
        wanted = Path(self.path)
        written_or_kept(lambda p: write(self.check() if p == wanted else p), wanted, what)

    def write_table(self, table: pd.DataFrame) -> None:
        """Write a table in the format that its name ends in."""
        from bayes_glmm.cli.table_files import write_csv

        def write(path: Path) -> None:
            if _format(self.path, self.unnamed) == "csv":
                write_csv(table, path)
                return
            with aside(path) as handle:
                table.to_parquet(handle, index=False)

        self.write(write, "The table")


def _format(path: str, unnamed: str) -> str:
    ending = Path(path).suffix.lower()
    if not ending:
        return unnamed
    if ending in PARQUET:
        return "parquet"
    if ending not in CSV:
        raise ArgumentError(f"{path!r}: a table is written as .csv or .parquet; end its name so.")
    return "csv"
