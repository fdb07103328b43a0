"""Small models for the graph's tests, and their coordinates written from the definitions.

Nothing here calls the graph's transforms or the engine's maps: the change of
variables is stated again, so that a wrong Jacobian cannot hide.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from scipy import special

from bayes_glmm import Prior
from bayes_glmm.design.schema import Schema
from bayes_glmm.model.default_priors import resolve_priors
from bayes_glmm.spec.formula.parsing import parse
from tests.oracle import HELD, OWN, log_posterior, predictor_part

LINKS = {
    "gaussian": ("identity", "log", "inverse"),
    "student_t": ("identity", "log", "inverse"),
    "bernoulli": ("logit", "probit", "cloglog"),
    "binomial": ("logit", "probit", "cloglog"),
    "poisson": ("log", "identity", "sqrt"),
    "negative_binomial": ("log", "identity", "sqrt"),
}
MORE = {
    **dict.fromkeys(("beta_binomial", "zero_inflated_binomial", "beta", "zero_one_inflated_beta"),
                    LINKS["binomial"]),
    **dict.fromkeys(
        ("negative_binomial1", "geometric", "generalized_poisson", "zero_inflated_poisson", "hurdle_poisson",
         "zero_inflated_negative_binomial", "hurdle_negative_binomial"), LINKS["poisson"],
    ),
    **dict.fromkeys(
        ("gamma", "exponential", "weibull", "inverse_gaussian", "hurdle_gamma"),
        ("log", "inverse", "identity"),
    ),
    **dict.fromkeys(("lognormal", "hurdle_lognormal"), ("log",)),
    **dict.fromkeys(("skew_normal", "asymmetric_laplace"), LINKS["gaussian"]),
    "ordered_beta": ("logit",),
    "von_mises": ("tan_half", "identity"),
    "tweedie": LINKS["poisson"],
}  # fmt: skip
STRUCTURES = {
    "none": "",
    "intercept": " + (1 | a)",
    "slope": " + (1 + x | a)",
    "nested": " + (1 | a/b)",
    "crossed": " + (1 | a) + (1 + x | b)",
    "olre": " + (1 | observation)",
    "three": " + (1 + x + z | a)",
    "independent": " + (1 + x || a)",
}
NO_OLRE = ("gaussian", "student_t", "skew_normal", "asymmetric_laplace", "bernoulli")
LOCATION_SCALE = {"Normal": ("mu", "sigma"), "StudentT": ("mu", "sigma"), "Laplace": ("mu", "b"),
                  "Logistic": ("mu", "s"), "Cauchy": ("alpha", "beta")}  # fmt: skip


def centred(x: np.ndarray) -> np.ndarray:
    """Return numbers whose mean is zero: there the table's basis is the reference one.

    Another origin is held against this one in test_origin.
    """
    return x - x.mean()


def table(family: str, n: int = 12) -> pd.DataFrame:
    rng = np.random.default_rng(len(family))
    data = pd.DataFrame(
        {"x": centred(rng.normal(size=n)), "z": centred(rng.uniform(1, 3, n)), "n": rng.integers(1, 20, n),
         "known": rng.normal(0, 0.2, n), "a": list("pqrs") * (n // 4), "b": list("uvw") * (n // 3)}
    )  # fmt: skip
    match family:
        case "gaussian" | "student_t" | "skew_normal" | "asymmetric_laplace":
            data["y"] = rng.uniform(1, 4, n)
        case "gamma" | "exponential" | "weibull" | "inverse_gaussian" | "lognormal":
            data["y"] = rng.uniform(0.5, 4, n)
        case "von_mises":
            data["y"] = rng.uniform(-3, 3, n)
        case "hurdle_gamma" | "hurdle_lognormal" | "tweedie":
            data["y"] = [0, 0, 0.2, *rng.uniform(0.5, 4, n - 3)]
        case "zero_one_inflated_beta" | "ordered_beta":
            data["y"] = [0, 1, 1, *rng.uniform(0.1, 0.9, n - 3)]
        case "beta":
            data["y"] = rng.uniform(0.1, 0.9, n)
        case "bernoulli":
            data["y"] = [0, 1] * (n // 2)
        case "binomial" | "beta_binomial" | "zero_inflated_binomial":
            data["y"] = rng.binomial(data["n"], 0.4)
            data.loc[:1, "y"] = [0, data["n"][1]]
        case _:
            data["y"] = [0, 0, 1, *rng.poisson(6, n - 3)]
    return data


def modelled(family, link, structure, *, priors=None, data=None, offset="known"):
    """Return spec, design and resolved priors; means stay inside the link's domain."""
    centre = {"identity": 6.0, "sqrt": 2.5, "inverse": 0.5}.get(link, 0.3)
    width = 0.1 if link == "inverse" else 0.5
    own = {"intercept": Prior("Normal", mu=centre, sigma=width)}
    own["beta"] = Prior("Normal", mu=0.1, sigma=0.3 * width)
    if STRUCTURES[structure]:
        own["sd"] = Prior("HalfStudentT", nu=4, sigma=0.3 * width)
    response = "y | trials(n)" if family.endswith("binomial") and "neg" not in family else "y"
    data = table(family) if data is None else data
    spec = parse(f"{response} ~ x + z{STRUCTURES[structure]}", family=family, link=link,
                 offset=offset, priors=own | (priors or {}))  # fmt: skip
    design = Schema.learn(spec, data).apply(data)
    return spec, design, resolve_priors(spec, design)


