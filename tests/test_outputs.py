"""Nothing is lost by writing: inputs, other people's files, and results that cannot be written."""

from __future__ import annotations

import os
import re
import shutil
from importlib import import_module
from pathlib import Path

import h5py
import pandas as pd
import pytest

import bayes_glmm as bg
from bayes_glmm.cli import main
from bayes_glmm.errors import ArgumentError, BayesGLMMError, WriteError
from tests.canned import bernoulli_tree, binomial_tree

MODEL = "deaths | trials(operations) ~ 1 + (1 | hospital)"
BINOMIAL = ("--family", "binomial", "--no-progress")
RAW = "hospital,operations,deaths\n001,47,0\n002,148,18\n003,119,8\n004,810,46\n005,211,8\n"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a table and a fit, the current one; sampling fails the test."""
    (tmp_path / "data.csv").write_text(RAW)
    bg.save(binomial_tree(), tmp_path / "fit.nc")
    monkeypatch.chdir(tmp_path)

    def work(*_: object, **__: object) -> None:
        raise AssertionError("work began before its output was looked at")

    for module, name in (
        ("fitting.fit_model", "fit_whole"), ("report.render", "content"),
        ("answers.predict.predictions", "predictions"), ("explore.assemble", "page"),
        ("scan.scanning", "read_markers"),
    ):  # fmt: skip
        monkeypatch.setattr(import_module(f"bayes_glmm.{module}"), name, work)
    return tmp_path


def refused(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    with pytest.raises(SystemExit) as stopped:
        main([str(a) for a in arguments])
    error = capsys.readouterr().err
    assert stopped.value.code == 2, error
    assert error.count("\n") == 1, error
    return error


def spellings(target: Path) -> dict[str, str]:
    """Other names of one file."""
    folder = target.parent
    (folder / "deep").mkdir()
    (folder / "soft").symlink_to(target)
    (folder / "softer").symlink_to("soft")
    (folder / "around").symlink_to(folder, target_is_directory=True)
    os.link(target, folder / "hard")
    return {
        "itself": target.name,
        "whole": str(target),
        "dots": f"./deep/../{target.name}",
        "link": "soft",
        "link of link": "softer",
        "through a linked folder": f"around/{target.name}",
        "hard link": "hard",
    }


@pytest.mark.parametrize("forced", [(), ("--force",)], ids=["plain", "forced"])
@pytest.mark.parametrize(
    ("verb", "lost"),
    [
        (("fit", MODEL, "data.csv", *BINOMIAL), "data.csv"),
        (("report", "fit.nc"), "fit.nc"),
        (("predict", "fit.nc", "data.csv"), "data.csv"),
        (("predict", "fit.nc", "data.csv"), "fit.nc"),
        (("explore", "fit.nc", "--no-open"), "fit.nc"),
        (("scan", "fit.nc", "data.csv"), "data.csv"),
    ],
    ids=lambda v: v[0] if isinstance(v, tuple) else v,
)
def test_no_input_is_written_over_by_any_name(
    verb: tuple[str, ...], lost: str, forced: tuple[str, ...], here: Path, capsys
) -> None:
    before = (here / lost).read_bytes()
    for name in spellings(here / lost).values():
        error = refused(capsys, *verb, "--out", name, *forced)
        assert "input" in error and lost in error
    assert (here / lost).read_bytes() == before
    assert not list(here.rglob("*.part"))


def test_files_of_models_structures_and_genotypes_are_inputs_too(here: Path, capsys) -> None:
    (here / "model.toml").write_text("version = 1\n")
    (here / "ped.csv").write_text("animal,sire,dam\na,,\n")
    (here / "cohort.bed").write_bytes(b"l\x1b\x01")
    (here / "cohort.fam").write_text("f i 0 0 1 -9\n")
    related = ("fit", "y ~ 1 + (1 | gr(animal, A))", "data.csv", "--force", "--no-progress")
    structure = ("--structure", "A=pedigree:ped.csv")
    for arguments in (
        ("fit", "model.toml", "data.csv", "--force", "--out", "model.toml"),
        (*related, *structure, "--out", "./ped.csv"),
        ("scan", "fit.nc", "cohort", "--force", "--out", "cohort.bed"),
        ("scan", "fit.nc", "cohort", "--force", "--out", "cohort.fam"),
    ):
        assert "is the input" in refused(capsys, *arguments)


@pytest.mark.parametrize(
    "verb",
    [
        ("fit", MODEL, "data.csv", *BINOMIAL),
        ("report", "fit.nc"),
        ("predict", "fit.nc", "data.csv"),
    ],
    ids=lambda v: v[0],
)
def test_what_cannot_be_written_is_refused_before_the_work(verb, here: Path, capsys) -> None:
    (here / "folder").mkdir()
    os.mkfifo(here / "pipe")
    (here / "loop").symlink_to("loop")
    places = {
        ".": "folder", "folder": "folder", "new/": "folder", "": "folder", "no/file": "does not exist",
        "data.csv/file": "no folder", "/dev/null": "device", "pipe": "device", "loop": "l",
        "n" * 300: "too long", "/proc/file": "cannot be written",
    }  # fmt: skip
    for out, named in places.items():
        assert named in refused(capsys, *verb, "--out", out, "--force")
    assert (here / "data.csv").read_text() == RAW


def test_another_kind_of_file_needs_force(here: Path, capsys) -> None:
    (here / "other.csv").write_text("a,b\n1,2\n")
    with h5py.File(here / "climate.nc", "w") as file:
        file["t"] = [1.0, 2.0]
    (here / "mine.html").write_text("<!doctype html><title>My page</title>")
    others = ["other.csv", "climate.nc", "mine.html"]
    before = {name: (here / name).read_bytes() for name in others}
    for name in others:
        for verb in (
            ("fit", MODEL, "data.csv", *BINOMIAL),
            ("report", "fit.nc"),
            ("explore", "--no-open"),
            ("demo",),
        ):
            assert "--force" in refused(capsys, *verb, "--out", name)
    assert "--force" in refused(capsys, "predict", "fit.nc", "data.csv", "--out", "other.csv")
    assert "end its name so" in refused(capsys, "predict", "fit.nc", "data.csv", "--out", "p.xlsx")
    assert {name: (here / name).read_bytes() for name in others} == before


def test_the_folder_of_chains_is_looked_at_first(here: Path, capsys) -> None:
    fit = ("fit", MODEL, "data.csv", *BINOMIAL)
    for store, out, named in (
        ("data.csv", "new.nc", "is a file"),
        ("fit.nc/chains", "new.nc", "leads through the file"),
        ("new.nc", "new.nc", "take its place"),
        ("new.nc/chains", "./new.nc", "take its place"),
    ):
        assert named in refused(capsys, *fit, "--store", store, "--out", out)
    assert sorted(p.name for p in here.iterdir()) == ["data.csv", "fit.nc"]


@pytest.mark.parametrize("name", ["data.csv", "data.csv/chains"])
def test_a_store_that_is_a_file_is_an_error_of_the_package(here: Path, name: str) -> None:
    from bayes_glmm.disk.run_folder import claim

    with pytest.raises(BayesGLMMError, match=r"data\.csv"):
        claim(Path(name), {"seed": 1})
    assert (here / "data.csv").read_text() == RAW


@pytest.mark.parametrize(
    "trouble", ["folder removed", "became a folder", "other kind", "disk full"]
)
def test_a_fit_that_cannot_be_written_is_kept(
    trouble: str, here: Path, tmp_path_factory, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    from bayes_glmm.results import storage as results_io

    spare = tmp_path_factory.mktemp("spare")
    monkeypatch.setattr("tempfile.tempdir", str(spare))
    tree, save = binomial_tree(), results_io.save
    out = here / "deep" / "new.nc"
    out.parent.mkdir()

    def sampled(*_: object, **__: object) -> object:
        if trouble == "folder removed":
            shutil.rmtree(out.parent)
        elif trouble == "became a folder":
            out.mkdir()
        elif trouble == "other kind":
            out.write_text("somebody else's")
        return tree

    def full(tree: object, path: Path, **options: object) -> Path:
        if spare not in path.parents:
            raise OSError(28, "No space left on device")
        return save(tree, path, **options)

    monkeypatch.setattr("bayes_glmm.fitting.fit_model.fit_whole", sampled)
    if trouble == "disk full":
        monkeypatch.setattr(results_io, "save", full)
    error = refused(capsys, "fit", MODEL, "data.csv", *BINOMIAL, "--out", out)
    place = re.search(r"The fit is kept: '([^']+)'", error)
    assert place, error
    assert bg.load(place[1]).identical(tree)
    assert not out.is_file() or out.read_text() == "somebody else's"


def test_where_nothing_can_be_kept_the_loss_is_said(tmp_path, monkeypatch) -> None:
    from bayes_glmm.disk.outputs import written_or_kept

    def full(path: Path) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(WriteError, match=r"No space left.*is lost"):
        written_or_kept(full, tmp_path / "fit.nc", "The fit")
    assert not list(tmp_path.iterdir())


def test_predictions_are_written_again_over_themselves(tmp_path, capsys) -> None:
    tree = binomial_tree()
    fit, out = bg.save(tree, tmp_path / "fit.nc"), tmp_path / "new.csv"
    bg.predictions(tree).to_csv(tmp_path / "was.csv", index=False)
    rows = tmp_path / "rows.csv"
    rows.write_text("hospital,operations\nA,100\nB,100\n")
    for place in (
        out,
        out,
        tmp_path / "was.csv",
        tmp_path / "new.parquet",
        tmp_path / "new.parquet",
    ):
        with pytest.raises(SystemExit) as stopped:
            main(["predict", str(fit), str(rows), "--groups", "known", "--out", str(place)])
        assert stopped.value.code == 0, capsys.readouterr().err
    assert len(pd.read_csv(out)) == len(pd.read_csv(tmp_path / "was.csv")) == 2
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "new.parquet"), pd.read_csv(out))


def test_python_refuses_what_the_command_line_refuses(tmp_path) -> None:
    tree, table = binomial_tree(), tmp_path / "data.csv"
    table.write_text(RAW)
    writers = {
        "save": bg.save,
        "report": lambda tree, path, **o: bg.report(tree, path, **o),
        "explore": lambda tree, path, **o: bg.explore(None, path, open=False, **o),
    }
    for write in writers.values():
        with pytest.raises(ArgumentError, match=r"data\.csv.*force=True"):
            write(tree, table)
        for place in (tmp_path, f"{tmp_path}/new/", tmp_path / "no" / "file", "/dev/null"):
            with pytest.raises(ArgumentError):
                write(tree, place)
            with pytest.raises(ArgumentError):
                write(tree, place, force=True)
    assert table.read_text() == RAW
    assert bg.save(tree, table, force=True) == table
    assert bg.load(table).identical(tree)
    page = bg.explore(None, tmp_path / "page.html", open=False)
    with pytest.raises(ArgumentError, match="not a fit"):
        bg.save(tree, page)
    with pytest.raises(ArgumentError, match="not a page"):
        bg.explore(None, table, open=False)


def test_a_fit_that_is_marked_as_read_only_is_not_replaced(tmp_path) -> None:
    path = bg.save(binomial_tree(), tmp_path / "fit.nc")
    path.chmod(0o444)
    with pytest.raises(ArgumentError, match="not to be written"):
        bg.save(bernoulli_tree(), path)
    assert bg.load(bg.save(bernoulli_tree(), path, force=True)).identical(bernoulli_tree())


def test_a_fit_is_saved_over_a_fit_an_empty_file_and_through_a_link(tmp_path) -> None:
    one, other = binomial_tree(), bernoulli_tree()
    (tmp_path / "empty.nc").touch()
    bg.save(one, tmp_path / "empty.nc")
    (tmp_path / "latest.nc").symlink_to("empty.nc")
    (tmp_path / "coming.nc").symlink_to("later.nc")
    assert bg.save(other, tmp_path / "latest.nc") == tmp_path / "latest.nc"
    assert (tmp_path / "latest.nc").is_symlink()
    assert bg.load(tmp_path / "empty.nc").identical(other)
    bg.save(one, tmp_path / "coming.nc")
    assert bg.load(tmp_path / "later.nc").identical(one)
