"""Write exact_densities.json: textbook densities and their derivatives in hundreds of digits.

Run with mpmath 1.4 installed: ``python -m tests.maths.exact_densities``. The suite reads the
file alone. Predictors reach 300 on either side and dispersions from 1e-6 to 1e8.
"""

from __future__ import annotations

import itertools
import json
import random
from pathlib import Path

from mpmath import mp, mpf

DIGITS, FEWER_DIGITS = 330, 70
SHARE = 1 / 3
HERE = Path(__file__).parent
FAR = [-300.0, -3.0, 0.4, 40.0, 300.0]
SIZES = [1e-6, 0.5, 1e4, 1e8]
SHARES = [1e-6, 0.3, 0.999]


def mean(link, eta):
    """The mean, and of probabilities what it leaves of one."""
    match link:
        case "identity":
            return eta, None
        case "log":
            return mp.exp(eta), None
        case "sqrt":
            return eta**2, None
        case "inverse":
            return 1 / eta, None
        case "tan_half":
            return 2 * mp.atan(eta), None
        case "logit":
            return 1 / (1 + mp.exp(-eta)), 1 / (1 + mp.exp(eta))
        case "probit":
            return mp.erfc(-eta / mp.sqrt(2)) / 2, mp.erfc(eta / mp.sqrt(2)) / 2
        case "cloglog":
            return -mp.expm1(-mp.exp(eta)), mp.exp(-mp.exp(eta))


def chosen(n, y):
    return mp.loggamma(n + 1) - mp.loggamma(y + 1) - mp.loggamma(n - y + 1)


def rise(a, n):
    """Log of ``a (a + 1) ... (a + n - 1)``, for whole ``n``."""
    return sum((mp.log(a + k) for k in range(int(n))), mpf(0))


def negative_binomial(y, mu, size):
    value = rise(size, y) - mp.loggamma(y + 1) - size * mp.log1p(mu / size)
    return value + y * (mp.log(mu) - mp.log(size + mu))


def category(family, link, y, cuts):
    """Probability of one of three ordered categories, from thresholds minus predictor."""
    if family == "adjacent":
        odds = [mpf(1), mp.exp(-cuts[0]), mp.exp(-cuts[0] - cuts[1])]
        return odds[int(y)] / sum(odds)
    (low, above_low), (high, above_high) = (mean(link, cut) for cut in cuts)
    if family == "sequential":
        return [low, above_low * high, above_low * above_high][int(y)]
    return [low, high - low if cuts[0] < 0 else above_low - above_high, above_high][int(y)]


def tweedie(y, mu, phi, p):
    """A Poisson number of Gamma parts, summed around the likeliest."""
    rate, shape = mu ** (2 - p) / (phi * (2 - p)), (2 - p) / (p - 1)
    if y == 0:
        return -rate
    scale, peak = phi * (p - 1) * mu ** (p - 1), float(y ** (2 - p) / (phi * (2 - p)))
    wide = 14 * (peak / (1 + float(shape))) ** 0.5 + 90
    z, total = shape * mp.log(y / scale) + mp.log(rate), mpf(0)
    for k in range(max(1, int(peak - wide)), int(peak + wide)):
        total += mp.exp(k * z - mp.loggamma(k + 1) - mp.loggamma(shape * k))
    return mp.log(total) - mp.log(y) - rate - y / scale


def generalized_poisson(y, mu, spread):
    """Consul's probabilities, over their total where they end."""
    theta, slope = mu / mp.sqrt(spread), 1 - 1 / mp.sqrt(spread)

    def plain(k):
        return theta * (theta + slope * k) ** (k - 1) * mp.exp(-theta - slope * k) / mp.factorial(k)

    ends = slope < 0 and theta / -slope < 40
    total = sum(plain(k) for k in range(40) if theta + slope * k > 0) if ends else mpf(1)
    return mp.log(plain(int(y)) / total)


