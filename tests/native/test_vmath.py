"""The library's functions beside forty digits of mpmath and beside NumPy and SciPy, on every body."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from bayes_glmm.maths.tape_operations import OPERATIONS
from bayes_glmm.native.c_files import SOURCES
from bayes_glmm.native.tape_opcodes import OPCODES, elementwise
from tests.native.bodies import LEVELS, body

EXACT = json.loads((Path(__file__).parent / "exact_functions.json").read_text())
ULPS = {
    "exp": 1, "expm1": 2, "log": 1, "log1p": 2, "sigmoid": 2, "softplus": 2, "arctan": 1, "trigamma": 5,
    "tetragamma": 8, "normal_cdf": 5, "log_normal_cdf": 4, "normal_hazard": 4, "i0e": 6, "i1e": 8,
}  # fmt: skip
"""The largest errors, in units of the last place; found: 0.9, 1.4, 0.7, 1.3, 1.5, 1.3, 0.8, 3.8, 6.6, 3.9,
3.2, 3.3, 4.6, 6.2."""
OF_ONE = {"lgamma": 6e-15, "digamma": 1.5e-15, "gammainc": 5e-15}
"""Of what has zeros or is a probability: errors of the larger of the value and one; found: 4.6e-15,
1.1e-15, 1.9e-15."""
SPECIAL = np.array(
    [np.nan, np.inf, -np.inf, 0.0, -0.0, 5e-324, -5e-324, 1e-310, 1e-300, 1e300, -1e300, 1.0, -1.0]
)


@pytest.fixture(params=LEVELS)
def level(request):
    with body(request.param):
        yield


def test_codes_are_those_of_the_library():
    text = (SOURCES / "interpret_ops.h").read_text()
    assert re.findall(r"^(?:OP|SLOW)\d\((\w+),", text, re.MULTILINE) == list(OPCODES)
    assert set(OPCODES) == set(OPERATIONS)


@pytest.mark.parametrize("op", EXACT)
def test_digits(level, op):
    *args, want = np.array(EXACT[op]).T.copy()
    error = np.abs(elementwise(op, *args) - want)
    if op in ULPS:  # what is wanted is itself rounded by half a unit
        assert (error / np.spacing(np.abs(want))).max() <= ULPS[op] + 0.5
    else:
        assert (error / np.maximum(np.abs(want), 1.0)).max() < OF_ONE[op]


def arguments(op: str) -> list[np.ndarray]:
    """Numbers of all sizes in the operation's domain, 4,000 of them."""
    rng = np.random.default_rng(3)
    sizes = 10.0 ** np.concatenate([rng.uniform(-300, 300, 1000), rng.uniform(-3, 3, 3000)])
    signs = rng.choice([-1.0, 1.0], 4000)
    if op in ("log", "sqrt", "lgamma", "digamma", "trigamma", "tetragamma", "i0e", "i1e"):
        return [sizes]
    if op == "gammainc":
        return [10 ** rng.uniform(-3, 6, 4000), 10 ** rng.uniform(-3, 6, 4000)]
    if op in ("pow", "sin", "cos"):
        return [10 ** rng.uniform(-3, 3, 4000), rng.normal(size=4000)]
    if op == "log1p":
        return [np.where(signs > 0, sizes, -np.minimum(sizes, 1.0))]
    if op in ("and", "or", "not", "where"):
        return [rng.integers(0, 2, 4000) * 1.0, rng.integers(0, 2, 4000) * 1.0, sizes]
    return [sizes * signs, rng.permutation(sizes) * signs[::-1], sizes]


def arity(op: str) -> int:
    text = (SOURCES / "interpret_ops.h").read_text()
    return int(re.search(rf"^(?:OP|SLOW)(\d)\({op},", text, re.MULTILINE)[1])


@pytest.mark.parametrize("op", OPCODES)
def test_beside_numpy_and_scipy(level, op):
    args = arguments(op)[: arity(op)]
    with np.errstate(all="ignore"):
        want = np.asarray(OPERATIONS[op](*args), float)
    got = elementwise(op, *args)
    tolerance = (
        2e-13 if op in ("gammainc", "tetragamma", "i1e") else 2e-14
    )  # what SciPy's own errors are
    with np.errstate(all="ignore"):
        error = np.abs(got - want) / np.maximum(np.abs(want), 1.0)
    assert np.nanmax(np.where(got == want, 0.0, error)) < tolerance
    np.testing.assert_array_equal(np.isnan(got), np.isnan(want))
    assert np.mean(np.isfinite(want)) > 0.5


@pytest.mark.parametrize("op", OPCODES)
def test_at_the_ends(level, op):
    """NaN, infinities, zeros, subnormals: as NumPy and SciPy; below zero gamma functions are NaN."""
    first, second = (a.ravel().copy() for a in np.meshgrid(SPECIAL, SPECIAL))
    args = [first, second, first][: arity(op)]
    if op in ("sin", "cos"):
        args[0] = np.where(np.isfinite(args[0]), args[0], 0.0)
    if op in ("not", "and", "or", "where"):
        args[0] = 1.0 * (args[0] > 0)
    if op in ("and", "or"):
        args[1] = 1.0 * (args[1] > 0)
    with np.errstate(all="ignore"):
        want = np.asarray(OPERATIONS[op](*args), float)
    if op in ("lgamma", "digamma", "trigamma", "tetragamma"):
        keep = (args[0] > 1e-305) & (args[0] < np.inf)
        assert np.isnan(elementwise(op, np.array([np.nan, -0.5, -20.0]))).all()
        args, want = [args[0][keep]], want[keep]
    if op == "gammainc":  # of subnormal numbers SciPy gives zero
        keep = ~((np.minimum(*args) > 0) & (np.minimum(*args) < 1e-305))
        args, want = [a[keep] for a in args], want[keep]
    atol = 4e-15 if op in OF_ONE else 1e-323
    np.testing.assert_allclose(elementwise(op, *args), want, rtol=1e-13, atol=atol)


def test_gamma_functions_at_their_ends(level):
    ends = np.array([0.0, np.inf])
    np.testing.assert_array_equal(elementwise("lgamma", ends), [np.inf, np.inf])
    np.testing.assert_array_equal(elementwise("digamma", ends), [-np.inf, np.inf])
    np.testing.assert_array_equal(elementwise("trigamma", ends), [np.inf, 0.0])
    np.testing.assert_array_equal(elementwise("tetragamma", ends), [-np.inf, 0.0])


def test_no_code_beyond_the_last():
    from bayes_glmm.native.library import ADDRESS, INTEGER, entry, pointer

    run, x = entry("elementwise", INTEGER, INTEGER, INTEGER, *[ADDRESS] * 4), np.ones(2)
    for code in (-1, len(OPCODES), 2**40):
        assert run(code, 2, *[pointer(x)] * 4) == 1
