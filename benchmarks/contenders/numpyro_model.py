"""The NumPyro model, not centred."""

from __future__ import annotations

from typing import Any

from contenders.base import Inputs


def written(inputs: Inputs) -> Any:
    """Return the model as a function of its data."""
    import numpyro
    import numpyro.distributions as dist

    design, priors = inputs.design, inputs.priors
    mu, first = design.mu, priors["intercept"]

    def model(X: Any, offset: Any, y: Any, **data: Any) -> None:
        middle = numpyro.sample("middle", dist.Normal(first["mu"], first["sigma"]))
        eta, intercept = middle + offset, middle
        if mu.coefficients:
            beta = numpyro.sample("beta", dist.Normal(0.0, inputs.sigmas()).to_event(1))
            eta, intercept = eta + X @ beta, middle - mu.centers @ beta
        numpyro.deterministic("intercept", intercept)
        for group in mu.groups:
            u = effects(group, inputs)[data[f"index_{group.name}"]]
            eta = eta + (u[:, 0] if group.Z is None else (data[f"Z_{group.name}"] * u).sum(1))
        numpyro.sample("y", likelihood(design.family, priors, eta, data.get("trials")), obs=y)

    return model


def effects(group: Any, inputs: Inputs) -> Any:
    """Effects by level, from standard normal variables."""
    import jax.numpy as jnp
    import numpyro
    import numpyro.distributions as dist

    name, q, shape = group.name, len(group.terms), inputs.shape(group)
    prior = dist.FoldedDistribution(dist.StudentT(inputs.nu(group), 0.0, inputs.scales(group)))
    sd = numpyro.sample(f"sd_{name}", prior.to_event(1))
    z = numpyro.sample(f"z_{name}", dist.Normal(0.0, 1.0).expand((group.n_levels, q)).to_event(2))
    if shape is None:
        return numpyro.deterministic(f"u_{name}", z * sd)
    chol = numpyro.sample(f"chol_{name}", dist.LKJCholesky(q, shape))
    numpyro.deterministic(f"corr_{name}", chol @ jnp.swapaxes(chol, -1, -2))
    return numpyro.deterministic(f"u_{name}", z @ (sd[:, None] * chol).T)


def likelihood(family: str, priors: Any, eta: Any, trials: Any) -> Any:
    """Return the distribution of the response."""
    import jax.numpy as jnp
    import numpyro
    import numpyro.distributions as dist

    match family:
        case "gaussian":
            own = priors["sigma"]
            folded = dist.FoldedDistribution(dist.StudentT(own["nu"], 0.0, own["sigma"]))
            return dist.Normal(eta, numpyro.sample("sigma", folded))
        case "bernoulli":
            return dist.Bernoulli(logits=eta)
        case "binomial":
            return dist.Binomial(trials, logits=eta)
        case "poisson":
            return dist.Poisson(jnp.exp(eta))
        case "negative_binomial":
            own = priors["dispersion"]
            size = numpyro.sample("dispersion", dist.InverseGamma(own["alpha"], own["beta"]))
            return dist.NegativeBinomial2(jnp.exp(eta), size)
    raise ValueError(family)
