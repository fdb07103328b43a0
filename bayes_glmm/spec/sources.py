"""Where a model's structures are read from: a description in a spec, without the data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from bayes_glmm.errors import ArgumentTypeError, SpecError, suggestion

type Option = str | float | int | tuple[str, ...]

BUNDLED = "bundled:"
"""Prefix of files that come with the package."""

TEXT, NUMBER, COUNT, TEXTS = "text", "a number", "a whole number", "a list of texts"


@dataclass(frozen=True)
class Kind:
    """What the description of one kind of structure may say.

    Attributes
    ----------
    options : mapping of str to str
        Names of options, and of what type each is.
    file : str
        What the file holds; empty where the structure is read from the data's columns.
    columns : tuple of str
        Options that name columns of the data.
    """

    options: Mapping[str, str]
    file: str = ""
    columns: tuple[str, ...] = ()


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "pedigree": Kind(
            {"id": TEXT, "sire": TEXT, "dam": TEXT, "missing": TEXTS},
            "a table with columns animal, sire and dam",
        ),
        "kinship": Kind({"jitter": NUMBER}, "a square table, the ids in its first column"),
        "genomic": Kind(
            {"ids": TEXT, "method": TEXT, "jitter": NUMBER},
            "a table of 0, 1 and 2 with ids in its first column, or PLINK's .bed",
        ),
        "lineage": Kind(
            {"model": TEXT, "parent": TEXT, "length": TEXT},
            "Newick text, or a table with columns node, parent and length",
            ("parent", "length"),
        ),
        "areal": Kind(
            {
                "model": TEXT,
                "areas": TEXTS,
                "column": TEXT,
                "id": TEXT,
                "x": TEXT,
                "y": TEXT,
                "nearest": COUNT,
            },
            "a table with two columns of neighbours, a map, or places with nearest=",
        ),  # fmt: skip
        "coordinates": Kind(
            {"x": TEXT, "y": TEXT, "kernel": TEXT, "method": TEXT, "distance": TEXT},
            columns=("x", "y"),
        ),
    }
)
"""Every kind of structure that a description can name."""


@dataclass(frozen=True)
class Source:
    """A structure's kind, file and options: what a model says of it without reading it.

    Parameters
    ----------
    kind : str
        ``"pedigree"``, ``"kinship"``, ``"genomic"``, ``"lineage"``, ``"areal"`` or
        ``"coordinates"``.
    file : str, optional
        Path, relative to the file that holds the description; ``"bundled:NAME"`` is one
        that comes with the package. Coordinates are columns of the data and have none.
    options : mapping of str to value
        Those of the function of that name, such as ``id="animal"`` of a pedigree.

    Raises
    ------
    SpecError
        An unknown kind or option, a file too much or too few.

    Examples
    --------
    >>> import bayes_glmm as bg
    >>> bg.Source("pedigree", "pedigree.csv", {"id": "animal"}).options
    (('id', 'animal'),)
    """

    kind: str
    file: str | None = None
    options: tuple[tuple[str, Option], ...] = field(default=())

    def __post_init__(self) -> None:
        if not isinstance(self.kind, str) or self.kind not in KINDS:
            raise SpecError(
                f"There is no kind of structure {self.kind!r}: it is one of {', '.join(KINDS)}."
                + suggestion(str(self.kind), list(KINDS))
            )
        object.__setattr__(self, "options", _options(self.kind, self.options))
        self._check_file()

    def _check_file(self) -> None:
        about = KINDS[self.kind].file
        if self.file is not None and not isinstance(self.file, str):
            raise ArgumentTypeError(f"file is a path in quotes, not {self.file!r}.")
        if about and not (self.file or "").removeprefix(BUNDLED).strip():
            raise SpecError(f"A {self.kind} structure is read from a file, {about}: name it.")
        if not about and self.file is not None:
            raise SpecError(
                f"A {self.kind} structure is read from columns of the data, not from the file "
                f"{self.file!r}: leave file out, and name the columns with x and y."
            )
        if "\0" in (self.file or ""):
            raise SpecError("The path of a file holds no NUL character.")

    @property
    def bundled(self) -> bool:
        """Whether the file comes with the package."""
        return self.file is not None and self.file.startswith(BUNDLED)

    def renamed(self, names: Mapping[str, str]) -> Source:
        """Return the description with the data's columns renamed.

        Parameters
        ----------
        names : mapping of str to str
            New names by old ones.

        Returns
        -------
        Source
            The copy.
        """
        columns = KINDS[self.kind].columns
        options = {
            key: names.get(value, value) if key in columns and isinstance(value, str) else value
            for key, value in self.options
        }
        return Source(self.kind, self.file, tuple(options.items()))


def read_source(table: Any, what: str) -> Source:
    """Read a description from a TOML table.

    Raises
    ------
    SpecError
        It is no table, or has no kind; what :class:`Source` refuses, with its name.
    """
    if not isinstance(table, dict) or not isinstance(table.get("kind"), str):
        raise SpecError(
            f"{what} is a table such as kind = 'pedigree', file = 'pedigree.csv', not {table!r}."
        )
    options = {key: value for key, value in table.items() if key not in ("kind", "file")}
    try:
        return Source(table["kind"], table.get("file"), tuple(options.items()))
    except (SpecError, ArgumentTypeError) as error:
        raise SpecError(f"{what}: {error}") from error


def parse_source(text: str) -> tuple[str, Source]:
    """Read ``NAME=KIND:FILE,option=value`` as the command line writes it.

    Raises
    ------
    SpecError
        The text has another form, or what :class:`Source` refuses.

    Examples
    --------
    >>> parse_source("A=pedigree:ped.csv,id=ring")
    ('A', Source(kind='pedigree', file='ped.csv', options=(('id', 'ring'),)))
    """
    name, equals, rest = text.partition("=")
    kind, _, inside = rest.partition(":")
    if not equals or not name.strip() or not kind.strip():
        raise SpecError(
            f"--structure {text}: write NAME=KIND:FILE, such as A=pedigree:pedigree.csv, and "
            "options after commas: A=pedigree:pedigree.csv,id=ring."
        )
    file, options = None, {}
    for place, part in enumerate(p for p in inside.split(",") if p.strip()):
        key, assigned, value = part.partition("=")
        if not place and (not assigned or key.strip() not in _known(kind.strip())):
            file = part.strip()
        elif not assigned:
            raise SpecError(f"--structure {text}: {part!r} is no option=value.")
        else:
            options[key.strip()] = _typed(kind.strip(), key.strip(), value.strip())
    try:
        return name.strip(), Source(kind.strip(), file, tuple(options.items()))
    except SpecError as error:
        raise SpecError(f"--structure {text}: {error}") from error


def _known(kind: str) -> Mapping[str, str]:
    return KINDS[kind].options if kind in KINDS else {}


def _typed(kind: str, key: str, value: str) -> Option:
    """Return an option's text as what it is read as."""
    expected = _known(kind).get(key, TEXT)
    try:
        if expected == COUNT:
            return int(value)
        if expected == NUMBER:
            return float(value)
    except ValueError as error:
        raise SpecError(f"The option {key} is {expected}, not {value!r}.") from error
    return tuple(value.split("|")) if expected == TEXTS else value


def _options(kind: str, given: Any) -> tuple[tuple[str, Option], ...]:
    pairs: Iterable[tuple[str, Any]] = given.items() if isinstance(given, Mapping) else given
    known, options = KINDS[kind].options, {}
    for key, value in pairs:
        if key not in known:
            raise SpecError(
                f"A {kind} structure has no option {key!r}; it has {', '.join(known)}."
                + suggestion(str(key), list(known))
            )
        options[key] = _option(kind, key, value)
    return tuple(sorted(options.items()))


def _option(kind: str, key: str, value: Any) -> Option:
    expected = KINDS[kind].options[key]
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if expected == TEXTS and isinstance(value, list | tuple):
        if all(isinstance(v, str) for v in value):
            return tuple(value)
    elif expected == TEXT and isinstance(value, str):
        return value
    elif expected == NUMBER and number and abs(value) < float("inf"):
        return float(value)
    elif expected == COUNT and isinstance(value, int) and number:
        return value
    raise SpecError(f"The option {key} of a {kind} structure is {expected}, not {value!r}.")
