"""A user's family, and responses with weights and bounds, on the kernel."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import bayes_glmm as bg
from bayes_glmm.design.schema import Schema
from bayes_glmm.engine.codes import INTERPRETED, PRINTED
from bayes_glmm.engine.kernel import check, log_density
from bayes_glmm.engine.program import uncovered, write_program
from bayes_glmm.engine.records import PROGRAM, TAPE
from bayes_glmm.errors import EngineError
from bayes_glmm.families import get_family
from bayes_glmm.results.fit import Fit
from bayes_glmm.spec.formula.parsing import parse
from tests.basis import in_basis
from tests.engine.test_engines import agree
from tests.engine.test_kernel import held_to_the_graph, points
from tests.native.bodies import LEVELS, body


class Nakagami(bg.Family):
    """Amplitudes whose square has a Gamma distribution with mean ``mu**2``."""

    name, support, links, lower = "nakagami_of_a_user", "positive numbers", ("log",), 0.0
    parameters = (
        bg.Parameter("shape", "shape", lambda spread: bg.Prior("Gamma", alpha=2, beta=0.5)),
    )
    mean_is_proportional = False

    def density(self, m, y, mean, own, trials):
        shape, square = own["shape"], y**2 / mean.value**2
        return (
            np.log(2.0)
            + shape * m.log(shape * square)
            - m.gammaln(shape)
            - shape * square
            - m.log(y)
        )

    def variance(self, mu, parameters, trials=None):
        return mu**2 / parameters["shape"]

    def simulate(self, rng, mu, parameters, trials=None):
        shape = np.asarray(parameters["shape"])
        return np.sqrt(rng.gamma(shape, mu**2 / shape))


USER = Nakagami()


def table(n: int = 160) -> pd.DataFrame:
    rng = np.random.default_rng(6)
    x, group = rng.normal(size=n), rng.integers(0, 8, n)
    eta = 0.8 + 0.3 * x + 0.4 * rng.normal(size=8)[group]
    gauss, count = eta + 0.6 * rng.normal(size=n), np.maximum(rng.poisson(np.exp(eta)), 1)
    size = np.exp(eta) * np.sqrt(rng.gamma(3, 1 / 3, n))
    far = np.arange(n) % 5
    ends = pd.Series("none", range(n)).mask(far == 1, "right").mask(far == 2, "left")
    return pd.DataFrame(
        {"gauss": gauss, "count": count, "size": size, "x": x, "g": group.astype(str),
         "w": rng.choice([0.0, 0.5, 1.0, 2.5], n), "ends": ends}
    )  # fmt: skip


MODELS = {
    "a family of a user": ("size", USER, INTERPRETED),
    "a weighted family of a user": ("size | weights(w)", USER, INTERPRETED),
    "weighted numbers": ("gauss | weights(w)", "gaussian", PRINTED),
    "weighted amounts": ("size | weights(w)", "gamma", PRINTED + 17),
    "censored numbers": ("gauss | cens(ends)", "gaussian", INTERPRETED),
    "censored and held": ("gauss | cens(ends)", "asymmetric_laplace(quantile=0.3)", INTERPRETED),
    "weighted and censored amounts": ("size | weights(w) + cens(ends)", "weibull", INTERPRETED),
    "truncated counts": ("count | trunc(1, 40)", "poisson", INTERPRETED),
}

DRAWS = {"truncated counts": 12_000}
"""Where the sd of eight levels has so long a tail that 2,000 draws say little of their own error."""


def modelled(response: str, family):
    data = table()
    spec = parse(f"{response} ~ x + (1 | g)", family=get_family(family).name)
    design = Schema.learn(spec, data).apply(data)
    return (spec, *in_basis(spec, design))


@pytest.mark.parametrize("name", MODELS)
def test_the_graph_and_the_kernel_agree(name):
    response, family, number = MODELS[name]
    spec, design, priors = modelled(response, family)
    assert uncovered(design, priors) is None
    program = write_program(design, priors)
    assert PROGRAM.read(program.buffer, "family") == number
    assert len(list(held_to_the_graph(spec, program, 6))) == 6


@pytest.mark.parametrize("name", MODELS)
def test_bodies_agree(name):
    _, design, priors = modelled(*MODELS[name][:2])
    program = write_program(design, priors)
    (z,) = points(program, 1)
    found = []
    for level in LEVELS:
        with body(level):
            slope = np.empty_like(z)
            found.append((log_density(program.buffer, z, slope), slope))
    value, slope = found[0]
    for other, change in found[1:]:
        assert other == pytest.approx(value, rel=1e-12)
        np.testing.assert_allclose(change, slope, rtol=1e-9, atol=1e-10 * np.abs(slope).max())


def test_a_changed_tape_is_refused_or_harmless():
    _, design, priors = modelled(*MODELS["a family of a user"][:2])
    program = write_program(design, priors)
    at, rng, refused = int(PROGRAM.read(program.buffer, "at_tape")), np.random.default_rng(2), 0
    tape = program.buffer[at : at + TAPE.width]
    first = int(TAPE.read(tape, "at_records"))
    places = [
        *range(at, at + TAPE.width),
        *range(first, first + 5 * int(TAPE.read(tape, "records"))),
    ]
    for _ in range(4000):
        changed = program.buffer.copy()
        changed[rng.choice(places)] = rng.choice([-1, 0, 1, 2, 7, 100, 2**31, 2**62, -(2**63)])
        try:
            check(changed)
        except EngineError:
            refused += 1
            continue
        log_density(changed, program.start, np.empty_like(program.start))
    assert refused > 1000


class Unrecorded(Nakagami):
    """A density with a function of NumPy's, which no tape holds."""

    name = "unrecorded_of_a_user"

    def density(self, m, y, mean, own, trials):
        return super().density(m, y, mean, own, trials) + 0.0 * np.log(mean.value)


def test_what_no_tape_holds_stays_on_the_graph():
    _, design, priors = modelled("size", Unrecorded())
    assert uncovered(design, priors) == "the family unrecorded_of_a_user"


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", MODELS)
def test_the_kernel_samples_what_the_graph_does(name):
    response, family, _ = MODELS[name]
    given = {"family": family, "progress": False, "chains": 4, "draws": DRAWS.get(name, 2000)}
    ours = bg.fit(f"{response} ~ x + (1 | g)", table(), seed=3, **given)
    assert Fit.of(ours).info["settings"]["path"] in ("plain", "frozen", "adaptive")
    settings = {"engine": "nuts", "target_accept": 0.95, "seed": 5}
    agree(bg.fit(f"{response} ~ x + (1 | g)", table(), **given, **settings), ours)
