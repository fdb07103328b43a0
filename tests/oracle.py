"""The log-posterior of a design written again from the textbook, with SciPy alone.

Shares nothing with the package but the names in a :class:`Design`: it has its own
densities, links and changes of variables. Coordinates are the natural ones.
"""

from __future__ import annotations

import numpy as np
from scipy import special, stats

OWN = {
    "gaussian": ("sigma",),
    "student_t": ("sigma", "nu"),
    "negative_binomial": ("dispersion",),
    "negative_binomial1": ("dispersion",),
    "generalized_poisson": ("dispersion",),
    "beta_binomial": ("dispersion",),
    "zero_inflated_poisson": ("zi",),
    "zero_inflated_negative_binomial": ("dispersion", "zi"),
    "zero_inflated_binomial": ("zi",),
    "hurdle_poisson": ("hurdle",),
    "hurdle_negative_binomial": ("dispersion", "hurdle"),
    "hurdle_gamma": ("shape", "hurdle"),
    "hurdle_lognormal": ("sigma", "hurdle"),
    "gamma": ("shape",),
    "lognormal": ("sigma",),
    "inverse_gaussian": ("shape",),
    "weibull": ("shape",),
    "beta": ("dispersion",),
    "zero_one_inflated_beta": ("dispersion", "zoi", "coi"),
    "ordered_beta": ("dispersion", "lower", "gap"),
    "skew_normal": ("sigma", "skew"),
    "asymmetric_laplace": ("sigma", "quantile"),
    "von_mises": ("concentration",),
    "tweedie": ("dispersion", "power"),
}
HELD = {"quantile": 0.5}


def log_prior(name: str, p: dict, x):
    match name:
        case "Normal":
            return stats.norm.logpdf(x, p["mu"], p["sigma"])
        case "StudentT":
            return stats.t.logpdf(x, p["nu"], p["mu"], p["sigma"])
        case "Cauchy":
            return stats.cauchy.logpdf(x, p["alpha"], p["beta"])
        case "Laplace":
            return stats.laplace.logpdf(x, p["mu"], p["b"])
        case "Logistic":
            return stats.logistic.logpdf(x, p["mu"], p["s"])
        case "HalfNormal":
            return stats.halfnorm.logpdf(x, scale=p["sigma"])
        case "HalfStudentT":
            return np.log(2) + stats.t.logpdf(x, p["nu"], scale=p["sigma"])
        case "HalfCauchy":
            return stats.halfcauchy.logpdf(x, scale=p["beta"])
        case "Exponential":
            return stats.expon.logpdf(x, scale=1 / p["lam"])
        case "Gamma":
            return stats.gamma.logpdf(x, p["alpha"], scale=1 / p["beta"])
        case "InverseGamma":
            return stats.invgamma.logpdf(x, p["alpha"], scale=p["beta"])
        case "Beta":
            return stats.beta.logpdf(x, p["alpha"], p["beta"])
        case "OnePlusBeta":
            return stats.beta.logpdf(x - 1, p["alpha"], p["beta"])
        case "LogNormal":
            return stats.lognorm.logpdf(x, p["sigma"], scale=np.exp(p["mu"]))
    raise AssertionError(name)


def log_lkj(L: np.ndarray, eta: float) -> float:
    """Density of a correlation factor in its strictly lower entries."""
    n = len(L)
    power = np.array([n - i + 2 * eta - 2 for i in range(2, n + 1)])
    total = float((power * np.log(np.diag(L)[1:])).sum())
    for k in range(1, n):
        total -= 0.5 * k * np.log(np.pi)
        total -= special.gammaln(eta + (n - 1 - k) / 2) - special.gammaln(eta + (n - 1) / 2)
    return total


