"""Importing the package is quick and light, and every public name is there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import bayes_glmm as bg

HEAVY = ("pymc", "pytensor", "nutpie", "matplotlib", "arviz_plots")


def run(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    return done.stdout


def test_import_takes_less_than_0_6_seconds() -> None:
    timed = "import time; t = time.perf_counter(); import bayes_glmm; print(time.perf_counter()-t)"
    assert min(float(run(timed)) for _ in range(3)) < 0.6


def test_import_is_light() -> None:
    loaded = run("import sys, bayes_glmm; print(*sys.modules)").split()
    assert "bayes_glmm" in loaded
    assert not set(HEAVY + ("pandas", "scipy")) & set(loaded)


ROOMS = ("answers", "results", "fitting", "design", "families", "maths", "spec", "structures")
BY_ITSELF = {"leaving_out"}
"""Has subclasses of what another package makes, and is imported where it is used."""
UNUSED = {
    "scipy.stats",
    "scipy.optimize",
    "scipy.spatial",
    "matplotlib",
    "pymc",
    "pytensor",
    "arviz",
    "arviz_plots",
}
"""What a small fit by the kernel and most answers do without."""


def test_rooms_import_heavy_packages_only_where_they_use_them() -> None:
    folder = Path(bg.__file__).parent
    names = [
        ".".join(("bayes_glmm", *path.relative_to(folder).with_suffix("").parts))
        for room in ROOMS
        for path in sorted((folder / room).rglob("*.py"))
        if path.stem not in BY_ITSELF
    ]
    assert len(names) > 100
    code = "import importlib, sys; [importlib.import_module(n) for n in sys.argv[1:]]; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code, *names], capture_output=True, text=True, check=True
    )
    assert not (UNUSED | {"dask", "jax", "nutpie"}) & set(done.stdout.split())


SMALL_FIT = UNUSED | {"numba", "nutpie", "dask", "jax"}
"""Nor is the sampler's package imported, but its extension module; xarray imports Dask where it can."""


@pytest.mark.fit
def test_small_fits_bring_nothing_that_they_do_not_use() -> None:
    counts, positive = ("negative_binomial", "zero_inflated_poisson"), ("gaussian", "gamma")
    asked = [("y", f) for f in counts] + [("z", f) for f in positive]
    code = (
        "import sys, warnings, pandas as pd, bayes_glmm as bg; warnings.simplefilter('ignore');"
        "y = [i * i % 17 + (i == 0) for i in range(30)];"
        "t = pd.DataFrame({'y': y, 'z': [v + 0.5 for v in y], 'x': range(30), 'g': list('abcdef') * 5});"
        "settings = dict(draws=50, chains=1, cores=1, seed=1, progress=False);"
        f"[bg.fit(f'{{r}} ~ x + (1 | g)', t, family=f, **settings) for r, f in {asked}];"
        "print(*sys.modules)"
    )
    loaded = set(run(code).split())
    assert {"bayes_glmm.engine.nuts", "nutpie._lib"} <= loaded
    assert not SMALL_FIT & loaded


@pytest.mark.parametrize("name", bg.__all__)
def test_every_public_name_is_there(name: str) -> None:
    value = getattr(bg, name)
    assert name in dir(bg)
    if name not in ("errors", "__version__"):
        assert callable(value)
        assert value.__doc__


def test_type_checkers_see_every_public_name() -> None:
    assert set(bg.__all__) == {"__version__", *bg._PUBLIC} and len(set(bg.__all__)) == len(
        bg.__all__
    )
    source = Path(bg.__file__).read_text("utf-8").split("__version__", 1)[0]
    for name in bg.__all__[1:]:
        assert f" {name}" in source, name


def test_submodules_do_not_hide_functions_of_the_same_name() -> None:
    code = (
        "import bayes_glmm.datasets, bayes_glmm.report; import bayes_glmm as bg;"
        "print(type(bg.datasets).__name__, type(bg.report).__name__)"
    )
    assert run(code).split() == ["function", "function"]


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'modell'"):
        getattr(bg, "modell")  # noqa: B009
