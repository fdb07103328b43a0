"""The command line: arguments in, tables and files out; everything else is the library's."""

from bayes_glmm.cli import fits, answers, without_data  # isort: skip - the order of the verbs in --help
from bayes_glmm.cli.running import app, main

__all__ = ["answers", "app", "fits", "main", "without_data"]
