"""The graph's density and gradient against the oracle: family by link by structure."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from bayes_glmm.families import FAMILIES
from bayes_glmm.model.graph import build_graph
from tests.graph.support import (
    LINKS,
    MORE,
    NO_OLRE,
    STRUCTURES,
    Flat,
    extremes,
    interpreted,
    modelled,
    natural,
    oracle,
    points,
    short_of_a_pole,
    slope,
    update,
)

CASES = [
    (family, link, structure)
    for family, links in LINKS.items()
    for link in links
    for structure in STRUCTURES
    if not (structure == "olre" and family in NO_OLRE)
]
TURN = ["slope", "nested", "olre", "intercept", "crossed", "none", "three", "independent"]


def _often() -> list[tuple[str, str, str]]:
    """Every family and link once, the structures in turn, so that each comes twice or more."""
    chosen, at = [], 0
    for family, links in (LINKS | MORE).items():
        for link in links:
            while TURN[at % len(TURN)] == "olre" and family in NO_OLRE:
                at += 1
            chosen.append((family, link, TURN[at % len(TURN)]))
            at += 1
    return chosen


OFTEN = _often()
KINDS = (
    "beta_binomial",
    "zero_inflated_negative_binomial",
    "hurdle_poisson",
    "gamma",
    "skew_normal",
)
QUICK_LINKS = {(f, links[at % len(links)]) for at, (f, links) in enumerate(LINKS.items())}
QUICK_LINKS |= {(f, MORE[f][0]) for f in KINDS}
QUICK = [c for c in OFTEN if c[:2] in QUICK_LINKS]
QUICK += [
    next(c for c in OFTEN if c[2] == s) for s in STRUCTURES if s not in {q for *_, q in QUICK}
]
MARKED = [
    pytest.param(*case, marks=[] if case in QUICK else pytest.mark.slow, id="-".join(case))
    for case in dict.fromkeys([*CASES, *OFTEN])
]


def compiled(model):
    """Compile value with Jacobian, value without, and gradient at once, without a C compiler."""
    outputs = [model.logp(), model.logp(jacobian=False), model.dlogp()]
    return model.compile_fn(outputs, mode=interpreted(), on_unused_input="ignore")


def single(variables):
    """Return what is float32 and not a short constant such as 0, 0.5 or -inf.

    PyMC's own densities bring such constants, which PyTensor stores in single
    precision because that is exact. Nothing may be computed from them but shapes,
    and log(2) rounded to single precision is not one of them.
    """
    return [v for v in variables if getattr(v.type, "dtype", "") == "float32" and not _short(v)]


def _short(variable) -> bool:
    from pytensor.tensor.elemwise import DimShuffle

    if variable.owner is not None:
        return isinstance(variable.owner.op, DimShuffle) and _short(variable.owner.inputs[0])
    values = np.asarray(variable.data, float)
    return bool(
        np.all(
            np.isinf(values) | (16 * values == np.rint(np.where(np.isinf(values), 0, 16 * values)))
        )
    )


def assert_double_precision(model, function):
    """No number in single precision in the graph as written, nor in what is run."""
    from pytensor.graph.traversal import ancestors

    assert not single(ancestors([*model.basic_RVs, *model.deterministics, *model.data_vars]))
    assert not single(function.f.maker.fgraph.variables)


def _density(design, priors, flat, x) -> float:
    return oracle(design, priors, flat, x)[0]


def test_every_structure_is_in_the_quick_tests():
    assert {s for _, _, s in OFTEN} == {s for _, _, s in QUICK} == set(STRUCTURES)
    every = {(f.name, link) for f in FAMILIES if f.response == "number" for link in f.links}
    assert {(f, k) for f, k, _ in OFTEN} == every


@pytest.mark.parametrize(("family", "link", "structure"), MARKED)
def test_density_and_gradient_equal_the_oracle(family, link, structure):
    """Value to 1e-10 at 25 points, gradient to 1e-6, on usual and on extreme rows.

    On the extreme rows (counts of 1e9, probabilities within 1e-17 of 0 and 1) the
    gradient is compared with its largest element, because differences of a
    log-density near -1e9 have no more digits in the small ones.
    """
    spec, design, priors = modelled(family, link, structure)
    model = build_graph(spec, design, priors)
    function, flat = compiled(model), Flat(model)
    assert_double_precision(model, function)
    for usual, rows in ((True, design), (False, extremes(design))):
        update(model, rows)
        density = partial(_density, rows, priors, flat)
        rng = np.random.default_rng(1)
        for number, x in enumerate(points(rows, priors, flat)):
            with_volume, plain, gradient = function(flat.unpack(x))
            expected = oracle(rows, priors, flat, x)
            assert with_volume == pytest.approx(expected[0], rel=1e-10, abs=0)
            assert plain == pytest.approx(expected[1], rel=1e-10, abs=0)
            directions = [rng.normal(size=flat.size)] if number else list(np.eye(flat.size))
            step = short_of_a_pole(rows, priors, flat, x)
            for direction in directions if usual or number == 0 else ():
                along = slope(density, x, direction, step)
                size = abs(along) if usual else np.abs(gradient).max()
                assert abs(gradient @ direction - along) <= 1e-6 * max(size, 1e-3)


@pytest.mark.parametrize("structure", ["crossed", "three", "independent"])
def test_both_coordinates_are_one_density(structure):
    """Natural and standardised coordinates differ by the Jacobian alone."""
    spec, design, priors = modelled("poisson", "log", structure)
    graphs = [build_graph(spec, design, priors, c) for c in ("standardized", "natural")]
    (there, one), (here, two) = [(compiled(g), Flat(g)) for g in graphs]
    assert {"intercept", "beta", "u_a"} <= set(two.shapes)
    for x in points(design, priors, one, 5):
        values = one.unpack(x)
        point, volume = natural(design, priors, values)
        same = {
            name: values[name] if name in values else np.asarray(point[name]) for name in two.shapes
        }
        _, inner = natural(design, priors, same)
        with_volume, plain, _ = there(values)
        assert here(same)[1] == pytest.approx(plain, rel=1e-12)
        assert here(same)[0] - inner == pytest.approx(with_volume - volume, rel=1e-12)


def test_variables_are_those_of_the_posterior_in_order():
    spec, design, priors = modelled("student_t", "identity", "crossed")
    model = build_graph(spec, design, priors)
    assert [v.name for v in model.free_RVs] == [
        "beta", "intercept", "sd_a", "u_a", "sd_b", "corr_chol_b", "u_b", "sigma", "nu",
    ]  # fmt: skip
    assert [v.name for v in model.deterministics] == ["corr_b"]
    assert [v.name for v in model.observed_RVs] == ["y"]
    dims = model.named_vars_to_dims
    assert dims["u_b"] == ("b", "b_term")
    assert dims["corr_b"] == ("b_term", "b_term_other")
    assert dims["y"] == dims["X"][:1] == ("observation",)
    assert list(model.coords["b_term"]) == ["intercept", "x"]
    data = {v.name for v in model.data_vars}
    assert data == {"X", "offset", "index_a", "index_b", "Z_b", "response"}
    assert model["u_a"].type.ndim == 2


def test_kinds_of_coordinates_are_two():
    spec, design, priors = modelled("poisson", "log", "none")
    names = {v.name for v in build_graph(spec, design, priors).value_vars}
    assert names == {"intercept_standardized__", "beta_standardized__"}
    names = {v.name for v in build_graph(spec, design, priors, "natural").value_vars}
    assert names == {"intercept", "beta"}
