"""The page in a real browser: every control moves what it should, and nothing goes wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import bayes_glmm as bg
from tests.canned import bernoulli_tree
from tests.explore.browser import CHROMIUM, Browser, browser

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="needs chromium"),
]
CURVES = ".curve.typical", ".curve.average", ".person", ".dot.truth"
CONTROLS = {
    "intercept": "1.5", "slope": "-0.5", "sd0": "1", "sd1": "0.6", "corr": "-0.6", "size": "20",
    "people": "70", "from": "2",
}  # fmt: skip


@pytest.fixture(scope="module")
def window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("profile")) as opened:
        yield opened
        assert opened.logged == []
        assert all(url.startswith("file:") for url in opened.asked)
        assert opened.asked


@pytest.fixture
def play(window: Browser, tmp_path: Path) -> Browser:
    window.open(bg.explore(path=tmp_path / "page.html", open=False))
    return window


@pytest.fixture
def fitted(window: Browser, tmp_path: Path) -> Browser:
    window.open(bg.explore(bernoulli_tree(), tmp_path / "fit.html", open=False))
    return window


def drawn(page: Browser) -> dict[str, str]:
    """What the pictures, with their ticks, and the sentences show now."""
    shown = {}
    for name in CURVES:
        figure = "shrinkage" if name == ".dot.truth" else "response"
        parts = f"document.querySelectorAll('#{figure} {name}, #{figure} .tick')"
        shown[name] = str(page.ask(f"[...{parts}].map((e) => e.outerHTML).join()"))
    for name in ("headline", "conditional", "averaged", "response-words", "shrinkage-words"):
        shown[name] = page.text(f"#{name}")
    return shown


MOVED = {
    "intercept": {".curve.typical", ".curve.average", ".person", "averaged", "response-words"},
    "slope": {".curve.typical", ".curve.average", ".person", "conditional", "averaged", "headline"},
    "sd0": {".curve.average", ".person", "averaged", "response-words", ".dot.truth"},
    "sd1": {".curve.average", ".person", "averaged", ".dot.truth"},
    "corr": {".curve.average", ".person", "averaged", ".dot.truth"},
    "size": {".dot.truth", "shrinkage-words"},
    "people": {".person", ".dot.truth", "shrinkage-words"},
    "from": {"averaged", "headline", "response-words"},
}
HELD = {
    "intercept": {"conditional"},
    "slope": set(),
    "sd0": {".curve.typical", "conditional"},
    "sd1": {".curve.typical", "conditional"},
    "corr": {".curve.typical", "conditional"},
    "size": {".curve.typical", ".curve.average", ".person", "headline", "averaged"},
    "people": {".curve.typical", ".curve.average", "headline", "averaged"},
    "from": {".curve.typical", ".curve.average", ".person", "conditional", ".dot.truth"},
}


@pytest.mark.parametrize("outcome", ["binary", "count", "ordinal"])
def test_every_slider_moves_what_it_should(play: Browser, outcome: str) -> None:
    play.click(f"input[value={outcome}]")
    for control, value in CONTROLS.items():
        before = drawn(play)
        play.set(control, value)
        after = drawn(play)
        moved = {name for name in before if before[name] != after[name]}
        rescaled = outcome == "count"
        assert moved >= MOVED[control] - ({"averaged"} if rescaled else set()), control
        assert not {m for m in moved if not (rescaled and m[0] == ".")} & HELD[control], control
        assert "NaN" not in "".join(after.values()), control
        assert "undefined" not in "".join(after.values()), control


def test_the_corners_of_the_sliders_draw(play: Browser) -> None:
    for outcome in ("binary", "count", "ordinal"):
        play.click(f"input[value={outcome}]")
        for end in ("min", "max"):
            for control in CONTROLS:
                play.set(control, play.ask(f"document.getElementById('{control}').{end}"))
            shown = "".join(drawn(play).values()) + str(play.ask("document.body.innerHTML"))
            assert "NaN" not in shown.split("<script")[0], (outcome, end)


def test_the_other_controls_do_what_they_say(play: Browser) -> None:
    before = drawn(play)
    play.click("#again")
    assert drawn(play)[".person"] != before[".person"]
    play.click("#grow")
    assert play.text("#size-value") == "12"
    play.click("#reset")
    assert drawn(play) == before
    play.click("input[value=ordinal]")
    assert play.ask("document.getElementById('stacks').hidden") is False
    assert int(play.ask("document.querySelectorAll('#stack-average .share').length")) == 4
    middle = play.text("#response-words")
    play.set("cut", "1")
    assert "category 2 or higher" in play.text("#response-words") != middle
    assert play.ask("document.getElementById('code').hidden") is True
    play.click("#write")
    assert '"threshold": [-1.0, 0.5, 2.0]' in play.text("#code")
    play.set("slope", "1")
    assert '"beta": {"x": 1.0}' in play.text("#code")
    assert play.text("#copied")


def test_it_works_by_keyboard(play: Browser) -> None:
    play.ask("document.getElementById('slope').focus()")
    before = play.text("#conditional")
    play.press("ArrowRight", 39)
    assert play.text("#slope-value") == "0.75"
    assert play.text("#conditional") != before
    reached = set()
    play.ask("document.activeElement.blur()")
    for _ in range(20):
        play.press("Tab", 9)
        reached.add(play.ask("document.activeElement.id || document.activeElement.value"))
    assert set(CONTROLS) | {"theme", "binary", "reset", "grow", "again", "write"} <= reached


def test_every_control_and_picture_has_a_name(play: Browser) -> None:
    play.click("input[value=ordinal]")
    tree = play.send("Accessibility.getFullAXTree")["nodes"]
    asked = {"slider", "button", "radio", "combobox", "image", "Iframe"}
    found = [n for n in tree if not n["ignored"] and n["role"]["value"] in asked]
    assert len(found) >= 20
    assert all(n["name"]["value"].strip() for n in found)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_it_fits_the_window_in_both_themes(play: Browser, width: int, theme: str) -> None:
    play.look(width, 900, theme)
    assert play.ask("new Promise((done) => setTimeout(() => done(true), 150))")
    assert int(play.ask("document.documentElement.scrollWidth")) <= width
    paper = "getComputedStyle(document.body).backgroundColor"
    level = sum(map(int, re.findall(r"\d+", str(play.ask(paper)))[:3]))
    assert (level > 600) == (theme == "light")
    play.click("#theme")
    other = sum(map(int, re.findall(r"\d+", str(play.ask(paper)))[:3]))
    assert (other > 600) != (theme == "light")
    assert play.ask("document.getElementById('theme').ariaPressed") == str(theme == "light").lower()


def test_a_fit_shows_its_posterior_until_a_slider_asks_what_if(fitted: Browser) -> None:
    tree = bernoulli_tree()
    months = tree["posterior"]["beta"].values[..., 1].ravel()
    kept = months[np.linspace(0, 999, 400).round().astype(int)]
    shown = fitted.ask("readRatios(readSetting(), 0)")
    assert shown["conditional"] == pytest.approx(np.exp(kept).mean(), rel=1e-9)
    low, high = np.quantile(np.exp(kept), [0.055, 0.945])
    assert shown["between"]["conditional"]["low"] == pytest.approx(low, rel=1e-9)
    assert shown["between"]["conditional"]["high"] == pytest.approx(high, rel=1e-9)
    assert fitted.ask("document.querySelectorAll('.band').length") == 4
    fitted.set("sd0", "1")
    assert fitted.ask("document.querySelectorAll('.band').length") == 0
    fitted.click("#reset")
    assert fitted.ask("document.querySelectorAll('.band').length") == 4
