"""What the command line reads and writes, when it is hostile or damaged: one line and status 2."""

from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd
import pytest

import bayes_glmm as bg
from tests.canned import tree_of
from tests.shell import call


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "t.csv"
    path.write_text("y,x\n1,2\n2,3\n3,5\n4,7\n")
    return path


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"\xff\xfeformula", "not text in UTF-8"),
        (".".join("a" * 40_000).encode() + b" = 1", "more than 8 parts"),
        (b"#" * 500_000, "more than 400000 bytes"),
        (b"formula = 'y ~ x'\0", "not TOML"),
    ],
)
def test_a_model_file_of_anything_is_one_line(
    content: bytes, why: str, table: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    model = tmp_path / "model.toml"
    model.write_bytes(content)
    assert call("check", model, table) == 2
    said = capsys.readouterr().err
    assert why in said and "model.toml" in said
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"y,x,y\n1,2,3\n", "more than once"),
        (b"y,x\n1,\x002\n", "NUL"),
        ("y,x\n1,é\n".encode("latin-1"), "UTF-8"),
        (",".join(f"x{i}" for i in range(100_000)).encode() + b"\n1\n", "100000 columns"),
        (b"y,x\nr1,1,2\n", "Name every column"),
    ],
)
def test_a_table_of_anything_is_one_line(
    content: bytes, why: str, table: Path, capsys: pytest.CaptureFixture
) -> None:
    table.write_bytes(content)
    assert call("check", "y ~ x", table) == 2
    said = capsys.readouterr().err
    assert why in said and "t.csv" in said
    assert said.count("\n") == 1


def test_a_model_beyond_the_limits_is_refused_by_check_as_by_fit(
    table: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    names = [f"x{i}" for i in range(15)]
    table.write_text(",".join(["y", *names]) + "\n" + "1" + ",2" * 15 + "\n")
    formula = f"y ~ ({' + '.join(names)})^2"
    said = []
    for verb in (["check", formula, table], ["fit", formula, table, "--out", tmp_path / "f.nc"]):
        assert call(*verb) == 2
        said.append(capsys.readouterr().err)
    assert said[0] == said[1]
    assert "400 parts" in said[0]


def test_predictions_for_a_spreadsheet_hold_no_formula(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    ids = ["=cmd|' /C calc'!A0", "-2+3", "@x", "plain"]
    data = pd.DataFrame({"y": [1.0, 2.0, 1.5, 3.0] * 3, "x": range(12), "id": ids * 3})
    truth = {"intercept": 1.0, "beta": [-0.1], "sigma": 1.0, "sd_id": [0.5],
             "u_id": [[0.1], [0.0], [0.2], [-0.1]]}  # fmt: skip
    fit = bg.save(tree_of("y ~ x + (1 | id)", data, truth), tmp_path / "fit.nc")
    rows, out = tmp_path / "rows.csv", tmp_path / "out.csv"
    data.to_csv(rows, index=False)
    assert call("predict", fit, rows, "--groups", "known", "--out", out) == 0
    assert call("predict", fit, rows, "--groups", "known") == 0
    with out.open(newline="") as handle:
        cells = [cell for row in list(csv.reader(handle))[1:] for cell in row]
    texts = [c for c in cells if not c.replace(".", "").replace("-", "").replace("e", "").isdigit()]
    assert not [c for c in texts if c.startswith(("=", "+", "-", "@"))]
    assert any(float(c) < 0 for c in cells if c not in texts) or len(cells)
    assert "\n=cmd" not in capsys.readouterr().out
    for verb in ("report", "explore"):
        assert call(verb, fit, "--out", tmp_path / "nowhere" / "page.html") == 2


def test_a_table_on_a_full_disk_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    import os

    data = pd.DataFrame({"y": [1.0, 2.0, 1.5, 3.0], "x": [1, 2, 3, 4]})
    truth = {"intercept": 1.0, "beta": [-0.1], "sigma": 1.0}
    fit = bg.save(tree_of("y ~ x", data, truth), tmp_path / "fit.nc")
    data.to_csv(tmp_path / "rows.csv", index=False)

    def refuse(number: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", refuse)
    out = tmp_path / "out.csv"
    out.write_text("old")
    assert call("predict", fit, tmp_path / "rows.csv", "--out", out, "--force") == 2
    assert "out.csv cannot be written (No space left on device)" in capsys.readouterr().err
    assert out.read_text() == "old"
