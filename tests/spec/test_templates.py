"""Templates: every bundled one is whole, and a broken one is named."""

from __future__ import annotations

import pytest

from bayes_glmm.errors import TemplateError
from bayes_glmm.spec.templates import names, read_template, template, templates

WHOLE = """
title = "T"
question = "Q?"
dataset = "epil"
reference = "R"
cautions = ["c"]
roles = {y = "count"}
[model]
formula = "y ~ x"
family = "poisson"
"""


@pytest.mark.parametrize("name", names())
def test_bundled_templates_are_whole(name):
    found = template(name)
    assert found.question.endswith("?")
    assert found.cautions
    assert found.roles
    assert found.spec.formula


def test_they_are_listed():
    assert list(templates()["name"]) == names()
    assert len(names()) >= 3


@pytest.mark.parametrize("name", ["../secrets", "hospital_infection", "", "a/b", "x" * 500])
def test_unknown_names_are_refused(name):
    with pytest.raises(TemplateError, match="no model template"):
        template(name)


@pytest.mark.parametrize(
    "text",
    [WHOLE.replace('title = "T"', ""), WHOLE.replace("poisson", "poison") + "\n[extra]", "nonsense",
     WHOLE.replace('roles = {y = "count"}', "roles = 3"), WHOLE.replace("y ~ x", "y ~ eval(x)")],
)  # fmt: skip
def test_broken_templates_are_named(text):
    assert read_template(WHOLE, "t").spec.family == "poisson"
    with pytest.raises(TemplateError, match="'t'"):
        read_template(text, "t")
