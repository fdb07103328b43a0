"""Ctrl-C while a model is sampled: what is there is kept, and what runs many fits stops."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bayes_glmm as bg
from bayes_glmm.cli import main
from bayes_glmm.errors import IncompleteWarning
from bayes_glmm.results.fit import Fit

FORMULA = "y ~ x + (1 | g)"
QUICK = {"family": "poisson", "tune": 100, "progress": False, "target_accept": 0.9, "seed": 9}
LONG = {**QUICK, "draws": 1_000_000}
PRIORS = {
    "intercept": bg.Prior("Normal", mu=1, sigma=0.7),
    "beta": bg.Prior("Normal", mu=0, sigma=0.5),
    "sd": bg.Prior("HalfNormal", sigma=0.7),
}
UNCONVERGED = "ignore::bayes_glmm.errors.UnconvergedWarning"
SLEEP = time.sleep


@pytest.fixture(scope="module")
def table(grouped_counts) -> pd.DataFrame:
    return grouped_counts.copy()


@pytest.fixture
def ctrl_c(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let Ctrl-C arrive, once, in a wait that finds what is waited for, some waits later."""

    def arm(ready: Callable[[], bool] = lambda: True, later: int = 0) -> None:
        left = later

        def sleep(seconds: float) -> None:
            nonlocal left
            SLEEP(seconds)
            if ready():
                left -= 1
                if left < 0:
                    monkeypatch.setattr("time.sleep", SLEEP)
                    raise KeyboardInterrupt

        monkeypatch.setattr("time.sleep", sleep)

    return arm


def stopped_fit(ctrl_c: Callable[..., None], table: pd.DataFrame, **options: object):
    """Fit until Ctrl-C, which comes later and later until some draws are there."""
    for later in (200, 1000, 5000):
        ctrl_c(later=later)
        try:
            with pytest.warns(IncompleteWarning, match="Sampling was stopped") as said:
                tree = bg.fit(FORMULA, table, **options)
        except KeyboardInterrupt:
            continue
        assert [w.filename for w in said if w.category is IncompleteWarning] == [__file__]
        return tree
    raise AssertionError("no draws after half a minute")


def is_a_true_fit(tree, asked: str, place: Path) -> None:
    """Check that a fit says what it has, and answers, saves and loads as others do."""
    info, sizes = Fit.of(tree).info, tree["posterior"].sizes
    shape = {"chains": sizes["chain"], "draws": sizes["draw"]}
    assert {k: info["settings"][k] for k in shape} == shape
    who = "1 chain" if sizes["chain"] == 1 else f"each of {sizes['chain']} chains"
    assert info["notes"][-1] == (
        f"Sampling was stopped: {sizes['draw']:,} draws of {who} are kept, of {asked} asked for."
    )
    for name in ("posterior", "sample_stats"):
        for values in tree[name].data_vars.values():
            assert values.shape[:2] == (sizes["chain"], sizes["draw"])
            assert np.isfinite(values.values.astype(float)).all()
    assert np.isfinite(bg.summary(tree)["mean"]).all()
    assert bg.diagnose(tree).findings is not None
    bg.save(tree, place)
    assert bg.load(place).identical(tree)


@pytest.mark.fit
@pytest.mark.filterwarnings(UNCONVERGED)
def test_chains_that_were_under_way_count(table, ctrl_c, tmp_path):
    tree = stopped_fit(ctrl_c, table, chains=3, cores=2, **LONG)
    assert tree["posterior"].sizes["chain"] in (1, 2)
    assert 10 <= tree["posterior"].sizes["draw"] < 1_000_000
    is_a_true_fit(tree, "1,000,000 of 3 chains", tmp_path / "fit.nc")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_chains_of_a_graph_count_as_well(table, ctrl_c, tmp_path):
    tree = stopped_fit(ctrl_c, table, chains=2, cores=2, engine="nuts", **LONG)
    assert Fit.of(tree).info["settings"]["path"] == "graph"
    assert 10 <= tree["posterior"].sizes["draw"] < 1_000_000
    is_a_true_fit(tree, "1,000,000 of 2 chains", tmp_path / "fit.nc")


@pytest.mark.fit
@pytest.mark.filterwarnings(UNCONVERGED)
def test_whole_chains_stay_in_the_store_and_the_same_call_goes_on(table, ctrl_c, tmp_path):
    how = {**QUICK, "draws": 40_000, "chains": 4, "cores": 1}
    whole = bg.fit(FORMULA, table, **how)["posterior"]
    store = tmp_path / "run"
    ctrl_c(lambda: len(list(store.glob("*.npz"))) >= 2, later=10)
    with pytest.warns(IncompleteWarning, match="Sampling was stopped"):
        tree = bg.fit(FORMULA, table, store=store, **how)
    sizes = tree["posterior"].sizes
    assert 80_000 <= sizes["chain"] * sizes["draw"] < 160_000
    for name, values in tree["posterior"].data_vars.items():
        undisturbed = whole[name].values[: sizes["chain"], : sizes["draw"]]
        np.testing.assert_array_equal(values.values, undisturbed)
    is_a_true_fit(tree, "40,000 of 4 chains", tmp_path / "fit.nc")
    kept = {p: p.stat().st_mtime_ns for p in store.glob("*.npz")}
    assert 2 <= len(kept) < 4
    for path in kept:
        with np.load(path) as parts:
            assert {len(parts[k]) for k in parts.files} == {40_000}
    again = bg.fit(FORMULA, table, store=store, **how)["posterior"]
    assert again.equals(whole)
    assert all(path.stat().st_mtime_ns == then for path, then in kept.items())


