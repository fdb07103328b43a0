"""Ids are the same however a table holds them, and names that stand for nobody are refused."""

from __future__ import annotations

import io
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bayes_glmm as bg
from bayes_glmm.errors import (
    ArgumentError,
    ArgumentTypeError,
    BayesGLMMError,
    DataError,
    DesignError,
)

GAPS = "animal,sire,dam\n3,1,2\n4,1,\n5,3,4\n6,,\n"
HALF = {("1", "3"): 0.5, ("3", "4"): 0.25, ("3", "5"): 0.625, ("4", "5"): 0.625, ("1", "6"): 0.0}
"""By path counting: 3 and 4 are half sibs, 5 is their child."""
KINDS = {
    "floats": lambda t: t,
    "objects": lambda t: t.astype(object),
    "nullable": lambda t: t.convert_dtypes(),
    "Arrow": lambda t: t.convert_dtypes(dtype_backend="pyarrow"),
    "text": lambda t: t.convert_dtypes().astype("string"),
    "categories": lambda t: t.astype("category"),
    "decimals": lambda t: t.map(lambda v: None if pd.isna(v) else Decimal(str(v))),
    "narrow": lambda t: t.astype("float32"),
}


@pytest.mark.parametrize("kind", list(KINDS))
def test_a_pedigree_with_gaps_keeps_its_parents(kind: str) -> None:
    read = pd.read_csv(io.StringIO(GAPS))
    assert read["sire"].dtype.kind == "f"
    found = bg.pedigree(KINDS[kind](read))
    assert set(found.labels.tolist()) == set("123456")
    for (a, b), r in HALF.items():
        assert found.prepare(np.array([a, b])).covariance({})[0, 1] == pytest.approx(r)


@pytest.mark.parametrize(
    "ids",
    [
        pd.Series([3.0, 4.0, 5.0, 3.0, 4.0, 5.0]),
        pd.Series([3, 4, 5, 3, 4, 5]),
        pd.Series(list("345345")),
        pd.Series([3.0, 4.0, 5.0] * 2, dtype="category"),
        pd.Series([3, 4, 5] * 2, dtype="Int64"),
        pd.Series([3, 4, 5.0] * 2, dtype=object),
        pd.Series([3, 4, 5] * 2, dtype="double[pyarrow]"),
    ],
)
def test_levels_of_the_data_find_their_labels(ids: pd.Series) -> None:
    """Whatever holds them, they are those of the pedigree: one graph, one density."""
    y = np.array([1.0, 2.0, 4.0, 3.0, 1.0, 2.5])
    ped = bg.pedigree(pd.read_csv(io.StringIO(GAPS)))
    formula = "y ~ 1 + (1 | gr(animal, A))"
    data = pd.DataFrame({"y": y, "animal": ids})
    assert not bg.check(formula, data, structures={"A": ped})["structure_levels"]
    model = bg.build_model(formula, data, structures={"A": ped})
    assert list(model.coords["animal"]) == ["3", "4", "5"]


def test_text_beside_whole_numbers_is_named() -> None:
    """``astype(str)`` of floats makes '1.0', who is nobody's parent."""
    read = pd.read_csv(io.StringIO(GAPS))
    with pytest.raises(ArgumentError, match=r"'3' and '3.0'.*decimal point"):
        bg.pedigree(read.astype(str).replace("nan", None))
    data = pd.DataFrame({"y": np.arange(6.0), "animal": ["3.0", "4.0", "5.0"] * 2})
    with pytest.raises(DesignError, match=r"It looks like '3.0' for '3'"):
        bg.build_model("y ~ 1 + (1 | gr(animal, A))", data, structures={"A": bg.pedigree(read)})


@pytest.mark.parametrize(
    ("first", "second"),
    [("7", "007"), ("7", "7.0"), ("a", "A"), ("a b", "a  b"), ("a", "a\u200b"), ("a", "\ufeffa"),
     ("a", "a\xa0"), ("é", "e\u0301"), ("10", "10.")],
)  # fmt: skip
def test_near_names_are_named(first: str, second: str) -> None:
    with pytest.raises(ArgumentError, match="differ only by") as caught:
        bg.pedigree(pd.DataFrame({"animal": [first, second], "sire": None, "dam": None}))
    assert repr(first) in str(caught.value)
    K = bg.kinship(pd.DataFrame(np.eye(2), [first, "other"], [first, "other"]))
    data = pd.DataFrame({"y": np.arange(6.0), "animal": [second, "other", "other"] * 2})
    with pytest.raises(DesignError, match="It looks like"):
        bg.build_model("y ~ 1 + (1 | gr(animal, A))", data, structures={"A": K})


