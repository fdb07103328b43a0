"""Formula, Python and TOML forms of one model are equal, for models and texts drawn at random."""

from __future__ import annotations

import time
from dataclasses import FrozenInstanceError

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bayes_glmm.errors import ArgumentTypeError, FormulaError, SpecError
from bayes_glmm.spec.effects import RandomEffect
from bayes_glmm.spec.formula.parsing import parse
from bayes_glmm.spec.model import ModelSpec
from bayes_glmm.spec.priors import Prior
from bayes_glmm.spec.sides import Predictor, Response
from bayes_glmm.spec.terms import Arithmetic, Call, Number, Text, Variable

SECOND = 1.0

columns = st.one_of(
    st.sampled_from(
        ["x", "z", "log", "offset", "observation", "p", "gr", "a:b", "a b", "1st", "ñ"]
    ),
    st.text(
        st.characters(exclude_categories=["Cs"], exclude_characters="`\n"), min_size=1, max_size=6
    ),
).filter(lambda name: name != "the response")
numbers = st.floats(allow_nan=False, allow_infinity=False).map(Number)
levels = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="'\n"), max_size=5)
expressions = st.recursive(
    st.one_of(columns.map(Variable), numbers),
    lambda inside: st.one_of(
        st.builds(Arithmetic, st.sampled_from("+-*/"), inside, inside),
        st.builds(
            lambda name, e: Call(name, (e,)),
            st.sampled_from(["log", "exp", "sqrt", "center", "scale", "standardize"]),
            inside,
        ),
    ),
    max_leaves=4,
)
counts = st.integers(1, 100).map(lambda k: Number(float(k)))
calls = st.one_of(
    st.builds(lambda e: Call("log", (e,)), expressions),
    st.builds(lambda c, k: Call("poly", (Variable(c), k)), columns, counts),
    st.builds(lambda c, k: Call("cr", (Variable(c),), (("df", k),)), columns, counts),
    st.builds(
        lambda c, w, t: Call("C", (Variable(c), Variable(w)), (("ref", Text(t)),)),
        columns,
        st.sampled_from(["sum", "treatment", "helmert"]),
        levels,
    ),
)
terms = st.lists(st.one_of(columns.map(Variable), calls), min_size=1, max_size=3).map(tuple)
plain = st.builds(
    lambda group, slopes, intercept, correlated: RandomEffect(
        tuple(group), tuple(slopes), intercept or not slopes, correlated
    ),
    st.lists(columns, min_size=1, max_size=3),
    st.lists(terms, max_size=2),
    st.booleans(),
    st.booleans(),
)
structured = st.builds(lambda g, s: RandomEffect(g, structure=s), columns, columns)
predictors = st.builds(
    Predictor,
    st.booleans(),
    st.lists(terms, max_size=3).map(tuple),
    st.lists(st.one_of(plain, structured), max_size=2).map(tuple),
    st.lists(expressions, max_size=1).map(tuple),
)
modifiers = st.one_of(
    st.just(()),
    st.builds(lambda n: (Call("trials", (Variable(n),)),), columns),
    st.builds(lambda n: (Call("trials", (Number(float(n)),)),), st.integers(1, 10**6)),
    st.builds(
        lambda a, b, w: (Call("cens", (Variable(a), Variable(b))), Call("weights", (Variable(w),))),
        columns, columns, columns,
    ),
    st.builds(lambda a, b: (Call("trunc", (a, b)),), numbers, numbers),
)  # fmt: skip
positive = st.floats(1e-300, 1e300)
priors = st.dictionaries(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    st.one_of(
        st.builds(lambda s: Prior("HalfNormal", sigma=s), positive),
        st.builds(
            lambda m, s: Prior("Normal", mu=m, sigma=s),
            st.floats(allow_nan=False, allow_infinity=False),
            positive,
        ),
    ),
    max_size=3,
)
texts = st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
specs = st.builds(
    lambda modifier, mu, others, **options: ModelSpec(
        Response("the response", modifier), {**others, "mu": mu}, **options
    ),
    modifiers,
    predictors,
    st.dictionaries(st.sampled_from(["sigma", "zi", "dispersion"]), predictors, max_size=1),
    family=st.sampled_from(["gaussian", "poisson", "any"]),
    link=texts,
    exposure=texts,
    offset=texts,
    priors=priors,
    missing=st.sampled_from(["error", "drop"]),
    success=texts,
)


