"""Terms beyond columns and groups: density and gradient against SciPy, from the definitions."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayes_glmm as bg
from bayes_glmm.design.schema import Schema
from bayes_glmm.design.schema_io import schema_from_dict, schema_to_dict
from bayes_glmm.fitting.prepare import prepare
from bayes_glmm.model.default_priors import resolve_priors
from bayes_glmm.model.graph import build_graph

FAMILIES = ("gaussian", "poisson", "bernoulli")


def often(family: str) -> list:
    """Return all families, those but one marked slow."""
    slow = pytest.mark.slow
    return [pytest.param(f, marks=[] if f == family else slow, id=f) for f in FAMILIES]


N = 24
PRIORS = {
    "intercept": bg.Prior("Normal", mu=0.2, sigma=1),
    "beta": bg.Prior("Normal", mu=0, sigma=2),
    "sd": bg.Prior("HalfNormal", sigma=1),
}


def table(family: str) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    y = {
        "gaussian": rng.normal(size=N),
        "poisson": rng.poisson(2, N),
        "bernoulli": np.arange(N) % 2,
    }
    person = np.repeat([f"p{i}" for i in range(6)], 4)
    return pd.DataFrame(
        {
            "y": y[family],
            "x": rng.uniform(-1, 2, N),
            "z": rng.uniform(0, 5, N),
            "a": rng.choice(list("pqrs"), N),
            "b": rng.choice(list("qrst"), N),
            "v": rng.uniform(0, 1, N),
            "w": np.where(np.arange(N) % 5, rng.uniform(0.2, 2, N), 0.0),
            "person": person,
            "arm": np.where(np.isin(person, ["p0", "p2", "p5"]), "old", "new"),
            "week": np.tile([0.0, 1.0, 2.5, 7.0], 6),
        }
    )


def likelihood(family: str, y: np.ndarray, eta: np.ndarray, sigma: float) -> float:
    if family == "gaussian":
        return stats.norm.logpdf(y, eta, sigma).sum() + stats.halfnorm.logpdf(sigma)
    if family == "poisson":
        return stats.poisson.logpmf(y, np.exp(eta)).sum()
    return stats.bernoulli.logpmf(y, 1 / (1 + np.exp(-eta))).sum()


class Compiled:
    """Density and gradient of a model in its natural variables."""

    def __init__(self, formula: str, family: str, data: pd.DataFrame, priors=None):
        from pytensor.compile.mode import Mode

        given = PRIORS | (priors or {})
        given |= {"sigma": PRIORS["sd"]} if family == "gaussian" else {}
        fixed = "~ x" in formula or " s(" in formula or "t2(" in formula
        given = {k: v for k, v in given.items() if k != "beta" or fixed}
        prepared = prepare(formula, data, family=family, priors=given)
        self.schema, self.design = prepared.require()
        resolved = resolve_priors(prepared.spec, self.design)
        self.model = build_graph(prepared.spec, self.design, resolved, "natural")
        mode = Mode(linker="py", optimizer="fast_compile")
        self.free = list(self.model.value_vars)
        outputs = [self.model.logp(jacobian=False), self.model.dlogp(jacobian=False)]
        self.function = self.model.compile_fn(outputs, mode=mode, on_unused_input="ignore")
        self.shapes = {k: np.shape(v) for k, v in self.model.initial_point().items()}

    def random(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        return {k: rng.normal(scale=0.6, size=s) for k, s in self.shapes.items()}

    def agrees(self, oracle, seed: int = 0) -> None:
        """Compare with ``oracle(point)``, a function of natural variables by name."""
        rng = np.random.default_rng(seed)
        for _ in range(2):
            at = self.random(rng)
            value, gradient = self.function(at)
            assert value == pytest.approx(oracle(natural(at)), rel=1e-10, abs=1e-10)
            expected = np.concatenate([slopes(oracle, at, k).ravel() for k in at])
            np.testing.assert_allclose(gradient, expected, rtol=1e-6, atol=1e-6)


def natural(at: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    found = {}
    for name, value in at.items():
        if name.endswith("_log__"):
            found[name.removesuffix("_log__")] = np.exp(value)
        elif name.endswith("_logodds__"):
            found[name.removesuffix("_logodds__")] = 1 / (1 + np.exp(-value))
        elif name.endswith("_cholesky_corr__"):
            free = float(np.ravel(value)[0])
            row = np.array([free, 1.0]) / np.hypot(free, 1.0)
            found[name.removesuffix("_cholesky_corr__")] = np.array([[1.0, 0.0], row])
        else:
            found[name] = value
    return found


def slopes(oracle, at, name: str, h: float = 1e-3) -> np.ndarray:
    """Four-point differences."""
    found = np.zeros(np.shape(at[name]))
    for place in np.ndindex(found.shape):
        total = 0.0
        for steps, weight in ((1, 8), (-1, -8), (2, -1), (-2, 1)):
            moved = np.array(at[name], float)
            moved[place] += steps * h
            total += weight * oracle(natural(at | {name: moved}))
        found[place] = total / (12 * h)
    return found


def common(family: str, data: pd.DataFrame, p: dict, random: np.ndarray) -> float:
    """Log-density of intercept, slope of x, sigma and the response, given the rest."""
    total, eta = 0.0, p["intercept"] + random
    middle = p["intercept"]
    if "beta" in p:
        eta = eta + p["beta"][0] * data["x"].to_numpy()
        middle = middle + p["beta"][0] * data["x"].mean()
        total += stats.norm.logpdf(p["beta"][0], 0, 2)
    total += stats.norm.logpdf(middle, 0.2, 1)
    return float(total + likelihood(family, data["y"].to_numpy(), eta, p.get("sigma", 1.0)))


@pytest.mark.parametrize("family", often("gaussian"))
def test_memberships_add_weighted_effects(family):
    """Correlated slopes of two memberships with weights that are zero in places."""
    data = table(family)
    levels = ["p", "q", "r", "s", "t"]
    model = Compiled("y ~ x + (1 + x | mm(a, b, weights=c(v, w)))", family, data)
    share = data[["v", "w"]].to_numpy() / data[["v", "w"]].sum(axis=1).to_numpy()[:, None]

    def oracle(p):
        L = p["corr_chol_a_and_b"]
        cov = p["sd_a_and_b"][:, None] * (L @ L.T) * p["sd_a_and_b"]
        u = p["u_a_and_b"]
        total = stats.multivariate_normal.logpdf(u, np.zeros(2), cov).sum()
        total += stats.halfnorm.logpdf(p["sd_a_and_b"]).sum()
        r = (1 + L[1, 0]) / 2
        total += stats.beta.logpdf(r, 2, 2) - np.log(2)
        random = np.zeros(N)
        for i in range(N):
            for k, column in enumerate(("a", "b")):
                own = u[levels.index(data[column][i])]
                random[i] += share[i, k] * (own[0] + own[1] * data["x"][i])
        return total + common(family, data, p, random)

    model.agrees(oracle)


@pytest.mark.parametrize("family", often("poisson"))
def test_levels_of_by_have_sds_of_their_own(family):
    data = table(family)
    model = Compiled("y ~ x + (1 | gr(person, by=arm))", family, data)
    who = {"old": ["p0", "p2", "p5"], "new": ["p1", "p3", "p4"]}

    def oracle(p):
        total, effect = 0.0, {}
        for arm, people in who.items():
            u, sd = p[f"u_person_{arm}"][:, 0], p[f"sd_person_{arm}"][0]
            total += stats.norm.logpdf(u, 0, sd).sum() + stats.halfnorm.logpdf(sd)
            effect |= dict(zip(people, u, strict=True))
        return total + common(family, data, p, data["person"].map(effect).to_numpy())

    model.agrees(oracle)


def test_equal_memberships_are_one_group():
    """A row that names one level twice has its whole effect: the ordinary group's design."""
    data = table("gaussian").assign(b=lambda d: d["a"])
    twice = prepare("y ~ 1 + (1 | mm(a, b))", data).require()[1].mu.groups[0]
    once = prepare("y ~ 1 + (1 | a)", data).require()[1].mu.groups[0]
    u = np.random.default_rng(0).normal(size=(4, 1))
    np.testing.assert_allclose(twice.added(u), once.added(u), rtol=1e-15)
    assert (twice.spread == 1).all() and (twice.counts == once.counts).all()


