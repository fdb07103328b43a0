"""From formula and table to a fitted tree: the same bytes, whatever happens on the way."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bayes_glmm as bg
from bayes_glmm.errors import (
    ArgumentError,
    ArgumentTypeError,
    DesignError,
    EngineError,
    PriorError,
    SpecError,
    TemplateError,
)

DATA = Path(__file__).parent / "data"
FORMULA = "y ~ x + (1 | g)"
QUICK = {"draws": 150, "tune": 200, "chains": 4, "progress": False, "target_accept": 0.9}


@pytest.fixture(scope="module")
def table(grouped_counts) -> pd.DataFrame:
    return grouped_counts.copy()


def digest(tree) -> str:
    total = hashlib.sha256()
    for name in sorted(tree["posterior"].data_vars):
        total.update(np.ascontiguousarray(tree["posterior"][name].values).tobytes())
    return total.hexdigest()


@pytest.mark.filterwarnings("ignore")
def test_equal_seeds_give_equal_bytes_whatever_the_cores(table):
    first = bg.fit(FORMULA, table, family="poisson", seed=4, cores=1, **QUICK)
    second = bg.fit(FORMULA, table, family="poisson", seed=4, cores=2, **QUICK)
    other = bg.fit(FORMULA, table, family="poisson", seed=5, cores=2, **QUICK)
    assert digest(first) == digest(second) != digest(other)
    fewer = bg.fit(FORMULA, table, family="poisson", seed=4, **{**QUICK, "chains": 2})
    np.testing.assert_array_equal(fewer["posterior"]["beta"], first["posterior"]["beta"][:2])


def test_the_tree_holds_what_it_promises(table):
    before = table.copy()
    tree = bg.fit(FORMULA, table, family="poisson", log_likelihood=True, **QUICK)
    pd.testing.assert_frame_equal(table, before)
    assert set(tree.children) == {
        "posterior",
        "sample_stats",
        "observed_data",
        "constant_data",
        "log_likelihood",
    }
    posterior = tree["posterior"]
    assert posterior["u_g"].dims == ("chain", "draw", "g", "g_term")
    assert posterior["sd_g"].dims == ("chain", "draw", "g_term")
    assert posterior["coefficient"].values.tolist() == ["x"]
    assert tree["log_likelihood"]["y"].shape == (4, 150, 96)
    assert (tree["log_likelihood"]["y"].values < 0).all()
    record = json.loads(tree.attrs["bayes_glmm"])
    assert record["seed"] == 1
    assert {"pymc", "nutpie", "numpy"} <= set(record["versions"])
    assert bg.ModelSpec.from_toml(record["spec"]).formula == FORMULA


SCRIPT = """
import sys, warnings
import pandas as pd, bayes_glmm as bg
warnings.simplefilter("ignore")
table = pd.read_csv(sys.argv[1], dtype={"g": str})
print("ready", flush=True)
tree = bg.fit("y ~ x + (1 | g)", table, family="poisson", draws=4000, tune=500, chains=6, cores=1, seed=9,
              progress=False, target_accept=0.9, store=sys.argv[2])
