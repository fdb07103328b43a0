"""The command line, called as a shell would."""

from __future__ import annotations

import pytest

from bayes_glmm.cli import main


def call(*arguments: object) -> int:
    """Return the exit status of a command."""
    with pytest.raises(SystemExit) as stopped:
        main([str(argument) for argument in arguments])
    return int(stopped.value.code or 0)
