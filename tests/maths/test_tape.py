"""Tapes: equal nodes are one, operators are NumPy's, sums, choices, vectors and stages."""

from __future__ import annotations

import numpy as np
import pytest

from bayes_glmm.families import FAMILIES, LINKS, get_family
from bayes_glmm.families.recorded import record_density
from bayes_glmm.maths.density_maths import NUMPY
from bayes_glmm.maths.tape import Node, Tape, needed
from bayes_glmm.maths.tape_derivatives import derivative, gradient, hessian
from bayes_glmm.maths.tape_maths import TAPE
from bayes_glmm.maths.tape_stages import stages
from bayes_glmm.maths.tape_values import evaluate
from bayes_glmm.maths.tape_vectors import Vector

A = np.array([-2.0, -0.3, 0.4, 1.7, 3.0])
B = np.array([0.6, 2.0, 0.4, 0.9, 1.1])
EXPRESSIONS = {
    "sum": lambda a, b: a + b + 2,
    "difference": lambda a, b: a - b - np.float64(0.5),
    "difference from a number": lambda a, b: 2 - a + b,
    "product": lambda a, b: np.float64(3.0) * a * b * np.int64(2),
    "quotient": lambda a, b: a / b + 3 / b - a / 4 - a / 3,
    "negative": lambda a, b: -a + (-b) * -a,
    "size": lambda a, b: abs(a) + abs(-b),
    "whole powers": lambda a, b: a**2 + a**3 + a**-2 + a**0,
    "other powers": lambda a, b: b**0.5 + b**a + 2.0**a + b**9,
    "conditions": lambda a, b: np.float64(1) * (a < b) + 2 * (a <= b) + 4 * (a > b) + 8 * (a >= b),
    "joined": lambda a, b: ((a < b) & (a > 0)) + 2 * ((a > 1) | (b > 1)) + 4 * ~(a < b),
}


@pytest.fixture
def tape():
    return Tape()


def two(tape):
    return tape.input("a"), tape.input("b")


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_operators_are_numpys(tape, name):
    (found,) = evaluate([tape.constant(EXPRESSIONS[name](*two(tape)))], {"a": A, "b": B})
    np.testing.assert_allclose(found, EXPRESSIONS[name](A, B), rtol=1e-15)


def test_equal_operations_are_one_node(tape):
    a, b = two(tape)
    assert a + b is b + a
    assert TAPE.exp(a * b) is TAPE.exp(b * a)
    assert tape.input("a") is a
    assert tape.constant(0.5) is 0.5 * tape.constant(1)
    assert (a - b) is not (b - a)
    before = len(tape.nodes)
    assert TAPE.log1p(a + b) is TAPE.log1p(b + a)
    assert len(tape.nodes) == before + 1


def test_derivatives_share_what_the_value_has():
    """The exponential of a Poisson mean serves the value, the slope and the curvature."""
    family = get_family("poisson")
    found = record_density(family, family.link("log"))
    outputs = (found.value, *gradient(found.value, found.predictors))
    outputs += sum(hessian(found.value, found.predictors), ())
    assert [node.op for node in needed(*outputs)].count("exp") == 1
    assert len(needed(*outputs)) <= len(needed(found.value)) + 2
    assert hessian(found.value, found.predictors * 2)[0][1] is outputs[-1]


