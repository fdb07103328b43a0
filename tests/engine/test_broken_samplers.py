"""What breaks inside the compiled sampler is an error of the package, whenever it is met."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest

import bayes_glmm as bg
from bayes_glmm.engine.nutpie_adapter import Density, Sampling
from bayes_glmm.engine.nuts import run_chains
from bayes_glmm.engine.settings import choose_settings
from bayes_glmm.engine.stopped import Stopped
from bayes_glmm.errors import EngineError
from tests.engine.test_nutpie_adapter import (
    LOGP,
    SCALES,
    address,
    broken,
    density,
    normal,
    nowhere,
    unchanged,
)

TABLE = pd.DataFrame({"y": [3, 1, 4, 1, 5, 9, 2, 6] * 4, "x": np.linspace(-1, 1, 32)})
HOW = {"family": "poisson", "draws": 60, "tune": 100, "chains": 2, "progress": False}
SETTINGS = choose_settings(draws=20, tune=20, chains=3, cores=3, progress=False)
BROKEN = r'The sampler broke off: .*error code 3\. Sample again with another seed=.*engine="nuts"'
NOWHERE = r"density is not finite where the chains begin\. Look at priors\(\), at offsets"
KINDS = [
    pytest.param(density(expand=broken), BROKEN, id="panic"),
    pytest.param(density(nowhere), NOWHERE, id="no beginning"),
]


@LOGP
def late(n, x, gradient, value, scales):
    """Be a normal density, until the machine code of it fails for good."""
    late.calls += 1
    return normal(n, x, gradient, value, scales) if late.calls < 500 else -4


def no_beginning(seed):
    raise ValueError("there is no place to begin")


def fits_as_ever():
    """Fit a model through the public call; return its draws."""
    with pytest.warns(bg.errors.UnconvergedWarning):
        bg.summary(tree := bg.fit("y ~ x", TABLE, **HOW))
    return tree["posterior"]["beta"].values


@pytest.fixture
def met_late(monkeypatch):
    """Let the loop ask for the trace first, and never whether the chain is finished."""
    monkeypatch.setattr(Sampling, "is_finished", True)


@pytest.mark.parametrize(("model", "message"), KINDS)
def test_met_by_asking_whether_it_is_finished(model, message):
    before = fits_as_ever()
    with pytest.raises(EngineError, match=message):  # the other two chains have to be cancelled
        run_chains(model, SETTINGS, 0.8, None, 1)
    np.testing.assert_array_equal(fits_as_ever(), before)


@pytest.mark.parametrize(("model", "message"), KINDS)
def test_met_by_asking_for_the_trace(model, message, met_late):
    with pytest.raises(EngineError, match=message):
        run_chains(model, SETTINGS, 0.8, None, 1)


@pytest.mark.parametrize(("model", "message"), KINDS)
def test_met_by_ctrl_c(model, message, monkeypatch):
    """What broke off has no draws: Ctrl-C stays Ctrl-C."""
    sleep = time.sleep

    def stop(seconds):
        sleep(0.5)
        raise KeyboardInterrupt

    monkeypatch.setattr("time.sleep", stop)
    monkeypatch.setattr(Sampling, "is_finished", False)
    with pytest.raises(Stopped) as stopped:
        run_chains(model, SETTINGS, 0.8, None, 1)
    assert all(len(chain.stats["lp"]) == 0 for chain in stopped.value.chains)
    with pytest.raises(KeyboardInterrupt):
        stopped.value.kept()
    monkeypatch.undo()
    assert fits_as_ever().shape == (2, 60, 1)


def test_met_in_the_middle_of_a_chain():
    late.calls = 0
    with pytest.raises(EngineError, match=r"broke off: .*ErrorCode\(-4\)\. Sample again"):
        run_chains(density(late), SETTINGS, 0.8, None, 1)


def test_a_chain_that_cannot_begin_says_why():
    model = Density(address(normal), address(unchanged), SCALES, 3, no_beginning, "x")
    with pytest.raises(EngineError, match="ValueError: there is no place to begin") as error:
        run_chains(model, SETTINGS, 0.8, None, 1)
    assert "not finite" not in str(error.value)
    assert "backtrace" not in str(error.value) and "unknown" not in str(error.value)


@pytest.mark.fit
@pytest.mark.parametrize("engine", ["auto", pytest.param("nuts", marks=pytest.mark.slow)])
@pytest.mark.filterwarnings("ignore:PyTensor")
def test_a_fit_whose_density_is_finite_nowhere_names_the_way_out(engine):
    far = {"intercept": bg.Prior("Normal", mu=1e300, sigma=1e-300)}
    with pytest.raises(EngineError, match=NOWHERE):
        bg.fit("y ~ x", TABLE, priors=far, engine=engine, **HOW)
    near = {"intercept": bg.Prior("Normal", mu=1, sigma=1)}
    tree = bg.fit("y ~ x", TABLE, priors=near, engine=engine, **HOW)
    assert tree["posterior"].sizes["draw"] == 60
