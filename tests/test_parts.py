"""Parts of the suite: every test in one of them, the same one each time, and none too long."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from tests import parts


def suite() -> dict[str, bool]:
    """A hundred files of ten quick tests, and a long one of forty."""
    many = {f"tests/test_{f}.py::test_{k}": False for f in range(100) for k in range(10)}
    return many | {f"tests/test_long.py::test_it[{k}]": True for k in range(40)}


def test_every_test_is_in_one_part_whatever_the_order() -> None:
    given = suite()
    mixed = list(given.items())
    random.Random(1).shuffle(mixed)
    found = parts.dealt(given, 4, {})
    assert found == parts.dealt(dict(mixed), 4, {})
    assert found.keys() == given.keys()
    assert set(found.values()) == {1, 2, 3, 4}


def test_parts_take_as_long_as_each_other_and_short_files_stay_whole() -> None:
    given = suite()
    seconds = {t: 30.0 + 7 * k for k, t in enumerate(t for t, slow in given.items() if slow)}
    found = parts.dealt(given, 4, seconds)
    loads = [sum(seconds.get(t, parts.QUICK) for t in given if found[t] == k) for k in range(1, 5)]
    assert max(loads) - min(loads) <= max(seconds.values())
    places = {(t.split("::")[0], part) for t, part in found.items() if "long" not in t}
    assert len(places) == 100


def test_what_was_measured_goes_over_what_was_known(tmp_path: Path) -> None:
    parts.write(parts.Part(1, 2), {"a::b": 3.04, "a::c": 0.2}, tmp_path)
    parts.write(parts.Part(2, 2), {"a::d": 90.0}, tmp_path)
    found = parts.merged(sorted(tmp_path.glob("*.json")), {"a::b": 50.0, "z::z": 7.0})
    assert found == {"a::b": 3.0, "a::d": 90.0, "z::z": 7.0}


@pytest.mark.parametrize("text", ["0/5", "6/5", "2", "x/5", "1/0", "-1/5"])
def test_a_part_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="A part is written"):
        parts.Part.read(text)


def test_a_run_says_which_part_failed_and_which_did_not_run(monkeypatch, capsys) -> None:
    def ran(number: int, of: int, more: object) -> str:
        if number == 3:
            raise KeyboardInterrupt
        return "passed after 0 min 01 s" if number == 1 else "FAILED with status 1 after 0 min 02 s"

    monkeypatch.setattr(parts, "ran", ran)
    monkeypatch.setattr("sys.argv", ["tests.parts", "--of", "3"])
    assert parts.main() == 1
    assert capsys.readouterr().out.splitlines() == [
        "Part 1 of 3 passed after 0 min 01 s.",
        "Part 2 of 3 FAILED with status 1 after 0 min 02 s.",
        "Part 3 of 3 did not run.",
    ]
    monkeypatch.setattr("sys.argv", ["tests.parts", "1"])
    assert parts.main() == 0
    assert capsys.readouterr().out == "Part 1 of 5 passed after 0 min 01 s.\n"


def test_known_durations_are_of_files_that_are_there() -> None:
    known = json.loads(parts.KNOWN.read_text("utf-8"))
    root = parts.KNOWN.parents[1]
    assert all((root / test.split("::")[0]).exists() for test in known)