def test_schemas_of_memberships_and_by_survive_json():
    data = table("gaussian")
    formula = "y ~ x + (1 + x | mm(a, b, weights=c(v, w), scale=False)) + (1 | gr(person, by=arm))"
    schema, design = prepare(formula, data).require()
    again = schema_from_dict(json.loads(json.dumps(schema_to_dict(schema)))).apply(data)
    assert (
        again.mu.groups[0].members.weights.tobytes()
        == design.mu.groups[0].members.weights.tobytes()
    )
    for one, other in zip(again.mu.groups, design.mu.groups, strict=True):
        assert one.index.tobytes() == other.index.tobytes() and one.name == other.name
    parsed = bg.parse(formula)
    assert bg.parse(parsed.formula) == parsed == bg.ModelSpec.from_toml(parsed.to_toml())


def test_numbers_and_gaps_name_the_same_levels():
    """Ids as integers in one column and as numbers with gaps in the other are the same levels."""
    data = pd.DataFrame({"y": [1.0, 2, 4, 3], "a": [3, 1, 10, 1], "b": [10, np.nan, 1, np.nan],
                         "v": 1.0, "w": [1.0, 0, 1, 0]})  # fmt: skip
    group = Schema.learn(bg.parse("y ~ 1 + (1 | mm(a, b, weights=c(v, w)))"), data).apply(data)
    (group,) = group.mu.groups
    assert group.levels.tolist() == ["1", "3", "10"]
    assert group.index.tolist() == [[1, 2], [0, 0], [2, 0], [0, 0]]
    assert group.members.weights.tolist() == [[0.5, 0.5], [1, 0], [0.5, 0.5], [1, 0]]


