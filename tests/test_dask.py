"""Fits on real Dask workers: the same bytes, and a worker that is killed loses nothing."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bayes_glmm as bg
from bayes_glmm.errors import EngineError
from bayes_glmm.studies.jobs import RECORDS, run_many

distributed = pytest.importorskip("distributed")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore:Port .* is already in use:UserWarning"),
]
N = 40


@pytest.fixture
def client() -> Iterator[object]:
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as connected,
    ):
        yield connected


def calibrated(**options: object) -> bg.Calibration:
    rng = np.random.default_rng(3)
    g = np.repeat([f"g{i}" for i in range(8)], 4)
    table = pd.DataFrame({"y": rng.poisson(3, 32), "x": np.tile([0.0, 1, 2, 3], 8), "g": g})
    priors = {
        "intercept": bg.Prior("Normal", mu=1, sigma=0.7),
        "beta": bg.Prior("Normal", mu=0, sigma=0.5),
        "sd": bg.Prior("HalfNormal", sigma=0.7),
    }
    return bg.calibrate(
        "y ~ x + (1 | g)", table, n=N, family="poisson", priors=priors, draws=200, tune=200,
        progress=False, **options,
    )  # fmt: skip


def kill_one_at(client: object, lines: Path, wanted: int, killed: list[int]) -> None:
    """Send SIGKILL to a worker once some fits are kept."""
    pids = list(client.run(os.getpid).values())
    while not lines.exists() or lines.read_bytes().count(b"\n") < wanted:
        time.sleep(0.01)
    os.kill(pids[0], signal.SIGKILL)
    killed += [pids[0], lines.read_bytes().count(b"\n")]


def test_a_worker_killed_in_the_middle_loses_nothing(client, tmp_path):
    here = calibrated()
    killed: list[int] = []
    lines = tmp_path / RECORDS
    thread = threading.Thread(target=kill_one_at, args=(client, lines, 6, killed))
    thread.start()
    there = calibrated(executor=client, store=tmp_path)
    thread.join()
    pid, kept = killed
    assert 6 <= kept < N
    assert pid not in client.run(os.getpid).values()
    assert not len(there.failures)
    assert there.ranks.to_numpy().tobytes() == here.ranks.to_numpy().tobytes()
    assert len(here.ranks) == N


def die(k: int) -> dict[str, int]:
    if k == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return {"square": k * k}


def test_a_task_that_kills_every_worker_is_an_error_of_the_package(client, tmp_path):
    with pytest.raises(EngineError, match="died.*goes on from there"):
        run_many(
            die, 8, what="deaths", identity={"seed": 1}, executor=client, store=tmp_path,
            progress=False,
        )  # fmt: skip
    kept = (tmp_path / RECORDS).read_text().splitlines()
    assert 3 not in [int(line.split(",")[0].split(":")[1]) for line in kept]


def test_cross_validation_is_the_same_on_workers(client):
    rng = np.random.default_rng(1)
    data = pd.DataFrame({"y": rng.poisson(3, 60), "x": rng.normal(size=60),
                         "g": rng.choice(list("abcdef"), 60)})  # fmt: skip
    tree = bg.fit("y ~ x + (1 | g)", data, family="poisson", draws=300, progress=False)
    here, there = (bg.kfold(tree, k=4, executor=pool) for pool in (None, client))
    assert here.attrs["pointwise"] == there.attrs["pointwise"]
    pd.testing.assert_frame_equal(here, there)
