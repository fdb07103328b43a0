"""What every test shares: where the tests' tables are, and one cheap run of the engine."""

from __future__ import annotations

from pathlib import Path

import pytest

DATA = Path(__file__).parent / "data"


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """Return the folder of the tests' own tables."""
    return DATA
