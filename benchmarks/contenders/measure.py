"""One way of judging draws, whoever drew them."""

from __future__ import annotations

import math
import resource
import sys
from typing import Any

import numpy as np

from contenders.base import Array, Fitted

ENOUGH = 400


def peak_megabytes() -> float:
    """Most memory of this process, or of the largest that it started and waited for."""
    users = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return max(resource.getrusage(who).ru_maxrss for who in users) / unit


def measure(fitted: Fitted, wall: float) -> dict[str, Any]:
    """Return the figures of one run, ready for JSON.

    ``seconds_to_400`` is what a run would take that stops when the worst effective
    sample size is 400: all that does not grow with the draws as it was, and the time of
    the kept draws scaled by 400 over what they gave.
    """
    wall = fitted.wall or wall
    judged = judge(fitted.posterior)
    worst = min(judged["ess_bulk"], judged["ess_tail"])
    sampling, kept = fitted.sampling, fitted.kept
    to_enough = None
    if sampling is not None and kept is not None and worst > 0:
        to_enough = wall + sampling * kept * (ENOUGH / worst - 1)
    return {
        "wall": wall,
        "setup": None if sampling is None else wall - sampling,
        "sampling": sampling,
        **judged,
        "ess_worst": worst,
        "ess_per_second": worst / wall,
        "seconds_to_400": to_enough,
        "divergences": int(np.sum(fitted.diverging)),
        "steps_per_draw": None if fitted.steps is None else float(np.mean(fitted.steps)),
        "microseconds_per_gradient": None if fitted.gradient is None else 1e6 * fitted.gradient,
        "notes": list(fitted.notes),
    }


def judge(posterior: Any) -> dict[str, Any]:
    """Return the worst figures over all parameters, and the means of the few."""
    from bayes_glmm.answers.diagnose.rhat_ess import diagnostics

    found: dict[str, Any] = {"ess_bulk": math.inf, "ess_tail": math.inf, "r_hat": 0.0}
    where: dict[str, str] = {}
    estimates: dict[str, list[float]] = {}
    count = 0
    for name, values in posterior.items():
        cube = flat(name, values)
        if not cube.shape[2]:
            continue
        count += cube.shape[2]
        own = diagnostics(cube)
        for key, sign in (("ess_bulk", 1), ("ess_tail", 1), ("r_hat", -1)):
            figures = np.where(np.isnan(own[key]), 0.0 if sign > 0 else np.inf, own[key])
            at = int(np.argmin(sign * figures))
            if sign * figures[at] < sign * found[key]:
                found[key], where[key] = float(figures[at]), f"{name}[{at}]"
        if not name.startswith("u_"):
            means, sds = cube.mean(axis=(0, 1)), cube.std(axis=(0, 1))
            for i in range(cube.shape[2]):
                estimates[f"{name}[{i}]"] = [float(means[i]), float(sds[i])]
    return {**found, "where": where, "parameters": count, "estimates": estimates}


def flat(name: str, values: Array) -> Array:
    """Return draws as (chain, draw, parameter); of correlations those below the diagonal."""
    if name.startswith("corr_") and values.ndim == 4:
        rows, columns = np.tril_indices(values.shape[2], -1)
        values = values[:, :, rows, columns]
    return values.reshape(*values.shape[:2], -1)
