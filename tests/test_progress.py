"""What a reader sees while a model is sampled: in a notebook, a terminal, and a script."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import pytest

import bayes_glmm as bg

MODEL = "y ~ x + (1 | g)"
HOW: dict[str, Any] = {"tune": 100, "chains": 2, "cores": 2, "target_accept": 0.9}
IGNORED = "ignore::bayes_glmm.errors.UnconvergedWarning"


@pytest.fixture
def table() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "y": [1.0, 2.0, 4.0, 3.5, 0.5, 2.5] * 4,
            "x": range(24),
            "g": [f"g{k % 8}" for k in range(24)],
        }
    )


@dataclass
class Cell:
    """What a notebook shows below a cell: outputs, and when each was written."""

    outputs: list[str] = field(default_factory=list)
    written: list[float] = field(default_factory=list)

    def display(self, bundle: dict[str, str], *, raw: bool, display_id: bool) -> Output:
        assert raw and display_id
        self.outputs.append("")
        output = Output(self, len(self.outputs) - 1)
        output.update(bundle, raw=raw)
        return output


@dataclass
class Output:
    """One output, which can be written over."""

    cell: Cell
    at: int

    def update(self, bundle: dict[str, str], *, raw: bool) -> None:
        assert raw and set(bundle) == {"text/plain", "text/html"}
        self.cell.outputs[self.at] = bundle["text/plain"]
        self.cell.written.append(time.monotonic())
        said = re.sub("<[^>]*>", "", bundle["text/html"])
        assert said.rstrip() == bundle["text/plain"]


@pytest.fixture
def cell(monkeypatch: pytest.MonkeyPatch) -> Cell:
    """A notebook's cell, in the place of IPython's."""
    pytest.importorskip("IPython")
    found = Cell()
    monkeypatch.setattr("rich.console._is_jupyter", lambda: True)
    monkeypatch.setattr("IPython.display.display", found.display)
    return found


@pytest.mark.fit
@pytest.mark.filterwarnings(IGNORED)
def test_a_notebook_shows_one_output_that_is_written_over(table, cell, capsys):
    bg.fit(MODEL, table, draws=100_000, **HOW)
    (output,) = cell.outputs
    first, second = output.splitlines()
    assert re.fullmatch(r"chain 1 +━+ +100100/100100 +\S+ +\d+ divergences", first), first
    assert second.startswith("chain 2 ")
    *during, last = cell.written
    assert during, "nothing was shown before the end"
    assert all(b - a > 0.4 for a, b in zip(during, during[1:], strict=False))
    assert tuple(capsys.readouterr()) == ("", "")


@pytest.mark.fit
@pytest.mark.filterwarnings(IGNORED)
def test_a_fit_that_fails_leaves_its_bars_where_they_were(table, cell, monkeypatch):
    def fails(seconds: float) -> None:
        raise OSError("the machine goes to sleep")

    monkeypatch.setattr("time.sleep", fails)
    with pytest.raises(OSError, match="goes to sleep"):
        bg.fit(MODEL, table, draws=1_000_000, **HOW)
    (output,) = cell.outputs
    assert "chain 2" in output and "1000100/1000100" not in output


@pytest.mark.fit
@pytest.mark.filterwarnings(IGNORED)
def test_many_fits_are_counted_in_a_notebook(table, cell):
    tree = bg.fit(MODEL, table, draws=50, progress=False, **HOW)
    assert not cell.outputs
    bg.prior_sensitivity(tree, draws=50, **HOW)
    (output,) = cell.outputs
    assert re.fullmatch(r"prior sensitivity +━+ +(\d+)/\1 +\S+ +0 failed", output), output


def test_only_work_that_takes_a_while_is_announced(cell):
    from bayes_glmm.engine.nuts import preparing
    from bayes_glmm.engine.settings import choose_settings

    with preparing(choose_settings()):
        pass
    assert not cell.outputs
    with preparing(choose_settings()):
        time.sleep(0.8)
        assert cell.outputs[0].startswith("Preparing the model")
    assert cell.outputs == ["The model is prepared."]


@pytest.mark.fit
@pytest.mark.filterwarnings(IGNORED)
def test_a_terminal_shows_bars_and_a_script_nothing(table, capsys, monkeypatch):
    bg.fit(MODEL, table, draws=50, **HOW)
    assert tuple(capsys.readouterr()) == ("", "")
    monkeypatch.setenv("FORCE_COLOR", "1")  # what rich takes for a terminal
    bg.fit(MODEL, table, draws=50, **HOW)
    out, error = capsys.readouterr()
    assert not out
    assert "chain 2" in error and "150/150" in error


CELLS = (
    """
import os, signal, threading, time
import bayes_glmm as bg, pandas as pd
rows = {"y": [1.0, 2.0, 4.0, 3.5, 0.5, 2.5] * 4, "x": range(24), "g": [f"g{k % 8}" for k in range(24)]}
how = {"tune": 100, "chains": 2, "cores": 2, "target_accept": 0.9}
""",
    'tree = bg.fit("y ~ x + (1 | g)", pd.DataFrame(rows), draws=300_000, **how)',
    """
def stop():
    time.sleep(4)
    os.kill(os.getpid(), signal.SIGINT)
threading.Thread(target=stop).start()
tree = bg.fit("y ~ x + (1 | g)", pd.DataFrame(rows), draws=3_000_000, **how)
assert tree["posterior"].sizes["draw"] < 3_000_000
""",
)


@pytest.mark.slow
@pytest.mark.fit
@pytest.mark.filterwarnings("default")
def test_a_kernel_keeps_the_bars_and_stops_with_what_is_there():
    pytest.importorskip("ipykernel")
    nbclient, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")
    kinds: list[str] = []

    class Client(nbclient.NotebookClient):
        def process_message(self, msg: Any, *rest: Any) -> Any:
            kinds.append(msg["msg_type"])
            return super().process_message(msg, *rest)

    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in CELLS])
    Client(book, timeout=200, kernel_name="python3").execute()
    assert kinds.count("update_display_data") > 2
    _, whole, stopped = (cell.outputs for cell in book.cells)
    (bars,) = whole
    assert bars.data["text/plain"].count("300100/300100") == 2
    assert "<span" in bars.data["text/html"]
    shown, warning = sorted(stopped, key=lambda output: output.output_type)
    assert "3000100/3000100" not in shown.data["text/plain"]
    assert "IncompleteWarning: Sampling was stopped: " in warning.text