@pytest.mark.fit
def test_without_draws_there_is_no_fit(table, ctrl_c):
    ctrl_c()
    with pytest.raises(KeyboardInterrupt):
        bg.fit(FORMULA, table, **{**LONG, "tune": 1_000_000})
    settings = {**QUICK, "draws": 9}  # whole chains, too short to count
    ctrl_c(later=100)
    with pytest.raises(KeyboardInterrupt):
        bg.fit(FORMULA, table, chains=200, cores=1, **settings)


@pytest.mark.fit
@pytest.mark.filterwarnings(UNCONVERGED)
def test_a_second_run_that_is_stopped_leaves_the_first(table, ctrl_c, tmp_path):
    how = {**QUICK, "tune": 5, "draws": 200, "chains": 3, "cores": 1}
    first = bg.fit(FORMULA, table, **{**how, "target_accept": 0.8})["posterior"]
    ctrl_c(lambda: any(tmp_path.glob("attempt2*")))
    with pytest.warns(IncompleteWarning, match=r"at 0\.99 was stopped: the first run is kept"):
        tree = bg.fit(FORMULA, table, store=tmp_path, **{**how, "target_accept": None})
    info = Fit.of(tree).info
    assert info["notes"][-1].startswith(
        f"{int(tree['sample_stats']['diverging'].sum())} divergences at target_accept=0.8;"
    )
    assert (info["settings"]["target"], info["settings"]["chains"]) == (0.8, 3)
    assert tree["posterior"].equals(first)


def many(table: pd.DataFrame) -> dict[str, Callable[[], object]]:
    """Calls that fit models again and again."""
    tree = bg.fit(FORMULA, table, **{**QUICK, "draws": 20, "chains": 1})
    how = {"tune": 100, "chains": 2, "cores": 1, "draws": 300_000, "target_accept": 0.9}
    return {
        "refit": partial(bg.refit, tree, ["0"], **how),
        "kfold": partial(bg.kfold, tree, 2, progress=False, **how),
        "sensitivity": partial(bg.prior_sensitivity, tree, progress=False, **how),
        "calibrate": partial(
            bg.calibrate, FORMULA, table, n=20, family="poisson", progress=False, draws=300_000,
            tune=100, priors=PRIORS,
        ),
    }  # fmt: skip


@pytest.mark.fit
@pytest.mark.filterwarnings(UNCONVERGED)
@pytest.mark.parametrize("name", ["refit", "kfold", "sensitivity", "calibrate"])
def test_what_runs_many_fits_stops(table, ctrl_c, name):
    call = many(table)[name]
    ctrl_c(later=200)
    with pytest.raises(KeyboardInterrupt):
        call()


@pytest.mark.fit
def test_the_command_line_stops(table, ctrl_c, tmp_path, capsys):
    table.to_csv(tmp_path / "table.csv", index=False)
    ctrl_c(later=200)
    with pytest.raises(SystemExit) as status:
        main(["fit", FORMULA, str(tmp_path / "table.csv"), "--family", "poisson", "--draws",
              "1000000", "--tune", "100", "--out", str(tmp_path / "fit.nc")])  # fmt: skip
    assert status.value.code == 130
    assert capsys.readouterr().err == "Interrupted; with --store the same command resumes.\n"
    assert not (tmp_path / "fit.nc").exists()


SCRIPT = """
import signal
import sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
import bayes_glmm as bg
import pandas as pd
table = pd.read_csv(sys.argv[1], dtype={"g": str})
print("ready", flush=True)
tree = bg.fit("y ~ x + (1 | g)", table, family="poisson", draws=1_000_000, tune=100, chains=2,
              cores=2, progress=False, target_accept=0.9)
bg.save(tree, sys.argv[2])
"""


@pytest.mark.fit
@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to one process")
def test_a_signal_to_a_process_ends_its_fit_with_what_is_there(table, tmp_path):
    table.to_csv(tmp_path / "table.csv", index=False)
    command = [sys.executable, "-c", SCRIPT, str(tmp_path / "table.csv"), str(tmp_path / "fit.nc")]
    for seconds in (2, 8, 30):
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert process.stdout.readline() == "ready\n"
        time.sleep(seconds)
        process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=100)
        if process.returncode == 0:
            break
    assert process.returncode == 0, error
    assert "IncompleteWarning: Sampling was stopped: " in error
    assert "Traceback" not in error
    is_a_true_fit(bg.load(tmp_path / "fit.nc"), "1,000,000 of 2 chains", tmp_path / "again.nc")
