"""Structures from files: descriptions in TOML and on the command line, and what is refused."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st

import bayes_glmm as bg
from bayes_glmm.cli import main
from bayes_glmm.cli.column_mapping import renamed
from bayes_glmm.design.spec_io import spec_from_dict, spec_to_dict
from bayes_glmm.errors import ArgumentError, BayesGLMMError, DataError, SpecError, UnknownLevelError
from bayes_glmm.spec.sources import KINDS, Source, parse_source

PEDIGREE = "ring,sire,dam\nc,a,b\n d ,c,b\n007,0,\ne,NA,unknown\n"
FORMULA = "y ~ 1 + (1 | gr(animal, A))"
TOML = f"""\
version = 1
formula = "{FORMULA}"
family = "gaussian"
missing = "error"

[structures.A]
kind = "pedigree"
file = "sub/ped.csv"
id = "ring"
"""
FILES = {
    "ped.csv": PEDIGREE,
    "K.csv": "id,a,b,c\nb,0.5,1,0\na,1,0.5,0\nc,0,0,1\n",
    "geno.csv": "who,s1,s2,s3\na,0,1,2\nb,1,1,0\nc,2,,1\n",
    "tree.nwk": "((a:1,b:1):1,c:2);",
    "tree.csv": "node,parent,length\na,m,1\nb,m,1\nm,r,1\nc,r,2\n",
    "edges.csv": "from,to\na,b\nb,c\n",
    "places.csv": "cell,x,y\na,0,0\nb,1,0\nc,5,0\n01,6,0\n",
}
READ = {
    "A=pedigree:ped.csv,id=ring": ["007", " d ", "a", "b", "c", "e"],
    "A=kinship:K.csv,jitter=0.01": ["a", "b", "c"],
    "A=genomic:geno.csv,method=gcta": ["a", "b", "c"],
    "A=lineage:tree.nwk,model=ou": ["a", "b", "c"],
    "A=lineage:tree.csv": ["a", "b", "c", "m", "r"],
    "A=areal:edges.csv,model=icar": ["a", "b", "c"],
    "A=areal:edges.csv,areas=a|b|c|lone": ["a", "b", "c", "lone"],
    "A=areal:places.csv,id=cell,x=x,y=y,nearest=1": ["01", "a", "b", "c"],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def spec_of(source: Source, formula: str = FORMULA) -> bg.ModelSpec:
    return bg.parse(formula, structures={"A": source})


@pytest.mark.parametrize("written", list(READ))
def test_every_kind_is_read_with_its_labels(written: str, folder: Path) -> None:
    name, source = parse_source(written)
    found = bg.read_structures(spec_of(source), folder)[name]
    assert sorted(found.labels.tolist()) == sorted(READ[written])
    assert found.kind == source.kind


def test_files_give_what_tables_give(folder: Path) -> None:
    rows = pd.DataFrame({"animal": ["c", "d"], "sire": ["a", "c"], "dam": ["b", "b"]})
    (folder / "p.csv").write_text(rows.to_csv(index=False))
    (folder / "z.csv").write_text(rows.assign(sire=[0, "c"]).to_csv(index=False))
    read = bg.read_structures(spec_of(Source("pedigree", "p.csv")), folder)["A"]
    assert read.identity() == bg.pedigree(rows).identity()
    unknown = bg.read_structures(spec_of(Source("pedigree", "z.csv")), folder)["A"]
    rows.loc[0, "sire"] = None
    assert unknown.identity() == bg.pedigree(rows).identity()
    K = pd.DataFrame([[1, 0.5, 0], [0.5, 1, 0], [0, 0, 1.0]], list("abc"), list("abc"))
    read = bg.read_structures(spec_of(Source("kinship", "K.csv")), folder)["A"]
    assert read.identity() == bg.kinship(K).identity()


def test_it_reads_well_as_toml_and_comes_back() -> None:
    spec = bg.ModelSpec.from_toml(TOML)
    assert spec.to_toml() == TOML
    assert spec == spec_of(Source("pedigree", "sub/ped.csv", {"id": "ring"}))
    assert spec_from_dict(spec_to_dict(spec)) == spec


NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True)
WORDS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), min_size=1)
VALUES = {
    "text": WORDS,
    "a number": st.floats(allow_nan=False, allow_infinity=False),
    "a whole number": st.integers(-9, 10**9),
    "a list of texts": st.lists(WORDS, max_size=4),
}


@st.composite
def sources(draw: st.DrawFn) -> Source:
    kind = draw(st.sampled_from(sorted(KINDS)))
    file = draw(WORDS.filter(str.strip)) if KINDS[kind].file else None
    chosen = draw(st.lists(st.sampled_from(sorted(KINDS[kind].options)), unique=True))
    options = {key: draw(VALUES[KINDS[kind].options[key]]) for key in chosen}
    return Source(kind, None if file is None else f"f{file}", options)


@limits(max_examples=150, deadline=None)
@given(sources(), NAMES)
def test_every_description_survives_text_and_lists(source: Source, name: str) -> None:
    spec = bg.ModelSpec("y", bg.Predictor(random=(bg.RandomEffect("g", structure="A"),)),
                        structures={"A": source})  # fmt: skip
    assert bg.ModelSpec.from_toml(spec.to_toml()) == spec
    assert spec_from_dict(spec_to_dict(spec)) == spec


REFUSED = {
    "structures = 3": "structures is a table",
    "structures.A = 'ped.csv'": "structures.A is a table such as",
    "[structures.A]\nfile = 'p.csv'": "structures.A is a table such as",
    "[structures.A]\nkind = 'pedigre'\nfile = 'p.csv'": "Did you mean 'pedigree'",
    "[structures.A]\nkind = 'pedigree'": "read from a file, a table with columns animal",
    "[structures.A]\nkind = 'pedigree'\nfile = 3": "file is a path in quotes",
    "[structures.A]\nkind = 'pedigree'\nfile = 'p.csv'\nids = 'ring'": "Did you mean 'id'",
    "[structures.A]\nkind = 'kinship'\nfile = 'K.csv'\njitter = '1'": "jitter .* is a number",
    "[structures.A]\nkind = 'kinship'\nfile = 'K.csv'\njitter = true": "jitter .* is a number",
    "[structures.A]\nkind = 'kinship'\nfile = 'K.csv'\njitter = inf": "jitter .* is a number",
    "[structures.A]\nkind = 'areal'\nfile = 'e.csv'\nareas = [1]": "areas .* is a list of texts",
    "[structures.A]\nkind = 'coordinates'\nfile = 'e.csv'": "leave file out",
    "[structures.B]\nkind = 'pedigree'\nfile = 'p.csv'": "'B' is described, but no term",
}


@pytest.mark.parametrize("text", list(REFUSED))
def test_malformed_descriptions_are_named(text: str) -> None:
    with pytest.raises(SpecError, match=REFUSED[text]):
        bg.ModelSpec.from_toml(f"formula = '{FORMULA}'\n{text}")


WRONG = {
    "A=pedigree:absent.csv": (DataError, "absent.csv: there is no such file"),
    "A=pedigree:K.csv": (ArgumentError, "structure 'A', .*K.csv: .* no column 'animal'"),
    "A=kinship:edges.csv": (BayesGLMMError, "structure 'A', .*edges.csv: .*'b'"),
    "A=genomic:edges.csv": (ArgumentError, "edges.csv: Genotypes are numbers"),
    "A=genomic:absent.csv": (DataError, "absent.csv: There is no such file"),
    "A=lineage:ped.csv": (ArgumentError, "ped.csv: .* lacks node"),
    "A=lineage:edges.nwk": (DataError, "edges.nwk: there is no such file"),
    "A=areal:places.csv": (ArgumentError, "places.csv: .* two columns"),
    "A=areal:places.csv,nearest=2": (SpecError, "places.csv: .* need id, x and y"),
    "A=areal:places.csv,id=cell,x=x,y=cell": (DataError, "holds 'a' in row 1"),
    "A=areal:places.csv,id=cell,x=x,y=z": (ArgumentError, "no column 'z'"),
    "A=coordinates:x=lon": (SpecError, "structure 'A': Coordinates need y"),
    "A=pedigree:bundled:../catalogue.toml": (SpecError, "no file '../catalogue.toml'"),
}


@pytest.mark.parametrize("written", list(WRONG))
def test_bad_files_are_named(written: str, folder: Path) -> None:
    kind, message = WRONG[written]
    _, source = parse_source(written)
    with pytest.raises(kind, match=message):
        bg.read_structures(spec_of(source), folder)


@pytest.mark.parametrize(
    "text",
    ["A", "A=", "=pedigree:x", "A=pedigree", "A=pedigree:x.csv,ring", "A=kinship:K,jitter=x"],
)
def test_options_of_another_form_are_refused(text: str) -> None:
    with pytest.raises(SpecError):
        parse_source(text)


@limits(max_examples=100, deadline=None)
@given(content=st.binary(max_size=80) | st.text('ab01,.\n"', max_size=40).map(str.encode))
@pytest.mark.parametrize("kind", ["pedigree", "kinship", "genomic", "lineage", "areal"])
def test_nothing_but_our_errors_comes_out_of_any_bytes(kind: str, content: bytes) -> None:
    with tempfile.TemporaryDirectory() as made:
        path = Path(made) / "any.csv"
        path.write_bytes(content)
        try:
            bg.read_structures(spec_of(Source(kind, str(path))))
        except BayesGLMMError as error:
            assert "any.csv" in str(error)


def test_roles_rename_the_columns_of_the_data_alone() -> None:
    places = spec_of(Source("coordinates", options={"x": "lon", "y": "lat"}))
    moved = renamed(places, {"lon": "east"}).structures
    assert dict(dict(moved)["A"].options) == {"x": "east", "y": "lat"}
    kin = spec_of(Source("pedigree", "p.csv", {"id": "animal"}))
    assert dict(renamed(kin, {"animal": "ring"}).structures)["A"].options == (("id", "animal"),)


def test_what_is_given_replaces_what_is_described(folder: Path) -> None:
    data = pd.DataFrame({"y": np.arange(6.0), "animal": ["a", "b", "c"] * 2})
    spec = spec_of(Source("pedigree", "never_read.csv"))
    with pytest.raises(DataError, match="never_read.csv: there is no such file"):
        bg.check(spec, data)
    given = {"A": bg.lineage(folder / "tree.nwk")}
    assert not bg.check(spec, data, structures=given).errors


def test_a_templates_example_is_not_taken_for_ones_own() -> None:
    data = bg.dataset("flock").assign(lamb=lambda d: "x" + d["lamb"])
    (found,) = bg.check("heritability", data).errors
    assert "'xlamb001'" in found.message
    assert "A was read from the template's own example: give yours" in found.message
    assert "--structure A=pedigree:FILE" in found.message


def call(*arguments: object) -> int:
    with pytest.raises(SystemExit) as stopped:
        main([str(argument) for argument in arguments])
    return int(stopped.value.code or 0)


def test_files_stand_beside_the_toml_that_names_them(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "sub").mkdir()
    (folder / "ped.csv").rename(folder / "sub" / "ped.csv")
    (folder / "model.toml").write_text(TOML)
    (folder / "data.csv").write_text("y,animal\n" + "1,a\n2,b\n4,007\n3,c\n1,007\n")
    assert call("check", folder / "model.toml", folder / "data.csv") == 0
    (folder / "data.csv").write_text("y,animal\n1,a\n2,b\n4,7\n3,c\n1,7\n")
    assert call("check", folder / "model.toml", folder / "data.csv") == 2
    assert "'007'" in capsys.readouterr().out
    (folder / "sub" / "ped.csv").unlink()
    assert call("check", folder / "model.toml", folder / "data.csv") == 2
    error = capsys.readouterr().err
    assert "ped.csv: there is no such file" in error
    assert error.count("\n") == 1


def test_formulas_take_structures_by_option(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "data.csv").write_text("y,animal\n1,a\n2,b\n4,c\n3,c\n1,a\n")
    tree = f"A=lineage:{folder / 'tree.nwk'}"
    given = ("check", FORMULA, folder / "data.csv", "--structure")
    assert call(*given, tree) == 0
    assert call(*given, tree, "--structure", tree) == 2
    assert "twice" in capsys.readouterr().err
    assert call(*given, f"B=lineage:{folder / 'tree.nwk'}") == 2
    assert "names the structure 'A'" in capsys.readouterr().err
    assert call(*given, "A=lineage:no.nwk") == 2
    assert "no.nwk: there is no such file" in capsys.readouterr().err


@pytest.mark.parametrize(
    "name", ["heritability", "kinship_trait", "phylogenetic_trait", "cell_fate", "disease_map",
             "prevalence_points"],
)  # fmt: skip
def test_templates_explain_their_structures(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = bg.template(name)
    assert set(found.structures) == set(dict(found.spec.structures))
    assert all("--structure" in text for text in found.structures.values())
    assert call("templates", name) == 0
    assert "bundled:" in capsys.readouterr().out or name == "prevalence_points"


def test_levels_that_a_structure_lacks_are_an_error_of_ours(folder: Path) -> None:
    lineage = bg.lineage(folder / "tree.nwk")
    with pytest.raises(UnknownLevelError, match="'z'"):
        lineage.require(np.array(["z"]))
