"""The command line: one line for bad input, statuses 0, 2 and 3, and the whole walk."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import bayes_glmm as bg
from tests.shell import call

SURGICAL = "deaths | trials(operations) ~ 1 + (1 | hospital)"
HOSPITALS = "hospital,operations,deaths\n001,47,0\n002,148,18\n003,119,8\n004,810,46\n005,211,8\n"
VERBS = ("check", "fit", "report", "predict", "scan", "explore", "templates", "demo")


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "hospitals.csv"
    path.write_text(HOSPITALS)
    return path


def refused(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    assert call(*arguments) == 2
    error = capsys.readouterr().err
    assert error.endswith("\n")
    assert error.count("\n") == 1, error
    return error


@pytest.mark.parametrize("verb", VERBS)
def test_help_shows_an_example(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(verb, "--help") == 0
    assert f"Example: bayes-glmm {verb}" in " ".join(capsys.readouterr().out.split())


def test_check_says_that_a_good_model_can_be_fitted(
    table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("check", SURGICAL, table, "--family", "binomial") == 0
    assert "5 rows; the model can be fitted" in capsys.readouterr().out


@pytest.mark.parametrize(("engine", "named"), [("warp", "one of auto"), ("collapsed", "gaussian")])
def test_fit_refuses_an_engine_that_does_not_apply(
    engine: str, named: str, table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "fit.nc"
    given = ("--family", "binomial", "--engine", engine, "--out", out)
    assert named in refused(capsys, "fit", SURGICAL, table, *given)
    assert not out.exists()


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("hospital,operations,deaths\n001,47,0\n002,148,\n003,9,1\n", ("deaths", "2")),
        ("hospital,operations\n001,47\n002,148\n", ("deaths", "hospitals.csv")),
        ("hospital,operations,deaths\n", ("hospitals.csv", "no rows")),
        ("", ("hospitals.csv", "not a readable table")),
    ],
    ids=["missing value", "missing column", "no rows", "empty file"],
)
def test_fit_refuses_bad_tables(
    content: str,
    named: tuple[str, ...],
    table: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    table.write_text(content)
    out = tmp_path / "fit.nc"
    error = refused(capsys, "fit", SURGICAL, table, "--family", "binomial", "--out", out)
    assert all(word in error for word in named), error
    assert not out.exists()


def test_check_of_a_bad_table_lists_the_findings_and_refuses(
    table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table.write_text(HOSPITALS.replace("148,18", "14,18"))
    assert call("check", SURGICAL, table, "--family", "binomial") == 2
    captured = capsys.readouterr()
    assert "deaths" in captured.out
    assert "hospitals.csv" in captured.err
    assert captured.err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("fit", "y ~ x"), "Missing argument"),
        ((), "Missing command"),
        (("explode",), "No such command"),
        (("check", "y ~ x +* z", "TABLE"), "y ~ x +* z"),
        (("check", "y ~ x", "nowhere.csv"), "nowhere.csv"),
        (("check", "nothing.toml", "TABLE"), "nothing.toml"),
        (("check", "hospital_infection", "TABLE"), "hospital_infections"),
        (("check", "y ~ x", "TABLE", "--map", "outcome=deaths"), "--map"),
        (("check", "hospital_infections", "TABLE", "--map", "outcome"), "ROLE=COLUMN"),
        (("check", "hospital_infections", "TABLE", "--family", "poisson"), "--family"),
        (("check", SURGICAL, "TABLE", "--family", "binomal"), "binomial"),
        (("report", "nowhere.nc", "--out", "r.html"), "nowhere.nc"),
        (("report", "TABLE", "--out", "r.html"), "hospitals.csv"),
        (("templates", "hospital_infection"), "hospital_infections"),
        (("explore", "TABLE", "--no-open"), "hospitals.csv"),
        (("explore", "--no-open", "--out", "no/such/folder/page.html"), "no/such/folder"),
        (("predict", "nowhere.nc", "TABLE", "--groups", "average"), "average"),
        (("fit", SURGICAL, "TABLE", "--out", "no/such/folder/fit.nc"), "no/such/folder"),
    ],
)
def test_bad_input_ends_with_one_line(
    arguments: tuple[str, ...], named: str, table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [str(table) if argument == "TABLE" else argument for argument in arguments]
    assert named in refused(capsys, *given)


def test_templates_are_listed_and_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("templates") == 0
    listed = capsys.readouterr().out
    for name in ("hospital_infections", "growth_trajectories", "overdispersed_counts"):
        assert name in listed
        assert call("templates", name) == 0
        assert bg.template(name).question in " ".join(capsys.readouterr().out.split())


@pytest.mark.fit
def test_the_whole_walk_keeps_identifiers_as_text(
    table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hospitals = bg.dataset("surgical")
    hospitals["hospital"] = [f"{i:03}" for i in range(1, 13)]
    hospitals.to_csv(table, index=False)
    out, page, predicted = tmp_path / "fit.nc", tmp_path / "fit.html", tmp_path / "new.csv"
    arguments = ("fit", SURGICAL, table, "--family", "binomial", "--out", out, "--no-progress")
    assert call(*arguments) == 0
    assert "Saved" in capsys.readouterr().out
    tree = bg.load(out)
    assert list(tree["posterior"]["hospital"].values) == list(hospitals["hospital"])

    assert call("report", out, "--out", page) == 0
    assert page.read_text("utf-8").lstrip().lower().startswith("<!doctype html>")

    assert call("predict", out, table, "--groups", "known", "--out", predicted) == 0
    rates = pd.read_csv(predicted)["mean"]
    assert len(rates) == 12
    assert rates.between(0, 0.3).all()

    table.write_text("hospital,operations\n1,47\n")
    error = refused(capsys, "predict", out, table, "--groups", "known")
    assert "001" in error and "hospitals.csv" in error


@pytest.mark.fit
def test_an_unconverged_fit_is_saved_and_says_so(
    table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "fit.nc"
    few = ("--chains", 2, "--draws", 10, "--tune", 5, "--target-accept", 0.6, "--no-progress")
    assert call("fit", SURGICAL, table, "--family", "binomial", "--out", out, *few) == 3
    error = capsys.readouterr().err
    assert error.splitlines()[0].startswith("The chains did not converge")
    assert "NOT converged" in error.splitlines()[1]
    assert out.exists()