@pytest.mark.parametrize(
    "wrong", [1.5, True, np.datetime64("2020-01-01"), 2.0**60, (1, 2), Decimal("0.5"), np.inf]
)
def test_other_values_are_no_ids(wrong: object) -> None:
    rows = pd.DataFrame(
        {"animal": pd.Series(["a", wrong], dtype=object), "sire": None, "dam": None}
    )
    with pytest.raises(ArgumentTypeError, match="dtype=str"):
        bg.pedigree(rows)


def test_areas_trees_places_and_matrices_take_whole_numbers() -> None:
    borders = pd.DataFrame({"from": [1.0, 2.0], "to": [2, 3]})
    found = bg.areal(borders, areas=[1, 2, 3, 4.0])
    assert found.labels.tolist() == ["1", "2", "3", "4"]
    assert found.graph.island.tolist() == [False] * 3 + [True]
    tree = bg.lineage(pd.DataFrame({"node": [1, 2, 9], "parent": [9, 9, None], "length": 1.0}))
    assert tree.labels.tolist() == ["1", "2", "9"]
    near = bg.nearest_neighbours(
        pd.DataFrame({"cell": [1.0, 2.0, 3.0], "x": [0.0, 1, 5], "y": 0.0}), "cell", "x", "y", k=1
    )
    assert near.to_numpy().tolist() == [["1", "2"], ["2", "3"]]
    ids = pd.Index([11.0, 12.0], name="id")
    assert bg.kinship(pd.DataFrame(np.eye(2), ids, ids)).labels.tolist() == ["11", "12"]
    calls = pd.DataFrame({"id": [7.0, 8.0, 9.0], "s": [0, 1, 2], "t": [0, 1, 0]})
    assert bg.genomic(calls, ids="id").labels.tolist() == ["7", "8", "9"]
    assert bg.genomic(calls.set_index("id")).labels.tolist() == ["7", "8", "9"]


def test_missing_ids_and_columns_of_one_name_are_refused() -> None:
    with pytest.raises(ArgumentTypeError, match="one is missing"):
        bg.pedigree(pd.DataFrame({"animal": [1.0, None], "sire": None, "dam": None}))
    with pytest.raises(ArgumentTypeError, match="one is missing"):
        bg.kinship(pd.DataFrame(np.eye(2), ["a", None], ["a", None]))
    twice = pd.DataFrame([["a", "r", 1, "r"]], columns=["node", "parent", "length", "parent"])
    with pytest.raises(DataError, match="several columns named 'parent'"):
        bg.lineage(twice)
    cells = pd.DataFrame([["a", 0.0, 1.0, 2.0]] * 3, columns=["cell", "x", "y", "x"])
    with pytest.raises(DataError, match="several columns named 'x'"):
        bg.nearest_neighbours(cells, "cell", "x", "y", k=1)


def test_row_numbers_are_no_ids() -> None:
    K = np.eye(3)
    for frame in (pd.DataFrame(K), pd.DataFrame(K).iloc[1:, 1:]):
        with pytest.raises(ArgumentTypeError, match="row numbers"):
            bg.kinship(frame)
    calls = pd.DataFrame({"s": [0, 1, 2], "t": [0, 1, 0]})
    for rows in (calls, calls[calls["s"] > 0]):
        with pytest.raises(ArgumentTypeError, match="row numbers"):
            bg.genomic(rows)


def test_new_animals_and_branches_are_found_by_whole_numbers() -> None:
    ped = bg.pedigree(pd.read_csv(io.StringIO(GAPS)))
    new = pd.DataFrame({"animal": [7.0], "sire": [3.0], "dam": [np.nan]})
    longer = ped.extend(np.array(["7"]), new, "animal")
    assert longer.prepare(np.array(["3", "7"])).covariance({})[0, 1] == pytest.approx(0.5)
    tree = bg.lineage("(1:1,2:2);", parent="on", length="by")
    tree = tree.extend(np.array(["3"]), pd.DataFrame({"s": [3.0], "on": [1.0], "by": [1.0]}), "s")
    assert tree.prepare(np.array(["1", "3"])).covariance({})[0, 1] == pytest.approx(0.5)


CODES = ["*", "?", "missing", "NA", "0", "-9", ".", "unknown", "", " ", "Unknown", "00", "--", "N/A",
         "#N/A", "0.0", "-1", "None", "nan", "null", "??"]  # fmt: skip


