"""Exceptions by stage, and findings: what a check has to say about a model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches


class BayesGLMMError(Exception):
    """Base of every exception raised by this package."""


class ArgumentError(BayesGLMMError, ValueError):
    """An argument has a value that the function does not take."""


class ArgumentTypeError(BayesGLMMError, TypeError):
    """An argument has the wrong type."""


class SpecError(BayesGLMMError, ValueError):
    """The model as written cannot be understood."""


class FormulaError(SpecError):
    """The text of a formula is not in the grammar; the place is marked."""


class PriorError(SpecError):
    """A prior has an unknown name, target or parameter."""


class TemplateError(SpecError):
    """A template or model file is missing, malformed or of an unknown version."""


class DataError(BayesGLMMError, ValueError):
    """The table does not fit the model."""


class MissingDataError(DataError):
    """A needed column is absent, or has missing or infinite values."""


class UnknownLevelError(DataError):
    """A level was not among those the model learned."""


class DesignError(DataError):
    """Checks of the design found at least one error.

    Parameters
    ----------
    findings : Findings
        All of them; the message holds those that are errors.
    """

    def __init__(self, findings: Findings):
        self.findings = findings
        super().__init__("\n".join(f.message for f in findings.errors))


class EngineError(BayesGLMMError, RuntimeError):
    """Sampling failed, or a stored run does not belong to this call."""


class ResultError(BayesGLMMError, ValueError):
    """A fitted result lacks what the question needs."""


class WriteError(BayesGLMMError, OSError):
    """A file could not be written; what was there before is as it was."""


class MissingDependencyError(BayesGLMMError, ImportError):
    """An optional dependency is not installed; the message names the extra."""


class UnconvergedWarning(UserWarning):
    """An answer rests on chains that did not converge."""


class IncompleteWarning(UserWarning):
    """A table or a fit has less than was asked for; it says itself what is absent, and why."""


class ExtrapolationWarning(UserWarning):
    """An answer is about rows beyond those that a curve was learned from."""


@dataclass(frozen=True)
class Finding:
    """One thing a check has to say.

    Parameters
    ----------
    name : str
        Name of the check, e.g. ``"separation"``.
    severity : {"error", "warning", "info"}
        An error stops the fit; a warning travels with the result.
    message : str
        What was found, where (columns, rows, levels) and the way out.
    rows : tuple of str
        Identifiers of the rows concerned, at most the first ten.
    figure : float or None
        The measured figure, where the finding has one.
    threshold : float or None
        What the figure was compared with.
    """

    name: str
    severity: str
    message: str
    rows: tuple[str, ...] = ()
    figure: float | None = None
    threshold: float | None = None

    def __str__(self) -> str:
        return f"{self.severity}: {self.message} [{self.name}]"


@dataclass(frozen=True)
class Findings:
    """Everything that was found, in the order of the checks.

    Parameters
    ----------
    items : tuple of Finding
        What was found; ``findings["separation"]`` are those of one name.
    """

    items: tuple[Finding, ...] = ()

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, name: str) -> tuple[Finding, ...]:
        return tuple(f for f in self.items if f.name == name)

    @property
    def errors(self) -> tuple[Finding, ...]:
        """Findings that stop a fit."""
        return tuple(f for f in self.items if f.severity == "error")

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """Findings that travel with the result."""
        return tuple(f for f in self.items if f.severity == "warning")

    @property
    def passed(self) -> bool:
        """Whether nothing is worse than information."""
        return not (self.errors or self.warnings)

    def raise_errors(self) -> None:
        """Raise one :class:`DesignError` that holds every error."""
        if self.errors:
            raise DesignError(self)

    def __str__(self) -> str:
        return "\n".join(map(str, self.items)) or "nothing found"


def nearest(name: str, known: Iterable[str], *, n: int = 3) -> list[str]:
    """Return the known names most like ``name``, the most similar first."""
    candidates = [str(k) for k in known]
    folded = {c.casefold().strip(): c for c in reversed(candidates)}
    matches = get_close_matches(name.casefold().strip(), folded, n=n, cutoff=0.6)
    return [folded[f] for f in matches]


def suggestion(name: str, known: Sequence[str]) -> str:
    """Return ``" Did you mean 'a'?"``, else the known names, else nothing."""
    close = nearest(name, known)
    if close:
        return " Did you mean " + " or ".join(repr(c) for c in close) + "?"
    if not known:
        return ""
    shown = ", ".join(map(str, known[:12])) + (", ..." if len(known) > 12 else "")
    return f" Known: {shown}."


def rows_listed(rows: Iterable[object]) -> str:
    """Name rows: ``"row 3"``, or ``"rows 3, 7 and 12 more"``."""
    rows = list(rows)
    return f"row{'s' * (len(rows) != 1)} {listed(rows)}"


def listed(items: Iterable[object], *, limit: int = 10) -> str:
    """Join at most ``limit`` items with commas and count the rest."""
    items = list(items)
    shown = ", ".join(str(i) for i in items[:limit])
    return shown + (f" and {len(items) - limit} more" if len(items) > limit else "")