MEMBERS = "y ~ 1 + (1 | mm(a, b, weights=c(v, w)))"


@pytest.mark.parametrize(
    ("formula", "change", "words"),
    [
        (MEMBERS, {"v": -1.0}, ("'v'", "negative", "3")),
        (MEMBERS, {"v": 0.0, "w": 0.0}, ("zero", "mm(a, b)", "3")),
        (MEMBERS, {"v": np.nan}, ("'v'", "missing", "3")),
        ("y ~ 1 + (1 | mm(a, b))", {"b": None}, ("'b'", "missing", "3", "weight 0")),
        ("y ~ 1 + (1 | gr(person, by=arm))", {"arm": "old"}, ("'arm'", "'p1'")),
    ],
)
def test_malformed_groups_are_refused(formula, change, words):
    data = table("gaussian").astype({"b": object, "arm": object})
    row = 3 if "arm" not in change else 4
    data.loc[row, list(change)] = list(change.values())
    message = " ".join(f.message for f in bg.check(formula, data).errors)
    assert all(word in message for word in words), message


@pytest.mark.parametrize(
    "formula",
    [
        "y ~ (1 | mm(a))",
        "y ~ (1 | mm(a, a))",
        "y ~ (1 | mm(a, b, weights=w))",
        "y ~ (1 | mm(a, b, weights=c(w)))",
        "y ~ (1 | mm(a, b, scale=2))",
        "y ~ (1 | gr(a, of=b))",
        "y ~ (1 | gr(a:b, A))",
    ],
)
def test_mistakes_are_shown_with_a_caret(formula):
    with pytest.raises(bg.errors.FormulaError, match=r"\^"):
        bg.parse(formula)


def test_unknown_member_is_named_with_its_row():
    data = table("gaussian")
    schema = Schema.learn(bg.parse(MEMBERS), data)
    new = data.copy()
    new.loc[5, "b"] = "qq"
    with pytest.raises(bg.errors.UnknownLevelError, match="'qq' in rows? 5"):
        if data.loc[5, "w"] == 0:
            new.loc[5, "w"] = 1.0
        schema.apply(new)
    assert schema.apply(new, groups="any").mu.groups[0].index[5].tolist()[1] == -1


def smooth_part(p: dict, name: str, basis: np.ndarray, part: np.ndarray, sizes=1.0):
    """Log-prior of a smooth's variables and its values, from its columns."""
    sd, u = p[f"sd_{name}"], p[f"u_{name}"]
    total = stats.norm.logpdf(u, 0, sd[part] * sizes).sum() + stats.halfnorm.logpdf(sd).sum()
    return total, basis @ u


SMOOTHS = {
    "s(x, k=5)": "bernoulli",
    "s(z, k=4, by=arm)": "gaussian",
    "t2(x, z, k=3)": "poisson",
    'hsgp(x, k=6, kernel="gaussian")': "gaussian",
}


