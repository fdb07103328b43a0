"""Templates: every bundled one is whole, and a broken one is named."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from bayes_glmm.errors import TemplateError
from bayes_glmm.spec import templates as library
from bayes_glmm.spec.templates import names, read_template, template, template_folder, templates

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
     WHOLE.replace('["c"]', '"c"'), WHOLE.replace('title = "T"', 'title = 1'),
     WHOLE.replace('roles = {y = "count"}', "roles = 3"), WHOLE.replace("y ~ x", "y ~ eval(x)")],
)  # fmt: skip
def test_broken_templates_are_named(text):
    assert read_template(WHOLE, "t").spec.family == "poisson"
    with pytest.raises(TemplateError, match="'t'"):
        read_template(text, "t")


def test_a_template_is_frozen_and_its_tables_too():
    found = template("hospital_infections")
    assert found.spec.exposure == "catheter_days"
    with pytest.raises(FrozenInstanceError):
        found.title = "other"
    with pytest.raises(TypeError):
        found.roles["events"] = "other"


@pytest.mark.parametrize("name", [None, 3, Path("hospital_infections")])
def test_names_that_are_no_text_are_refused(name):
    with pytest.raises(TemplateError, match="no model template"):
        template(name)


def test_the_nearest_name_is_offered():
    with pytest.raises(TemplateError, match="Did you mean 'hospital_infections'"):
        template("hospital_infection")


def test_folders_of_a_checkout_and_of_an_installed_package(tmp_path, monkeypatch):
    package = tmp_path / "site-packages" / "bayes_glmm"
    (package / "spec").mkdir(parents=True)
    monkeypatch.setattr(library, "__file__", str(package / "spec" / "templates.py"))
    with pytest.raises(TemplateError, match="missing"):
        template_folder()
    for parent in (package.parent, package):
        (parent / "model_templates").mkdir()
        (parent / "model_templates" / "mine.toml").write_text(WHOLE, encoding="utf-8")
        assert template_folder() == parent / "model_templates"
        assert template("mine").title == "T"
