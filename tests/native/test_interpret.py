"""Interpreted tapes beside their values in NumPy: every family, link, modifier and number of categories."""

from __future__ import annotations

import numpy as np
import pytest

import bayes_glmm as bg
from bayes_glmm.errors import EngineError
from bayes_glmm.families import get_family
from bayes_glmm.families.recorded import record_density
from bayes_glmm.maths.tape_derivatives import gradient, hessian
from bayes_glmm.maths.tape_maths import TAPE
from bayes_glmm.maths.tape_operations import OPERATIONS
from bayes_glmm.maths.tape_values import evaluate
from bayes_glmm.native.tape_program import write_program
from bayes_glmm.native.tape_records import UNLESS
from tests.maths.support import CASES, rows
from tests.maths.test_tape_observed import BOUNDED, N_ROWS, seen
from tests.native.bodies import LEVELS, body

N = 601
CATEGORIES = [(name, link) for name, link in CASES if "expected" in get_family(name).by_category]


@pytest.fixture(params=LEVELS)
def level(request):
    with body(request.param):
        yield


def outputs_of(found) -> list:
    """The value, the slopes and the lower triangle of the curvatures."""
    by = found.predictors + found.parameters
    curvatures = hessian(found.value, by)
    lower = [curvatures[i][j] for i in range(len(by)) for j in range(i + 1)]
    return [found.value, *gradient(found.value, by), *lower]


def check(found, inputs: dict, shared: bool, tolerance: float = 1e-11) -> None:
    """Hold all outputs, and their sums, to the tape's; parameters are numbers or columns."""
    names = [node.data for node in found.parameters]
    n = len(next(iter(inputs.values())))
    numbers = {name: float(inputs[name][0]) for name in names} if shared else {}
    inputs = inputs | {name: np.full(n, value) for name, value in numbers.items()}
    moving = {name: v for name, v in inputs.items() if name in names or name.startswith("eta")}
    outputs = outputs_of(found)
    program = write_program(
        outputs, outputs, data=set(inputs) - set(moving), numbers=names if shared else []
    )
    got = program.run(program.table(inputs, n), moving, numbers)
    want = [np.broadcast_to(v, n) for v in evaluate(outputs, inputs)]
    for rows_found, summed, each in zip(got, got[len(outputs) :], want, strict=False):
        assert np.isfinite(each).all()
        scale = np.maximum(np.abs(each), 1e-3 * np.abs(each).max())
        assert (np.abs(rows_found - each) <= tolerance * scale + 1e-300).all()
        assert abs(summed - each.sum()) <= tolerance * np.abs(each).sum() + 1e-300


@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize(("name", "link"), CASES)
def test_every_family_and_link(level, name, link, shared):
    family = get_family(name)
    found = record_density(family, family.link(link), n_categories=3)
    check(found, rows(family, link, seed=1, n=N), shared)


@pytest.mark.parametrize("n_categories", [2, 4, 5])
@pytest.mark.parametrize(("name", "link"), CATEGORIES)
def test_any_number_of_categories(level, name, link, n_categories):
    family = get_family(name)
    found = record_density(family, family.link(link), n_categories=n_categories)
    check(found, rows(family, link, n_categories, seed=2, n=N), shared=True)


@pytest.mark.parametrize("kind", ["weights", "cens", "trunc", "weights cens trunc"])
@pytest.mark.parametrize("name", BOUNDED)
def test_weights_and_bounds(level, name, kind):
    """Sums of counts are loops; ends at infinity are data."""
    _, _, inputs, found = seen(name, kind)
    assert len(inputs["y"]) == N_ROWS
    check(found, inputs, shared=False, tolerance=1e-10)


class HalfNormal(bg.Family):
    """A family as a user writes it."""

    name, support, links, lower = "half_normal_of_a_user", "positive numbers", ("log",), 0.0
    parameters = (
        bg.Parameter("shift", "shift", lambda spread: bg.Prior("Gamma", alpha=2, beta=1)),
    )

    def density(self, m, y, mean, own, trials):
        square = (mean.value + own["shift"]) ** 2 * np.pi / 2
        return np.log(2 / np.pi) / 2 - m.log(square) / 2 - y**2 / (2 * square)

    def variance(self, mu, parameters, trials=None):
        return (np.pi / 2 - 1) * mu**2

    def simulate(self, rng, mu, parameters, trials=None):
        return np.abs(rng.normal(0, mu * np.sqrt(np.pi / 2)))


