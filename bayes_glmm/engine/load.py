"""The sampler, imported without what it only needs to plot."""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any


class _Later(ModuleType):
    """Stands for a module until one of its names is asked for."""

    def __getattr__(self, name: str) -> Any:
        return getattr(import_module(self.__name__), name)


def load_nutpie() -> ModuleType:
    """Return nutpie, and leave ArviZ, which it imports whole, until it is asked for.

    ArviZ brings Matplotlib and every plot: about a second, for a conversion of draws
    that is not used here. Only nutpie is given the stand-in.
    """
    if "nutpie" not in sys.modules and "arviz" not in sys.modules:
        sys.modules["arviz"] = _Later("arviz")
        try:
            import_module("nutpie")
        finally:
            del sys.modules["arviz"]
    return import_module("nutpie")
