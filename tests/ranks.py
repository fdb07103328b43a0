"""When ranks are held not to be uniform: so rarely by chance that a red run is news."""

from __future__ import annotations

from collections.abc import Callable

from bayes_glmm.answers.diagnose.rank_calibration import Calibration

STAGES = ((1, 0.05), (3, 0.002))
"""How many times the simulations of the first look, and the level of the adjusted p-value."""


def contradicted(run: Callable[[int, int], Calibration], n: int, seed: int = 1) -> str:
    """Look again, at fresh and three times as many simulations, where the first look finds fault.

    Uniform ranks pass the level 0.05 at the first look once in 20 times, and 0.002 at the second,
    which is independent of it, once in 500: they are held not to be uniform once in 10,000
    times. Ranks that are wrong are found by the second look wherever one with three times as many
    simulations finds them alone.

    Parameters
    ----------
    run : callable
        Takes a number of simulations and a seed.
    n : int
        Simulations of the first look.
    seed : int
        Of the first look; the next one has the next.

    Returns
    -------
    str
        What both looks say; empty where one of them finds no fault.
    """
    said = []
    for k, (times, level) in enumerate(STAGES):
        found = run(times * n, seed + k)
        if found.table["p_adjusted"].min() >= level:
            return ""
        said.append(str(found))
    return "\n".join(said)
