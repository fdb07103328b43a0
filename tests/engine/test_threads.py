"""Rows of large tables in shares: the oracle's density, whatever number of threads takes them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import bayes_glmm as bg
from bayes_glmm.design.schema import Schema
from bayes_glmm.engine.expand import expand
from bayes_glmm.engine.kernel import log_density
from bayes_glmm.engine.program import write_program
from bayes_glmm.spec.formula.parsing import parse
from tests.basis import in_basis
from tests.engine.test_kernel import jacobian
from tests.oracle import log_posterior

N = 140_000
"""Four shares, of which the last ends inside a block of rows."""
HAND, PRINTED, TAPE = (
    ("poisson", "negative_binomial", "gaussian"),
    ("lognormal", "gamma"),
    "censored",
)


def table(family: str) -> pd.DataFrame:
    """Rows sorted by ``a``, whose levels go across the ends of shares, and not by ``b``."""
    rng = np.random.default_rng(len(family))
    data = pd.DataFrame({"x": rng.normal(size=N), "a": np.arange(N) // 900, "b": rng.integers(0, 40, N),
                         "status": rng.choice(["none", "right"], N)})  # fmt: skip
    counts = family in ("poisson", "negative_binomial")
    data["y"] = rng.poisson(rng.gamma(2.0, 2.0, N)) if counts else rng.uniform(0.5, 4, N)
    return data


def program_of(family: str, structure: str):
    response = "y | cens(status)" if family == TAPE else "y"
    name = "gaussian" if family == TAPE else family
    spec, data = parse(f"{response} ~ x{structure}", family=name), table(family)
    return write_program(*in_basis(spec, Schema.learn(spec, data).apply(data)))


def evaluated(program, x, threads: int) -> tuple[float, np.ndarray]:
    gradient = np.empty_like(x)
    program.threads[0] = threads
    return log_density(program.buffer, x, gradient), gradient


@pytest.mark.parametrize("family", [*HAND, *PRINTED, TAPE])
@pytest.mark.parametrize("structure", ["", " + (1 | a)", " + (1 + x | a) + (1 | b)"])
def test_bits_do_not_depend_on_threads(family, structure):
    program = program_of(family, structure)
    x = program.start + np.random.default_rng(3).normal(0, 0.2, program.n_dim)
    value, gradient = evaluated(program, x, 1)
    assert np.isfinite(value)
    for threads in (0, 2, 3, 4, 99, -5):
        again = evaluated(program, x, threads)
        assert (again[0], again[1].tobytes()) == (value, gradient.tobytes())


@pytest.mark.parametrize("family", [*HAND, *PRINTED])
def test_shares_sum_to_the_oracle(family):
    program = program_of(family, " + (1 + x | a) + (1 | b)")
    design, priors = program.design, program.priors

    def at(x):
        point = expand(program, x)
        return log_posterior(design, priors, point) + jacobian(program, point)

    rng = np.random.default_rng(4)
    x = program.start + rng.normal(0, 0.2, program.n_dim)
    value, gradient = evaluated(program, x, 2)
    assert value == pytest.approx(at(x), rel=1e-10)
    for _ in range(3):
        way, h = rng.normal(size=len(x)), 1e-5
        slope = (
            8 * (at(x + h * way) - at(x - h * way)) - at(x + 2 * h * way) + at(x - 2 * h * way)
        ) / (12 * h)
        assert gradient @ way == pytest.approx(slope, rel=1e-6, abs=1e-6 * np.abs(gradient).max())


def test_a_fit_has_the_same_draws_on_any_number_of_cores():
    few = {"draws": 4, "tune": 6, "chains": 1, "seed": 2, "progress": False, "target_accept": 0.8}
    data = table("poisson")
    fits = [
        bg.fit("y ~ x + (1 | a)", data, family="poisson", cores=cores, **few) for cores in (1, 2, 5)
    ]
    first = fits[0]["posterior"].to_dataset()
    for other in fits[1:]:
        assert other["posterior"].to_dataset().equals(first)