"""


@pytest.mark.filterwarnings("ignore")
def test_killed_and_resumed_is_byte_identical(table, tmp_path):
    table.to_csv(tmp_path / "table.csv", index=False)
    again = pd.read_csv(tmp_path / "table.csv", dtype={"g": str})
    settings = {"draws": 4000, "tune": 500, "chains": 6, "cores": 1, "seed": 9, "progress": False,
                "target_accept": 0.9}  # fmt: skip
    whole = digest(bg.fit(FORMULA, again, family="poisson", **settings))
    store = tmp_path / "run"
    command = [sys.executable, "-c", SCRIPT, str(tmp_path / "table.csv"), str(store)]
    killed = 0
    for wanted in (1, 3):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + 120
        while time.monotonic() < end and process.poll() is None:
            if len(list(store.glob("*.npz"))) >= wanted:
                process.send_signal(signal.SIGKILL)
                break
            time.sleep(0.002)
        killed += process.wait() == -signal.SIGKILL
    kept = {p.name: p.stat().st_mtime_ns for p in store.glob("*.npz")}
    assert killed
    assert 0 < len(kept)
    resumed = bg.fit(FORMULA, again, family="poisson", store=store, **settings)
    assert digest(resumed) == whole
    assert all((store / name).stat().st_mtime_ns == then for name, then in kept.items())
    assert not list(store.glob("*.part"))
    with pytest.raises(EngineError, match="seed"):
        bg.fit(FORMULA, again, family="poisson", store=store, **{**settings, "seed": 10})
    with pytest.raises(EngineError, match="data_hash"):
        bg.fit(FORMULA, again.assign(x=again.x + 1), family="poisson", store=store, **settings)


def test_rows_are_dropped_only_when_asked_and_listed(table):
    holes = table.astype({"x": float}).copy()
    holes.loc[[3, 17], "x"] = np.nan
    with pytest.raises(DesignError, match=r"'x'.*(3|17)"):
        bg.fit(FORMULA, holes, family="poisson", **QUICK)
    tree = bg.fit(FORMULA, holes, family="poisson", missing="drop", **QUICK)
    record = json.loads(tree.attrs["bayes_glmm"])
    assert record["dropped"] == ["3", "17"]
    assert record["n_rows"] == 94


@pytest.mark.parametrize(
    ("change", "error", "match"),
    [
        ({"family": "poison"}, SpecError, "poisson"),
        ({"link": "logit"}, SpecError, "log"),
        ({"engine": "warp"}, ArgumentError, "auto"),
        ({"draws": 0}, ArgumentError, "draws"),
        ({"chains": 2.5}, ArgumentError, "chains"),
        ({"target_accept": 2}, ArgumentError, "target_accept"),
        ({"priors": {"sd_h": bg.Prior("HalfNormal")}}, PriorError, "sd_g"),
        ({"priors": {"sd_g": bg.Prior("Normal")}}, PriorError, "positive"),
    ],
)
def test_wrong_arguments_are_named(table, change, error, match):
    arguments = {"family": "poisson", **QUICK} | change
    with pytest.raises(error, match=match):
        bg.fit(FORMULA, table, **arguments)


def test_wrong_models_are_named(table):
    with pytest.raises(TemplateError, match="hospital"):
        bg.fit("hospital_infection", table)
    with pytest.raises(ArgumentTypeError, match="int"):
        bg.fit(3, table)
    with pytest.raises(ArgumentError, match="family"):
        bg.fit(bg.parse(FORMULA), table, family="poisson")
    found = bg.check(FORMULA, table.assign(y=-1.0), family="poisson")
    assert [f.name for f in found.errors]


def test_priors_are_printed_and_overridden(table):
    given = {"sd_g": bg.Prior("Exponential", lam=2), "beta[x]": bg.Prior("StudentT", nu=3)}
    shown = bg.priors(FORMULA, table, family="poisson", priors=given).set_index("parameter")
    assert shown.loc["sd_g[intercept]", "source"] == "given"
    assert "Exponential" in shown.loc["sd_g[intercept]", "prior"]
    assert shown.loc["intercept", "source"] == "default"
    assert shown.loc["intercept", "q2.5"] < np.log(table.y.mean()) < shown.loc["intercept", "q97.5"]


@pytest.mark.slow
def test_the_graph_itself_gives_the_same_posterior(table):
    long = {"draws": 1500, "chains": 2, "progress": False, "seed": 3, "family": "poisson"}
    kernel = bg.fit(FORMULA, table, **long)
    graph = bg.fit(FORMULA, table, engine="nuts", **long)
    assert json.loads(graph.attrs["bayes_glmm"])["settings"]["path"] == "graph"
    assert json.loads(kernel.attrs["bayes_glmm"])["settings"]["path"] == "adaptive"
    a, b = bg.summary(kernel), bg.summary(graph)
    error = np.hypot(a["mcse"], b["mcse"])
    assert (np.abs(a["mean"] - b["mean"]) < 4 * error).all()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Numba will use object mode:UserWarning")  # PyTensor's Poisson
def test_pymc_reads_the_posterior_of_its_graph(table):
    import pymc as pm

    tree = bg.fit(FORMULA, table, family="poisson", **QUICK)
    model = bg.build_model(FORMULA, table, family="poisson")
    with model:
        again = pm.compute_deterministics(tree["posterior"].to_dataset(), progressbar=False)
        drawn = pm.sample_posterior_predictive(tree, progressbar=False, random_seed=1)
    assert set(again.data_vars) <= set(tree["posterior"].data_vars)
    mean = float(drawn["posterior_predictive"]["y"].mean())
    assert mean == pytest.approx(table.y.mean(), rel=0.1)
    assert "u_g" in str(pm.model_graph.ModelGraph(model).make_compute_graph())


def test_a_ready_spec_takes_priors_and_what_it_leaves_open():
    table = pd.DataFrame({"y": [1, 4, 2, 6, 3, 5], "x": [0, 1, 0, 1, 0, 1], "days": range(1, 7)})
    spec = bg.parse("y ~ x", family="poisson", priors={"beta": bg.Prior("Normal", mu=0, sigma=2)})
    given = {"intercept": bg.Prior("Normal", mu=1, sigma=3)}
    found = bg.priors(spec, table, priors=given, exposure="days", family="poisson")
    assert list(found["source"]) == ["given", "given"]
    assert "sigma=3" in found["prior"][0] and "sigma=2" in found["prior"][1]
    assert not dict(spec.priors).get("intercept") and spec.exposure is None