def test_a_family_of_a_user(level):
    family = HalfNormal()
    rng = np.random.default_rng(4)
    inputs = {
        "y": rng.uniform(0.1, 4.0, N),
        "eta": rng.normal(size=N),
        "shift": rng.uniform(0.1, 1, N),
    }
    check(record_density(family, family.link("log")), inputs, shared=True)


def test_every_operation(tape, level):
    """Of rows, of numbers, and of both; conditions are one or zero."""
    rng = np.random.default_rng(5)
    given = {name: rng.uniform(0.2, 0.9, N) for name in "abc"}
    numbers = {name: float(rng.uniform(0.2, 0.9)) for name in "pqr"}
    some = [list(map(tape.input, names)) for names in ("abc", "pqr", "pbc", "aqc", "abr", "aqr")]
    nodes = []
    for op in OPERATIONS:
        for args in some:
            for arity in (1, 2, 3):
                if OPERATIONS[op].__class__ and _takes(op, arity):
                    first = [args[0] < args[1], *args[1:]] if op == "where" else args
                    if op in ("and", "or", "not"):
                        first = [args[0] < args[1], args[1] < args[2]]
                    nodes.append(tape.apply(op, *first[:arity]))
    program = write_program(nodes, data=[], numbers=list("pqr"))
    got = program.run(program.table({}, N), given, numbers)
    for node, value, want in zip(nodes, got, evaluate(nodes, given | numbers), strict=True):
        np.testing.assert_allclose(value, np.broadcast_to(want, N), rtol=1e-12, err_msg=str(node))


def _takes(op: str, arity: int) -> bool:
    from tests.native.test_vmath import arity as known

    return known(op) == arity


def test_loops_within_loops_and_loops_of_numbers(tape, level):
    a, p = tape.input("a"), tape.input("p")

    def outer(k, x, p):
        return TAPE.total(lambda j, x, k: TAPE.sin(x * j + k), 3, x * p, k) * x

    nodes = [
        TAPE.total(outer, 4, a, p),
        TAPE.total(lambda k, p: TAPE.exp(-p * k), 9, p),
        TAPE.log_total(lambda k, a: TAPE.where(k <= a, 700 * a - k, -np.inf), 6, a),
        TAPE.log_total(lambda k, a: TAPE.where(k < a, k, -np.inf), 3, a - 99.0),
    ]
    given, numbers = {"a": np.linspace(-2, 3, N)}, {"p": 0.7}
    program = write_program(nodes, nodes[:2], data=[], numbers=["p"])
    *got, first, second = program.run(program.table({}, N), given, numbers)
    for value, want in zip(got, evaluate(nodes, given | numbers), strict=True):
        np.testing.assert_allclose(value, np.broadcast_to(want, N), rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose([first, second], [got[0].sum(), got[1].sum()], rtol=1e-12)


@pytest.mark.parametrize("p", [0.5, 1.0, 2.0])
def test_a_choice_by_numbers_is_made_before_the_rows(tape, level, p):
    a, b = tape.input("a"), tape.input("p")
    chosen = TAPE.where(b < 1.0, TAPE.exp(a + b), TAPE.total(lambda k, a: TAPE.exp(-a * k), 5, a))
    nodes = [chosen * a, TAPE.where(b < 1.5, a, b), b * b]
    given, numbers = {"a": np.linspace(0.1, 3, N)}, {"p": p}
    program = write_program(nodes, nodes, data=[], numbers=["p"])
    assert UNLESS in program.records[:, 0]
    got = program.run(program.table({}, N), given, numbers)
    for value, total, want in zip(got, got[3:], evaluate(nodes, given | numbers), strict=False):
        np.testing.assert_allclose(value, np.broadcast_to(want, N), rtol=1e-13)
        np.testing.assert_allclose(total, np.broadcast_to(want, N).sum(), rtol=1e-12)


def test_no_rows(tape, level):
    node = tape.input("a") * 2.0
    program = write_program([node], [node], data=[], numbers=[])
    by_row, total = program.run(program.table({}, 0), {"a": np.zeros(0)}, {})
    assert by_row.shape == (0,)
    assert total == 0.0


def test_a_program_that_is_not_well_formed_is_refused(tape):
    program = write_program([tape.input("a") * 2.0], data=[], numbers=[])
    program.records[0, 0] = 99
    with pytest.raises(EngineError, match="not well formed: no such operation"):
        program.run(program.table({}, 1), {"a": np.ones(1)}, {})
