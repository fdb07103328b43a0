"""TOML: what it looks like, and that nothing but our own errors comes out of any text."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bayes_glmm.errors import ArgumentTypeError, SpecError
from bayes_glmm.spec.formula import parse
from bayes_glmm.spec.priors import Prior
from bayes_glmm.spec.toml import LONGEST, read_toml, write_toml

READABLE = """\
version = 1
formula = "cases | trials(size) ~ period + (1 | herd)"
family = "binomial"
link = "logit"
missing = "drop"

[priors]
"beta[x y]" = {distribution = "Normal", mu = 0.0, sigma = 2.5}
sd_herd = {distribution = "HalfNormal", sigma = 1.0}
"""
BASE = "formula = 'y ~ x'\n"
REFUSED = {
    "famly = 'poisson'": "Did you mean 'family'",
    "version = 2": "version 2",
    "version = true": "version True",
    "success = 1": "success is text",
    "priors = 3": "priors is a table",
    "[[priors]]\na = 1": "priors is a table",
    "[priors]\nsd = 1": "distribution = 'Normal'",
    "[priors]\nsd = {sigma = 1}": "distribution = 'Normal'",
    "[priors]\nsd = {distribution = 'HalfNorml', sigma = 1}": "HalfNormal",
    "[priors]\nsd = {distribution = 'HalfNormal', sigma = inf}": "finite",
    "[priors]\nsd = {distribution = 'HalfNormal', sigma = true}": "must be a number",
    "[priors]\nsd = {distribution = 'HalfNormal', sigma = '1'}": "must be a number",
    f"[priors]\nsd = {{distribution = 'HalfNormal', sigma = 1{'0' * 400}}}": "finite",
    "[priors]\nsd = {distribution = 'Normal', name = 3}": "no parameter 'name'",
    "[priors]\nsd = {distribution = 'Normal', self = 3}": "no parameter 'self'",
    f"a = 1{'0' * 5000}": "not TOML",
    "a = " + "[" * 5000: "not TOML",
    "a.b.c = 1": "unknown key 'a'",
    "formula = 'y ~ z'": "not TOML",
}


def test_it_reads_well() -> None:
    spec = read_toml(READABLE)
    assert write_toml(spec) == READABLE
    assert spec == parse(
        "cases | trials(size) ~ period + (1 | herd)",
        family="binomial",
        link="logit",
        missing="drop",
        priors={"sd_herd": Prior("HalfNormal", sigma=1), "beta[x y]": Prior("Normal", sigma=2.5)},
    )


def test_formulas_of_several_parameters_are_a_table() -> None:
    spec = parse({"dispersion": "~ z", "mu": "y ~ x"}, family="negative_binomial")
    assert tomllib.loads(write_toml(spec))["formula"] == {"mu": "y ~ x", "dispersion": "~ z"}
    assert read_toml(write_toml(spec)) == spec


@pytest.mark.parametrize(("lines", "why"), REFUSED.items(), ids=range(len(REFUSED)))
def test_what_is_no_model_is_refused(lines: str, why: str) -> None:
    assert read_toml(BASE).formula == "y ~ x"
    with pytest.raises(SpecError, match=why):
        read_toml(BASE + lines)


def test_size_is_limited_and_bytes_are_no_text() -> None:
    with pytest.raises(SpecError, match="are allowed"):
        read_toml(BASE + "#" * LONGEST)
    with pytest.raises(ArgumentTypeError, match="bytes"):
        read_toml(BASE.encode())


keys = st.sampled_from(
    [
        "formula",
        "family",
        "link",
        "priors",
        "priors.sd",
        "version",
        "missing",
        "success",
        "x",
        '"a b"',
    ]
)
values = st.sampled_from(
    ["'y ~ x'", "''", "1", "1.5", "nan", "true", "[]", "['a']", "{}", "{mu = 'y ~ x', zi = '~ z'}",
     "{mu = 3}", "{distribution = 'Normal'}", "{distribution = 'Normal', sigma = -1}", "'drop'",
     "{sd = {distribution = 'LKJ', eta = 2}}", "1979-05-27", "'''\n'''", "{distribution = []}"]
)  # fmt: skip
lines = st.one_of(
    st.builds("{} = {}".format, keys, values),
    st.builds("[{}]".format, keys),
    st.text(max_size=20),
)


@settings(max_examples=500, deadline=1000)
@given(st.lists(lines, max_size=6).map("\n".join))
def test_any_text_is_a_model_or_refused(text: str) -> None:
    try:
        spec = read_toml(text)
    except SpecError:
        return
    assert read_toml(write_toml(spec)) == spec
