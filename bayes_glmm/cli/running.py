"""How a command runs: what it prints, and how it ends."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, cast

import typer

from bayes_glmm.errors import BayesGLMMError

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

BAD_INPUT, UNCONVERGED, INTERRUPTED = 2, 3, 130

app = typer.Typer(
    name="bayes-glmm",
    help="Bayesian generalized linear mixed models: from a formula to answers you can defend.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)
UsageError = cast("type[Exception]", typer.BadParameter.__base__)


def naming[T](path: Path, question: Callable[[], T]) -> T:
    """Answer a question about a file, naming it when the answer is an error."""
    try:
        return question()
    except BayesGLMMError as error:
        error.add_note(str(path))
        raise


@contextmanager
def unwarned() -> Iterator[None]:
    """Say on one line of standard error what is a warning to those who program."""
    from bayes_glmm.errors import UnconvergedWarning

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UnconvergedWarning)
        yield
    for said in dict.fromkeys(str(warning.message) for warning in caught):
        sys.stderr.write(" ".join(said.split()) + "\n")


def console() -> Console:
    """Return standard output, as wide as it is."""
    from rich.console import Console

    return Console()


def say(text: str) -> None:
    """Print a line as it is."""
    console().print(text, markup=False, soft_wrap=True)


def show(table: pd.DataFrame) -> None:
    """Print a table."""
    from bayes_glmm.cli.table_files import rich_table

    console().print(rich_table(table))


def stop(message: str, status: int = BAD_INPUT) -> NoReturn:
    """End with one line on standard error."""
    sys.stderr.write(" ".join(message.split()) + "\n")
    raise typer.Exit(status)


def _one_line(error: Exception) -> str:
    where = getattr(error, "__notes__", [])
    lines = [line for line in str(error).splitlines() if line.strip(" ^")]
    return " ".join(": ".join([*where, " ".join(lines)]).split())


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit: 0 done, 2 bad input, 3 not converged, 130 stopped."""
    run: Any = partial(app, args=arguments, standalone_mode=False)
    try:
        status = run()
    except UsageError as error:
        status = BAD_INPUT
        sys.stderr.write(f"{_one_line_usage(error)}\n")
    except (BayesGLMMError, OSError) as error:
        status = BAD_INPUT
        sys.stderr.write(f"{_one_line(error)}\n")
    except (KeyboardInterrupt, typer.Abort):
        status = INTERRUPTED
    if status == INTERRUPTED:  # what Typer makes of Ctrl-C, where it does not let it through
        sys.stderr.write("Interrupted; with --store the same command resumes.\n")
    sys.exit(status or 0)


def _one_line_usage(error: Any) -> str:
    context = error.ctx.command_path if error.ctx else "bayes-glmm"
    return " ".join(f"{error.format_message()} See '{context} --help'.".split())