def log_density(family, link, y, n, eta, own):
    mu, rest = mean(link, eta) if "threshold[0]" not in own else (None, None)
    tau = 2 * mp.pi
    match family:
        case "gaussian":
            return -(((y - mu) / own["sigma"]) ** 2) / 2 - mp.log(own["sigma"]) - mp.log(tau) / 2
        case "student_t":
            nu, z = own["nu"], (y - mu) / own["sigma"]
            constant = mp.loggamma((nu + 1) / 2) - mp.loggamma(nu / 2) - mp.log(nu * mp.pi) / 2
            return constant - mp.log(own["sigma"]) - (nu + 1) / 2 * mp.log1p(z**2 / nu)
        case "skew_normal":
            a = own["skew"]
            lean = mp.sqrt(2 / mp.pi) * a / mp.sqrt(1 + a**2)
            width = own["sigma"] / mp.sqrt(1 - lean**2)
            z = (y - mu) / width + lean
            tail = mp.log(mp.erfc(-a * z / mp.sqrt(2)))
            return tail - mp.log(width) - z**2 / 2 - mp.log(tau) / 2
        case "bernoulli":
            return mp.log(mu if y else rest)
        case "binomial":
            return chosen(n, y) + y * mp.log(mu) + (n - y) * mp.log(rest)
        case "beta_binomial":
            a, b = own["dispersion"] * mu, own["dispersion"] * rest
            return chosen(n, y) + rise(a, y) + rise(b, n - y) - rise(own["dispersion"], n)
        case "beta":
            a, b = own["dispersion"] * mu, own["dispersion"] * rest
            ways = mp.loggamma(own["dispersion"]) - mp.loggamma(a) - mp.loggamma(b)
            return ways + (a - 1) * mp.log(y) + (b - 1) * mp.log(1 - y)
        case "poisson":
            return y * mp.log(mu) - mu - mp.loggamma(y + 1)
        case "negative_binomial":
            return negative_binomial(y, mu, own["dispersion"])
        case "negative_binomial1":
            return negative_binomial(y, mu, mu / own["dispersion"])
        case "geometric":
            return negative_binomial(y, mu, mpf(1))
        case "zero_inflated_poisson" | "zero_inflated_negative_binomial":
            plain = log_density(family.removeprefix("zero_inflated_"), link, y, n, eta, own)
            inside = mp.log(1 - own["zi"]) + plain
            return mp.log(own["zi"] + mp.exp(inside)) if y == 0 else inside
        case "hurdle_poisson" | "hurdle_negative_binomial":
            plain = family.removeprefix("hurdle_")
            if y == 0:
                return mp.log(own["hurdle"])
            none = log_density(plain, link, mpf(0), n, eta, own)
            inside = mp.log(1 - own["hurdle"]) + log_density(plain, link, y, n, eta, own)
            return inside - mp.log(-mp.expm1(none))
        case "gamma":
            k = own["shape"]
            return k * mp.log(k / mu) + (k - 1) * mp.log(y) - k * y / mu - mp.loggamma(k)
        case "exponential":
            return -mp.log(mu) - y / mu
        case "weibull":
            k = own["shape"]
            scale = mu / mp.gamma(1 + 1 / k)
            return mp.log(k / scale) + (k - 1) * mp.log(y / scale) - (y / scale) ** k
        case "inverse_gaussian":
            k = own["shape"]
            return mp.log(k / (tau * y**3)) / 2 - k * (y - mu) ** 2 / (2 * mu**2 * y)
        case "lognormal":
            z = (mp.log(y) - mp.log(mu)) / own["sigma"]
            return -(z**2) / 2 - mp.log(own["sigma"] * y) - mp.log(tau) / 2
        case "von_mises":
            k = own["concentration"]
            return k * mp.cos(y - mu) - mp.log(tau) - mp.log(mp.besseli(0, k))
        case "cumulative" | "sequential" | "adjacent":
            cuts = [own[f"threshold[{k}]"] - eta for k in range(2)]
            return mp.log(category(family, link, y, cuts))
        case "categorical" | "dirichlet":
            odds = [mpf(1), mp.exp(eta), mp.exp(own["eta[1]"])]
            shares = [part / sum(odds) for part in odds]
            if family == "categorical":
                return mp.log(shares[int(y)])
            sizes, total = [own["dispersion"] * s for s in shares], own["dispersion"]
            parts = zip(sizes, y, strict=True)
            return mp.loggamma(total) + sum((a - 1) * mp.log(v) - mp.loggamma(a) for a, v in parts)
        case "tweedie":
            return tweedie(y, mu, own["dispersion"], own["power"])
        case "generalized_poisson":
            return generalized_poisson(y, mu, own["dispersion"])
    raise AssertionError(family)