@pytest.mark.parametrize(
    ("term", "family"),
    [
        (term, *f.values) if not f.marks else pytest.param(term, *f.values, marks=f.marks)
        for term, own in SMOOTHS.items()
        for f in often(own)
    ],
)
def test_smooth_terms_are_normal_coefficients_of_their_columns(term, family):
    """The columns themselves are compared in tests/design/test_smooths.py."""
    data = table(family)
    own = {"range_hsgp_x": bg.Prior("HalfNormal", sigma=2)} if "hsgp" in term else {}
    model = Compiled(f"y ~ 1 + {term}", family, data, own)
    mu = model.design.mu
    (smooth,) = mu.smooths
    size = model.design.mu.scales

    def oracle(p):
        sizes = 1.0
        total, eta = 0.0, p["intercept"]
        if "hsgp" in term:
            reach = p["range_hsgp_x"]
            half = 2.5 * np.ptp(data["x"]) / 2
            w = np.pi * np.arange(1, 7) / (2 * half)
            sizes = np.sqrt(np.sqrt(2 * np.pi) * reach * np.exp(-((reach * w) ** 2) / 2))
            total += stats.halfnorm.logpdf(reach, scale=2)
        prior, values = smooth_part(p, smooth.name, smooth.basis, smooth.part, sizes)
        if len(size):
            eta = eta + mu.X @ p["beta"]
            total += stats.norm.logpdf(p["beta"], 0, 2).sum()
            middle = p["intercept"] + mu.X.mean(axis=0) @ p["beta"]
        else:
            middle = p["intercept"]
        total += prior + stats.norm.logpdf(middle, 0.2, 1)
        return total + likelihood(family, data["y"].to_numpy(), eta + values, p.get("sigma", 1.0))

    model.agrees(oracle)


def test_coordinates_of_smooth_terms_have_the_same_density():
    """The sampler's density is the natural one times the volume, stated again here."""
    data = table("gaussian")
    formula = "y ~ 1 + s(x, k=6) + hsgp(z, k=4)"
    spec = bg.parse(formula)
    design = prepare(spec, data).require()[1]
    priors = resolve_priors(spec, design)
    built = [build_graph(spec, design, priors, c) for c in ("standardized", "natural")]
    fast = {"mode": "FAST_COMPILE", "on_unused_input": "ignore"}
    moved, plain = (m.compile_fn(m.logp(jacobian=False), **fast) for m in built)
    with_volume = built[0].compile_fn(built[0].logp(), **fast)
    rng = np.random.default_rng(0)
    at = {k: rng.normal(size=np.shape(v)) for k, v in built[0].initial_point().items()}
    point, volume = {}, 0.0
    for name, value in at.items():
        if name.endswith("_partly_standardized__"):
            smooth = next(s for s in design.smooths if name.startswith(f"u_{s.name}_"))
            scale = np.exp(at[f"sd_{smooth.name}_log__"])[smooth.part]
            length = (smooth.basis**2).sum(axis=0)
            if smooth.spectrum is not None:
                middle = np.exp(smooth.hyper[0].prior["mu"])
                kernel, typical = (
                    16 / (3 * 5**0.5) * r * (1 + (r * smooth.spectrum.frequency) ** 2 / 5) ** -3
                    for r in (np.exp(at["range_hsgp_z_log__"]), middle)
                )
                scale, length = scale * np.sqrt(kernel), length * typical
            power = 10 / (length + 10)
            point[name.removesuffix("_partly_standardized__")] = value * scale**power
            volume += (power * np.log(scale)).sum()
        elif name == "beta_standardized__":
            wide = np.array([priors[f"beta[{c}]"]["sigma"] for c in design.mu.coefficients])
            point["beta"] = wide * value
            volume += np.log(wide).sum()
        elif name == "intercept_standardized__":
            point["intercept"] = priors["intercept"]["mu"] + priors["intercept"]["sigma"] * value
            volume += float(np.log(priors["intercept"]["sigma"]))
        else:
            point[name] = value
            volume += float(value.sum())
    point["intercept"] = point["intercept"] - design.mu.centers @ point["beta"]
    assert moved(at) == pytest.approx(plain(point), rel=1e-10)
    assert with_volume(at) == pytest.approx(plain(point) + volume, rel=1e-10)


