"""What every test shares: where the tests' tables are, and one cheap run of the engine."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

DATA = Path(__file__).parent / "data"


@pytest.fixture(scope="session")
def grouped_counts() -> pd.DataFrame:
    """Return 96 counts of eight groups, with a covariate."""
    rng = np.random.default_rng(5)
    g, x = np.repeat(np.arange(8), 12), rng.normal(size=96)
    y = rng.poisson(np.exp(0.5 + 0.3 * x + rng.normal(0, 0.5, 8)[g]))
    return pd.DataFrame({"y": y, "x": x, "g": [f"g{i}" for i in g]})


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """Return the folder of the tests' own tables."""
    return DATA
