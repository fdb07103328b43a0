"""Everything that checks and verdicts can find, read from the package's own tables."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr

import bayes_glmm
from bayes_glmm import errors
from bayes_glmm.answers.diagnose.convergence import measures
from bayes_glmm.answers.diagnose.verdicts import VERDICTS
from bayes_glmm.design.checks.check_all import CHECKS, _named
from bayes_glmm.design.checks.checks_table import _FAULTS

PACKAGE = Path(bayes_glmm.__file__).parent
TABLE, CHAINS, FIT, PRIOR, FAMILY = "table", "chains", "fit", "prior", "family"
ELSEWHERE = {"studies/prior_predictive.py": PRIOR, "families/check_family.py": FAMILY}


@dataclass(frozen=True)
class Known:
    """One finding by name: where it is looked for, and what the code says of it."""

    name: str
    where: str
    severity: str
    meaning: str = ""
    threshold: float | None = None


def findings() -> list[Known]:
    """List every finding that has a name in the code, by place."""
    listed = [
        *(Known(name, TABLE, "error", f"{what} values") for name, what, *_ in _FAULTS),
        *(Known(c.name, TABLE, c.severity, c.meaning) for c in CHECKS),
        *_chains(),
        *_verdicts(),
    ]
    names = {f.name for f in listed}
    others: dict[tuple[str, str], list[str]] = {}
    for file, name, severity in written_out():
        if name not in names:
            others.setdefault((name, ELSEWHERE.get(file, TABLE)), []).append(severity)
    listed += [Known(*at, " or ".join(dict.fromkeys(how))) for at, how in others.items()]
    return list({(f.where, f.name): f for f in listed}.values())


def _chains() -> Iterator[Known]:
    """Measure chains without a fault, which have every measure."""
    draws = np.random.default_rng(1).normal(size=(1, 8))
    many = np.random.default_rng(2).normal(size=(1, 8, 30))
    posterior = xr.Dataset(
        {"x": (("chain", "draw"), draws), "u_g": (("chain", "draw", "level"), many)}
    )
    stats = {k: draws for k in ("pareto_k", "diverging", "energy", "reached_max_treedepth")}
    severity = {name: how for _, name, how in written_out()}
    found = measures(posterior, xr.Dataset({k: (("chain", "draw"), v) for k, v in stats.items()}))
    for m in found:
        limit = None if m.name == "r_hat_of_many" else m.threshold  # follows the draws
        yield Known(m.name, CHAINS, severity.get(m.name, "error"), m.meaning, limit)


def _verdicts() -> Iterator[Known]:
    for what, verdict, limit in VERDICTS:
        for name, severity in dict(_literals(ast.parse(inspect.getsource(verdict)))).items():
            yield Known(name, FIT, severity, what, limit)


def written_out() -> Iterator[tuple[str, str, str]]:
    """Yield file, name and severity of every ``Finding("name", "severity", ...)``."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for name, severity in _literals(ast.parse(path.read_text("utf-8"))):
            yield str(path.relative_to(PACKAGE)), name, severity


def not_written_out() -> set[str]:
    """Return the files that make findings whose names are not constants there."""
    return {
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*.py")
        for call in _calls(ast.parse(path.read_text("utf-8")), "Finding")
        if not (call.args and isinstance(call.args[0], ast.Constant))
    }


def error_names() -> list[str]:
    """Return the names of findings that are errors which were raised while data became arrays."""
    classes = [e for e in vars(errors).values() if inspect.isclass(e)]
    wanted = (errors.DataError, errors.SpecError, errors.ArgumentError, errors.ArgumentTypeError)
    return sorted(_named(e("")) for e in classes if issubclass(e, wanted) and _plain(e))


def _plain(error: type) -> bool:
    return error is not errors.DesignError  # checks make it; they do not find it


def _literals(source: ast.AST) -> Iterator[tuple[str, str]]:
    for call in (*_calls(source, "Finding"), *_calls(source, "_fault")):
        if call.args and isinstance(call.args[0], ast.Constant):
            severity, fault = call.args[1], isinstance(call.func, ast.Name)
            constant = isinstance(severity, ast.Constant) and severity.value in SEVERITIES
            other = "error" if fault and call.func.id == "_fault" else "info or warning"
            yield str(call.args[0].value), str(severity.value) if constant else other


SEVERITIES = ("error", "warning", "info")


def _calls(source: ast.AST, name: str) -> Iterator[ast.Call]:
    for node in ast.walk(source):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
            yield node


def table(where: str) -> str:
    """Write the findings of one place as a table that links to their entries."""
    rows = [
        f"| [`{f.name}`](#{f.name}) | {f.severity} | {_limit(f)} | {f.meaning} |"
        for f in findings()
        if f.where == where
    ]
    return "\n".join(["| finding | severity | limit | looks at |", "|---|---|---|---|", *rows, ""])


def _limit(finding: Known) -> str:
    if finding.threshold is None:
        return ""
    return f"{finding.threshold:g}{' per chain' if finding.name.startswith('ess_') else ''}"
