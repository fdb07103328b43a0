"""TOML: what it looks like, and that nothing but our own errors comes out of any text."""

from __future__ import annotations

import time
import tomllib
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bayes_glmm.errors import ArgumentTypeError, SpecError
from bayes_glmm.spec.formula.parsing import parse
from bayes_glmm.spec.model import ModelSpec
from bayes_glmm.spec.priors import Prior
from bayes_glmm.spec.spec_toml import LONGEST, load_toml, toml_text

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
    spec = ModelSpec.from_toml(READABLE)
    assert spec.to_toml() == READABLE
    assert spec == parse(
        "cases | trials(size) ~ period + (1 | herd)",
        family="binomial",
        link="logit",
        missing="drop",
        priors={"sd_herd": Prior("HalfNormal", sigma=1), "beta[x y]": Prior("Normal", sigma=2.5)},
    )


def test_formulas_of_several_parameters_are_a_table() -> None:
    spec = parse({"dispersion": "~ z", "mu": "y ~ x"}, family="negative_binomial")
    assert tomllib.loads(spec.to_toml())["formula"] == {"mu": "y ~ x", "dispersion": "~ z"}
    assert ModelSpec.from_toml(spec.to_toml()) == spec


@pytest.mark.parametrize(("lines", "why"), REFUSED.items(), ids=range(len(REFUSED)))
def test_what_is_no_model_is_refused(lines: str, why: str) -> None:
    assert ModelSpec.from_toml(BASE).formula == "y ~ x"
    with pytest.raises(SpecError, match=why):
        ModelSpec.from_toml(BASE + lines)


def test_size_is_limited_and_bytes_are_no_text() -> None:
    with pytest.raises(SpecError, match="are allowed"):
        ModelSpec.from_toml(BASE + "#" * LONGEST)
    with pytest.raises(ArgumentTypeError, match="bytes"):
        ModelSpec.from_toml(BASE.encode())


DOTTED = {
    "bare": ".".join("a" * 40_000) + " = 1",
    "spaced": " . ".join("a" * 20_000) + " = 1",
    "quoted": ".".join(["'a'"] * 20_000) + " = 1",
    "mixed": '"a".b.' * 10_000 + "c = 1",
    "header": f"[{'.'.join('a' * 40_000)}]",
    "array of tables": f"[[{'.'.join('a' * 40_000)}]]",
    "inline": f"x = {{{'.'.join('a' * 40_000)} = 1}}",
    "after a text": "x = '''\n'''\n" + ".".join("a" * 40_000) + " = 1",
    "many": "\n".join(".".join("abcdefghijkl") + f"{i} = 1" for i in range(2000)),
}
LONG = {
    "texts of lines": '"""' * 33_000,
    "literal texts of lines": "'''" * 33_000,
    "quotes": '"' * 99_000,
    "a word": "a" * 99_000,
    "dashes": "a-" * 49_000,
    "comments": "#\n" * 49_000 + "!",
    "numbers": "x = [" + "1.5," * 24_000 + "]",
    "tables": "[[a]]\n" * 16_000,
    "escapes": 'x = "' + "\\n" * 45_000 + '"',
    "braces": "x = " + "{a = " * 19_000,
    "brackets": "x = " + "[" * 99_000,
    "headers": "\n".join(f"[h{i}]\nb.c.d = 1" for i in range(5500)),
}
FREE = r"""
"a.b.c.d.e.f.g.h.i.j" = "a.b.c.d.e.f.g.h.i.j = 1" # a.b.c.d.e.f.g.h.i.j
'q.w.e.r.t.y.u.i.o.p' = '''
a.b.c.d.e.f.g.h.i.j = 1'''
floats = [1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5, 9.5, 10.5]
a.b.c.d.e.f.g.h = 1
text = "\"a.b.c.d.e.f.g.h.i.j\\"
"""


@pytest.mark.parametrize("text", DOTTED.values(), ids=DOTTED)
def test_keys_of_many_parts_are_refused_before_parsing(text: str) -> None:
    tracemalloc.start()
    began = time.process_time()
    with pytest.raises(SpecError, match="more than 8 parts"):
        ModelSpec.from_toml(text)
    assert time.process_time() - began < 2
    assert tracemalloc.get_traced_memory()[1] < 10**7
    tracemalloc.stop()


def test_dots_that_are_no_keys_are_free() -> None:
    assert load_toml(FREE) == tomllib.loads(FREE)


@pytest.mark.parametrize("text", LONG.values(), ids=LONG)
def test_the_longest_texts_take_no_time(text: str) -> None:
    began = time.process_time()
    with pytest.raises(SpecError):
        ModelSpec.from_toml(text)
    assert time.process_time() - began < 3


def test_files_are_read_no_further_than_a_model_reaches(tmp_path: Path) -> None:
    path = tmp_path / "model.toml"
    path.write_bytes(b"\xef\xbb\xbf" + READABLE.encode())
    assert ModelSpec.from_toml(toml_text(path)) == ModelSpec.from_toml(READABLE)
    assert ModelSpec.from_toml("\ufeff" + READABLE) == ModelSpec.from_toml(READABLE)
    for content, why in ((b"\xff\xfe", "UTF-8"), (b"#" * 500_000, "more than 400000 bytes")):
        path.write_bytes(content)
        with pytest.raises(SpecError, match=why):
            toml_text(path)
    with pytest.raises(SpecError, match="cannot be read"):
        toml_text(tmp_path)


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
        spec = ModelSpec.from_toml(text)
    except SpecError:
        return
    assert ModelSpec.from_toml(spec.to_toml()) == spec
