"""The house rules, read from the source: who imports whom, and what is never written."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "bayes_glmm"
FILES = sorted(PACKAGE.rglob("*.py"))
NAMES = {
    ".".join(("bayes_glmm", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(
        ".__init__"
    ): path
    for path in FILES
}

BASE = {"errors", "literals", "spec", "maths", "families"}
CORE = BASE | {"model", "structures", "design"}
ANSWERED = CORE | {"results", "answers"}
MAY_IMPORT = {
    "errors": set(),
    "literals": set(),
    "disk": {"errors"},
    "spec": {"errors"},
    "maths": {"errors"},
    "families": {"errors", "spec", "maths"},
    "native": {"errors", "spec", "maths", "families"},
    "model": BASE,
    "structures": {"errors", "spec", "maths", "disk", "model", "native"},
    "design": BASE | {"model", "structures"},
    "engine": CORE | {"disk", "results", "native"},
    "results": CORE | {"disk"},
    "answers": CORE | {"results"},
    "plots": ANSWERED,
    "report": ANSWERED | {"plots", "disk"},
    "explore": CORE | {"results", "disk"},
    "fitting": ANSWERED | {"engine"},
    "max_likelihood": CORE | {"engine", "fitting"},
    "scan": CORE | {"results", "fitting", "native"},
    "studies": ANSWERED | {"disk", "engine", "fitting"},
    "datasets": {"errors"},
    "cli": ANSWERED | {"fitting", "report", "scan", "explore", "disk", "datasets"},
    "__main__": {"cli"},
}
"""Which rooms a room may import from; the others it does not know."""
FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__", "print"}
FORBIDDEN_MODULES = {"pickle", "cloudpickle", "dill", "joblib", "marshal", "shelve", "yaml"}
PYMC_ANYWHERE = ("model", "engine")
PYMC_IN_FUNCTIONS = ("families", "maths", "structures", "fitting", "design")


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def part(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def imports(node: ast.AST) -> set[str]:
    """Modules that one import statement names."""
    match node:
        case ast.Import(names):
            return {alias.name for alias in names}
        case ast.ImportFrom(module, names, _):
            modules = {f"{module}.{alias.name}" for alias in names}
            return {name if name in NAMES else str(module) for name in modules}
    return set()


def top_level(module: ast.Module) -> set[str]:
    """Names imported when the module is: outside functions and TYPE_CHECKING."""
    found: set[str] = set()
    waiting: list[ast.AST] = list(module.body)
    while waiting:
        node = waiting.pop()
        checking = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) or checking:
            continue
        found |= imports(node)
        waiting.extend(ast.iter_child_nodes(node))
    return found


def everywhere(module: ast.Module) -> set[str]:
    return set().union(*(imports(node) for node in ast.walk(module)))


def ours(names: set[str]) -> set[str]:
    return {name for name in names if name in NAMES}


def family_classes() -> set[str]:
    return {
        node.name
        for path in (PACKAGE / "families").glob("*.py")
        for node in tree(path).body
        if isinstance(node, ast.ClassDef) and path.stem not in ("base", "links")
    }


@pytest.mark.parametrize("name", [n for n in NAMES if part(n)])
def test_imports_go_one_way(name: str) -> None:
    here = part(name)
    assert here in MAY_IMPORT, f"{here} has no place in the layout"
    reached = {part(found) for found in ours(everywhere(tree(NAMES[name]))) if part(found)}
    assert reached <= MAY_IMPORT[here] | {here}


def test_there_is_no_import_cycle() -> None:
    edges = {name: ours(everywhere(tree(path))) - {name} for name, path in NAMES.items()}
    while edges:
        leaves = {name for name, needed in edges.items() if not needed & edges.keys()}
        assert leaves, f"cycle among {sorted(edges)}"
        edges = {name: needed for name, needed in edges.items() if name not in leaves}


@pytest.mark.parametrize("name", NAMES)
def test_pymc_and_matplotlib_stay_in_their_rooms(name: str) -> None:
    here, module = part(name), tree(NAMES[name])

    def packages(names: set[str]) -> set[str]:
        return {found.split(".")[0] for found in names}

    if here not in PYMC_ANYWHERE:
        assert not packages(top_level(module)) & {"pymc", "pytensor", "nutpie"}
    if here not in (*PYMC_ANYWHERE, *PYMC_IN_FUNCTIONS):
        assert not packages(everywhere(module)) & {"pymc", "pytensor", "nutpie"}
    if here not in ("plots", "report"):
        assert not packages(everywhere(module)) & {"matplotlib", "arviz_plots"}


@pytest.mark.parametrize("name", NAMES)
def test_nothing_can_run_code_from_data(name: str) -> None:
    module = tree(NAMES[name])
    called = {
        node.func.id
        for node in ast.walk(module)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert not called & FORBIDDEN_CALLS
    assert not {found.split(".")[0] for found in everywhere(module)} & FORBIDDEN_MODULES


@pytest.mark.parametrize("name", [n for n in NAMES if part(n) != "families"])
def test_nobody_asks_for_a_family_by_class(name: str) -> None:
    families = family_classes()
    assert families, "no family was found"
    for node in ast.walk(tree(NAMES[name])):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id in ("isinstance", "issubclass"):
                asked = {n.id for n in ast.walk(node.args[1]) if isinstance(n, ast.Name)}
                assert not asked & families


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_files_stay_short(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= 500