SAME = {
    "zero more": (lambda a, b: a + 0.0, lambda a, b: a),
    "once": (lambda a, b: 1.0 * a, lambda a, b: a),
    "over one": (lambda a, b: a / 1, lambda a, b: a),
    "nothing": (lambda a, b: 0.0 * TAPE.log(a), lambda a, b: a.tape.constant(0)),
    "twice": (lambda a, b: a + a, lambda a, b: 2 * a),
    "half of two": (lambda a, b: 0.5 * (2.0 * a), lambda a, b: a),
    "over four": (lambda a, b: a / 4.0, lambda a, b: 0.25 * a),
    "negative of negative": (lambda a, b: -1 * -a, lambda a, b: a),
    "minus once": (lambda a, b: -1.0 * a, lambda a, b: -a),
    "signs out": (lambda a, b: (-a) * (-b) / (-a), lambda a, b: -(a * b / a)),
    "size of an exponential": (lambda a, b: abs(TAPE.exp(a)), lambda a, b: TAPE.exp(a)),
    "one branch": (lambda a, b: TAPE.where(a < b, a, a), lambda a, b: a),
    "nested": (lambda a, b: TAPE.where(a < b, TAPE.where(a < b, 1, a), b),
               lambda a, b: TAPE.where(a < b, 1, b)),
    "turned round": (lambda a, b: TAPE.where(~(a < b), a, b), lambda a, b: TAPE.where(a < b, b, a)),
    "never below": (lambda a, b: TAPE.where(a * a < 0, 1, b), lambda a, b: b),
    "never zero": (lambda a, b: TAPE.where(TAPE.exp(a) <= 0, 1, b), lambda a, b: b),
    "log of an exponential": (lambda a, b: TAPE.log(TAPE.exp(a)), lambda a, b: a),
    "log of a share": (lambda a, b: TAPE.log(TAPE.sigmoid(a)), lambda a, b: TAPE.log_sigmoid(a)),
    "log of the rest": (lambda a, b: TAPE.log1p(-TAPE.sigmoid(a)), lambda a, b: TAPE.log_sigmoid(-a)),
    "log of a normal share": (lambda a, b: TAPE.log1p(-TAPE.normal_cdf(a)),
                              lambda a, b: TAPE.log_normal_cdf(-a)),
    "constants": (lambda a, b: TAPE.log(a.tape.constant(2.0) * 3), lambda a, b: a.tape.constant(np.log(6))),
}  # fmt: skip


@pytest.mark.parametrize("name", SAME)
def test_what_is_known_is_left_out(tape, name):
    long, short = SAME[name]
    assert long(*two(tape)) is short(*two(tape))


def test_what_would_round_otherwise_is_kept(tape):
    a, b = two(tape)
    assert (a / 3.0).op == "div"
    assert "mul" in [part.op for part in (0.1 * (0.3 * a)).args]
    assert ((a + b) - b) is not a
    assert (TAPE.where(a <= 0, 1, b)).op == "where"
    assert (TAPE.where(a * a <= 0, 1, b)).op == "where"


def test_a_branch_that_is_not_taken_has_no_say(tape):
    x = tape.input("x")
    outputs = [
        TAPE.where(x > 0, TAPE.log(x), x * x),
        TAPE.log(TAPE.where(x > 0, x, 1.0 / x + 1e9)),
        TAPE.times(x - 1.0, TAPE.log(x - 1.0)),
        TAPE.maximum(TAPE.sqrt(x), x) * TAPE.minimum(x, 2.0),
    ]
    slopes = [derivative(out, x) for out in outputs]
    curvatures = [derivative(out, x) for out in slopes]
    for at in (-1.0, 0.0, 1.0):
        value, first, second = (evaluate(some, {"x": at}) for some in (outputs, slopes, curvatures))
        assert np.isfinite([value[:1], first[:1], second[:1]]).all() or at == 1.0
        if at == 1.0:
            assert [value[2], first[2], second[2]] == [0.0, 0.0, 0.0]
    (slope,) = evaluate([slopes[0]], {"x": np.array([-3.0, 0.0, 4.0])})
    np.testing.assert_array_equal(slope, [-6.0, 0.0, 0.25])


def test_a_steady_number_has_no_slope(tape):
    x = tape.input("x")
    out = TAPE.steady(x) * x + TAPE.floor(x)
    assert evaluate([out, derivative(out, x)], {"x": 3.5}) == (3.5 * 3.5 + 3.0, 3.5)


def term(k, a, b):
    return TAPE.exp(-b * k) * a * a + k * b


def test_sums_and_their_derivatives(tape):
    a, b = two(tape)
    total = TAPE.total(term, 7, a, b * b)
    by_hand = sum((term(float(k), a, b * b) for k in range(7)), start=0.0)
    outputs = [total, *gradient(total, (a, b)), *sum(hessian(total, (a, b)), ())]
    hand = [by_hand, *gradient(by_hand, (a, b)), *sum(hessian(by_hand, (a, b)), ())]
    values = {"a": A, "b": B}
    for got, want in zip(evaluate(outputs, values), evaluate(hand, values), strict=True):
        np.testing.assert_allclose(got, np.broadcast_to(want, A.shape), rtol=1e-13)
    assert sum(n.op == "total" for n in needed(*outputs)) == 6  # value, a, b, aa, ab, bb


