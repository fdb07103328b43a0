"""On processors that are not here the library chooses the right body, and says the same."""

from __future__ import annotations

import pytest

from tests.native.emulated import MACHINES, compare, missing


@pytest.mark.slow
@pytest.mark.parametrize("machine", MACHINES, ids=lambda m: m.name.replace(" ", "_"))
def test_a_machine_says_the_same(machine, tmp_path):
    if lacking := missing(machine):
        pytest.skip(lacking)
    level, count, apart = compare(machine, tmp_path)
    assert level == machine.level
    assert count > 50
    assert apart < 1e-9