def log_likelihood(family, link, y, trials, eta, own) -> np.ndarray:
    if family.startswith("zero_inflated_"):
        plain = log_likelihood(family.removeprefix("zero_inflated_"), link, y, trials, eta, own)
        inside = np.log1p(-own["zi"]) + plain
        return np.where(y == 0, np.logaddexp(np.log(own["zi"]), inside), inside)
    if family == "zero_one_inflated_beta":
        end = (y == 0) | (y == 1)
        inside = log_likelihood("beta", link, np.where(end, 0.5, y), trials, eta, own)
        ends = np.log(own["zoi"]) + np.log(np.where(y == 1, own["coi"], 1 - own["coi"]))
        return np.where(end, ends, np.log(1 - own["zoi"]) + inside)
    if family == "ordered_beta":
        yes, no = log_probabilities(link, eta)
        low, high = own["lower"] - eta, own["lower"] + own["gap"] - eta
        with np.errstate(divide="ignore", invalid="ignore"):
            between = np.log(-np.expm1(-own["gap"])) + special.log_expit(-low)
            between = between + special.log_expit(high)
            a, b = (np.exp(np.log(own["dispersion"]) + part) for part in (yes, no))
            inside = between + stats.beta.logpdf(np.where((y > 0) & (y < 1), y, 0.5), a, b)
        ends = np.where(y == 0, special.log_expit(low), special.log_expit(-high))
        return np.where((y == 0) | (y == 1), ends, inside)
    if family.startswith("hurdle_"):
        name, some = family.removeprefix("hurdle_"), np.where(y == 0, 1.0, y)
        inside = np.log1p(-own["hurdle"]) + log_likelihood(name, link, some, trials, eta, own)
        if name in ("poisson", "negative_binomial"):
            none = log_likelihood(name, link, 0.0 * y, trials, eta, own)
            with np.errstate(divide="ignore"):
                inside = inside - np.where(
                    none > -0.5, np.log(-np.expm1(none)), np.log1p(-np.exp(none))
                )
        return np.where(y == 0, np.log(own["hurdle"]), inside)
    if family in ("beta", "beta_binomial"):
        yes, no = log_probabilities(link, eta)
        a, b = (np.exp(np.log(own["dispersion"]) + part) for part in (yes, no))
        if family == "beta":
            return stats.beta.logpdf(y, a, b)
        n = np.ones_like(y) if trials is None else trials
        ways = special.gammaln(n + 1) - special.gammaln(y + 1) - special.gammaln(n - y + 1)
        return ways + special.betaln(y + a, n - y + b) - special.betaln(a, b)
    if family in ("bernoulli", "binomial"):
        n = np.ones_like(y) if trials is None else trials
        yes, no = log_probabilities(link, eta)
        ways = special.gammaln(n + 1) - special.gammaln(y + 1) - special.gammaln(n - y + 1)
        return ways + _times(y, yes) + _times(n - y, no)
    if family == "cumulative":
        return log_between(link, *(own["between"] - eta))
    mu = {"identity": lambda e: e, "log": np.exp, "sqrt": np.square, "inverse": lambda e: 1 / e,
          "tan_half": lambda e: 2 * np.arctan(e)}[link](eta)  # fmt: skip
    with np.errstate(divide="ignore", invalid="ignore"):
        log_mu = eta if link == "log" else np.log(mu)
    match family:
        case "gaussian":
            return stats.norm.logpdf(y, mu, own["sigma"])
        case "student_t":
            return stats.t.logpdf(y, own["nu"], mu, own["sigma"])
        case "poisson":
            return np.where(mu < 0, -np.inf, _times(y, log_mu) - mu - special.gammaln(y + 1))
        case "negative_binomial":
            size = own["dispersion"]
            ways = special.gammaln(y + size) - special.gammaln(size) - special.gammaln(y + 1)
            # SciPy's own takes p = size / (size + mu), and loses small means in 1 - p
            over = np.log1p(np.abs(mu) / size)
            value = ways + _times(y, log_mu - np.log(size) - over) - size * over
            return np.where(mu < 0, -np.inf, value)
        case "negative_binomial1":
            value = stats.nbinom.logpmf(
                y, np.abs(mu) / own["dispersion"], 1 / (1 + own["dispersion"])
            )
            return np.where(mu < 0, -np.inf, value)
        case "generalized_poisson":
            root = np.sqrt(own["dispersion"])
            theta, lam = np.broadcast_arrays(mu / root, 1 - 1 / root)
            value = consul(y, theta, lam)
            end = np.divide(theta, -lam, out=np.full(theta.shape, np.inf), where=lam < 0)
            few = end < 15
            terms = [np.where(k < end, np.exp(consul(float(k), theta, lam)), 0) for k in range(16)]
            value = consul(y, theta, lam) - np.where(
                few, np.log(np.where(few, np.sum(terms, axis=0), 1)), 0
            )
            return np.where(mu < 0, -np.inf, value)
        case "geometric":
            value = _times(y, log_mu - np.log1p(np.abs(mu))) - np.log1p(np.abs(mu))
            return np.where(mu < 0, -np.inf, value)
        case "gamma":
            return stats.gamma.logpdf(y, own["shape"], scale=mu / own["shape"])
        case "exponential":
            return stats.expon.logpdf(y, scale=mu)
        case "weibull":
            scale = mu / special.gamma(1 + 1 / own["shape"])
            return stats.weibull_min.logpdf(y, own["shape"], scale=scale)
        case "inverse_gaussian":
            return stats.invgauss.logpdf(y, mu / own["shape"], scale=own["shape"])
        case "lognormal":
            return stats.lognorm.logpdf(y, own["sigma"], scale=mu)
        case "asymmetric_laplace":
            q, z = own["quantile"], (y - mu) / own["sigma"]
            root = np.sqrt(q / (1 - q))
            scale = own["sigma"] / np.sqrt(q * (1 - q))
            return stats.laplace_asymmetric.logpdf(y, root, mu, scale) + 0 * z
        case "von_mises":
            size = own["concentration"]
            normal = np.log(2 * np.pi * special.ive(0, size))
            return -2 * size * np.sin((y - mu) / 2) ** 2 - normal
        case "tweedie":
            return np.vectorize(tweedie)(y, mu, own["dispersion"], own["power"])
        case "skew_normal":
            lean = np.sqrt(2 / np.pi) * own["skew"] / np.sqrt(1 + own["skew"] ** 2)
            width = own["sigma"] / np.sqrt(1 - lean**2)
            return stats.skewnorm.logpdf(y, own["skew"], mu - width * lean, width)
    raise AssertionError(family)