@pytest.mark.parametrize("family", often("bernoulli"))
def test_student_effects_have_the_density_of_students_t(family):
    data = table(family)
    nu = {"nu_person": bg.Prior("Gamma", alpha=2, beta=0.5)}
    model = Compiled('y ~ x + (1 | gr(person, dist="student"))', family, data, nu)
    people = [f"p{i}" for i in range(6)]

    def oracle(p):
        u, sd, nu = p["u_person"][:, 0], p["sd_person"][0], p["nu_person"]
        total = stats.t.logpdf(u, nu, 0, sd).sum() + stats.halfnorm.logpdf(sd)
        total += stats.gamma.logpdf(nu, 2, scale=2)
        effect = data["person"].map(dict(zip(people, u, strict=True))).to_numpy()
        return total + common(family, data, p, effect)

    model.agrees(oracle)


@pytest.mark.slow
def test_student_effects_of_several_terms_share_their_tails():
    data = table("poisson")
    nu = {"nu_person": bg.Prior("Gamma", alpha=2, beta=0.5)}
    model = Compiled('y ~ x + (1 + x | gr(person, dist="student"))', "poisson", data, nu)

    def oracle(p):
        L = p["corr_chol_person"]
        shape = p["sd_person"][:, None] * (L @ L.T) * p["sd_person"]
        u, nu = p["u_person"], p["nu_person"]
        total = stats.multivariate_t.logpdf(u, np.zeros(2), shape, df=nu).sum()
        total += stats.halfnorm.logpdf(p["sd_person"]).sum()
        total += stats.gamma.logpdf(nu, 2, scale=2)
        total += stats.beta.logpdf((1 + L[1, 0]) / 2, 2, 2) - np.log(2)
        rows = u[[int(name[1]) for name in data["person"]]]
        return total + common("poisson", data, p, rows[:, 0] + rows[:, 1] * data["x"].to_numpy())

    model.agrees(oracle)


def test_text_of_groups_with_a_distribution():
    for text in (
        'y ~ x + (1 + x | gr(g, dist="student"))',
        'y ~ 1 + (1 | gr(a:b, by=arm, dist="student"))',
    ):
        spec = bg.parse(text)
        assert spec.formula == text and bg.ModelSpec.from_toml(spec.to_toml()) == spec
        data = table("gaussian").assign(g=np.arange(N) // 6, arm=lambda d: d["a"])
        schema = Schema.learn(spec, data)
        again = schema_from_dict(json.loads(json.dumps(schema_to_dict(schema))))
        assert schema_to_dict(again) == schema_to_dict(schema)
    for text in (
        "gr(g, dist=student)",
        'gr(g, dist="t")',
        'gr(g, A, dist="student")',
        "gr(g, by=x, by=z)",
    ):
        with pytest.raises(bg.errors.FormulaError, match=r"\^"):
            bg.parse(f"y ~ (1 | {text})")


def test_coordinates_of_student_effects_have_the_same_density():
    """Rows of effects are turned by the factor of their scales, as normal ones are."""
    data = table("gaussian")
    spec = bg.parse('y ~ 1 + (0 + x + z || gr(person, dist="student"))')
    design = prepare(spec, data).require()[1]
    priors = resolve_priors(spec, design)
    built = [build_graph(spec, design, priors, c) for c in ("standardized", "natural")]
    fast = {"mode": "FAST_COMPILE", "on_unused_input": "ignore"}
    moved = built[0].compile_fn(built[0].logp(), **fast)
    plain = built[1].compile_fn(built[1].logp(), **fast)
    rng = np.random.default_rng(0)
    at = {k: rng.normal(size=np.shape(v)) for k, v in built[0].initial_point().items()}
    point = {k: v for k, v in at.items() if not k.endswith("_standardized__")}
    sd = np.exp(at["sd_person_log__"])
    point["u_person"] = at["u_person_standardized__"] * sd
    wide = priors["intercept"]["sigma"]
    point["intercept"] = priors["intercept"]["mu"] + wide * at["intercept_standardized__"]
    volume = 6 * np.log(sd).sum() + np.log(wide)
    assert moved(at) == pytest.approx(plain(point) + volume, rel=1e-10)
