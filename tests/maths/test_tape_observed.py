"""Weighted, censored and truncated responses, and pairs of arms, on a tape."""

from __future__ import annotations

import numpy as np
import pytest

from bayes_glmm.families import FAMILIES, get_family
from bayes_glmm.families.censoring import observe
from bayes_glmm.families.recorded import record_density
from bayes_glmm.maths.tape_derivatives import gradient, hessian
from bayes_glmm.maths.tape_nodes import needed
from bayes_glmm.maths.tape_values import evaluate
from tests.maths.support import N_ROWS, check, close, density, rows
from tests.oracle import log_likelihood

PLAIN = [f.name for f in FAMILIES if "expected" not in f.by_category]
BOUNDED = [name for name in PLAIN if get_family(name).has_distribution]
STATUS = np.tile([0.0, -1.0, 1.0, 2.0], N_ROWS // 4)


def seen(name: str, kind: str, link: str | None = None, seed: int = 0):
    """A family with modifiers, its rows, and its density on a tape."""
    family = get_family(name)
    link = link or family.default_link
    inputs = rows(family, link, seed=seed)
    inputs["y"] = inputs["y"] + (0.0 if family.discrete else 0.3)
    rng = np.random.default_rng(seed)
    given: dict = {}
    if "weights" in kind:
        given["weights"] = np.where(np.arange(N_ROWS) % 6 == 0, 0.0, rng.uniform(0.5, 3.0, N_ROWS))
    if "cens" in kind:
        given["status"] = STATUS
        given["upper"] = inputs["y"] + rng.integers(1, 4, N_ROWS)
    if "trunc" in kind:
        far = np.arange(N_ROWS) % 3
        given["least"] = np.where(far == 0, -np.inf, inputs["y"] - rng.integers(0, 3, N_ROWS) * 1.0)
        given["most"] = np.where(far == 1, np.inf, inputs["y"] + rng.integers(4, 7, N_ROWS))
        if not family.discrete and family.lower == 0:
            given["least"] = np.maximum(given["least"], 0.1)
    observed = observe(family, given, inputs["y"])
    found = record_density(observed, family.link(link))
    return observed, family.link(link), inputs | given, found


@pytest.mark.parametrize("kind", ["weights", "cens", "trunc", "weights cens trunc"])
@pytest.mark.parametrize("name", BOUNDED)
def test_bounds_and_weights(name, kind):
    family, link, inputs, found = seen(name, kind)
    assert {node.data for node in found.parameters} == {p.name for p in family.plain.scalars(())}
    check(family, link, inputs, found)


@pytest.mark.parametrize("name", [n for n in PLAIN if n not in BOUNDED])
def test_weights_alone(name):
    family, link, inputs, found = seen(name, "weights")
    inputs["y"] = rows(family.plain, link.name)["y"]
    check(family, link, inputs, found)
    own = {p.name: inputs.get(p.name, p.fixed) for p in family.plain.parameters}
    rest = inputs["y"], inputs.get("trials"), inputs["eta"], own
    want = np.where(inputs["weights"] == 0, 0.0, log_likelihood(name, link.name, *rest))
    close(evaluate([found.value], inputs)[0], inputs["weights"] * want, 1e-10)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("kind", ["cens", "trunc", "weights cens trunc"])
@pytest.mark.parametrize(
    ("name", "link"), [(name, link) for name in BOUNDED for link in get_family(name).links]
)
def test_bounds_under_every_link(name, link, kind, seed):
    """The upper tail of counts is what their sum leaves of one, and so is its rounding."""
    family, of_mean, inputs, found = seen(name, kind, link, seed)
    tolerance = 1e-10 if family.discrete else 1e-12
    check(family, of_mean, inputs, found, by_entry=True, tolerance=tolerance)


@pytest.mark.parametrize("name", BOUNDED)
def test_the_status_of_one_row_has_no_say_for_another(name):
    """Each kind of row alone gives what it gives among the others, however far its other ends."""
    family, link, inputs, found = seen(name, "cens")
    by = found.predictors + found.parameters
    outputs = [found.value, *gradient(found.value, by), *sum(hessian(found.value, by), ())]
    whole = evaluate(outputs, inputs)
    for status, end in ((0.0, -1e9), (-1.0, np.inf), (1.0, -np.inf)):
        some = {k: v[STATUS == status] for k, v in inputs.items()}
        some["upper"] = np.full(N_ROWS // 4, end)
        for part, all_of in zip(evaluate(outputs, some), whole, strict=True):
            wanted = np.broadcast_to(all_of, N_ROWS)[STATUS == status]
            np.testing.assert_array_equal(np.broadcast_to(part, N_ROWS // 4), wanted)


def arms(seed: int = 0):
    rng = np.random.default_rng(seed)
    n, others = (rng.integers(1, 30, N_ROWS).astype(float) for _ in range(2))
    total = rng.integers(0, n + others + 1).astype(float)
    total[:2], total[2] = 0, n[2] + others[2]
    y = rng.integers(np.maximum(0, total - others), np.minimum(n, total) + 1).astype(float)
    known = {"total": total, "other_trials": others}
    return {"y": y, "trials": n, "eta": rng.uniform(-2, 2, N_ROWS)} | known, known


def test_an_arm_given_the_total_of_both():
    inputs, known = arms()
    family = observe(get_family("binomial"), known, inputs["y"])
    found = record_density(family, family.link("logit"))
    assert found.parameters == ()
    check(family, family.link("logit"), inputs, found)
    slope = gradient(found.value, found.predictors)
    far = inputs | {"eta": np.tile([-40.0, 40.0], N_ROWS // 2)}
    mean, _ = family.moments(far["eta"], family.link("logit"), known, inputs["trials"])
    np.testing.assert_allclose(evaluate(slope, far)[0], inputs["y"] - mean, atol=1e-8)
    close(evaluate([found.value], far)[0], density(family, family.link("logit"), far), 1e-12)


def test_a_sum_over_counts_is_one_operation():
    """However large the largest count: its length is data of the sum and not of the tape."""
    family = get_family("negative_binomial")
    sizes = []
    for largest in (3.0, 700.0):
        known = {"status": np.full(4, -1.0), "upper": np.full(4, largest)}
        observed = observe(family, known, np.full(4, largest))
        found = record_density(observed, family.link("log"))
        sizes.append(len(needed(found.value, *gradient(found.value, found.predictors))))
    assert sizes[0] == sizes[1]


FAR_BOUND = [("poisson", {}), ("negative_binomial", {"dispersion": 0.6}), ("geometric", {}),
             ("generalized_poisson", {"dispersion": 0.6})]  # fmt: skip


@pytest.mark.parametrize(("name", "own"), FAR_BOUND)
def test_a_bound_that_nothing_passes_changes_no_slope(name, own):
    """P(Y > 400) has rounded to zero: its logarithm is minus infinity, and so would its slope be."""
    family, y = get_family(name), np.array([1.0, 2.0, 1.0])
    link, slopes = family.link("log"), {}
    for most in (400.0, np.inf):
        known = {"least": np.ones(3), "most": np.full(3, most)}
        found = record_density(observe(family, known, y), link)
        outputs = [found.value, *gradient(found.value, found.predictors + found.parameters)]
        at = known | own | {"y": y, "eta": np.array([-1.0, -0.5, 1.0])}
        slopes[most] = evaluate(outputs, at)
    np.testing.assert_allclose(slopes[400.0], slopes[np.inf], rtol=1e-10, atol=1e-13)
