"""The engine's coordinates of the graph: the same variables and the same density."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from pytensor.compile.mode import Mode
from pytensor.graph.traversal import ancestors

import bayes_glmm as bg
from bayes_glmm.fitting.prepare import prepare
from bayes_glmm.model.default_priors import resolve_priors
from bayes_glmm.model.graph import ABSORBED, build_graph
from tests.graph.test_graph import single

PLAIN = Mode(linker="py", optimizer=None)
LEVELS = [f"l{i}" for i in range(6)]


def table() -> pd.DataFrame:
    rng = np.random.default_rng(2)
    own = {
        "g": rng.permutation(LEVELS * 5),
        "h": rng.choice(list("abc"), 30),
        "x": rng.normal(size=30),
    }
    own |= {
        "g2": np.roll(own["g"], 7),
        "t": np.tile(np.arange(10.0), 3),
        "w": np.repeat(list("uvw"), 10),
    }
    return pd.DataFrame({**own, "y": rng.poisson(2.0, 30), "v": rng.normal(1, 1, 30)})


def structures() -> dict[str, object]:
    rng = np.random.default_rng(3)
    root = rng.normal(size=(6, 6))
    borders = pd.DataFrame({"a": LEVELS[:-1], "b": LEVELS[1:]})
    return {
        "K": bg.kinship(pd.DataFrame(root @ root.T, LEVELS, LEVELS)),
        "T": bg.lineage("(((l0:1,l1:2):1,l2:1):1,(l3:1,(l4:0.5,l5:2):1):2);"),
        "I": bg.areal(borders, "icar"),
        "M": bg.areal(borders),
    }


CASES = {
    "intercepts": "y ~ x + (1 | g) + (1 | h)",
    "correlated slopes": "y ~ x + (1 + x | g)",
    "independent slopes": "y ~ x + (1 + x || g)",
    "memberships": "y ~ 1 + (1 | mm(g, g2))",
    "student": 'y ~ 1 + (1 + x | gr(g, dist="student"))',
    "no intercept": "y ~ 0 + x + (1 | g)",
    "kinship": "y ~ x + (1 + x | gr(g, K))",
    "lineage": "y ~ x + (1 + x | gr(g, T))",
    "icar": "y ~ 1 + (1 | gr(g, I))",
    "two": "y ~ 1 + (1 | gr(g, M)) + (1 | gr(g, T)) + (1 | g)",
    "series": "y ~ 1 + (1 | h) + ar(t, w)",
    "formulas that share": {"mu": "v ~ x + (1 + x |p| g)", "sigma": "~ x + (1 |p| g)"},
}


@pytest.mark.parametrize("case", CASES)
def test_density_is_that_of_the_natural_graph(case: str) -> None:
    """At random coordinates, with the volume by which they and the natural ones differ."""
    model = CASES[case]
    family = "gaussian" if isinstance(model, dict) else "poisson"
    text = model if isinstance(model, str) else " ".join(model.values())
    used = {k: s for k, s in structures().items() if f", {k})" in text}
    prepared = prepare(model, table(), family=family, structures=used)
    design = prepared.require()[1]
    priors = resolve_priors(prepared.spec, design)
    inner, outer = (build_graph(prepared.spec, design, priors, k) for k in ("absorbed", "natural"))
    names = [v.name for v in outer.free_RVs]
    assert {v.name for v in outer.unobserved_RVs} == {
        v.name for v in inner.unobserved_RVs if not v.name.endswith(ABSORBED)
    }
    moved = [outer.rvs_to_transforms[v] for v in outer.free_RVs]
    coordinates = [
        inner[n] if t is None else t.forward(inner[n], *inner[n].owner.inputs)
        for n, t in zip(names, moved, strict=True)
    ]
    coordinates = inner.replace_rvs_by_values(coordinates)
    function = inner.compile_fn(
        [inner.logp(), *coordinates], mode=PLAIN, point_fn=True, on_unused_input="ignore"
    )
    assert not single(ancestors([*inner.basic_RVs, *inner.deterministics, *inner.potentials]))
    density = outer.compile_fn(outer.logp(), mode=PLAIN, on_unused_input="ignore")
    start, rng = inner.initial_point(), np.random.default_rng(1)
    order = [v.name for v in inner.value_vars]
    sizes = [np.size(start[n]) for n in order]
    whole = np.concatenate([np.ravel(start[n]) for n in order])

    def both(x: np.ndarray) -> tuple[float, list[np.ndarray]]:
        parts = np.split(x, np.cumsum(sizes)[:-1])
        point = {n: p.reshape(np.shape(start[n])) for n, p in zip(order, parts, strict=True)}
        value, *found = function(point)
        return float(value), found

    for _ in range(3):
        x = whole + rng.normal(0, 0.3, whole.size)
        value, found = both(x)
        natural = {outer.rvs_to_values[outer[n]].name: v for n, v in zip(names, found, strict=True)}
        h, columns = 1e-5, []
        for step in h * np.eye(x.size):
            up, down = (
                np.concatenate([np.ravel(v) for v in both(x + s)[1]]) for s in (step, -step)
            )
            columns.append((up - down) / (2 * h))
        volume = np.linalg.slogdet(np.stack(columns, axis=1))[1]
        assert value == pytest.approx(float(density(natural)) + volume, abs=1e-6)