def extremes(design):
    """Put counts of 0 and 1e9, and probabilities near 0 and 1, into the first rows."""
    mu, y, n = design.mu, design.response.copy(), design.trials
    offset = mu.offset.copy()
    if design.family in ("bernoulli", "binomial"):
        far = {"logit": 40.0, "probit": 12.0, "cloglog": 4.0}[design.link]
        offset[:4] = [-far, -far, far, far]
        y[:4] = [0, 1, 0, 1]
        if n is not None:
            n = n.copy()
            n[:4] = [1e9, 1, 1e9, 1e9]
            y[:4] = [0, 1, 1e9 - 1, 1e9]
    elif design.family in ("poisson", "negative_binomial"):
        y[:4] = [1e9, 0, 1e9, 0]
        offset[:2] = {"log": [20.5, -30.0], "identity": [1e9, 0], "sqrt": [31600.0, 0]}[design.link]
    elif design.family in ("gaussian", "student_t"):
        y[:2] = [1e6, -1e6]
    predictor = replace(mu, offset=offset)
    return replace(design, predictors={"mu": predictor}, response=y, trials=n)


def update(model, design) -> None:
    """Give a built graph the arrays of another design of the same shape."""
    whole = model["response"].type.dtype.startswith("int")
    model.set_data("offset", design.mu.offset)
    model.set_data("response", design.response.astype(np.int64 if whole else float))
    if design.trials is not None:
        model.set_data("trials", design.trials.astype(model["trials"].type.dtype))


PLACES = {2: [(1, 0)], 3: [(2, 1), (2, 0), (1, 0)]}


def correlation_factor(free: np.ndarray, n: int) -> np.ndarray:
    """Rows of unit length whose lower entries, over the diagonal, are the free numbers.

    PyMC fills the triangle from its last row; the places are written out here.
    """
    L = np.eye(n)
    for place, value in zip(PLACES[n], free, strict=True):
        L[place] = value
    return L / np.sqrt((L**2).sum(axis=1, keepdims=True))


def natural(design, priors, values) -> tuple[dict, float]:
    """Turn the sampler's coordinates into the posterior's variables, and the log volume."""
    point, volume = {}, 0.0
    for name, predictor in design.predictors.items():
        suffix = "" if name == "mu" else f"_{name}"
        volume += _predictor(predictor, suffix, priors, values, point)
    for name in set(OWN.get(design.family, ())) - set(design.predictors) - set(HELD):
        if name in ("zi", "hurdle", "zoi", "coi"):
            point[name] = float(special.expit(values[f"{name}_logodds__"]))
            volume += np.log(point[name]) + np.log1p(-point[name])
        elif name in ("skew", "lower"):
            point[name] = float(values[name])
        elif name == "power":
            excess = float(special.expit(values["power_interval__"]))
            point[name] = 1 + excess
            volume += np.log(excess) + np.log1p(-excess)
        else:
            point[name] = float(np.exp(values[f"{name}_log__"]))
            volume += np.log(point[name])
    return point, volume


