"""Reading tables: identifiers stay as written, missing stays missing."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import lzma
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bayes_glmm.cli.table_files import column_names, csv_of, read_by_id, read_table, write_csv
from bayes_glmm.errors import DataError
from bayes_glmm.spec.formula.parsing import parse


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


REFUSED = {
    "UTF-16": ("x,y\n1,2\n".encode("utf-16"), "UTF-16"),
    "NUL": (b"x,y\n1,2\n3,\x004\n", "line 3, holds a NUL byte"),
    "Latin-1": ("x,y\n1,Größe\n".encode("latin-1"), "line 2, holds the byte 0xf6"),
    "twice": (b'"x",y,x\n1,2,3\n', r"column 'x' more than once \(columns 1, 3\)"),
    "a column of row names": (b"x,y\nr1,1,2\nr2,3,4\n", "names 2 columns.* has 3 cells"),
    "commas at the end": (b"x,y\n1,2,\n3,4,\n", "names 2 columns.* has 3 cells"),
    "wide": (",".join(f"x{i}" for i in range(100_000)).encode() + b"\n1\n", "100000 columns; 10000"),
    "short rows": (
        ",".join(f"x{i}" for i in range(9999)).encode() + b"\n" + b"1\n" * 100_000,
        "shorter than the header",
    ),
    "a long name": (b"x" * 300_000 + b",y\n", "header cannot be read"),
    "an open quote": (b'x,y\n"1,2\n', "not a readable table"),
    "nothing": (b"", "not a readable table"),
}  # fmt: skip


@pytest.mark.parametrize(("content", "why"), REFUSED.values(), ids=REFUSED)
def test_csv_files_that_are_damaged_or_hostile_are_refused(
    content: bytes, why: str, tmp_path: Path
) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(content)
    for read in (read_table, column_names) if why != "not a readable table" else (read_table,):
        with pytest.raises(DataError, match=rf"t\.csv.*{why}"):
            read(path)


def test_csv_files_of_other_programs_are_read(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    for content in (
        b"\xef\xbb\xbfx,y\n1,2\n3,4\n", b"x,y\r\n1,2\r\n3,4\r\n", b"x,y\r1,2\r3,4",
        b"\n  \nx,y\n1,2\n3,4\n", b'"x","y"\n"1","2"\n3,4\n',
    ):  # fmt: skip
        path.write_bytes(content)
        assert read_table(path).to_dict("list") == {"x": [1, 3], "y": [2, 4]}, content
        assert column_names(path) == ["x", "y"]
    path.write_bytes(b",y,\n1,2,3\n")
    assert read_table(path)["y"].tolist() == [2]


def _zip(content: bytes) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("t.csv", content)
    return whole.getvalue()


@pytest.mark.parametrize(
    ("suffix", "pack"),
    [
        (".gz", gzip.compress),
        (".zip", _zip),
        pytest.param(".bz2", bz2.compress, marks=pytest.mark.slow),
        pytest.param(".xz", lzma.compress, marks=pytest.mark.slow),
    ],
)
def test_packed_tables_are_read_as_far_as_they_are_tables(
    suffix: str, pack: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    path = tmp_path / f"t.csv{suffix}"
    path.write_bytes(pack(b"x\n" + b"1\n" * 5000))
    assert read_table(path)["x"].sum() == 5000
    path.write_bytes(pack(b"x\n" + b"0\n" * 12_000_000))
    with pytest.raises(DataError, match="unpacks to more than"):
        read_table(path)
    path.write_bytes(pack(b"x\n1\n")[:-9])
    with pytest.raises(DataError, match=r"t\.csv"):
        read_table(path)


def test_what_is_packed_or_kept_otherwise_is_named(tmp_path: Path) -> None:
    for name in ("t.xlsx", "t.csv.zst", "t.tar"):
        (tmp_path / name).write_bytes(b"PK")
        with pytest.raises(DataError, match="is not read. Save the table as CSV or Parquet"):
            read_table(tmp_path / name)
    (tmp_path / "two.zip").write_bytes(_zip(b"x\n1\n"))
    with zipfile.ZipFile(tmp_path / "two.zip", "a") as archive:
        archive.writestr("u.csv", b"x\n1\n")
    with pytest.raises(DataError, match="holds 2 files"):
        read_table(tmp_path / "two.zip")


def test_parquet_that_unpacks_to_too_much_is_not_unpacked(tmp_path: Path) -> None:
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "t.parquet"
    one = pa.DictionaryArray.from_arrays(pa.array(np.zeros(10**6, "i4")), pa.array(["x" * 10**5]))
    for table, why in (
        (pa.table({"s": one}), "unpacks to more than"),
        (pa.table({"z": np.zeros(4 * 10**7, "i1")}), "unpacks to more than"),
        (pa.table({"n": pa.nulls(6 * 10**7)}), "unpacks to more than"),
        (pa.table({f"c{i}": [1] for i in range(10_001)}), "10001 columns; 10000"),
        (pa.table([[1], [2]], names=["a", "a"]), "column 'a' more than once"),
    ):
        pq.write_table(table, path, compression="zstd")
        assert path.stat().st_size < 4_000_000
        for read in (read_table, column_names):
            with pytest.raises(DataError, match=rf"t\.parquet.*{why}"):
                read(path)


def test_parquet_of_every_type_is_read(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    data = pd.DataFrame({
        "x": [1.5, None], "g": ["a", None], "c": pd.Categorical(["u", "v"]), "l": [[1], [2, 3]],
        "d": pd.to_datetime(["2020-01-01", "2021-01-01"]), "a.b": ["p", "q"], "b": [b"1", b"2"],
    })  # fmt: skip
    data.to_parquet(tmp_path / "t.parquet")
    found = read_table(tmp_path / "t.parquet")
    assert list(found) == list(data)
    assert found["c"].dtype == "category"
    assert found["g"].isna().tolist() == [False, True]


def test_one_long_text_among_many_levels_is_named(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    rows = [f"{k % 7},a" for k in range(30_000)]
    rows[16] = f"1,{'x' * 10_000}"
    path.write_text("y,g\n" + "\n".join(rows) + "\n")
    assert len(read_table(path)) == 30_000
    with pytest.raises(DataError, match="column 'g' holds a text of 10000 characters in row 17"):
        read_table(path, parse("y ~ 1 + (1 | g)"))


def test_tables_by_id_may_be_wide_and_keep_ids_as_written(tmp_path: Path) -> None:
    names = [f"m{k}" for k in range(10_500)]
    path = tmp_path / "t.csv"
    path.write_text(f"id,{','.join(names)}\n001,{','.join('0' * 10_500)}\n")
    found = read_by_id(path)
    assert found.index.tolist() == ["001"]
    assert found.shape == (1, 10_500)
    with pytest.raises(DataError, match="no column 'marker'"):
        read_by_id(path, "marker")
    path.write_text("id,m1,m1\n1,0,0\n")
    with pytest.raises(DataError, match="'m1' more than once"):
        read_by_id(path)


FORMULAS = ["=1+1", "+1+cmd|' /C calc'!A0", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1"]


def test_no_cell_of_text_begins_a_formula(tmp_path: Path) -> None:
    plain = ["a", "-5", "+3.5e2", "", "a=b", "-.5", "1-2", "é"]
    table = pd.DataFrame({
        "=id": FORMULAS + plain, "level": pd.Categorical(FORMULAS + plain),
        "x": np.linspace(-1, 1, 16), "n": range(-8, 8), "flag": [True, False] * 8,
        "when": pd.date_range("2020-01-01", periods=16), "mixed": [*FORMULAS, *range(-4, 4)],
    })  # fmt: skip
    before = table.copy()
    path = tmp_path / "out.csv"
    write_csv(table, path)
    with path.open(newline="", encoding="utf-8") as handle:
        head, *rows = csv.reader(handle)
    assert head == ["'=id", "level", "x", "n", "flag", "when", "mixed"]
    for k, row in enumerate(rows):
        cell = FORMULAS[k] if k < len(FORMULAS) else plain[k - len(FORMULAS)]
        shown = f"'{cell}" if k < len(FORMULAS) else cell
        assert row[:2] == [shown, shown]
        assert [float(row[2]), int(row[3])] == [table["x"][k], table["n"][k]]
        assert row[4:6] == [str(table["flag"][k]), str(table["when"][k].date())]
    assert [row[6] for row in rows] == [f"'{f}" for f in FORMULAS] + [str(k) for k in range(-4, 4)]
    pd.testing.assert_frame_equal(table, before)
    safe = pd.DataFrame({"id": plain, "x": np.linspace(-1, 1, 8), "m": [1.5, None] * 4})
    assert csv_of(safe) == safe.to_csv(index=False)