CUTS = {"threshold[0]": [-1.3], "threshold[1]": [0.7]}
CASES = [
    *(("gaussian", link, [2.4], {"sigma": SIZES}) for link in ("identity", "log", "inverse")),
    *(("student_t", link, [2.4], {"sigma": [1e-6, 1.0, 1e8], "nu": [1e-2, 3.0, 1e4, 1e8]})
      for link in ("identity", "log")),
    ("skew_normal", "identity", [2.5], {"sigma": [0.5, 100.0, 1e8], "skew": [-1e4, -2.0, 1e-6, 1e3]}),
    *(("bernoulli", link, [0.0, 1.0], {}) for link in ("logit", "probit", "cloglog")),
    *(("binomial", link, [0.0, 3.0, 8.0], {}) for link in ("logit", "probit", "cloglog")),
    *(("beta_binomial", link, [0.0, 3.0, 8.0], {"dispersion": SIZES})
      for link in ("logit", "probit", "cloglog")),
    *(("beta", link, [1e-6, 0.7], {"dispersion": SIZES}) for link in ("logit", "probit", "cloglog")),
    *(("poisson", link, [0.0, 4.0], {}) for link in ("log", "identity", "sqrt")),
    *((name, link, [0.0, 1.0, 40.0], {"dispersion": SIZES})
      for name in ("negative_binomial", "negative_binomial1") for link in ("log", "identity", "sqrt")),
    *(("geometric", link, [0.0, 4.0], {}) for link in ("log", "identity", "sqrt")),
    ("zero_inflated_poisson", "log", [0.0, 4.0], {"zi": SHARES}),
    ("zero_inflated_negative_binomial", "log", [0.0, 4.0], {"dispersion": SIZES, "zi": SHARES}),
    ("hurdle_poisson", "log", [0.0, 4.0], {"hurdle": SHARES}),
    ("hurdle_negative_binomial", "log", [1.0, 4.0], {"dispersion": SIZES, "hurdle": [0.3]}),
    *((name, link, [0.5, 30.0], {"shape": SIZES})
      for name in ("gamma", "weibull", "inverse_gaussian") for link in ("log", "identity", "inverse")),
    *(("exponential", link, [0.5, 30.0], {}) for link in ("log", "identity", "inverse")),
    ("lognormal", "log", [0.5, 30.0], {"sigma": SIZES}),
    *(("von_mises", link, [0.5], {"concentration": SIZES}) for link in ("tan_half", "identity")),
    *((name, link, [0.0, 1.0, 2.0], CUTS)
      for name in ("cumulative", "sequential") for link in ("logit", "probit", "cloglog")),
    ("adjacent", "logit", [0.0, 1.0, 2.0], CUTS),
    ("categorical", "logit", [0.0, 1.0, 2.0], {"eta[1]": [-300.0, 0.7, 40.0]}),
    ("dirichlet", "logit", [[0.2, 0.3, 0.5]], {"eta[1]": [-300.0, 0.7, 40.0], "dispersion": SIZES}),
    ("tweedie", "log", [0.0, 2.4], {"dispersion": [0.1, 1.0, 1e4, 1e8], "power": [1.1, 1.5, 1.9]}),
    ("generalized_poisson", "log", [0.0, 1.0, 6.0], {"dispersion": [0.3, 0.9, 1e4, 1e8]}),
]  # fmt: skip
POSITIVE = ("poisson", "negative_binomial", "negative_binomial1", "geometric", "gamma", "weibull",
            "inverse_gaussian", "exponential")  # fmt: skip


ROUGH = ("student_t", "von_mises", "gamma", "weibull", "lognormal", "gaussian", "tweedie")
"""No small difference of huge numbers: fewer digits will do."""


def points():
    """A third of the cases, one by one: family, link, response, trials, the changing inputs."""
    rng = random.Random(0)
    for family, link, responses, own in CASES:
        for y, eta, *values in itertools.product(responses, FAR, *own.values()):
            outside = family in POSITIVE and link in ("identity", "inverse") and eta <= 0
            if not outside and rng.random() < SHARE:
                n = 8.0 if family in ("binomial", "beta_binomial") else None
                first = "eta[0]" if "eta[1]" in own else "eta"
                yield family, link, y, n, {first: eta} | dict(zip(own, values, strict=True))


def entry(family, link, y, n, at) -> dict:
    names, mp.dps = list(at), FEWER_DIGITS if family in ROUGH else DIGITS

    def value(*x):
        own = dict(zip(names[1:], x[1:], strict=True))
        return log_density(family, link, response, None if n is None else mpf(n), x[0], own)

    x = tuple(mpf(v) for v in at.values())
    response = [mpf(v) for v in y] if isinstance(y, list) else mpf(y)
    unit = [[int(i == j) for i in range(len(x))] for j in range(len(x))]
    slopes = [float(mp.diff(value, x, tuple(u))) for u in unit]
    curvatures = [
        [float(mp.diff(value, x, tuple(a + b for a, b in zip(unit[i], unit[j], strict=True))))
         for j in range(i + 1)] for i in range(len(x))
    ]  # fmt: skip
    return {
        "family": family, "link": link, "y": y, "trials": n, "at": at, "value": float(value(*x)),
        "slopes": slopes, "curvatures": curvatures,
    }  # fmt: skip


if __name__ == "__main__":
    table = [entry(*point) for point in points()]
    lines = ",\n".join(json.dumps(row) for row in table)
    (HERE / "exact_densities.json").write_text(f"[\n{lines}\n]\n")