def tweedie(y, mu, phi, p) -> float:
    """Sum over the number of parts of its probability times their Gamma density."""
    rate, shape = mu ** (2 - p) / (phi * (2 - p)), (2 - p) / (p - 1)
    if y == 0 or mu <= 0:
        return -rate if mu > 0 else -np.inf
    scale = phi * (p - 1) * mu ** (p - 1)
    peak = y ** (2 - p) / (phi * (2 - p))
    wide = 12 * np.sqrt(peak / (1 + shape)) + 120
    n = np.arange(max(1, np.floor(peak - wide)), peak + wide)
    z = shape * np.log(y / scale) + np.log(rate)
    terms = n * z - special.gammaln(n + 1) - special.gammaln(shape * n)
    return float(special.logsumexp(terms) - np.log(y) - rate - y / scale)


def consul(y, theta, lam):
    """Log of the generalised Poisson probabilities, not scaled."""
    at = np.where(theta + lam * y > 0, theta + lam * y, np.nan)
    value = np.log(theta) + special.xlogy(y - 1, at) - at - special.gammaln(y + 1)
    return np.where(np.isnan(value), -np.inf, value)


def log_probabilities(link, eta):
    """Logarithms of the probability and of its complement."""
    if link == "logit":
        yes, no = special.log_expit(eta), special.log_expit(-eta)
    elif link == "probit":
        yes, no = stats.norm.logcdf(eta), stats.norm.logcdf(-eta)
    else:
        rate = np.exp(eta)
        with np.errstate(divide="ignore"):
            near_one = np.log1p(-np.exp(-rate))
            yes = np.where(rate < 0.5, np.log(-np.expm1(-rate)), near_one)
            yes, no = np.where(eta < -30, eta - rate / 2, yes), -rate
    return yes, no


def _times(count, term):
    """Count times term, zero for no count."""
    return np.where(count > 0, count * np.where(count > 0, term, 0), 0)


OWN_INVERSE = {
    "zi": special.expit,
    "zoi": special.expit,
    "coi": special.expit,
    "hurdle": special.expit,
    "skew": np.asarray,
    "lower": np.asarray,
}


