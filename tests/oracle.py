"""The log-posterior of a design written again from the textbook, with SciPy alone.

Shares nothing with the package but the names in a :class:`Design`: it has its own
densities, links and changes of variables. Coordinates are the natural ones.
"""

from __future__ import annotations

import numpy as np
from scipy import special, stats


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
    if family in ("bernoulli", "binomial"):
        n = np.ones_like(y) if trials is None else trials
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
        ways = special.gammaln(n + 1) - special.gammaln(y + 1) - special.gammaln(n - y + 1)
        return ways + _times(y, yes) + _times(n - y, no)
    mu = {"identity": lambda e: e, "log": np.exp, "sqrt": np.square, "inverse": lambda e: 1 / e}[
        link
    ](eta)
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
    raise AssertionError(family)


def _times(count, term):
    """Count times term, zero for no count."""
    return np.where(count > 0, count * np.where(count > 0, term, 0), 0)


def log_posterior(design, priors, point) -> float:
    """Log joint density of a point given by the posterior's names (no Jacobian)."""
    mu = design.mu
    total, eta = 0.0, mu.offset.copy()
    beta = np.atleast_1d(point.get("beta", np.zeros(0)))
    for label, value in zip(mu.coefficients, beta, strict=True):
        p = priors[f"beta[{label}]"]
        total += log_prior(p.name, dict(p.parameters), value)
    if len(beta):
        eta = eta + mu.X @ beta
    if mu.intercept:
        p = priors["intercept"]
        total += log_prior(p.name, dict(p.parameters), point["intercept"] + mu.centers @ beta)
        eta = eta + point["intercept"]
    for g in mu.groups:
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
        Z = np.ones((design.n_rows, 1)) if g.Z is None else g.Z
        eta = eta + (Z * u[g.index]).sum(axis=1)
    own = {}
    for name in {"gaussian": ("sigma",), "student_t": ("sigma", "nu"),
                 "negative_binomial": ("dispersion",)}.get(design.family, ()):  # fmt: skip
        own[name] = point[name]
        p = priors[name]
        total += log_prior(p.name, dict(p.parameters), point[name])
    y = np.asarray(design.response, float)
    return float(
        total + log_likelihood(design.family, design.link, y, design.trials, eta, own).sum()
    )
