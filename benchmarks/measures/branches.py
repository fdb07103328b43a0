"""Branches on what a family or a link is, outside the rooms that define them.

A *fact* is an attribute, no method, of ``Family``, of its bases, of its subclasses or of
``Link``, as the source defines them: set in the body of the class, a property, or set on
``self``. Where no other class of the package has an attribute of the same name, any read of it is
a read of the fact; a name that others share (``name``, ``spread``) is one only if what it is
read from is a family or a link: it is called so (``fit.family``), comes of a call or table
(``get_family(...)``, ``LINKS[...]``), is annotated so, or was assigned from such an expression.

A *condition* is the test of an ``if``, ``elif``, ``while``, conditional expression,
comprehension or guard, each operand of ``and`` and ``or`` one of its own, wherever they
stand, and each ``case`` of a ``match`` but the last resort. It is a *branch* if it

- reads a fact, also by ``getattr`` or ``hasattr``;
- compares a family or link with anything but ``None`` or another family or link;
- asks by ``isinstance`` or a pattern for a subclass of ``Family``.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from measures.source import File, Function

HOME = ("families", "maths")
"""Rooms that define families and links, and may ask what they are."""
FAMILY, LINK = "family", "link"
ROOTS = {"Family": FAMILY, "Link": LINK}
EQUALITY = (ast.Eq, ast.NotEq, ast.In, ast.NotIn)

type Names = Mapping[str, str]
"""Variables that hold a family or a link, and which of the two."""
type Condition = ast.expr | ast.pattern


@dataclass(frozen=True)
class Facts:
    """What families and links state of themselves.

    Attributes
    ----------
    own : mapping of str to str
        Attributes that no other class has, and whether a family or a link has them.
    shared : frozenset of str
        Attributes that other classes have too.
    classes : frozenset of str
        Subclasses of ``Family``.
    """

    own: Mapping[str, str]
    shared: frozenset[str]
    classes: frozenset[str]


@dataclass(frozen=True)
class Branch:
    """A condition that asks what a family or a link is: where, and of which."""

    path: str
    line: int
    of: str


def facts(files: Sequence[File]) -> Facts:
    """Read from the source what families and links state of themselves."""
    classes = [(f, c) for f in files for c in f.nodes if isinstance(c, ast.ClassDef)]
    home = {c.name: c for f, c in classes if f.room in HOME}
    bases = {name: {_last(b) for b in c.bases} & home.keys() for name, c in home.items()}
    heirs = {name: {n for n in bases if name in bases[n]} for name in bases}
    families = _reached("Family", heirs) & home.keys()
    kinds = dict.fromkeys(_reached("Link", bases) & home.keys(), LINK)
    kinds |= dict.fromkeys((b for n in families for b in _reached(n, bases)), FAMILY)
    stated = {n: kind for c, kind in kinds.items() for n in _attributes(home[c])}
    stating = {id(home[c]) for c in kinds}
    others = {n for _, c in classes if id(c) not in stating for n in _attributes(c)}
    return Facts(
        {n: kind for n, kind in stated.items() if n not in others},
        frozenset(stated.keys() & others),
        frozenset(families - {"Family"}),
    )


def branches(files: Sequence[File], known: Facts) -> list[Branch]:
    """Find branches on families and links outside their rooms.

    Parameters
    ----------
    files : sequence of File
    known : Facts

    Returns
    -------
    list of Branch
        In the order of the files and lines.
    """
    found = [
        Branch(file.path, condition.lineno, of)
        for file in files
        if file.room not in HOME
        for scope in _scopes(file.tree)
        for names in [_variables(scope)]
        for condition in conditions(scope)
        if (of := _asks(condition, known, names))
    ]
    return sorted(found, key=lambda b: (b.path, b.line))


def conditions(scope: ast.AST) -> Iterator[Condition]:
    """Yield each condition, one for each operand of ``and`` and ``or``."""
    inside: set[int] = set()
    for node in ast.walk(scope):
        tests: list[ast.expr] = []
        match node:
            case ast.If(test) | ast.IfExp(test) | ast.While(test):
                tests = [test]
            case ast.comprehension():
                tests = node.ifs
            case ast.BoolOp() if id(node) not in inside:
                tests = [node]
            case ast.Match(subject, cases):
                tests = [case.guard for case in cases if case.guard is not None]
                yield from _cases(subject, [case.pattern for case in cases])
        for test in tests:
            inside |= {id(n) for n in ast.walk(test) if isinstance(n, ast.BoolOp)}
            yield from _operands(test)


def _cases(subject: ast.expr, patterns: Sequence[ast.pattern]) -> Iterator[Condition]:
    """Yield each case that is no last resort: of values as the comparison that it is."""
    for pattern in patterns:
        if any(isinstance(node, ast.MatchValue) for node in ast.walk(pattern)):
            asked = ast.Compare(subject, [ast.Eq()], [ast.Constant(...)])
            yield ast.copy_location(asked, pattern)
        elif any(isinstance(node, ast.MatchClass) for node in ast.walk(pattern)):
            yield pattern


def _operands(test: ast.expr) -> Iterator[ast.expr]:
    match test:
        case ast.BoolOp(_, values):
            for value in values:
                yield from _operands(value)
        case ast.UnaryOp(ast.Not(), operand):
            yield from _operands(operand)
        case _:
            yield test


def _asks(condition: Condition, known: Facts, names: Names) -> str:
    """Return whether a condition asks what a family or a link is, or an empty text."""
    called = {id(n.func) for n in ast.walk(condition) if isinstance(n, ast.Call)}
    for node in ast.walk(condition):
        of = ""
        match node:
            case ast.Attribute(value, name) if id(node) not in called:
                of = _stated(value, name, known, names)
            case ast.Call(ast.Name("getattr" | "hasattr"), [value, ast.Constant(str(name)), *_]):
                of = _stated(value, name, known, names)
            case ast.Compare(left, operators, others):
                for operator, a, b in zip(operators, [left, *others], others, strict=False):
                    of = of or _compared(a, operator, b, names)
            case ast.Call(ast.Name("isinstance" | "issubclass"), [_, asked]):
                of = FAMILY if {_last(n) for n in ast.walk(asked)} & known.classes else ""
            case ast.MatchClass(cls):
                of = FAMILY if _last(cls) in known.classes else ""
        if of:
            return of
    return ""


def _stated(value: ast.expr, name: str, known: Facts, names: Names) -> str:
    """Return of which kind a fact is that is read, or an empty text."""
    return known.own.get(name, "") or (_kind(value, names) if name in known.shared else "")


def _compared(a: ast.expr, operator: ast.cmpop, b: ast.expr, names: Names) -> str:
    """Return which of family and link is compared with a value, or an empty text."""
    left, right = _kind(a, names), _kind(b, names)
    nothing = any(isinstance(n, ast.Constant) and n.value is None for n in (a, b))
    if not isinstance(operator, EQUALITY) or nothing or (left and right):
        return ""
    return left or ("" if isinstance(operator, ast.In | ast.NotIn) else right)


def _kind(node: ast.expr, names: Names) -> str:
    """Return whether an expression is a family or a link, or an empty text."""
    match node:
        case ast.Name(name) if name in names:
            return names[name]
        case ast.Name(name) | ast.Attribute(_, name):
            return _called(name.lower())
        case ast.Call(function, _):
            return _called(_last(function).removeprefix("get_"))
        case ast.Subscript(value, _):
            return {"families": FAMILY, "links": LINK}.get(_last(value).lower(), "")
        case ast.Tuple(elements):
            return next((kind for e in elements if (kind := _kind(e, names))), "")
    return ""


def _called(name: str) -> str:
    word = name.rsplit("_", 1)[-1]
    return word if word in (FAMILY, LINK) else ""


def _scopes(node: ast.AST) -> Iterator[ast.AST]:
    """Yield functions that lie in no other, and the statements that lie in none."""
    for child in node.body:
        if isinstance(child, ast.ClassDef):
            yield from _scopes(child)
        else:
            yield child


def _variables(scope: ast.AST) -> dict[str, str]:
    """Return the variables that a function annotates as, or assigns from, a family or a link."""
    names: dict[str, str] = {}
    for node in ast.walk(scope) if isinstance(scope, Function) else ():
        match node:
            case ast.arg(name, annotation) if annotation is not None:
                found = {ROOTS.get(_last(n), "") for n in ast.walk(annotation)}
                names[name] = max(found)
            case ast.Assign([ast.Name(name)], value) | ast.NamedExpr(ast.Name(name), value):
                names[name] = names.get(name) or _kind(value, {})
            case ast.Assign([ast.Tuple(targets)], ast.Tuple(values)):
                for target, value in zip(targets, values, strict=False):
                    name = _last(target)
                    names[name] = names.get(name) or _kind(value, {})
    return {name: kind for name, kind in names.items() if kind}


def _attributes(cls: ast.ClassDef) -> Iterator[str]:
    """Yield the public attributes of a class that are no methods."""
    for node in ast.walk(cls):
        match node:
            case ast.Attribute(ast.Name("self"), name, ast.Store()) if not name.startswith("_"):
                yield name
    for node in cls.body:
        targets: list[ast.expr] = []
        match node:
            case ast.Assign():
                targets = node.targets
            case ast.AnnAssign():
                targets = [node.target]
            case ast.FunctionDef(name, decorator_list=decorators):
                if any(_last(d).endswith("property") for d in decorators):
                    yield name
        yield from (t.id for t in targets if isinstance(t, ast.Name) and not t.id.startswith("_"))


def _last(node: ast.AST) -> str:
    """Return the last name of a dotted expression."""
    match node:
        case ast.Name(name) | ast.Attribute(_, name):
            return name
    return ""


def _reached(start: str, edges: Mapping[str, set[str]]) -> set[str]:
    """Return what is reached from the start, itself included."""
    reached: set[str] = set()
    waiting = [start]
    while waiting:
        node = waiting.pop()
        if node not in reached:
            reached.add(node)
            waiting.extend(edges.get(node, ()))
    return reached
