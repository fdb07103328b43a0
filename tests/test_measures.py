"""The figures of the source are those counted by hand in packages of a few lines."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / "benchmarks"))

from measures.branches import branches, facts  # noqa: E402
from measures.circles import circles, graph, rooms  # noqa: E402
from measures.source import File, length, quantile, read  # noqa: E402
from measures.words import BY, TERMS, naming, repeated, spelling  # noqa: E402

type Written = Callable[[Mapping[str, str]], list[File]]
FAMILIES = """
class Reading:
    reports: str = "mean"

class Family(Reading):
    name: str
    discrete = False
    spread = ()
    def __init__(self):
        self.plain = None
    @property
    def vectors(self): ...
    def expected(self): ...

class Counts(Family):
    discrete = rates = True

class Poisson(Counts):
    name = "poisson"

class Parameter:
    text = prior = None

class Link:
    name: str
    log_complement = None
"""


@pytest.fixture
def written(tmp_path: Path) -> Written:
    """Return a function that writes a package's files, and reads them."""

    def write(contents: Mapping[str, str]) -> list[File]:
        package = tmp_path / "small"
        for path, text in {"__init__.py": "", **contents}.items():
            (package / path).parent.mkdir(parents=True, exist_ok=True)
            (package / path).write_text(text, "utf-8")
        return read(package)

    return write


def asked(written: Written, code: str, room: str = "answers") -> list[str]:
    """Return of what the branches of a function are."""
    others = "class Context:\n    spread = 1\n    def __init__(self): self.name = 1\n"
    body = "\n".join(f"    {line}" for line in code.splitlines())
    files = written(
        {
            "families/every.py": FAMILIES,
            "design/context.py": others,
            f"{room}/code.py": f"def f(fit, y):\n{body}\n",
        }
    )
    return [b.of for b in branches(files, facts(files)) if b.path == f"{room}/code.py"]


def test_facts_are_attributes_of_families_and_links_and_no_methods(written: Written) -> None:
    context = "class Context:\n    spread = 1\n    def __init__(self): self.name = 1\n"
    found = facts(written({"families/every.py": FAMILIES, "design/context.py": context}))
    family = {"reports", "discrete", "plain", "vectors", "rates"}
    assert found.own == {**dict.fromkeys(family, "family"), "log_complement": "link"}
    assert found.shared == {"name", "spread"}
    assert found.classes == {"Counts", "Poisson"}


@pytest.mark.parametrize(
    ("code", "of"),
    [
        ("if y.discrete: pass", ["family"]),
        ("if y.discrete and not y.rates: pass", ["family", "family"]),
        ("if y > 1: pass\nelif y.reports == 'mean': pass", ["family"]),
        ("x = 1 if not y.vectors else 2", ["family"]),
        ("while y.plain is not None: pass", ["family"]),
        ("x = y > 1 or fit.discrete", ["family"]),
        ("x = [a for a in y if a.rates]", ["family"]),
        ("if fit.link.log_complement is None: pass", ["link"]),
        ("if hasattr(y, 'rates') or getattr(y, 'vectors', ()): pass", ["family", "family"]),
        ("if fit.family.name == 'poisson': pass", ["family"]),
        ("if fit.spec.family in ('poisson', 'gamma'): pass", ["family"]),
        ("if (fit.family, fit.link) == ('poisson', 'log'): pass", ["family"]),
        ("if get_family(y).name != 'poisson' or LINKS[y].name == 'log': pass", ["family", "link"]),
        ("if fit.link == 'log': pass", ["link"]),
        ("match fit.link.name:\n    case 'log': pass\n    case 'logit': pass\n    case _: pass",
         ["link", "link"]),
        ("match y:\n    case Poisson(): pass\n    case str(): pass", ["family"]),
        ("match y:\n    case _ if y.discrete: pass", ["family"]),
        ("if isinstance(y, Counts): pass", ["family"]),
        ("kind = get_family(y)\nif kind.spread: pass", ["family"]),
        ("def g(kind: Family, own: Link | None):\n    if kind.name == own.name or own.name: pass",
         ["family", "link"]),
        # no branches on what a family is
        ("x = y.discrete", []),
        ("if y.spread or y.name == 'poisson': pass", []),
        ("if fit.family is None or fit.family == None: pass", []),
        ("if fit.family == fit.spec.family: pass", []),
        ("if y in fit.family: pass", []),
        ("if isinstance(y, Family): pass", []),
        ("if y.expected() > 1: pass", []),
        ("x = y.rates if fit else y.discrete", []),
        ("family = 'x'\nif y: pass", []),
    ],
)  # fmt: skip
def test_branches_are_those_that_ask_what_a_family_or_a_link_is(
    written: Written, code: str, of: list[str]
) -> None:
    assert asked(written, code) == of


@pytest.mark.parametrize("room", ["families", "maths"])
def test_families_and_links_may_ask_at_home(written: Written, room: str) -> None:
    assert asked(written, "if y.discrete: pass", room) == []


