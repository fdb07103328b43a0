"""How the simulated tables were made: the truth behind each, and the same figures again.

They stand in for questions whose real tables may not be passed on. Nothing here is used
when a table is loaded: the figures are in the files, and a test makes them again.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tests.simulated.simulated_flock import flock
from tests.simulated.simulated_related import cells, villages

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


def days_used(seed: int = 16) -> pd.DataFrame:
    """Days of use, of those asked about, by 140 people in a trial over a year.

    Log odds of a day ``-0.2 - 0.03 months - 0.06 months treated + u``, ``u ~ Normal(0, 1)`` by
    person; days are beta-binomial with dispersion 6, of the 30 days before the visit or of
    fewer, where the person was away.
    """
    rng = np.random.default_rng(seed)
    person, months = np.repeat(np.arange(140), 4), np.tile([0, 3, 6, 12], 140)
    treated = (np.arange(140) % 2)[person]
    eta = -0.2 - 0.03 * months - 0.06 * months * treated + rng.normal(0, 1.0, 140)[person]
    asked = np.where(rng.random(560) < 0.15, rng.integers(10, 30, 560), 30)
    share = rng.beta(6 * _expit(eta), 6 * (1 - _expit(eta)))
    table = pd.DataFrame(
        {
            "person": _names("p", person),
            "months": months,
            "treated": treated,
            "asked": asked,
            "days": rng.binomial(asked, share),
        }
    )
    kept = (months == 0) | (rng.random(560) > 1 / 10)
    return table[kept].reset_index(drop=True)


def symptoms(seed: int = 17) -> pd.DataFrame:
    """Severity of the symptoms of 120 patients, 0 (none) to 3 (severe), at unequal times.

    Cumulative logit with thresholds -3, -0.8 and 1.2 and a predictor ``-0.15 weeks
    - 0.25 weeks drug + u``, ``u ~ Normal(0, 1.5)`` by patient.
    """
    rng = np.random.default_rng(seed)
    weeks = np.concatenate(
        [[0, *np.sort(rng.choice(np.arange(1, 9), 4, False))] for _ in range(120)]
    )
    patient = np.repeat(np.arange(120), 5)
    drug = (np.arange(120) % 2)[patient]
    eta: Array = -0.15 * weeks - 0.25 * weeks * drug + rng.normal(0, 1.5, 120)[patient]
    above = rng.random((600, 1)) < _expit(eta[:, None] - np.array([-3.0, -0.8, 1.2]))
    return pd.DataFrame(
        {
            "patient": _names("p", patient),
            "weeks": weeks,
            "drug": drug,
            "severity": above.sum(axis=1),
        }
    )


def pond_counts(seed: int = 18) -> pd.DataFrame:
    """Newts counted at 60 ponds on six visits, and in many not found at all.

    A visit finds none for sure with log odds ``-1.2 + 1.3 overgrown``; else the count is
    Poisson with log mean ``0.8 + 0.4 depth + u``, ``u ~ Normal(0, 0.5)`` by pond.
    """
    rng = np.random.default_rng(seed)
    pond, overgrown = np.repeat(np.arange(60), 6), rng.binomial(1, 0.4, 360)
    depth = rng.normal(size=60).round(2)[pond]
    mean = np.exp(0.8 + 0.4 * depth + rng.normal(0, 0.5, 60)[pond])
    seen = rng.random(360) > _expit(-1.2 + 1.3 * overgrown)
    return pd.DataFrame(
        {
            "pond": _names("pond", pond),
            "overgrown": overgrown,
            "depth": depth,
            "newts": rng.poisson(mean) * seen,
        }
    )


TABLES: dict[str, Callable[[], pd.DataFrame]] = {
    "counselling": counselling,
    "substance_use": substance_use,
    "value_added": value_added,
    "mating_success": mating_success,
    "senescence": senescence,
    "flock": flock,
    "cells": cells,
    "villages": villages,
    "days_used": days_used,
    "symptoms": symptoms,
    "pond_counts": pond_counts,
}


def _expit(eta: NDArray[np.floating]) -> Array:
    return np.asarray(1 / (1 + np.exp(-eta)), np.float64)


def _names(letter: str, index: NDArray[np.integer]) -> list[str]:
    width = len(str(int(index.max())))
    return [f"{letter}{i:0{width}d}" for i in index]
