"""Reading tables: identifiers stay as written, missing stays missing."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from bayes_glmm.errors import DataError
from bayes_glmm.spec.formula import parse
from bayes_glmm.tables import read_table


def test_identifiers_stay_as_written_and_rows_count_from_one(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("id,x\n001,1\nNA,2\n,NA\n")
    table = read_table(path, parse("x ~ 1 + (1 | id)"))
    assert list(table["id"][:2]) == ["001", "NA"]
    assert table["id"].isna().tolist() == [False, False, True]
    assert table["x"].isna().tolist() == [False, False, True]
    assert list(table.index) == [1, 2, 3]


def test_parquet_is_read(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    path = tmp_path / "t.parquet"
    pd.DataFrame({"id": ["001"], "x": [1.5]}).to_parquet(path)
    assert read_table(path).to_dict("list") == {"id": ["001"], "x": [1.5]}


@pytest.mark.parametrize("name", ["t.csv", "t.parquet"])
def test_what_is_no_table_is_refused_by_name(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(b'\x00\xff"\n\xfe')
    with pytest.raises(DataError, match=name.replace(".", r"\.")):
        read_table(path)


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("y ~ x + (1 | g)", {"g"}),
        ("y ~ x + (1 + x | a/b)", {"a", "b"}),
        ("y ~ year + (1 | year)", set()),
        ("y ~ C(g) + (1 | g:h)", {"h"}),
        ("s | trials(n) ~ 1 + (1 | n) + (0 + log(z) | z)", set()),
        ("y ~ offset(log(t)) + (1 | t)", set()),
    ],
)
def test_only_groups_that_are_nothing_else_are_text(
    formula: str, expected: set[str], tmp_path: Path
) -> None:
    path = tmp_path / "t.csv"
    path.write_text("y,x,g,a,b,h,n,s,z,t,year\n1,2,3,4,5,6,7,8,9,10,11\n")
    table = read_table(path, parse(formula))
    assert {c for c in table if table[c].dtype.kind not in "iuf"} == expected