def test_the_log_of_a_sum_and_its_derivatives(tape):
    a, b = two(tape)

    def log_term(k, a, b):
        return TAPE.where(k <= b, 700.0 * a + k * TAPE.log(b) - b, -np.inf)

    total = TAPE.log_total(log_term, 5, a, b)
    parts = Vector(tuple(log_term(tape.constant(float(k)), a, b) for k in range(5)))
    by_hand = TAPE.logsumexp(parts)
    outputs = [total, *gradient(total, (a, b)), *sum(hessian(total, (a, b)), ())]
    hand = [by_hand, *gradient(by_hand, (a, b)), *sum(hessian(by_hand, (a, b)), ())]
    values = {"a": A, "b": B}
    for got, want in zip(evaluate(outputs, values), evaluate(hand, values), strict=True):
        np.testing.assert_allclose(got, np.broadcast_to(want, A.shape), rtol=1e-12, atol=1e-9)
    nothing = TAPE.log_total(log_term, 3, a, b - 10.0)
    assert evaluate([nothing], {"a": 1.0, "b": 2.0}) == (-np.inf,)


def test_sums_within_sums(tape):
    a, b = two(tape)

    def outer(k, a, b):
        return TAPE.total(lambda j, x, k: TAPE.sin(x * j + k), 3, a * b, k) * a

    total = TAPE.total(outer, 4, a, b)
    by_hand = sum(TAPE.sin(a * b * j + k) * a for k in range(4) for j in range(3))
    outputs, hand = ([out, *gradient(out, (a, b))] for out in (total, by_hand))
    values = {"a": A, "b": B}
    for got, want in zip(evaluate(outputs, values), evaluate(hand, values), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-13, atol=1e-14)


def test_a_sum_of_nothing_but_zeros_is_zero_and_plain_numbers_add_up(tape):
    a, _ = two(tape)
    assert TAPE.total(lambda k, a: 0.0 * a, 9, a) is tape.constant(0.0)
    assert TAPE.total(lambda k, a: k * a, 4, 2.0) == 12.0
    assert TAPE.log_total(lambda k, a: 0 * k + a, 4, 1.0) == pytest.approx(1 + np.log(4))


def test_misuse_is_an_error(tape):
    a, b = two(tape)
    with pytest.raises(ValueError, match="two tapes"):
        a + Tape().input("a")
    with pytest.raises(ValueError, match="arguments alone"):
        TAPE.total(lambda k, a: a * b, 3, a)
    with pytest.raises(IndexError, match="None"):
        a[0]
    with pytest.raises(TypeError):
        a + "b"
    with pytest.raises(ValueError, match="do not go together"):
        Vector((a, b)) + Vector((a, b, a))
    with pytest.raises(ValueError, match="tetragamma"):
        derivative(derivative(derivative(derivative(TAPE.gammaln(a), a), a), a), a)
    with pytest.raises(ValueError, match="gammainc"):
        derivative(TAPE.gammainc(a, b), a)
    with pytest.raises(KeyError):
        evaluate([a], {"b": 1.0})


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
OF_LINKS = ("inverse", "log_inverse", "log_complement", "mean_of")
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
    mean = TAPE.mean_of(link, eta)
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


def test_stages_sort_by_what_a_node_depends_on():
    family = get_family("zero_inflated_negative_binomial")
    found = record_density(family, family.link("log"))
    outputs = (found.value, *gradient(found.value, found.predictors + found.parameters))
    parts = stages(outputs, ("y", "trials"), ("dispersion", "zi"))
    assert {n for node in parts.known for n in node.inputs} == {"y"}
    assert {n for node in parts.shared for n in node.inputs} == {"dispersion", "zi"}
    assert all("eta" in n.inputs or n.inputs == {"y", "dispersion"} for n in parts.rows
               if not n.inputs <= {"y", "dispersion", "zi"})  # fmt: skip
    assert "lgamma" in {node.op for node in parts.known}
    ready: set[int] = set()
    for node in parts.known + parts.shared + parts.rows:
        assert all(a.number in ready or a.op in ("const", "input") for a in node.args)
        ready.add(node.number)
    assert ready == {n.number for n in needed(*outputs) if n.op not in ("const", "input")}
    by_row = stages(outputs, ("y",), ())
    assert not by_row.shared
    assert len(by_row.rows) == len(parts.shared) + len(parts.rows)


def test_every_family_is_recorded():
    for family in FAMILIES:
        found = record_density(family, family.link(None), n_categories=3)
        names = {node.data for node in found.predictors + found.parameters}
        assert names <= found.value.inputs
        assert found.value.inputs - names <= {"y", "trials", "y[0]", "y[1]", "y[2]"}
