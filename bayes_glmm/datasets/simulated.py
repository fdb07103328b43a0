"""How the simulated tables were made: the truth behind each, and the same figures again.

They stand in for questions whose real tables may not be passed on. Nothing here is used
when a table is loaded: the figures are in the files, and a test makes them again.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.datasets.simulated_related import cells, villages

type Array = NDArray[np.float64]


def counselling(seed: int = 11) -> pd.DataFrame:
    """Patients of 40 clinicians, counselled or not.

    Log odds ``-0.4 + 0.5 severity + 0.6 first_visit + u``, ``u ~ Normal(0, 0.7)`` by clinician.
    """
    rng = np.random.default_rng(seed)
    sizes = rng.integers(6, 51, 40)
    clinician = np.repeat(np.arange(40), sizes)
    severity = rng.normal(rng.normal(0, 0.4, 40)[clinician], 1.0).round(2)
    first = rng.binomial(1, 0.3, len(clinician))
    u = rng.normal(0, 0.7, 40)
    eta = -0.4 + 0.5 * severity + 0.6 * first + u[clinician]
    return pd.DataFrame(
        {
            "clinician": _names("c", clinician),
            "severity": severity,
            "first_visit": first,
            "counselled": rng.binomial(1, _expit(eta)),
        }
    )


def substance_use(seed: int = 12) -> pd.DataFrame:
    """Use in the last month by 180 adolescents at ages 14, 14.5, 15.5 and 17.

    Log odds ``-2.2 + 0.9 years - 0.35 years programme + u``, ``u ~ Normal(0, 1.6)`` by
    person. One visit in twelve after the first is missed at random.
    """
    rng = np.random.default_rng(seed)
    person, years = np.repeat(np.arange(180), 4), np.tile([0.0, 0.5, 1.5, 3.0], 180)
    programme = (np.arange(180) % 2)[person]
    u = rng.normal(0, 1.6, 180)
    used = rng.binomial(1, _expit(-2.2 + 0.9 * years - 0.35 * years * programme + u[person]))
    table = pd.DataFrame(
        {"person": _names("p", person), "years": years, "programme": programme, "used": used}
    )
    kept = (years == 0) | (rng.random(len(years)) > 1 / 12)
    return table[kept].reset_index(drop=True)


def value_added(seed: int = 13) -> pd.DataFrame:
    """Scores of 320 pupils of 10 schools in two years, each year with another teacher.

    ``score = 0.6 before + 0.1 (year 2) + school + teacher + pupil + error`` with standard
    deviations 0.2, 0.25, 0.4 and 0.6; scores are in standard deviations of pupils.
    """
    rng = np.random.default_rng(seed)
    pupils, schools, teachers = 320, 10, 4
    school = np.repeat(np.arange(schools), pupils // schools)
    before = rng.normal(rng.normal(0, 0.3, schools)[school], 0.95).round(2)
    of_school, of_pupil = rng.normal(0, 0.2, schools), rng.normal(0, 0.4, pupils)
    of_teacher = rng.normal(0, 0.25, (schools, teachers))
    parts = []
    for year in (1, 2):
        teacher = 2 * (year - 1) + rng.integers(0, 2, pupils)
        fixed = 0.6 * before + 0.1 * (year == 2)
        score = fixed + of_school[school] + of_teacher[school, teacher] + of_pupil
        parts.append(
            pd.DataFrame(
                {
                    "school": _names("s", school),
                    "teacher": _names("t", school * teachers + teacher),
                    "pupil": _names("p", np.arange(pupils)),
                    "year": year,
                    "before": before,
                    "score": (score + rng.normal(0, 0.6, pupils)).round(2),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def mating_success(seed: int = 14) -> pd.DataFrame:
    """Matings of 220 males at 15 ponds, watched for some nights.

    Log rate a night ``-1.6 + 0.35 size + u``, ``u ~ Normal(0, 0.3)`` by pond; counts are
    negative binomial with dispersion 1.5.
    """
    rng = np.random.default_rng(seed)
    pond, nights = rng.integers(0, 15, 220), rng.integers(3, 15, 220)
    size = rng.normal(size=220).round(2)
    mean = nights * np.exp(-1.6 + 0.35 * size + rng.normal(0, 0.3, 15)[pond])
    return pd.DataFrame(
        {
            "male": _names("m", np.arange(220)),
            "pond": _names("pond", pond),
            "size": size,
            "nights": nights,
            "matings": rng.poisson(mean * rng.gamma(1.5, 1 / 1.5, 220)),
        }
    )


def senescence(seed: int = 15) -> pd.DataFrame:
    """Fledglings of 160 birds in every year of their lives; the better ones live longer.

    Log mean ``1.1 - 0.10 age + u``, ``u ~ Normal(0, 0.35)`` by bird, and log hazard of death
    ``-1.3 - 2 u`` a year, so that the old are the good: across birds fledglings seem to fall less.
    """
    rng = np.random.default_rng(seed)
    u = rng.normal(0, 0.35, 160)
    years = np.minimum(rng.geometric(1 - np.exp(-np.exp(-1.3 - 2 * u))), 14)
    bird = np.repeat(np.arange(160), years)
    age = np.concatenate([np.arange(1, n + 1) for n in years])
    between = (np.bincount(bird, age) / years)[bird]
    return pd.DataFrame(
        {
            "bird": _names("b", bird),
            "age": age,
            "age_within": age - between,
            "age_between": between,
            "fledglings": rng.poisson(np.exp(1.1 - 0.10 * age + u[bird])),
        }
    )


TABLES: dict[str, Callable[[], pd.DataFrame]] = {
    "counselling": counselling,
    "substance_use": substance_use,
    "value_added": value_added,
    "mating_success": mating_success,
    "senescence": senescence,
    "cells": cells,
    "villages": villages,
}


def _expit(eta: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-eta)))


def _names(letter: str, index: NDArray[np.integer]) -> list[str]:
    width = len(str(int(index.max())))
    return [f"{letter}{i:0{width}d}" for i in index]
