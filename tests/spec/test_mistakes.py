"""Formulas that would say something else than they seem to: refused, with the way out."""

from __future__ import annotations

import pytest

from bayes_glmm.errors import FormulaError
from bayes_glmm.spec.formula.parsing import parse
from bayes_glmm.spec.terms import Call, Number, Variable

MISTAKES = {
    "y ~ x^2": r"poly\(x, 2\)",
    "y ~ log(x^2)": r"poly\(x, 2\)",
    "y ~ (x)**2": r"poly\(x, 2\)",
    "y ~ (a + b)^4": "1 to 3",
    "y ~ (1 + x):z": "outside parentheses",
    "y ~ (a - 1)*b": "outside parentheses",
    "y ~ 1:x": "takes no operator",
    "y ~ a*b - a:c": "no term a:c",
    "y ~ -x": "no term x",
    "y ~ log(y)": "'y' is also a term",
    "y ~ x + (1 + y | g)": "'y' is also a term",
    "y ~ x + offset(log(y))": "'y' is also a term",
    "y ~ x + (1 | y)": "'y' is also a group",
    "y ~ .": "every term is named",
    "y ~ a %in% b": "a:b",
    "y ~ x + 5": "0 and 1",
    "y == x": "instead of =",
    "y ~ x ~ z": "second ~",
    "y ~ x == z": "name=value",
    "y ~ x + ": "missing here",
    "y ~ log(x))": "never opened",
    "y ~ log(x": "not closed",
    "y ~ (a + b": "not closed",
    "y ~ (1 | g": "parenthesis",
    "y ~ x, z": "missing here",
    "y ~ 2x": "begin with a digit",
    "y ~ [x]": "Brackets",
    "y ~ 'x'": "back-quotes",
    "y ~ ``": "not closed",
    "y ~ x + 1 | g": "in parentheses",
    "y ~ 1|g": "in parentheses",
    "y ~ ((1 | g) | h)": "top of the formula",
    "y ~ (1 | g | h)": "stands at one only",
    "y ~ x*(1 | g)": "top of the formula",
    "y ~ x - (1 | g)": "top of the formula",
    "y ~ (1 | log(g))": "not a function",
    "y ~ (1 | a:a)": "repeats the column 'a'",
    "y ~ (1 | gr(a:b, A))": r"gr\(animal, A\)",
    "y ~ (1 | gr(a))": r"gr\(animal, A\)",
    "y ~ (offset(x) | g)": "stands alone",
    "y ~ offset(x):z": "stands alone",
    "y ~ x*offset(z)": "stands alone",
    "y ~ log(offset(x))": "stands alone",
    "y ~ C()": "takes 1 to 3 arguments, not 0",
    "y ~ C(2)": "a column first",
    "y ~ C(log(x))": "a column first",
    "y ~ C(x, ref='a', ref='b')": "stands twice",
    "y ~ C(x, rev='a')": "It takes ref, contrast",
    "y ~ C(ref='a', x)": "come last",
    "y ~ log('x')": "no text",
    "y ~ log(x, base=2)": "no option 'base'",
    "y ~ log(-x)": "0 - x",
    "y ~ poly(x, 2.5)": "whole numbers from 1 to 100",
    "y ~ poly(x, z)": "whole numbers from 1 to 100",
    "y ~ bs(x, df=0)": "whole numbers from 1 to 100",
    "y ~ factor(x)": r"C\(x\)",
    "y ~ Log(x)": "Did you mean 'log'",
    "y ~ sin(x)": "computed in the table",
    "y ~ `log`(x)": "leave the back-quotes out",
    "cbind(a, n - a) ~ x": r"successes \| trials\(n\)",
    "s/n ~ x": r"s \| trials\(n\)",
    "p(s) ~ x": "two columns",
    "p(s, n, m) ~ x": "two columns",
    "p(s, 2.5) ~ x": "positive whole",
    "s | trials(2.5) ~ x": "positive whole",
    "s | trials(log(n)) ~ x": "positive whole",
    "y | cens(a, b, c) ~ x": "takes 1 to 2 arguments, not 3",
    "y | trunc(1) ~ x": "takes 2 arguments, not 1",
    "y | se(a) + se(b) ~ x": "stands twice",
    "y | se('a') ~ x": "no text",
    "y | ~ x": r"After \| comes",
}


@pytest.mark.parametrize(("text", "way_out"), MISTAKES.items(), ids=MISTAKES)
def test_mistakes_are_refused_with_the_way_out(text: str, way_out: str) -> None:
    with pytest.raises(FormulaError, match=way_out):
        parse(text)


def test_the_place_of_a_mistake_is_marked() -> None:
    text = "y ~ x + lgo(z) + w"
    with pytest.raises(FormulaError) as refused:
        parse(text)
    message, shown, mark = str(refused.value).splitlines()
    assert shown.strip() == text
    assert mark.index("^") - shown.index("y") == text.index("lgo")


def test_what_is_shown_of_a_text_has_no_control_characters() -> None:
    with pytest.raises(FormulaError) as refused:
        parse("y ~ x \x1b[31m\x07")
    assert all(c.isprintable() or c == "\n" for c in str(refused.value))


MODIFIED = {
    "s | trials(n) ~ x": Call("trials", (Variable("n"),)),
    "p(s, n) ~ x": Call("trials", (Variable("n"),)),
    "p(s, 10) ~ x": Call("trials", (Number(10.0),)),
    "s | trials(10) ~ x": Call("trials", (Number(10.0),)),
    "s | cens(status) ~ x": Call("cens", (Variable("status"),)),
    "s | cens(status, up) ~ x": Call("cens", (Variable("status"), Variable("up"))),
    "s | trunc(0, b) ~ x": Call("trunc", (Number(0.0), Variable("b"))),
    "s | weights(w) ~ x": Call("weights", (Variable("w"),)),
    "s | se(w) ~ x": Call("se", (Variable("w"),)),
}


@pytest.mark.parametrize(("text", "modifier"), MODIFIED.items(), ids=MODIFIED)
def test_modifiers_of_the_response(text: str, modifier: Call) -> None:
    response = parse(text).response
    assert response.column == "s"
    assert response.modifiers == (modifier,)
    assert response.modifier(modifier.function) == modifier
    assert response.modifier("none such") is None


@pytest.mark.parametrize("name", ["p", "log", "offset", "gr", "C", "trials", "observation"])
def test_names_of_functions_are_columns_where_no_parenthesis_follows(name: str) -> None:
    assert parse(f"y ~ {name}").mu.terms == ((Variable(name),),)
    assert parse(f"{name} ~ x").response.column == name
    assert parse(f"y ~ (1 | {name})").mu.random[0].group == (name,)
