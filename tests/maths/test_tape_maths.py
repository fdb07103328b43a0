"""The functions of densities on a tape are NumPy's, for numbers, vectors and links."""

from __future__ import annotations

import numpy as np
import pytest

from bayes_glmm.families import LINKS
from bayes_glmm.maths.density_maths import NUMPY
from bayes_glmm.maths.links import mean_of
from bayes_glmm.maths.tape_derivatives import derivative
from bayes_glmm.maths.tape_maths import TAPE
from bayes_glmm.maths.tape_nodes import Node
from bayes_glmm.maths.tape_values import evaluate
from bayes_glmm.maths.tape_vectors import Vector
from tests.maths.support import A, B, two


def test_plain_numbers_stay_plain():
    assert TAPE.log(2.0) == np.log(2.0)
    assert TAPE.where(TAPE.is_zero(0.0), 3, 4) == 3
    assert not isinstance(TAPE.gammaln(5), Node)


ARGUMENTS = {
    "where": lambda a, b, m: (a < b, a, b), "times": lambda a, b, m: (a, b),
    "maximum": lambda a, b, m: (a, b), "minimum": lambda a, b, m: (a, b),
    "logaddexp": lambda a, b, m: (a, b), "gammainc": lambda a, b, m: (b, b * b),
    "log_rising": lambda a, b, m: (9.0 * b, a * a), "log_not": lambda a, b, m: (-b,),
    "log": lambda a, b, m: (b,), "log1p": lambda a, b, m: (b,), "sqrt": lambda a, b, m: (b,),
    "gammaln": lambda a, b, m: (b,), "log_bessel": lambda a, b, m: (b * 300.0,),
    "log_factorial": lambda a, b, m: (b,), "stirling_error": lambda a, b, m: (b * 15.0,),
}  # fmt: skip
OF_LINKS = ("inverse", "log_inverse", "log_complement")
OF_VECTORS = ("concatenate", "cumsum", "logsumexp", "numbers", "pick", "total", "log_total")
NAMES = [n for n in dir(NUMPY) if n[0] != "_" and n not in OF_LINKS + OF_VECTORS]


@pytest.mark.parametrize("name", NAMES)
def test_functions_are_numpys(tape, name):
    given = ARGUMENTS.get(name, lambda a, b, m: (a,))
    want = getattr(NUMPY, name)(*given(A, B, NUMPY))
    (got,) = evaluate(
        [tape.constant(getattr(TAPE, name)(*given(*two(tape), TAPE)))], {"a": A, "b": B}
    )
    np.testing.assert_allclose(got, want, rtol=1e-14)
    pair = [Vector((x, 2.0 * x)) for x in two(tape)]
    both = getattr(TAPE, name)(*given(*pair, TAPE))
    assert evaluate([tape.constant(both[0])], {"a": A, "b": B})[0] == pytest.approx(got, rel=1e-15)


def vectors(m, x, y):
    """What densities do with vectors, as rows of numbers."""
    first, rest = x[..., :1], x[..., 1:]
    yield m.concatenate([rest, first])
    yield m.cumsum(x)
    yield m.numbers(x) * x
    yield m.where(m.numbers(x) < 1, x, y)
    yield x[..., -1:] * y - 2.0 * x + 0 * x[..., :1]
    yield m.logsumexp(x)[..., None] - x
    yield m.pick(x, 0 * y[..., 0] + len_of(x) - 1)[..., None]
    yield (x * y).sum(axis=-1)[..., None]
    yield x.max(axis=-1)[..., None]
    yield m.exp(-x) / abs(y)


def len_of(x) -> int:
    return x.shape[-1]


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_vectors_are_arrays_with_a_last_axis(tape, size):
    rng = np.random.default_rng(size)
    x, y = rng.normal(size=(2, 7, size))
    on_tape = [Vector(tuple(tape.input(f"{name}{k}") for k in range(size))) for name in "xy"]
    values = {f"{name}{k}": v[:, k] for name, v in (("x", x), ("y", y)) for k in range(size)}
    for got, want in zip(vectors(TAPE, *on_tape), vectors(NUMPY, x, y), strict=True):
        found = evaluate([tape.constant(part) for part in got], values)
        columns = np.stack([np.broadcast_to(f, 7) for f in found], axis=-1)
        np.testing.assert_allclose(columns, want, rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize("code", range(4))
def test_pick_takes_one_element(tape, code):
    x = Vector(tuple(tape.input(f"x{k}") for k in range(4)))
    values = {f"x{k}": 10.0 + k for k in range(4)} | {"code": float(code)}
    assert evaluate([TAPE.pick(x, tape.input("code"))], values) == (10.0 + code,)
    assert TAPE.pick(x, tape.constant(code)) is x[code]


EXTREME = np.array([-700.0, -300, -40, -20.5, -19.5, -1, -0.37, -0.36, 0.4, 3, 40, 300, 700])


@pytest.mark.parametrize("name", LINKS)
def test_links_are_numpys_in_the_tails(tape, name):
    link, eta = LINKS[name], tape.input("eta")
    mean = mean_of(TAPE, link, eta)
    at = EXTREME if name not in ("identity", "inverse", "tan_half") else np.abs(EXTREME)
    slope, log_slope = derivative(mean.value, eta), derivative(mean.log, eta)
    value, log, d, d_log = evaluate([mean.value, mean.log, slope, log_slope], {"eta": at})
    np.testing.assert_allclose(value, link.inverse(at), rtol=1e-13)
    np.testing.assert_allclose(log, link.log_inverse(at), rtol=1e-13, atol=5e-324)
    np.testing.assert_allclose(d, link.derivative(at), rtol=1e-12, atol=1e-300)
    with np.errstate(all="ignore"):
        ratio = link.derivative(at) / link.inverse(at)
    usable, d_log = np.isfinite(ratio) & (ratio != 0), np.broadcast_to(d_log, at.shape)
    np.testing.assert_allclose(d_log[usable], ratio[usable], rtol=1e-11)
    assert np.isfinite(d_log).all()
    if link.log_complement is None:
        assert mean.log_complement is None
        return
    rest, d_rest = evaluate(
        [mean.log_complement, derivative(mean.log_complement, eta)], {"eta": at}
    )
    np.testing.assert_allclose(rest, link.log_complement(at), rtol=1e-13)
    usable = at < 3
    with np.errstate(all="ignore"):
        hazard = link.derivative(at) / np.exp(link.log_complement(at))
    np.testing.assert_allclose(d_rest[usable], -hazard[usable], rtol=1e-12, atol=1e-300)
    assert np.isfinite(d_rest).all()
