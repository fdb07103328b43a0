r"""How far coordinates are from those of a standard normal density, by gradients at a few points.

Where a density is standard normal, :math:`\nabla \log p(z) = -z`. What is left in the scales'
coordinates is what the sampler has to bend around; it is looked at twice as far out as most draws
are, where interpolation is poor first.
"""

from __future__ import annotations

import numpy as np

from bayes_glmm.engine.kernel import log_density
from bayes_glmm.engine.program import Program

POINTS, OUT, SHARE = 60, 2.0, 0.9


def roughness(program: Program) -> float:
    """Return the root mean square of that rest, such that a tenth of the points have more.

    Parameters
    ----------
    program : Program
        With a plan, whose first coordinates are those of the scales.
    """
    assert program.plan is not None
    rng, n, scales = np.random.default_rng(POINTS), program.n_sampled, len(program.plan.theta)
    found = np.full(POINTS, np.inf)
    for k in range(POINTS):
        z, gradient = rng.standard_normal(n), np.empty(n)
        z[:scales] *= OUT
        if np.isfinite(log_density(program.buffer, z, gradient)):
            found[k] = np.sqrt(np.mean((gradient[:scales] + z[:scales]) ** 2))
    return float(np.quantile(found, SHARE, method="higher"))
