"""The bundled tables are complete and documented."""

from __future__ import annotations

import pytest

import bayes_glmm as bg

NAMES = list(bg.datasets().index)


@pytest.mark.parametrize("name", NAMES)
def test_every_column_is_documented(name: str) -> None:
    table = bg.dataset(name)
    assert list(table.columns) == list(table.attrs["columns"])
    assert all(table.attrs["columns"].values())
    assert table.attrs["source"] and table.attrs["licence"]
    assert not table.isna().any(axis=None)
    assert len(table) == bg.datasets().loc[name, "rows"]


@pytest.mark.parametrize(
    ("name", "rows", "column", "total"),
    [
        ("surgical", 12, "deaths", 208),
        ("nielweise2008", 18, "events", 125),
        ("epil", 236, "y", 1948),
        ("penicillin", 144, "diameter", 3308),
        ("rats", 150, "weight", 36398),
    ],
)
def test_figures_are_the_ones_that_were_published(
    name: str, rows: int, column: str, total: int
) -> None:
    table = bg.dataset(name)
    assert (len(table), table[column].sum()) == (rows, total)


def test_identifiers_are_text() -> None:
    assert set(bg.dataset("epil")["subject"].map(type)) == {str}


def test_tables_are_independent_copies() -> None:
    table = bg.dataset("surgical")
    table["deaths"] = 0
    assert bg.dataset("surgical")["deaths"].sum() > 0


def test_an_unknown_name_names_the_nearest() -> None:
    with pytest.raises(bg.errors.ArgumentError, match="surgical"):
        bg.dataset("sugical")
