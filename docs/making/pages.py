"""Write the pages that are made from the code, before Sphinx reads the sources."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer
from typer.cli import get_docs_for_click

from bayes_glmm.cli import app as commands
from making import findings, structures, templates


def pages() -> dict[str, str]:
    """Return every made page by its path below the sources' folder."""
    guides = {f"made/guides/{t.name}.md": templates.guide(t) for t in templates.all_templates()}
    tables = {
        f"made/parts/findings_{where}.md": findings.table(where)
        for where in (
            findings.TABLE,
            findings.CHAINS,
            findings.FIT,
            findings.PRIOR,
            findings.FAMILY,
        )
    }
    return {
        **guides,
        **tables,
        "made/guides/index.md": templates.index(),
        "made/parts/structures.md": structures.table(),
        "made/parts/error_names.md": ", ".join(f"`{name}`" for name in findings.error_names())
        + "\n",
        "made/commands.md": command_line(),
    }


def command_line() -> str:
    """Write the reference of the command line from its declarations."""
    group = typer.main.get_command(commands)
    context = type(group).context_class(group, info_name="bayes-glmm")
    text = get_docs_for_click(obj=group, ctx=context, name="bayes-glmm")
    ends = (
        "\nBad input ends with one line on standard error and status 2; a fit that did not converge is "
        "saved and ends with status 3.\n"
    )
    return text.replace("# `bayes-glmm`", "# Command line", 1) + ends


def write(folder: Path) -> None:
    """Write them, leaving files whose text is the same as they are."""
    wanted = {folder / path: text for path, text in pages().items()}
    for path in (folder / "made").rglob("*.md"):
        if path not in wanted:
            path.unlink()
    for path, text in wanted.items():
        if not path.is_file() or path.read_text("utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")


def setup(app: Any) -> dict[str, bool]:
    """Write the pages; those of the API are written by autosummary."""
    write(Path(app.srcdir))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
