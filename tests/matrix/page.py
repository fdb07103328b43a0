"""The page of what every family and term answers, written from the record of the test."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.matrix.laws import LAWS
from tests.matrix.product import (
    BASE,
    MODEL,
    MODIFIERS,
    OWN_OF,
    TERMS_OF,
    Key,
    asked_of,
    plain,
    questions,
    record,
    shown_with,
    written,
)
from tests.matrix.terms import TERMS

PAGE = Path(__file__).parents[2] / "docs" / "answers.md"
RIGHT, SOME, NONE = "●", "◐", "–"
HEAD = f"""# What every family and term answers

Made by `python -m docs.making.matrix` from the record of a test, `tests/matrix`, that asks every
answer of every family and term, of draws that are stated and not sampled, and holds it to
[numbers of its own](#what-answers-are-held-to). An answer is right or refused with the reason.

{RIGHT} every call that is asked is right; {SOME} some calls are refused; {NONE} all are. Numbers name
the reasons [below](#why). Answers that are refused nowhere in a table are named above it.
"""


class Reasons:
    """Reasons of refusals in the order of their first use, those of one kind once."""

    def __init__(self) -> None:
        self.known: dict[str, tuple[int, str]] = {}

    def number(self, reason: str) -> int:
        return self.known.setdefault(plain(reason), (len(self.known) + 1, reason))[0]

    def lines(self) -> list[str]:
        return [f"{n}. {_text(reason)}" for n, reason in self.known.values()]


def _text(reason: str) -> str:
    return reason.replace("|", "\\|").replace("*", "\\*").replace("<", "&lt;")


def groups() -> dict[str, list[str]]:
    """Return the questions of each answer: those of one public name, pictures by theirs."""
    found: dict[str, list[str]] = {}
    for question in questions():
        found.setdefault(question.answers[0], []).append(question.name)
    return found


def table(rows: Sequence[tuple[str, Sequence[Key]]], head: str, names: Iterable[str],
          reasons: Reasons) -> list[str]:  # fmt: skip
    """Write one row for some models and one column for each answer that is refused somewhere."""
    asked = {name: groups()[name] for name in names}
    cells = {
        (label, name): _cell(keys, own, reasons)
        for label, keys in rows for name, own in asked.items()
    }  # fmt: skip
    always = [n for n in asked if all(cells[label, n] == RIGHT for label, _ in rows)]
    shown = [n for n in asked if n not in always]
    lines = [f"Never refused here: {', '.join(f'`{n}`' for n in always)}.", ""] if always else []
    if not shown:
        return lines
    lines += [
        f"| {head} | {' | '.join(f'`{n}`' for n in shown)} |",
        "|---" * (len(shown) + 1) + "|",
    ]
    for label, _ in rows:
        lines.append(f"| {label} | {' | '.join(cells[label, n] for n in shown)} |")
    return [*lines, ""]


def _cell(keys: Sequence[Key], names: Sequence[str], reasons: Reasons) -> str:
    asked = [(key, q.name) for key in keys for q in asked_of(key) if q.name in names]
    found = [record()[written(key)].get(name) for key, name in asked]
    refused = [reason for reason in found if reason is not None]
    if not refused:
        return RIGHT if asked else ""
    numbers = sorted({reasons.number(reason) for reason in refused})
    mark = NONE if len(refused) == len(asked) else SOME
    return f"{mark} {', '.join(map(str, numbers))}"


def there(keys: Iterable[Key]) -> list[Key]:
    """Return the models that can be fitted."""
    return [key for key in keys if MODEL not in record()[written(key)]]


def page() -> str:
    """Write the page."""
    reasons = Reasons()
    pictures = [name for name in groups() if name.startswith("plot_")]
    figures = [name for name in groups() if name not in pictures]
    families = [(f"`{f}`", [(f, BASE, "")]) for f in LAWS]
    terms = [(kind.about.replace("|", "\\|"), there(shown_with(t))) for t, kind in TERMS.items()]
    beside = [(f"`{m}`", there((f, BASE, m) for f in own)) for m, own in MODIFIERS.items()]
    lines = [HEAD]
    for title, rows, head, about in (
        ("Families", families, "family", f"Models `y ~ x + f + {BASE}`."),
        ("Terms", terms, "term",
         f"Of those of the families {', '.join(f'`{f}`' for f in TERMS_OF)} that can have the term; "
         f"formulas of another parameter of `{OWN_OF}` too."),
        ("Beside the response", beside, "modifier",
         "; ".join(f"`{m}` of {', '.join(own)}" for m, own in MODIFIERS.items()) + "."),
    ):  # fmt: skip
        lines += [f"## {title}", "", about, "", *table(rows, head, figures, reasons)]
        lines += ["### Pictures", "", *table(rows, head, pictures, reasons)]
    lines += ["## Why", "", *reasons.lines(), "", "Models that there are not:", ""]
    absent = dict.fromkeys(
        f"- {_text(found[MODEL])}" for found in record().values() if MODEL in found
    )
    lines += [*absent, "", "## What answers are held to", "", "| asked | held to |", "|---|---|"]
    lines += [f"| `{q.name}` | {q.against} |" for q in questions()]
    return "\n".join([*lines, ""])


def write() -> None:
    """Write the page over the one that is there."""
    PAGE.write_text(page(), "utf-8")
