"""A template's model in the names of somebody's table."""

from __future__ import annotations

import pytest

import bayes_glmm as bg
from bayes_glmm.cli.column_mapping import cast_roles, renamed
from bayes_glmm.errors import TemplateError

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


@pytest.mark.parametrize("name", list(bg.templates()["name"]))
def test_every_template_passes_the_checks_on_its_own_table(name: str) -> None:
    template = bg.template(name)
    table = bg.dataset(template.dataset)
    for spec in (template.spec, *template.alternatives.values()):
        assert not bg.check(spec, table).errors


KNOWN = {
    "cell_fate": {"sd_cell_L[intercept]": 0.8, "sd_cell_S[intercept]": 0.6, "sigma": 0.5},
    "phylogenetic_trait": {"log_mass": 1.175, "sd_species[intercept]": 2.24},
    "prevalence_points": {"wet": 0.5, "sd_village[intercept]": 0.7},
    "clinician_counselling_rates": {"severity": 0.5, "first_visit": 0.6,
                                    "sd_clinician[intercept]": 0.7},
    "days_used": {"months": -0.03, "months:treated": -0.06, "sd_person[intercept]": 1.0,
                  "dispersion": 6.0},
    "hospital_ranking": {"intercept": -2.56},
    "item_response": {"sd_person[intercept]": 0.755},
    "mating_success": {"size": 0.35, "sd_pond[intercept]": 0.3},
    "meta_analysis_rare_events": {},
    "multicentre_trial": {"arm[drug]": 0.74},
    "senescence": {"age_within": -0.10, "sd_bird[intercept]": 0.35},
    "smoking_policy": {"smoke": 0.462, "age": -0.2164, "sd_id[intercept]": 2.166},
    "substance_use_trajectories": {"years": 0.9, "years:programme": -0.35,
                                   "sd_person[intercept]": 1.6},
    "symptom_severity": {"threshold[0|1]": -3.0, "threshold[2|3]": 1.2, "weeks": -0.15,
                         "weeks:drug": -0.25, "sd_patient[intercept]": 1.5},
    "treatment_network": {"treatment[B self-help]": 0.50, "treatment[C individual]": 0.84,
                          "treatment[D group]": 1.10},
    "zero_inflated_counts": {"intercept": 0.8, "depth": 0.4, "sd_pond[intercept]": 0.5,
                             "intercept_zi": -1.2, "beta_zi[overgrown]": 1.3},
    "value_added_teachers": {"before": 0.6, "year": 0.1, "sd_pupil[intercept]": 0.4,
                             "sd_school_by_teacher[intercept]": 0.25, "sigma": 0.6},
}  # fmt: skip
"""What was simulated; of real tables what peers found, by marginal likelihood."""


@pytest.mark.slow
@pytest.mark.fit
@pytest.mark.parametrize("name", list(KNOWN))
def test_templates_find_what_is_known(name: str) -> None:
    tree = bg.fit(
        name, bg.dataset(bg.template(name).dataset), draws=1000, chains=4, progress=False, seed=2
    )
    table = bg.summary(tree).set_index("parameter")
    for parameter, value in KNOWN[name].items():
        found = table.loc[parameter]
        assert abs(found["mean"] - value) < 3 * found["sd"], (parameter, found["mean"], found["sd"])
    assert table["r_hat"].max() < 1.05