def log_posterior(design, priors, point) -> float:
    """Log joint density of a point given by the posterior's names (no Jacobian)."""
    total, eta = 0.0, {}
    for name, predictor in design.predictors.items():
        density, eta[name] = predictor_part(
            predictor, "" if name == "mu" else f"_{name}", priors, point, design.n_rows
        )
        total += density
    own = {}
    for name in OWN.get(design.family, ()):
        if name in eta:
            own[name] = OWN_INVERSE.get(name, np.exp)(eta[name])
            continue
        if name in HELD:
            own[name] = HELD[name]
            continue
        own[name] = point[name]
        p = priors[name]
        total += log_prior(p.name, dict(p.parameters), point[name])
    y = np.asarray(design.response, float)
    if "threshold" in point:
        p, cuts, mu = priors["threshold"], np.asarray(point["threshold"]), design.mu
        middle = cuts - (mu.centers @ np.atleast_1d(point["beta"]) if mu.coefficients else 0.0)
        total += log_prior(p.name, dict(p.parameters), middle).sum()
        own["between"] = between(design, y, cuts)
    rows = log_likelihood(design.family, design.link, y, design.trials, eta["mu"], own)
    return float(total + (design.modifiers.get("weights", 1.0) * rows).sum())


def between(design, y, thresholds):
    """The thresholds below and above each row's category, infinite at the ends, shape (2, n_rows)."""
    out = np.empty((2, len(y)))
    for i, k in enumerate(y.astype(int)):
        run, place = design.ladders[0], k
        if design.cuts is not None:
            g = design.cuts.index[i]
            run, place = design.ladders[g], design.cuts.seen[g].index(k)
        out[:, i] = np.concatenate([[-np.inf], thresholds[run], [np.inf]])[place : place + 2]
    return out


def log_between(link, low, high):
    """Logarithm of the latent distribution's mass between two numbers, exact in both tails."""
    with np.errstate(over="ignore", invalid="ignore"):  # infinite ones are right
        yes, no = log_probabilities(link, np.stack([low, high]))
        left = yes[1] + np.log(-np.expm1(np.minimum(yes[0] - yes[1], -1e-300)))
        right = no[0] + np.log(-np.expm1(np.minimum(no[1] - no[0], -1e-300)))
    return np.where(low + high < 0, left, right)


def predictor_part(predictor, suffix, priors, point, n_rows):
    """Log prior density of one linear predictor's variables, and its value on the rows."""
    total, eta = 0.0, predictor.offset.copy()
    beta = np.atleast_1d(point.get(f"beta{suffix}", np.zeros(0)))
    for label, value in zip(predictor.coefficients, beta, strict=True):
        p = priors[f"beta{suffix}[{label}]"]
        total += log_prior(p.name, dict(p.parameters), value)
    if len(beta):
        eta = eta + predictor.X @ beta
    if predictor.intercept:
        p = priors[f"intercept{suffix}"]
        middle = point[f"intercept{suffix}"] + predictor.centers @ beta
        total += log_prior(p.name, dict(p.parameters), middle)
        eta = eta + point[f"intercept{suffix}"]
    for s in predictor.smooths:
        sd, u = point[f"sd_{s.name}"], point[f"u_{s.name}"]
        for part, value in zip(s.parts, sd, strict=True):
            p = priors[f"sd_{s.name}[{part}]"]
            total += log_prior(p.name, dict(p.parameters), value)
        total += stats.norm.logpdf(u, 0, sd[s.part]).sum()
        eta = eta + s.basis @ u
    for g in predictor.groups:
        sd = np.atleast_1d(point[f"sd_{g.name}"])
        q = len(sd)
        for term, value in zip(g.terms, sd, strict=True):
            p = priors[f"sd_{g.name}[{term}]"]
            total += log_prior(p.name, dict(p.parameters), value)
        R = np.eye(q)
        wide = [b for b in g.blocks if len(b) > 1]
        for number, members in enumerate(wide):
            suffix = "" if len(wide) == 1 else f"_{number}"
            L = point[f"corr_chol_{g.name}{suffix}"]
            total += log_lkj(L, priors[f"corr_{g.name}"]["eta"])
            R[np.ix_(members, members)] = L @ L.T
        cov = sd[:, None] * R * sd
        u = point[f"u_{g.name}"]
        total += stats.multivariate_normal.logpdf(u, np.zeros(q), cov).sum()
        Z = np.ones((n_rows, 1)) if g.Z is None else g.Z
        eta = eta + (Z * u[g.index]).sum(axis=1)
    return total, eta
