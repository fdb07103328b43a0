"""A tape for each test; what writes stored figures needs mpmath, and is not run."""

import pytest

from bayes_glmm.maths.tape import Tape

collect_ignore = ["exact_functions.py"]


@pytest.fixture
def tape():
    return Tape()