def test_circles_are_of_imports_when_imported_or_of_all(written: Written) -> None:
    files = written(
        {
            "a/one.py": "from small.a import two\nfrom typing import TYPE_CHECKING\n"
            "if TYPE_CHECKING:\n    from small.b.five import Five\n",
            "a/two.py": "def f():\n    from small.a.three import g\n",
            "a/three.py": "import small.a.one\n",
            "b/four.py": "from small.a.one import f\nimport numpy\n",
            "b/five.py": "from small.b.six import x\n",
            "b/six.py": "from small.b.five import x\n",
        }
    )
    eager, every = graph(files, lazy=False), graph(files, lazy=True)
    assert eager["small.a.one"] == {"small.a.two"}
    assert eager["small.a.two"] == set()
    assert every["small.a.one"] == {"small.a.two", "small.b.five"}
    assert circles(eager) == [["small.b.five", "small.b.six"]]
    assert circles(every) == [
        ["small.a.one", "small.a.three", "small.a.two"], ["small.b.five", "small.b.six"],
    ]  # fmt: skip
    assert rooms(files, eager) == {"a": set(), "b": {"a"}}
    assert circles(rooms(files, eager)) == []
    assert circles(rooms(files, every)) == [["a", "b"]]


def test_lengths_leave_out_what_is_no_code(written: Written) -> None:
    text = (
        '"""About."""\n\n# why\nX = """a\n\nb"""  # text\n"""Of X."""\n\n\n'
        'def f():\n    """Do.\n\n    More.\n    """\n    # why\n    return [\n        1,\n    ]\n'
    )
    [file] = [f for f in written({"a/one.py": text}) if f.path == "a/one.py"]
    assert file.lines == 18
    assert file.code_lines == 3 + 1 + 3
    [function] = file.functions
    assert length(function) == 9
    assert length(function, docstring=False) == 5
    assert [quantile(range(1, 21), share) for share in (0.5, 0.95, 1.0)] == [10, 19, 20]


@pytest.mark.parametrize(
    ("code", "spells"),
    [
        ('x = f"sd_{name}"', True),
        ('x = f"reference_{x}"', True),
        ('x = f"beta[{label}]"', True),
        ('x = f"it is decided by the prior of corr_{g.name}."', True),
        ('x = name.startswith(("u_", "z_"))', True),
        ('x = "corr_" + name', True),
        ('x = [f"{stem}_{name}" for stem in ("sd", "u")]', True),
        ('x = predictor.name("beta")', True),
        ('x = tree.posterior["intercept"]', True),
        ('x = terms.index("intercept")', False),
        ('x = f"{stem}_{name}" + f"usd_{x}"', False),
        ('x = {"beta": 1}["beta"]', False),
        ('def f():\n    """Return ``sd_`` of ``beta``."""', False),
        ('x = f"u {name}", "sd_g"', False),
    ],
)
def test_files_spell_names_of_the_posterior(written: Written, code: str, spells: bool) -> None:
    assert spelling(written({"answers/a.py": code})) == ["answers/a.py"] * spells


@pytest.mark.parametrize(
    ("code", "terms"),
    [
        ("x = group.members", {"mm()"}),
        ("def member_weights(): ...", {"mm()"}),
        ("class MemberTable: ...", {"mm()"}),
        ("x = 'mm()'", {"mm()"}),
        ("f(members=1)", {"mm()"}),
        ("x = group.dist == 'student'", {"student"}),
        ("x = student_t + StudentT", set()),
        ("x = 'of the mm() member by student'", set()),
        ("x = group.by", {"by="}),
        ("x = stored['by']", {"by="}),
        ("class G:\n    by: str", {"by="}),
        ("f(by=1)", set()),
        ("x = group_by.remember", set()),
    ],
)
def test_files_name_terms(written: Written, code: str, terms: set[str]) -> None:
    files = written({"a.py": code})
    assert {term for term, words in TERMS.items() if naming(files, words)} == terms
    assert naming(written({"a.py": "", "b/student_effects.py": ""}), ("student",)) == [
        "b/student_effects.py"
    ]
    assert naming(files, BY) == ["a.py"] * ("by=" in terms)


def test_names_of_files_that_occur_twice(written: Written) -> None:
    files = written({"a/__init__.py": "", "a/x.py": "", "b/x.py": "", "b/y.py": ""})
    assert repeated(files) == {"x.py": ["a/x.py", "b/x.py"]}


def test_the_script_lays_packages_side_by_side(written: Written, tmp_path: Path) -> None:
    written({"a/one.py": "x = 1\n" * 401, "b.py": "", "__main__.py": ""})
    # -S: no package beside the standard library can be imported
    run = [sys.executable, "-E", "-S", str(ROOT / "benchmarks" / "structure.py")]
    command = [*run, str(tmp_path / "small"), str(ROOT / "bayes_glmm" / "plots")]
    printed = subprocess.run(
        [*command, "--before"], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    before = json.loads((ROOT / "benchmarks" / "structure_before.json").read_text("utf-8"))
    row = next(line for line in printed if line.startswith("lines  "))
    sizes = [
        len(p.read_text("utf-8").splitlines()) for p in (ROOT / "bayes_glmm/plots").glob("*.py")
    ]
    assert row.split()[1:] == [str(before["figures"]["lines"]), "401", str(sum(sizes))]
    given = json.loads(
        subprocess.run([*command, "--json"], capture_output=True, text=True, check=True).stdout
    )
    own = given[str(tmp_path / "small")]
    assert own["names"]["long"] == ["a/one.py"]
    assert own["names"]["root"] == ["b.py"]
    assert own["figures"]["files"] == 4