def _predictor(predictor, suffix, priors, values, point) -> float:
    """Add the variables of one predictor to the point; return their log volume."""
    volume = 0.0
    beta = np.zeros(0)
    if predictor.coefficients:
        chosen = [priors[f"beta{suffix}[{c}]"] for c in predictor.coefficients]
        if f"beta{suffix}" in values:
            beta = np.asarray(values[f"beta{suffix}"])
        else:
            where, wide = _location_scale(chosen)
            beta = where + wide * values[f"beta{suffix}_standardized__"]
            volume += np.log(wide).sum()
        point[f"beta{suffix}"] = beta
    if predictor.intercept:
        if f"intercept{suffix}" in values:
            point[f"intercept{suffix}"] = float(values[f"intercept{suffix}"])
        else:
            where, wide = _location_scale([priors[f"intercept{suffix}"]])
            z = values[f"intercept{suffix}_standardized__"]
            point[f"intercept{suffix}"] = float((where + wide * z)[0] - predictor.centers @ beta)
            volume += np.log(wide[0])
    for g in predictor.groups:
        sd = np.exp(values[f"sd_{g.name}_log__"])
        point[f"sd_{g.name}"] = sd
        volume += np.log(sd).sum()
        factor = np.eye(len(sd))
        wide = [b for b in g.blocks if len(b) > 1]
        for number, members in enumerate(wide):
            name = f"corr_chol_{g.name}" + ("" if len(wide) == 1 else f"_{number}")
            L = correlation_factor(values[f"{name}_cholesky_corr__"], len(members))
            point[name] = L
            volume += sum((i + 2) * np.log(L[i, i]) for i in range(1, len(L)))
            factor[np.ix_(members, members)] = L
        A = sd[:, None] * factor
        if f"u_{g.name}" in values:
            point[f"u_{g.name}"] = values[f"u_{g.name}"]
        else:
            point[f"u_{g.name}"] = values[f"u_{g.name}_standardized__"] @ A.T
            volume += g.n_levels * np.log(np.diag(A)).sum()
    return volume


def _location_scale(priors):
    names = [LOCATION_SCALE[p.name] for p in priors]
    return (
        np.array([p[a] for p, (a, _) in zip(priors, names, strict=True)]),
        np.array([p[b] for p, (_, b) in zip(priors, names, strict=True)]),
    )


def interpreted():
    """Return a mode that needs no C compiler.

    NumPy's functions take no more than 32 operands: nested sums are left nested. Fused nodes
    take reciprocals in single precision.
    """
    from pytensor.compile.mode import Mode

    flattening = "local_add_canonizer", "flatten_nested_add_mul"
    return Mode(linker="py", optimizer="fast_run").excluding("fusion", "inplace", *flattening)


class Flat:
    """Coordinates of a model as one vector, in the order of its value variables."""

    def __init__(self, model):
        initial = model.initial_point()
        self.shapes = {v.name: np.shape(initial[v.name]) for v in model.value_vars}
        self.size = sum(int(np.prod(s)) for s in self.shapes.values())

    def unpack(self, x) -> dict[str, np.ndarray]:
        parts, at = {}, 0
        for name, shape in self.shapes.items():
            size = int(np.prod(shape))
            parts[name] = np.asarray(x[at : at + size]).reshape(shape)
            at += size
        return parts

    def centre(self, design, priors) -> np.ndarray:
        """Zero, but for random effects' sds, which start at their priors' scale."""
        parts = {name: np.zeros(shape) for name, shape in self.shapes.items()}
        for g in design.mu.groups:
            scales = [priors[f"sd_{g.name}[{t}]"]["sigma"] for t in g.terms]
            parts[f"sd_{g.name}_log__"] = np.log(scales)
        return np.concatenate([np.ravel(part) for part in parts.values()])


def oracle(design, priors, flat, x) -> tuple[float, float]:
    """Log-density with and without the Jacobian at a vector of coordinates."""
    point, volume = natural(design, priors, flat.unpack(x))
    plain = log_posterior(design, priors, point)
    return plain + volume, plain


def points(design, priors, flat, n=25, seed=0, spread=0.4):
    """Random coordinates at which every mean is inside the domain."""
    rng, found = np.random.default_rng(seed), []
    centre = flat.centre(design, priors)
    while len(found) < n:
        x = centre + rng.normal(0, spread, flat.size)
        if np.isfinite(oracle(design, priors, flat, x)[0]):
            found.append(x)
    return found


def slope(function, x, direction, h=2e-4) -> float:
    """Five-point difference along a direction, exact to about 1e-12 of the value.

    Steps are short beside the distance to the nearest place where the function has a pole.
    """
    at = [function(x + k * h * direction) for k in (-2, -1, 1, 2)]
    return (8 * (at[2] - at[1]) - (at[3] - at[0])) / (12 * h)


def short_of_a_pole(design, priors, flat, x, h=2e-4) -> float:
    """Return the step of :func:`slope`: with the inverse link, the mean is infinite at zero."""
    if design.link != "inverse":
        return h
    point, _ = natural(design, priors, flat.unpack(x))
    _, eta = predictor_part(design.mu, "", priors, point, design.n_rows)
    return h * min(1.0, float(np.abs(eta).min()) / 0.1)
