"""Tapes: equal nodes are one, operators are NumPy's, what is known is left out, stages."""

from __future__ import annotations

import numpy as np
import pytest

from bayes_glmm.families import FAMILIES, get_family
from bayes_glmm.families.recorded import record_density
from bayes_glmm.maths.tape import Tape
from bayes_glmm.maths.tape_derivatives import derivative, gradient
from bayes_glmm.maths.tape_maths import TAPE
from bayes_glmm.maths.tape_nodes import needed
from bayes_glmm.maths.tape_stages import stages
from bayes_glmm.maths.tape_values import evaluate
from bayes_glmm.maths.tape_vectors import Vector
from tests.maths.support import A, B, two

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
