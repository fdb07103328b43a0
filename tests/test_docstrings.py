"""Every public name has the sections that numpydoc asks for, and an example that runs."""

from __future__ import annotations

import doctest
import inspect
import re
from collections.abc import Iterator

import pytest

import bayes_glmm as bg

CHECKED = {
    "GL03", "GL05", "GL06", "GL07", "GL08", "GL09", "GL10",
    "SS01", "SS02", "SS03", "SS04", "SS05",
    "PR01", "PR02", "PR03", "PR05", "PR06", "PR07", "PR09", "PR10",
    "RT01", "RT02", "RT03", "RT04", "RT05", "YD01", "SA02", "SA03", "SA04",
}  # fmt: skip
"""Not PR04 (parameters shared with another call are listed together, without their types), ES01
and SA01: an extended summary and See Also stand where they say something."""

SAID_ONCE = ("bayes_glmm.families.contract", "bayes_glmm.families.reading")
"""Where methods are that only the package calls: a sentence says what each returns, and the class
what arguments mean, which is the same in all of them."""
INSIDE = {"Family.scalars", "Family.respond", "Family.moments", "Family.expected"}
"""More such methods, beside those that a user's own family states."""

NAMES = sorted(set(bg.__all__) - {"__version__", "errors"})
ERRORS = sorted(
    name
    for name, value in vars(bg.errors).items()
    if inspect.isclass(value) and value.__module__ == bg.errors.__name__
)


def methods(name: str) -> Iterator[str]:
    """Yield the public methods and properties of a public class."""
    value = getattr(bg, name)
    for own in dir(value) if inspect.isclass(value) else ():
        found = inspect.getattr_static(value, own)
        if not own.startswith("_") and (
            inspect.isfunction(found) or isinstance(found, property | classmethod | staticmethod)
        ):
            yield f"{name}.{own}"


METHODS = [method for name in NAMES for method in methods(name)]
PATHS = [*NAMES, *METHODS, *(f"errors.{name}" for name in ERRORS)]


def _module(value: object) -> str:
    """Return where a method or a property is written."""
    inner = value.fget if isinstance(value, property) else value
    return "" if inspect.isclass(inner) else str(getattr(inner, "__module__", ""))


@pytest.mark.parametrize("path", PATHS)
def test_sections_are_complete(path: str) -> None:
    from numpydoc.docscrape import get_doc_object
    from numpydoc.validate import validate

    value: object = bg
    for part in path.split("."):
        value = getattr(value, part)
    found = validate(get_doc_object(value))["errors"]
    inside = path in INSIDE or _module(value) in SAID_ONCE
    exempt = {"PR01", "PR07", "RT01", "RT03"} if inside else set()
    wrong = [error for error in found if error[0] in CHECKED - exempt]
    assert not wrong


@pytest.mark.parametrize("name", NAMES)
def test_every_public_name_has_an_example(name: str) -> None:
    text = inspect.getdoc(getattr(bg, name)) or ""
    examples = doctest.DocTestParser().get_examples(text)
    source = "".join(example.source for example in examples)
    assert "import bayes_glmm as bg" in source
    assert f"bg.{name}" in source
    given = {"bg", "pd", "np"} & set(re.findall(r"\b(\w+)\.", source))
    assert all(f" as {module}" in source for module in given)


SLOW = {"kfold", "plot_map", "plot_tree", "scan"}
"""Fits that compile for ten seconds or more: their examples are run by hand."""


@pytest.mark.parametrize("name", NAMES)
def test_examples_are_run(name: str) -> None:
    text = inspect.getdoc(getattr(bg, name)) or ""
    skipped = any(
        doctest.SKIP in example.options for example in doctest.DocTestParser().get_examples(text)
    )
    assert skipped == (name in SLOW)
