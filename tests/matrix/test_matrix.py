"""Every answer of every family and term: right by numbers of its own, or refused with the reason."""

from __future__ import annotations

import pytest

import bayes_glmm as bg
from tests.matrix.cells import cell
from tests.matrix.laws import LAWS
from tests.matrix.page import PAGE, page
from tests.matrix.product import (
    BASE,
    MODEL,
    answers,
    asked_of,
    on_page,
    plain,
    product,
    questions,
    record,
    written,
)

OTHERS = {
    "a model, its parts or its data": (
        "Family ModelSpec Parameter Predictor Prior RandomEffect Response Source parse template "
        "templates dataset datasets within_between collapse families check_family errors"),
    "structures, which models take": (
        "areal coordinates genomic kinship lineage nearest_neighbours pedigree read_structures"),
    "asked before a fit, or fits itself": (
        "build_model calibrate check fit kfold maximum_likelihood power prior_predictive "
        "prior_sensitivity priors refit scan simulate"),
    "pictures of other results than a fit": "plot_calibration plot_manhattan plot_power plot_qq",
}  # fmt: skip
"""Public names that are no answer about a fit, by why."""
SLICES = 8
BY_THE_DRAWS = "'a', 'b': some rows have no density in some draws, so there is no score."
"""A refusal that is about the stated draws, not the model: some lie where a density underflows."""


def test_every_public_answer_is_asked():
    known = {name for names in OTHERS.values() for name in names.split()}
    asked = {name for question in questions() for name in question.answers}
    assert not asked & known
    assert asked | known == set(bg._PUBLIC)


def test_every_family_has_a_law():
    assert sorted(bg.families()["family"]) == sorted(LAWS)


def test_names_of_questions_differ():
    names = [question.name for question in questions()]
    assert len(set(names)) == len(names)


def covering():
    """Every family with an eighth of the questions, in turn; terms are asked in the slow part."""
    for family in LAWS:
        yield family, BASE, ""


@pytest.mark.parametrize(("number", "key"), list(enumerate(covering())), ids=str)
def test_an_answer_is_right_or_refused_as_the_page_says(number, key):
    asked = [q for q in questions() if not q.costly][number % SLICES :: SLICES]
    names = {question.name for question in asked} | {MODEL}
    expected = {k: v for k, v in record()[written(key)].items() if k in names}
    assert answers(key, asked) == expected
    cell.cache_clear()


def test_the_page_is_that_of_the_record():
    assert page() == PAGE.read_text("utf-8"), "run: python -m docs.making.matrix"


@pytest.mark.slow
@pytest.mark.parametrize("key", on_page(), ids=written)
def test_models_on_the_page_answer_everything_as_it_says(key):
    assert answers(key, asked_of(key)) == record()[written(key)]
    cell.cache_clear()


@pytest.mark.slow
@pytest.mark.parametrize("family", list(LAWS))
def test_the_whole_product_is_right_or_refused_for_a_reason_that_the_page_has(family):
    known = {plain(reason) for found in record().values() for reason in found.values()}
    known.add(plain(BY_THE_DRAWS))
    asked, rest = [q for q in questions() if not q.costly], set(product()) - set(on_page())
    unsaid = {}
    for key in sorted(key for key in rest if key[0] == family):
        for name, reason in answers(key, asked).items():
            if plain(reason) not in known:
                unsaid.setdefault(reason, (key, name))
        cell.cache_clear()
    assert not unsaid
