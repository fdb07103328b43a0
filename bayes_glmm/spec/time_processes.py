"""Effects along time: the table of the processes that a formula may name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bayes_glmm.errors import SpecError, suggestion


@dataclass(frozen=True)
class SeriesTerm:
    """A process along time, as the grammar knows it: ``name(time, group, option=value)``.

    Attributes
    ----------
    block : str
        The module of ``model.blocks`` that states it, and the class there.
    options : tuple of (str, tuple of int)
        Names with the whole numbers they take, the default first.
    """

    block: tuple[str, str]
    options: tuple[tuple[str, tuple[int, ...]], ...] = ()


SERIES = {
    "ar": SeriesTerm(("autoregressive", "Autoregression")),
    "rw": SeriesTerm(("random_walk", "RandomWalk"), (("order", (1, 2)),)),
}
"""Every process: the one place in the grammar that a new one enters."""


@dataclass(frozen=True)
class Process:
    """A process along time with its options, all of them stated.

    Parameters
    ----------
    name : str, default "ar"
        One of ``SERIES``.
    options : iterable of (str, int)
        Those that are not given have their defaults.

    Raises
    ------
    SpecError
        No such process, no such option, or a value that it does not take.
    """

    name: str = "ar"
    options: tuple[tuple[str, int], ...] = ()

    def __post_init__(self) -> None:
        if self.name not in SERIES:
            raise SpecError(
                f"There is no process {self.name!r} along time." + suggestion(self.name, [*SERIES])
            )
        object.__setattr__(self, "options", tuple(_checked(self.name, self.options)))

    @property
    def given(self) -> tuple[tuple[str, int], ...]:
        """Options that differ from their defaults."""
        defaults = {name: values[0] for name, values in SERIES[self.name].options}
        return tuple((name, value) for name, value in self.options if value != defaults[name])


def _checked(process: str, given: Iterable[tuple[str, int]]) -> Iterable[tuple[str, int]]:
    stated, known = dict(given), dict(SERIES[process].options)
    for name, value in stated.items():
        if name not in known:
            takes = f"takes {', '.join(known)}" if known else "takes no options"
            raise SpecError(f"{process}() {takes}, not {name}=.{suggestion(name, [*known])}")
        if isinstance(value, bool) or value not in known[name]:
            raise SpecError(
                f"{process}(): {name}={value!r}; use {' or '.join(map(str, known[name]))}."
            )
    return ((name, stated.get(name, values[0])) for name, values in known.items())
