"""The page is whole, asks for nothing, and holds the posterior it was given."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bayes_glmm as bg
from bayes_glmm.cli import main
from bayes_glmm.errors import ArgumentError, ResultError
from bayes_glmm.explore.assemble import PAGE, page
from bayes_glmm.explore.posterior_page import posterior_of
from bayes_glmm.results.fit import with_info
from tests.canned import bernoulli_tree, binomial_tree, poisson_tree, slope_tree, tree_of

LARGEST = 600_000


def table(seed: int = 0, **columns: object) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    n = 60
    base = {
        "y": rng.integers(0, 2, n), "x": np.tile(np.arange(6.0), 10), "z": rng.normal(size=n),
        "g": np.repeat([f"g{i}" for i in range(10)], 6), "h": np.tile(["a", "b", "c"], 20),
        "days": np.full(n, 30.0),
    }  # fmt: skip
    return pd.DataFrame(base | columns)


TRUTH = {"intercept": -1.0, "beta": [0.5], "sd_g": [1.0], "u_g": np.zeros((10, 1))}


def sloped(formula: str = "y ~ x + z + (1 + x | g)"):
    corr = [[1.0, -0.4], [-0.4, 1.0]]
    truth = {
        "intercept": -1.0, "beta": [0.5, 0.3], "sd_g": [1.0, 0.2], "u_g": np.zeros((10, 2)),
        "corr_g": corr, "corr_chol_g": np.linalg.cholesky(corr),
    }  # fmt: skip
    return tree_of(formula, table(), truth, family="bernoulli")


def test_the_page_is_one_small_file_that_asks_for_nothing() -> None:
    for shown in (None, posterior_of(bernoulli_tree())):
        source = page(shown)
        assert len(source.encode()) < LARGEST
        assert not re.search(
            r"https?://|\bsrc=|\bhref=|url\((?!#)|@import|\bfetch\(|XMLHttp", source
        )
        assert source.count("<script") == 2


def test_only_its_own_script_and_style_may_run() -> None:
    source = page(None)
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]+)"', source)
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    for tag in ("script", "style"):
        (inside,) = re.findall(rf"<{tag}>(.*?)</{tag}>", source, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy


def test_its_colours_are_those_of_the_plots() -> None:
    from bayes_glmm.plots.style import COLOURS, GREY

    style = (PAGE / "page.css").read_text("utf-8")
    for name in ("typical", "average", "grey", "truth"):
        (light,) = re.findall(rf"--{name}: light-dark\((#\w+)", style)
        assert light in (*COLOURS, GREY)


def test_a_file_is_written_and_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    monkeypatch.chdir(tmp_path)
    assert bg.explore() == Path("explorer.html")
    assert opened == [(tmp_path / "explorer.html").resolve().as_uri()]
    assert bg.explore(path=tmp_path / "again.html", open=False).exists()
    assert len(opened) == 1
    with pytest.raises(ArgumentError, match="does not exist"):
        bg.explore(path=tmp_path / "no" / "page.html", open=False)


def test_the_command_writes_a_fit_and_refuses_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, kept = tmp_path / "page.html", tmp_path / "fit.nc"
    bg.save(bernoulli_tree(), kept)
    with pytest.raises(SystemExit, match="0"):
        main(["explore", str(kept), "--out", str(out), "--no-open"])
    assert "arm + month" in out.read_text("utf-8")
    bg.save(slope_tree(), kept)
    with pytest.raises(SystemExit, match="2"):
        main(["explore", str(kept), "--out", str(out), "--no-open"])
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "gaussian" in error and "fit.nc" in error


def embedded(source: str) -> dict:
    (data,) = re.findall(r'id="data">(.*?)</script>', source, re.DOTALL)
    return json.loads(data)


def test_the_draws_are_those_of_the_fit() -> None:
    tree = sloped()
    shown = embedded(page(posterior_of(tree)))
    posterior, places = tree["posterior"], np.linspace(0, 999, 400).round().astype(int)

    def drawn(name: str) -> np.ndarray:
        values = posterior[name].values
        return values.reshape(-1, *values.shape[2:])[places]

    assert (shown["kept"], shown["total"]) == (400, 1000)
    level = drawn("intercept") + drawn("beta")[:, 1] * table()["z"].mean()
    np.testing.assert_allclose(shown["draws"]["intercept"], level, rtol=1e-12)
    np.testing.assert_allclose(shown["draws"]["slope"], drawn("beta")[:, 0], rtol=1e-12)
    np.testing.assert_allclose(shown["draws"]["sd1"], drawn("sd_g")[:, 1], rtol=1e-12)
    np.testing.assert_allclose(shown["draws"]["corr"], drawn("corr_g")[:, 0, 1], rtol=1e-12)
    assert shown["x"] == {"name": "x", "low": 0.0, "high": 5.0, "step": 1.0}
    assert shown["held"] == ["z"]
    assert (shown["outcome"], shown["groups"], shown["size"]) == ("binary", 10, 6)


def test_counts_are_shown_for_the_middle_exposure() -> None:
    tree = poisson_tree()
    shown, fitted = posterior_of(tree), tree["posterior"]
    days = float(np.median(tree["constant_data"]["days"]))
    assert shown["unit"] == f" per {days:.3g} days"
    wanted = float(fitted["intercept"].mean()) + np.log(days)
    assert shown["means"]["intercept"] == pytest.approx(wanted, abs=0.01)
    assert (shown["x"]["low"], shown["x"]["high"]) == (0.0, 1.0)


def test_ordered_categories_bring_their_thresholds() -> None:
    data = table(
        y=pd.Categorical(np.tile(["low", "mid", "high"], 20), ["low", "mid", "high"], True)
    )
    truth = {"threshold": [-1.0, 1.0]} | {k: v for k, v in TRUTH.items() if k != "intercept"}
    shown = posterior_of(tree_of("y ~ x + (1 | g)", data, truth, family="cumulative"))
    assert shown["categories"] == ["low", "mid", "high"]
    assert np.shape(shown["draws"]["thresholds"]) == (400, 2)
    assert shown["draws"]["intercept"] == [0.0] * 400


def test_names_cannot_become_markup() -> None:
    hostile = "</script><b>x"
    data = table().rename(columns={"x": hostile})
    tree = tree_of(f"y ~ `{hostile}` + (1 | g)", data, TRUTH, family="bernoulli")
    source = page(posterior_of(tree))
    assert source.count("</script>") == 2
    assert "<b>" not in source.split("<script")[0]
    assert embedded(source)["x"]["name"] == hostile


def test_an_unconverged_fit_says_so() -> None:
    told = with_info(sloped(), converged=False, verdict=[{"message": "R-hat is 1.4"}])
    assert 'role="alert">The chains did not converge' in page(posterior_of(told))


@pytest.mark.parametrize(
    ("formula", "truth", "named"),
    [
        ("y ~ 1 + (1 | g)", {}, "no covariate"),
        ("y ~ x + (1 | g) + (1 | h)", {}, "several groups: g, h"),
        ("y ~ x + (1 + z | g)", {}, "z, which has no coefficient"),
        ("y ~ x * z + (1 + x | g)", {}, "x:z"),
        ("y ~ x + (1 + x + z | g)", {}, "differ in intercept, x, z"),
        ("y ~ 0 + x + (1 | g)", {}, "no intercept"),
        ("y ~ s(x, k=5) + (1 | g)", {}, r"curve s\(x, k=5\)"),
        ("y ~ x + offset(z) + (1 | g)", {}, "offset"),
        ('y ~ x + (1 | gr(g, dist="student"))', {}, "not normal"),
    ],
)
def test_other_models_are_refused_with_the_reason(formula: str, truth: dict, named: str) -> None:
    tree = tree_of(formula, table(), {"intercept": 0.0}, family="bernoulli")
    with pytest.raises(ResultError, match=named) as refused:
        posterior_of(tree)
    assert "y ~ x + (1 + x | person)" in str(refused.value)


@pytest.mark.parametrize("tree", [slope_tree, binomial_tree], ids=["gaussian", "no covariate"])
def test_canned_models_are_refused(tree) -> None:
    with pytest.raises(ResultError, match="The explorer shows"):
        posterior_of(tree())
