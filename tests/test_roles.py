"""A template's model in the names of somebody's table."""

from __future__ import annotations

import pytest

import bayes_glmm as bg
from bayes_glmm.errors import TemplateError
from bayes_glmm.roles import cast_roles, renamed

OWN = {"events": "infections", "study": "ward", "treat": "screens", "catheter_days": "days"}


def test_roles_are_played_by_the_chosen_columns() -> None:
    spec = cast_roles(bg.template("hospital_infections"), OWN, list(OWN.values()))
    assert spec == bg.parse("infections ~ screens + (1 | ward)", family="poisson", exposure="days")


def test_every_place_of_a_column_is_renamed() -> None:
    spec = bg.parse("a | trials(b) ~ log(c) + c:d + poly(c, 2) + offset(e / 2) + (1 + c | d/f)",
                    family="binomial", offset="g")  # fmt: skip
    names = {letter: letter * 2 for letter in "abcdefg"}
    wanted = "aa | trials(bb) ~ log(cc) + cc:dd + poly(cc, 2) + offset(ee / 2) + (1 + cc | dd/ff)"
    assert renamed(spec, names) == bg.parse(wanted, family="binomial", offset="gg")


@pytest.mark.parametrize(
    ("chosen", "columns", "named"),
    [
        ({}, ["events", "treat", "study"], "'catheter_days'.*--map catheter_days=COLUMN"),
        ({"event": "x"}, ["x"], "no role 'event'.*'events'"),
        (OWN | {"study": "wards"}, list(OWN.values()), "'wards'.*'study'.*'ward'"),
    ],
)
def test_a_role_nobody_plays_is_refused(
    chosen: dict[str, str], columns: list[str], named: str
) -> None:
    with pytest.raises(TemplateError, match=named):
        cast_roles(bg.template("hospital_infections"), chosen, columns)


@pytest.mark.parametrize("name", list(bg.templates()["name"]))
def test_every_template_is_played_by_its_own_table(name: str) -> None:
    template = bg.template(name)
    columns = list(bg.dataset(template.dataset).columns)
    assert cast_roles(template, {}, columns) == template.spec
    assert set(template.roles) <= set(columns)
    assert len(template.cautions) >= 3
    assert template.alternatives
    for spec in (template.spec, *template.alternatives.values()):
        assert bg.ModelSpec.from_toml(spec.to_toml()) == spec