@pytest.mark.parametrize("code", CODES)
def test_codes_of_unknown_parents_are_no_animal(code: str, tmp_path: Path) -> None:
    rows = pd.DataFrame(
        {"animal": ["a", "b", "c"], "sire": [code, code, "a"], "dam": ["x", "y", "b"]}
    )
    for table in (rows, rows.assign(dam=[code, code, "b"])):
        with pytest.raises(ArgumentError, match="missing=") as caught:
            bg.pedigree(table)
        assert repr(code) in str(caught.value)
    apart = bg.pedigree(rows, missing=[code])
    assert apart.prepare(np.array(["a", "b"])).covariance({})[0, 1] == 0
    rows.to_csv(tmp_path / "p.csv", index=False)
    spec = bg.parse("y ~ 1 + (1 | gr(animal, A))", structures={"A": bg.Source("pedigree", "p.csv")})
    read = bg.read_structures(spec, tmp_path)["A"]
    assert read.identity() == apart.identity()


def test_whoever_is_sire_and_dam_without_a_row_is_refused(tmp_path: Path) -> None:
    rows = pd.DataFrame(
        {
            "animal": list("abcd"),
            "sire": ["9999", "9999", "a", "z"],
            "dam": ["9999", "b0", "b", "z"],
        }
    )
    with pytest.raises(ArgumentError, match=r"'9999', 'z' are in 'sire' and in 'dam'.*missing="):
        bg.pedigree(rows)
    plants = pd.concat([rows, pd.DataFrame({"animal": ["z"], "sire": [None], "dam": [None]})])
    found = bg.pedigree(plants, missing=["9999"])
    assert found.inbreeding[found.labels == "d"] == 0.5
    plants.to_csv(tmp_path / "p.csv", index=False)
    source = bg.Source("pedigree", "p.csv", {"missing": ("9999",)})
    spec = bg.parse("y ~ 1 + (1 | gr(animal, A))", structures={"A": source})
    assert bg.ModelSpec.from_toml(spec.to_toml()) == spec
    assert bg.read_structures(spec, tmp_path)["A"].identity() == found.identity()


@pytest.mark.parametrize(
    "name", ["tree (1).nwk", "a;b.nwk", "[x](y).nwk", "(a,b);.tree", "tree's.nwk"]
)
def test_a_file_with_any_name_is_a_file(name: str, tmp_path: Path) -> None:
    text = "((a:1,b:1):1,c:2);"
    (tmp_path / name).write_text(text)
    same = bg.lineage(text).identity()
    assert bg.lineage(str(tmp_path / name)).identity() == same
    assert bg.lineage(tmp_path / name).identity() == same
    with pytest.raises(DataError):
        bg.lineage(str(tmp_path / f"absent {name}"))


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_byte_order_mark_is_no_part_of_a_name(mark: str, tmp_path: Path) -> None:
    files = {
        "tree.nwk": ("lineage", "(a:1,b:1);"),
        "tree.csv": ("lineage", "node,parent,length\na,r,1\nb,r,1\n"),
        "quoted.csv": ("pedigree", '"animal","sire","dam"\nc,a,b\n'),
        "p.csv": ("pedigree", "animal,sire,dam\nc,a,b\n"),
        "K.csv": ("kinship", "id,a,b\na,1,0\nb,0,1\n"),
        "g.csv": ("genomic", "id,s,t\na,0,1\nb,1,1\nc,2,0\n"),
        "g.raw": ("genomic", "FID IID SEX s t\n1 a 1 0 1\n1 b 1 1 0\n1 c 1 2 0\n"),
        "e.csv": ("areal", "from,to\na,b\n"),
    }
    for name, (kind, text) in files.items():
        (tmp_path / name).write_text(mark + text, "utf-8")
        spec = bg.parse("y ~ 1 + (1 | gr(g, A))", structures={"A": bg.Source(kind, name)})
        found = bg.read_structures(spec, tmp_path)["A"]
        assert set("ab") <= set(found.labels.tolist()), name
    assert bg.lineage(mark + "(a:1,b:1);").labels.tolist() == ["a", "b"]
    (tmp_path / "u16.csv").write_text("from,to\na,b\n", "utf-16")
    spec = bg.parse("y ~ 1 + (1 | gr(g, A))", structures={"A": bg.Source("areal", "u16.csv")})
    with pytest.raises(DataError, match="UTF-16"):
        bg.read_structures(spec, tmp_path)


NEXUS = "#NEXUS\nBEGIN TREES;\n  TREE one = [&R] (a:1,b:1);\nEND;\n"


def test_nexus_is_named_with_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "tree.nex").write_text(NEXUS)
    (tmp_path / "marked.tre").write_text("\ufeff\n" + NEXUS.lower(), "utf-8")
    for given in (NEXUS, NEXUS.lower(), tmp_path / "tree.nex", str(tmp_path / "marked.tre")):
        with pytest.raises(DataError, match=r"is NEXUS.*write\.tree"):
            bg.lineage(given)


def test_new_errors_are_ours() -> None:
    with pytest.raises(BayesGLMMError, match="no such file"):
        bg.lineage("tree[1].nwk")
