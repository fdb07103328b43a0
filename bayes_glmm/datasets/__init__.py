"""Small real tables that ship with the package."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from bayes_glmm.errors import ArgumentError, suggestion

if TYPE_CHECKING:
    import pandas as pd

_FOLDER = files("bayes_glmm.datasets")


@cache
def _catalogue() -> dict[str, dict[str, Any]]:
    return tomllib.loads(_FOLDER.joinpath("catalogue.toml").read_text("utf-8"))


def _read(name: str, text: list[str]) -> pd.DataFrame:
    import pandas as pd

    with _FOLDER.joinpath(f"{name}.csv").open("rb") as file:
        return pd.read_csv(file, dtype=dict.fromkeys(text, "str"))


def dataset(name: str) -> pd.DataFrame:
    """Load a bundled table.

    Parameters
    ----------
    name : str
        One of the names that :func:`datasets` lists.

    Returns
    -------
    pandas.DataFrame
        Columns of identifiers are text. ``attrs`` has ``title``, ``source``,
        ``licence`` and ``columns``: what each column is, with its unit.

    Raises
    ------
    ArgumentError
        There is no table of that name.

    Examples
    --------
    >>> import bayes_glmm as bg
    >>> bg.dataset("surgical").shape
    (12, 3)
    """
    known = _catalogue()
    if name not in known:
        raise ArgumentError(f"There is no dataset {name!r}." + suggestion(str(name), list(known)))
    entry = known[name]
    table = _read(name, entry["text"])
    table.attrs = {key: entry[key] for key in ("title", "source", "licence", "columns")}
    return table


def datasets() -> pd.DataFrame:
    """List the bundled tables.

    Returns
    -------
    pandas.DataFrame
        One row per table, indexed by name: ``rows``, ``title``, ``columns`` (with
        units), ``source`` and ``licence``.

    Examples
    --------
    >>> import bayes_glmm as bg
    >>> int(bg.datasets().loc["surgical", "rows"])
    12
    """
    import pandas as pd

    entries = {
        name: {
            "rows": len(_read(name, entry["text"])),
            "title": entry["title"],
            "columns": "; ".join(f"{column}: {what}" for column, what in entry["columns"].items()),
            "source": entry["source"],
            "licence": entry["licence"],
        }
        for name, entry in _catalogue().items()
    }
    return pd.DataFrame.from_dict(entries, orient="index").rename_axis("name")
