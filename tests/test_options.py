"""Options that calls share: seen where a user looks, the same everywhere, and refused by name."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys

import pytest
from numpydoc.docscrape import FunctionDoc

import bayes_glmm as bg
from bayes_glmm.cli import arguments
from bayes_glmm.engine.settings import choose_settings
from bayes_glmm.errors import ArgumentTypeError, BayesGLMMError
from bayes_glmm.literals import Groups, Kind, allowed
from tests.canned import tree_of

FORMULA = ["family", "link", "exposure", "offset", "missing", "success"]
MODEL = [*FORMULA, "priors", "structures"]
CHAINS = ["engine", "tune", "target_accept", "chains", "cores"]
TAKES = {
    "check": MODEL,
    "build_model": MODEL,
    "priors": MODEL,
    "prior_predictive": [*MODEL, "draws", "seed"],
    "simulate": [*FORMULA, "structures"],
    "maximum_likelihood": [*FORMULA, "quadrature"],
    "collapse": [*FORMULA, "priors", "max_cells"],
    "fit": [*MODEL, *CHAINS, "draws", "seed", "progress", "store", "log_likelihood"],
    "calibrate": [*MODEL, "engine", "tune", "target_accept", "chains", "draws", "seed", "executor",
                  "store", "progress", "n", "simulator", "quantities"],
    "power": [*MODEL, "engine", "tune", "target_accept", "chains", "draws", "seed", "executor",
              "store", "progress", "designs", "by", "null", "prob"],
    "refit": [*CHAINS, "draws", "seed", "progress", "store", "log_likelihood"],
    "kfold": [*CHAINS, "draws", "seed", "executor", "store", "progress"],
    "prior_sensitivity": [*CHAINS, "draws", "seed", "executor", "store", "progress"],
    "scan": [*CHAINS, "ids", "markers", "prior_sd", "draws", "precision", "refit", "refit_draws",
             "seed", "progress"],
}  # fmt: skip
"""Keywords of every call, as the interface states them."""


@pytest.mark.parametrize("name", TAKES)
def test_a_signature_lists_every_option_as_a_keyword(name: str) -> None:
    parameters = inspect.signature(getattr(bg, name)).parameters.values()
    assert sorted(p.name for p in parameters if p.kind is p.KEYWORD_ONLY) == sorted(TAKES[name])
    assert not [p for p in parameters if p.kind in (p.VAR_KEYWORD, p.VAR_POSITIONAL)]
    assert all(p.annotation is not p.empty for p in parameters)


@pytest.mark.parametrize("name", TAKES)
def test_an_unknown_option_is_refused_with_the_nearest_known_one(name: str) -> None:
    option = TAKES[name][-1]
    wrong = f"{option[:-1]}x"
    required = [p for p in inspect.signature(getattr(bg, name)).parameters.values()
                if p.default is p.empty]  # fmt: skip
    with pytest.raises(
        TypeError, match=rf"{name}\(\) has no option '{wrong}'.*'{option}'"
    ) as caught:
        getattr(bg, name)(*(None for _ in required), **{wrong: 1})
    assert isinstance(caught.value, ArgumentTypeError) and isinstance(caught.value, BayesGLMMError)


def test_options_do_not_become_positional() -> None:
    with pytest.raises(TypeError, match="positional"):
        bg.check("y ~ x", None, "poisson")


def test_fit_explains_every_option_and_its_default() -> None:
    text = FunctionDoc(bg.fit)["Parameters"]
    explained = {name: (p.type, " ".join(p.desc)) for p in text for name in p.name.split(", ")}
    for name, parameter in inspect.signature(bg.fit).parameters.items():
        kind, meaning = explained[name]
        assert len(meaning) > 15, name
        default = re.search(r"default (\S+)$", kind)
        if parameter.default is parameter.empty:
            assert default is None
        elif parameter.default is not None:
            assert default and default[1].strip('"') == str(parameter.default), name
        else:
            assert "optional" in kind or name in ("family", "missing"), name


def test_help_shows_the_options_of_every_call() -> None:
    code = "import bayes_glmm as bg; help(bg.fit); help(bg.check)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    of_fit, of_check = done.stdout.split("Help on function check")
    for option in TAKES["fit"]:
        assert re.search(rf"\b{option}: ", of_fit), option
        assert re.search(rf"^    {option} : ", of_fit, re.MULTILINE), option
    for option in MODEL:
        assert re.search(rf"\b{option}: ", of_check), option
    assert "Unpack" not in done.stdout


def test_notebooks_complete_the_options() -> None:
    from IPython.core.completer import IPCompleter, provisionalcompleter

    completer = IPCompleter(namespace={"bg": bg}, use_jedi=False)
    text = "bg.fit('y ~ x', rows, targ"
    with provisionalcompleter():
        found = [c.text for c in completer.completions(text, len(text))]
    assert "target_accept=" in found


def test_shown_defaults_are_those_that_are_used() -> None:
    shown = inspect.signature(bg.fit).parameters
    used = inspect.signature(choose_settings).parameters
    assert {k: shown[k].default for k in used} == {k: p.default for k, p in used.items()}
    assert (shown["engine"].default, shown["draws"].default, shown["chains"].default) == (
        "auto",
        1000,
        4,
    )


def test_words_on_the_command_line_are_those_of_the_library() -> None:
    assert tuple(arguments.Groups) == allowed(Groups)
    assert tuple(arguments.Kind) == allowed(Kind)


def test_a_study_takes_incomplete_rows_out() -> None:
    """``missing`` goes with the other options of a model."""
    import pandas as pd

    rows = pd.DataFrame({"x": [0.0, 1.0, None, 2.0, 3.0, 1.5], "g": list("aabbcc")})
    truth = {"intercept": 0.0, "beta": {"x": 0.5}, "sd_g": 0.2, "sigma": 0.3}
    given = {"n": 1, "draws": 50, "tune": 200, "progress": False}
    table = bg.power("y ~ x + (1 | g)", truth, rows, "beta[x]", missing="drop", **given)
    assert table["n"].tolist() == [1]


def test_a_refit_passes_options_on(monkeypatch: pytest.MonkeyPatch) -> None:
    from bayes_glmm.studies import kfold

    given: dict[str, object] = {}
    monkeypatch.setattr(kfold, "fit_whole", lambda spec, rows, **options: given.update(options))
    import pandas as pd

    tree = tree_of("y ~ x", pd.DataFrame({"y": [1.0, 2.0, 2.5], "x": [0.0, 1.0, 2.0]}),
                   {"intercept": 1.0, "beta": [0.7], "sigma": 0.3})  # fmt: skip
    bg.refit(tree, ["0"], engine="nuts", chains=2, cores=1, store="chains", log_likelihood=True)
    assert given | {"structures": None, "seed": None} == {
        "engine": "nuts", "chains": 2, "cores": 1, "store": "chains", "log_likelihood": True,
        "draws": 500, "progress": False, "structures": None, "seed": None,
    }  # fmt: skip
