"""What is used of nutpie's private module, and that it samples as nutpie does."""

from __future__ import annotations

import ctypes
import subprocess
import sys
import time
from types import SimpleNamespace

import numpy as np
import pyarrow
import pytest

from bayes_glmm.engine.nutpie_adapter import Density, sampler_module
from bayes_glmm.engine.nuts import finished

NUMBERS = ctypes.POINTER(ctypes.c_double)
LOGP = ctypes.CFUNCTYPE(
    ctypes.c_int64, ctypes.c_uint64, NUMBERS, NUMBERS, NUMBERS, ctypes.POINTER(ctypes.c_double)
)
EXPAND = ctypes.CFUNCTYPE(
    ctypes.c_int64, ctypes.c_uint64, ctypes.c_uint64, NUMBERS, NUMBERS, ctypes.c_void_p
)
SCALES = np.array([0.5, 2.0, 7.0])
OPTIONS = {"num_tune": 200, "num_draws": 100, "target_accept": 0.9}


@LOGP
def normal(n, x, gradient, value, scales):
    total = 0.0
    for i in range(n):
        gradient[i] = -x[i] / scales[i] ** 2
        total += 0.5 * x[i] * gradient[i]
    value[0] = total
    return 0


@LOGP
def nowhere(n, x, gradient, value, scales):
    return 4


@EXPAND
def broken(n, expanded, x, out, buffer):
    return 3


@EXPAND
def unchanged(n, expanded, x, out, buffer):
    for i in range(n):
        out[i] = x[i]
    return 0


def address(function):
    return ctypes.cast(function, ctypes.c_void_p).value


def begin(seed):
    return np.random.default_rng(seed).normal(size=3)


def density(function=normal, expand=unchanged):
    return Density(address(function), address(expand), SCALES, 3, begin, "x")


def drawn(trace):
    (draws,), (stats,) = trace.get_arrow_trace()
    kept = ~pyarrow.array(stats.column("tuning")).to_numpy(zero_copy_only=False)
    return pyarrow.array(draws.column("x")).flatten().to_numpy().reshape(-1, 3)[kept]


def test_the_private_interface_is_as_it_was():
    lib = sampler_module()
    for name in ("LogpFunc", "ExpandFunc", "PyMcModel", "PySampler", "PyStorage", "PyVariable"):
        assert callable(getattr(lib, name)), name
    assert callable(lib.PySampler.from_pymc)
    assert {"wait", "take_results", "abort", "is_finished"} <= set(dir(lib.PySampler))
    assert callable(lib.PyNutsSettings.Diag) and callable(lib.ProgressType.none)


@pytest.mark.filterwarnings("ignore")
def test_draws_are_those_of_nutpie():
    ours = density().sample(11, OPTIONS).wait()
    from nutpie import sample
    from nutpie.compile_pymc import CompiledPyMCModel

    model = CompiledPyMCModel(
        compiled_logp_func=SimpleNamespace(address=address(normal)),
        compiled_expand_func=SimpleNamespace(address=address(unchanged)),
        initial_point_func=begin, shared_data={}, shared_var_keys={}, user_data=SCALES,
        n_expanded=3, shape_info=(["x"], [slice(0, 3)], [(3,)]), logp_func=None, expand_func=None,
        _n_dim=3, _shapes={"x": (3,)}, _coords={}, dims={}, reparameterized_names=[],
    )  # fmt: skip
    theirs = sample(
        model, draws=100, tune=200, chains=1, cores=1, seed=11, target_accept=0.9,
        progress_bar=False, return_raw_trace=True,
    )  # fmt: skip
    found = drawn(ours)
    assert found.shape == (100, 3)
    np.testing.assert_array_equal(found, drawn(theirs))
    assert 0.3 < (found.std(axis=0) / SCALES).mean() < 2


def test_a_density_that_is_nowhere_finite_ends_in_an_error():
    with pytest.raises(RuntimeError):
        density(nowhere).sample(1, OPTIONS).wait()


def test_progress_is_told_and_a_run_can_be_stopped():
    told = []
    running = density().sample(2, OPTIONS, told.append)
    running.wait()
    assert finished(running)
    assert told and told[-1][0].finished_draws > 0
    stopped = density().sample(2, OPTIONS | {"num_draws": 10**6})
    assert not finished(stopped)
    stopped.cancel()


def test_a_run_that_is_stopped_gives_the_first_of_its_draws():
    options = OPTIONS | {"num_draws": 10**6}
    running = density().sample(11, options)
    time.sleep(1)
    cut = drawn(running.abort())
    assert 100 < len(cut) < 10**6
    np.testing.assert_array_equal(cut[:100], drawn(density().sample(11, OPTIONS).wait()))
    with pytest.raises(ValueError, match="no results"):
        running.abort()
    warming = density().sample(11, options | {"num_tune": 10**6})
    assert drawn(warming.abort()).shape == (0, 3)
    whole = density().sample(11, OPTIONS)
    while not finished(whole):
        time.sleep(0.01)
    assert drawn(whole.abort()).shape == (100, 3)


def test_the_sampler_brings_nothing_heavy_and_nutpie_finds_it():
    code = (
        "import sys; from bayes_glmm.engine.nutpie_adapter import sampler_module as found;"
        "module = found(); heavy = {'nutpie', 'pandas', 'xarray', 'numba', 'arviz'};"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules);"
        "from nutpie import _lib; assert _lib is module; assert found() is module"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
