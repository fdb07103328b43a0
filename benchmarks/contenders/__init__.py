"""The packages that are compared, one module each.

A module has ``load(settings)``, which imports its libraries; ``fit(model, data, settings,
inputs)``, which is timed and returns a tree with an xarray posterior; and ``read(tree,
settings, inputs)``, which names the draws as the package does.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType


@dataclass(frozen=True)
class Contender:
    """Where a contender is, and what it needs.

    Attributes
    ----------
    module : str
    packages : tuple of str
        Python packages that must be installed.
    program : str
        Program that must be on the path.
    """

    module: str
    packages: tuple[str, ...] = ()
    program: str = ""

    def missing(self) -> str:
        """What is not installed, in words; nothing when all is there."""
        absent = [name for name in self.packages if find_spec(name) is None]
        if self.program and shutil.which(self.program) is None:
            absent.append(self.program)
        return f"{', '.join(absent)} not installed" if absent else ""

    def imported(self) -> ModuleType:
        """The module, without its libraries."""
        return import_module(f"contenders.{self.module}")


OURS = "bayes_glmm"
CONTENDERS = {
    OURS: Contender("ours", ("bayes_glmm",)),
    "bambi": Contender("with_bambi", ("bambi",)),
    "bambi_nutpie": Contender("with_bambi_nutpie", ("bambi", "nutpie")),
    "pymc_nutpie": Contender("with_pymc", ("pymc", "nutpie")),
    "numpyro": Contender("with_numpyro", ("numpyro",)),
    "brms": Contender("with_brms", program="Rscript"),
    "rstanarm": Contender("with_rstanarm", program="Rscript"),
}