@settings(max_examples=300, deadline=1000)
@given(specs)
def test_every_form_of_any_model_is_the_same_model(spec: ModelSpec) -> None:
    options = {k: vars(spec)[k] for k in ("family", "link", "exposure", "offset", "success")}
    again = parse(spec.formula, **options, missing=spec.missing, priors=dict(spec.priors))
    assert again == spec
    assert hash(again) == hash(spec)
    assert ModelSpec.from_toml(spec.to_toml()) == spec
    assert ModelSpec.from_toml(spec.to_toml()).to_toml() == spec.to_toml()


names = st.sampled_from(["x", "z", "`my col`", "log(x)", "poly(z, 2)", "C(f, ref='a')", "w"])


def sums(inside: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pairs = st.tuples(inside, st.sampled_from([" + ", "*", ":", "/", " - "]), inside)
    return st.one_of(
        pairs.map("".join),
        inside.map(lambda text: f"({text})"),
        inside.map(lambda text: f"({text})^2"),
        inside.map(lambda text: f"({text} | g)"),
        inside.map(lambda text: f"(0 + {text} || g/h)"),
        inside.map(lambda text: f"{text} + (1 | a:b)"),
        inside.map(lambda text: f"{text} + offset(log(e))"),
    )


@settings(max_examples=500, deadline=1000)
@given(st.recursive(names, sums, max_leaves=12))
def test_texts_grown_from_a_grammar_are_read_exactly_or_refused(text: str) -> None:
    began = time.process_time()
    try:
        spec = parse("y ~ " + text)
    except FormulaError:
        pass
    else:
        written = spec.formula
        assert parse(written) == spec
        assert parse(written).formula == written
    assert time.process_time() - began < SECOND


EXPENSIVE = [
    "y ~ (" + "+".join(f"a{i}" for i in range(25)) + ")**3",
    "y ~ (" + "+".join(f"a{i}" for i in range(25)) + ")**2 * (b + c + d + e + f + g)",
    "y ~ " + ":".join(f"(a{i} + b{i})" for i in range(30)),
    "y ~ " + "/".join(["(a+b+c+d+e+f+g+h)^3"] * 20) + "/(" + "+".join("ijklmnop") + ")^3^3",
    "y ~ "
    + " + ".join("(a+b+c+d+e+f+g+h)^3" for _ in range(20))
    + " + "
    + "*".join("klmnopqrstuv"),
    "y ~ " + "log(" * 60 + "x" + ")" * 60,
    "y ~ poly(x, 9**9**8)",
    "y ~ poly(x, 101)",
    "y ~ bs(x, df=100000)",
    "y ~ log(1e999)",
    "y ~ binary.__globals__.clear()",
    "y ~ `x" + "`" * 2,
    "y ~ " + "(1|" * 30 + "g" + ")" * 30,
    "y ~ \ud800",
    "y ~ x; import os",
    "y ~ @x",
    "y ~ 9" * 300,
]


@pytest.mark.parametrize("text", EXPENSIVE)
def test_what_would_cost_or_run_is_refused_within_a_second(text: str) -> None:
    began = time.process_time()
    with pytest.raises(FormulaError):
        parse(text)
    assert time.process_time() - began < SECOND


UNWRITABLE = {
    "back-quote": Predictor(terms=("a`b",)),
    "line break": Predictor(terms=(Variable("a\nb"),)),
    "no name": Predictor(terms=(Variable(""),)),
    "half a character": Predictor(terms=(Variable("\ud800"),)),
    "a level with both quotes": Predictor(
        terms=(Call("C", (Variable("x"),), (("ref", Text("a'\"")),)),)
    ),
    "a level with a line break": Predictor(
        terms=(Call("C", (Variable("x"),), (("ref", Text("a\nb")),)),)
    ),
    "unknown function": Predictor(terms=(Call("eval", (Variable("x"),)),)),
    "unknown operator": Predictor(offsets=(Arithmetic("**", Variable("a"), Variable("b")),)),
    "an offset among terms": Predictor(terms=(Call("offset", (Variable("x"),)),)),
    "a degree beyond the limit": Predictor(terms=(Call("poly", (Variable("x"), Number(101.0))),)),
    "more text than a formula may have": Predictor(terms=tuple(f"column{i}" for i in range(500))),
}


@pytest.mark.parametrize("predictor", UNWRITABLE.values(), ids=UNWRITABLE)
def test_a_model_that_no_formula_says_is_not_written(predictor: Predictor) -> None:
    spec = ModelSpec("y", predictor)
    for write in (lambda spec: spec.formula, ModelSpec.to_toml):
        with pytest.raises(SpecError, match="cannot be written"):
            write(spec)


def test_names_that_need_back_quotes_get_them() -> None:
    spec = ModelSpec("my y", Predictor(terms=(Variable("a:b"), "c:d", Variable("1st"))))
    assert spec.formula == "`my y` ~ `a:b` + `1st` + c:d"
    assert spec.mu.terms[2] == (Variable("c"), Variable("d"))


def test_python_spellings_of_one_model_are_equal() -> None:
    spec = parse("y ~ x + z + x:z + (1 + x | a:b) + offset(e)", family="poisson")
    effect = RandomEffect(("a", "b"), terms="x")
    written = Predictor(terms=["z:x", "x", ("x",), "z"], random=effect, offsets="e")
    assert ModelSpec("y", written, family="poisson").mu.random == spec.mu.random
    assert ModelSpec("y", written).formula == "y ~ x + z + z:x + (1 + x | a:b) + offset(e)"
    assert ModelSpec("y", {"zi": Predictor(), "mu": Predictor()}) == ModelSpec(
        "y", (("mu", Predictor()), ("zi", Predictor()))
    )
    assert RandomEffect("g", correlated=False) == RandomEffect("g")
    assert RandomEffect(("school", "class")).name == "school_by_class"
    assert Predictor(offsets=(Call("offset", (Variable("e"),)),)) == Predictor(offsets=("e",))


def test_varying_terms_of_one_group_in_several_bars_stay_apart() -> None:
    effects = parse("y ~ x + (1 | g) + (0 + x | g)").mu.random
    assert effects == (RandomEffect("g"), RandomEffect("g", terms=("x",), intercept=False))


@pytest.mark.parametrize(
    ("make", "error", "why"),
    [
        (lambda: ModelSpec("y", Predictor(terms=("y",))), FormulaError, "'y' is also a term"),
        (lambda: ModelSpec("y", Predictor(random=RandomEffect("y"))), FormulaError, "also a group"),
        (lambda: ModelSpec("y", {"zi": Predictor()}), SpecError, "formula for 'mu'"),
        (lambda: ModelSpec("y", (("mu", Predictor()),) * 2), SpecError, "stands twice"),
        (lambda: ModelSpec("y", "x"), ArgumentTypeError, "predictors="),
        (lambda: ModelSpec("y", Predictor(), exposure=3), ArgumentTypeError, "exposure="),
        (lambda: ModelSpec("y", Predictor(), family=None), ArgumentTypeError, "family="),
        (
            lambda: ModelSpec("y", Predictor(), missing="x"),
            SpecError,
            "'error', 'drop' or 'predict'",
        ),
        (lambda: parse("y ~ x", priors=["sd"]), ArgumentTypeError, "priors="),
        (lambda: parse("y ~ x", priors={"sd": 1.0}), ArgumentTypeError, "priors="),
        (lambda: parse({"zi": "~ x"}), FormulaError, "one for 'mu'"),
        (lambda: parse({"mu": "y ~ x", "zi": "y ~ x"}), FormulaError, "begins with ~"),
        (lambda: parse({"mu": 3}), ArgumentTypeError, "is text"),
        (lambda: Predictor(terms=((),)), ArgumentTypeError, "columns and calls"),
        (lambda: Predictor(random=("g",)), ArgumentTypeError, "RandomEffect"),
        (lambda: RandomEffect(()), SpecError, "grouping column"),
        (lambda: RandomEffect("g", intercept=False), SpecError, "no term"),
        (lambda: RandomEffect(("a", "b"), structure="A"), SpecError, "one column"),
        (lambda: Number(float("nan")), SpecError, "finite"),
    ],
)
def test_values_that_make_no_model_are_refused(make, error, why) -> None:
    with pytest.raises(error, match=why):
        make()


def test_specs_are_frozen_and_changed_by_copy() -> None:
    spec = parse("y ~ x")
    with pytest.raises(FrozenInstanceError):
        spec.family = "poisson"
    assert spec.with_(family="poisson").family == "poisson"
    assert spec.family == "gaussian"
