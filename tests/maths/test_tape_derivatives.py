"""Derivatives on a tape: of every operation, of choices, of sums, and what they share."""

from __future__ import annotations

import numpy as np
import pytest

from bayes_glmm.families import get_family
from bayes_glmm.families.recorded import record_density
from bayes_glmm.maths.tape_derivatives import FAR_LEFT, FLAT, RULES, derivative, gradient, hessian
from bayes_glmm.maths.tape_maths import TAPE
from bayes_glmm.maths.tape_nodes import needed
from bayes_glmm.maths.tape_operations import CONDITIONS, OPERATIONS
from bayes_glmm.maths.tape_values import evaluate
from bayes_glmm.maths.tape_vectors import Vector
from tests.maths.support import A, B, close, slope, two

CHOICES = ("where", "max", "min")
ARGUMENTS = {
    "pow": (B, A), "sqrt": (B,), "log": (B,), "log1p": (B,), "lgamma": (B,), "digamma": (B,),
    "trigamma": (B,), "gammainc": (2 * B, B), "logaddexp": (A, B), "i0e": (B,), "i1e": (B,),
    "normal_hazard": (np.array([-60.0, -49.0, -8.0, 0.3, 6.0]),),
}  # fmt: skip


@pytest.mark.parametrize("op", [op for op, rules in RULES.items() if any(rules)])
def test_every_operation_has_its_slope_and_curvature(tape, op):
    places = [f"x{k}" for k in range(len(RULES[op]))]
    given = dict(zip(places, ARGUMENTS.get(op, (A, B)), strict=False))
    node = tape.apply(op, *map(tape.input, given))
    for name, rule in zip(given, RULES[op], strict=True):
        if rule is None:
            continue
        x, way, outputs = tape.input(name), {name: np.ones(5)}, [node]
        for _ in range(2 if op != "trigamma" else 1):  # of its slope there is none
            outputs.append(derivative(outputs[-1], x))
            want = slope(lambda at, of=outputs[-2]: evaluate([of], at)[0], given, way)
            close(
                np.broadcast_to(evaluate([outputs[-1]], given)[0], 5),
                np.broadcast_to(want, 5),
                1e-8,
            )


def test_every_operation_is_spoken_for():
    assert set(OPERATIONS) == set(RULES) | set(CONDITIONS) | set(CHOICES) | (FLAT - {"const"})


def test_the_hazard_far_left_keeps_its_digits(tape):
    """By Mills' ratio: the slope of ``phi / Phi`` goes to ``1 / x**2 - 1``."""
    x = tape.input("x")
    found = derivative(tape.apply("normal_hazard", x), x)
    at = np.array([FAR_LEFT - 1e-9, FAR_LEFT + 1e-9])
    np.testing.assert_allclose(*evaluate([found], {"x": at})[0], rtol=1e-9)
    far = np.array([-1e3, -1e6, -1e9])
    series = -1 + 1 / far**2 - 6 / far**4 + 50 / far**6
    np.testing.assert_allclose(evaluate([found], {"x": far})[0], series, rtol=1e-15)


def test_derivatives_share_what_the_value_has():
    """The exponential of a Poisson mean serves the value, the slope and the curvature."""
    family = get_family("poisson")
    found = record_density(family, family.link("log"))
    outputs = (found.value, *gradient(found.value, found.predictors))
    outputs += sum(hessian(found.value, found.predictors), ())
    assert [node.op for node in needed(*outputs)].count("exp") == 1
    assert len(needed(*outputs)) <= len(needed(found.value)) + 2
    assert hessian(found.value, found.predictors * 2)[0][1] is outputs[-1]


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


def test_a_probability_that_has_rounded_to_one_has_no_slope(tape):
    """Of ``log(1 - p)``: minus infinity, and no infinity times the zero of what is cut off."""
    x = tape.input("x")
    rest = TAPE.log_not(TAPE.minimum(x, 0.0))
    first = derivative(rest, x)
    at = {"x": np.array([1.0, 0.0, -1e-3, -2.0])}
    value, slope, curvature = evaluate([rest, first, derivative(first, x)], at)
    with np.errstate(divide="ignore"):
        np.testing.assert_allclose(value, np.log(-np.expm1(np.minimum(at["x"], 0.0))), rtol=1e-14)
    np.testing.assert_allclose(slope[2:], -1 / np.expm1(-at["x"][2:]), rtol=1e-12)
    assert (slope[:2] == 0).all()
    assert (curvature[:2] == 0).all()


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
