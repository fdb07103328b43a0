"""Doctests run in a folder of their own; the whole suite can be run in parts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import pytest

TOOK: dict[str, float] = defaultdict(float)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take the part to run."""
    parser.addoption("--part", help="run one of several parts of equal length, as 2/5")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Add up how long a test took, with what it made for others."""
    TOOK[report.nodeid] += report.duration


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests of other parts."""
    if not config.getoption("--part"):
        return
    from tests import parts

    try:
        part = parts.Part.read(config.getoption("--part"))
    except ValueError as error:
        raise pytest.UsageError(str(error)) from None
    slow = {item.nodeid: item.get_closest_marker("slow") is not None for item in items}
    places = parts.dealt(slow, part.of, parts.known())
    config.hook.pytest_deselected(items=[i for i in items if places[i.nodeid] != part.number])
    items[:] = [i for i in items if places[i.nodeid] == part.number]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Keep how long the tests of a part took."""
    text = session.config.getoption("--part")
    if text and not hasattr(session.config, "workerinput"):
        from tests import parts

        parts.write(parts.Part.read(text), TOOK)


@pytest.fixture(autouse=True)
def _apart(request: pytest.FixtureRequest) -> Iterator[None]:
    if not isinstance(request.node, pytest.DoctestItem):
        yield
        return
    request.getfixturevalue("monkeypatch").chdir(request.getfixturevalue("tmp_path"))
    import matplotlib as mpl

    mpl.use("Agg")
    yield
    import matplotlib.pyplot as plt

    plt.close("all")
