"""Mutants of a Python module: one small change each, put in place by exchanging the code of one function."""

import ast
import copy
import gc
import importlib
import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import CodeType, FunctionType
from typing import Any

OPPOSITE: dict[type[ast.AST], type[ast.AST]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.Lt: ast.GtE,
    ast.GtE: ast.Lt,
    ast.Gt: ast.LtE,
    ast.LtE: ast.Gt,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}


@dataclass(frozen=True)
class Mutant:
    """`name` says module, function, what stood there and what stands there now; never a line, which moves."""

    module: str
    function: str
    before: str
    after: str
    code: CodeType

    @property
    def name(self) -> str:
        return f"{self.module}.{self.function}: {self.before} → {self.after}"

    @contextmanager
    def in_place(self) -> Iterator[None]:
        with exchanged(function_of(self.module, self.function), self.code):
            yield


@contextmanager
def exchanged(function: FunctionType, code: CodeType) -> Iterator[None]:
    """The function runs this code meanwhile, and so do those that it has made: guards of views are made once."""
    kept = [(found, found.__code__) for found in made_by(function)]
    new = {path: part for path, part in parts_of_code(code)}
    function_of_code = {id(part): path for path, part in parts_of_code(function.__code__)}
    try:
        for found, old in kept:
            part = new.get(function_of_code[id(old)])
            if part is not None and part.co_freevars == old.co_freevars:
                found.__code__ = part
        yield
    finally:
        for found, old in kept:
            found.__code__ = old


def made_by(function: FunctionType) -> list[FunctionType]:
    inner = {id(part) for path, part in parts_of_code(function.__code__) if path and not part.co_name.startswith("<")}
    known: list[Any] = gc.get_objects() if inner else []
    others = [found for found in known if type(found) is FunctionType and id(found.__code__) in inner]
    return [function, *others]


def parts_of_code(code: CodeType, path: str = "") -> Iterator[tuple[str, CodeType]]:
    """The code itself and what is defined inside, each with its way there."""
    yield path, code
    inner = [part for part in code.co_consts if isinstance(part, CodeType)]
    for place, part in enumerate(inner):
        yield from parts_of_code(part, f"{path}/{place}:{part.co_name}")


def function_of(module: str, path: str) -> FunctionType:
    found: Any = importlib.import_module(module)
    for part in path.split("."):
        found = vars(found)[part] if inspect.isclass(found) else getattr(found, part)
    while not isinstance(found, FunctionType) or hasattr(found, "__wrapped__"):
        found = getattr(found, "__wrapped__", None) or getattr(found, "__func__", None) or found.fget
    return found


def mutants_of(module: str) -> list[Mutant]:
    tree = ast.parse(inspect.getsource(importlib.import_module(module)))
    found = []
    for path, function in functions_of(tree):
        for before, after, changed in changes_of(function):
            code = compiled(changed, function_of(module, path).__code__)
            if code is not None:
                found.append(Mutant(module, path, before, after, code))
    return found


def watched(module: str, called: set[str]) -> Iterator[tuple[FunctionType, CodeType]]:
    """Each function of a module, and code that does the same but says first that it was called."""
    tree = ast.parse(inspect.getsource(importlib.import_module(module)))
    CALLED[module] = called
    for path, function in functions_of(tree):
        changed = copy.deepcopy(function)
        for part in ast.walk(changed):
            if isinstance(part, ast.FunctionDef):
                say = f"__import__('sys').modules[{__name__!r}].CALLED[{module!r}].add({f'{module}.{path}'!r})"
                part.body[:0] = ast.parse(say).body
        found = function_of(module, path)
        code = compiled(changed, found.__code__)
        if code is not None:
            yield found, code


#: Module → what was called since somebody last looked.
CALLED: dict[str, set[str]] = {}


def functions_of(tree: ast.Module) -> Iterator[tuple[str, ast.FunctionDef]]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            yield node.name, node
        elif isinstance(node, ast.ClassDef):
            for inner in node.body:
                if isinstance(inner, ast.FunctionDef):
                    yield f"{node.name}.{inner.name}", inner


def compiled(function: ast.FunctionDef, original: CodeType) -> CodeType | None:
    """None where the change needs other variables of what is around than the function has."""
    bare = copy.deepcopy(function)
    bare.decorator_list = []
    code = compile(ast.fix_missing_locations(ast.Module([bare], [])), "mutant", "exec")
    found = next(part for part in code.co_consts if isinstance(part, CodeType) and part.co_name == function.name)
    return found if found.co_freevars == original.co_freevars else None


def changes_of(function: ast.FunctionDef) -> Iterator[tuple[str, str, ast.FunctionDef]]:
    """Each change of each node, in a copy; what is said to people and to type checkers is left as it is."""
    for place, node in enumerate(list(ast.walk(function))):
        for kind in CHANGES:
            changed = copy.deepcopy(function)
            target = list(ast.walk(changed))[place]
            parent = parent_of(changed, target)
            if parent is None or is_about_words(function, node):
                continue
            before = ast.unparse(target)
            after = kind(target, parent)
            if after is not None and after != before:
                yield shortened(before), shortened(after), changed


def shortened(text: str) -> str:
    return " ".join(text.split())[:90]


def parent_of(tree: ast.AST, target: ast.AST) -> ast.AST | None:
    return next((node for node in ast.walk(tree) if target in ast.iter_child_nodes(node)), None)


def is_about_words(function: ast.FunctionDef, node: ast.AST) -> bool:
    """Docstrings, annotations and decorators."""
    outside = [
        function.returns,
        *function.decorator_list,
        *(a.annotation for a in ast.walk(function.args) if isinstance(a, ast.arg)),
    ]
    marks = [n.annotation for n in ast.walk(function) if isinstance(n, ast.AnnAssign)]
    if any(node in ast.walk(part) for part in [*outside, *marks] if part is not None):
        return True
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


# == The changes: each alters the node in place and says what it is now, or None ==
def turn_comparison(node: ast.AST, parent: ast.AST) -> str | None:
    if isinstance(node, ast.Compare) and type(node.ops[0]) in OPPOSITE:
        node.ops[0] = OPPOSITE[type(node.ops[0])]()  # type: ignore[call-overload]
        return ast.unparse(node)
    return None


def turn_connective(node: ast.AST, parent: ast.AST) -> str | None:
    if isinstance(node, ast.BoolOp | ast.BinOp) and type(node.op) in OPPOSITE:
        node.op = OPPOSITE[type(node.op)]()  # type: ignore[assignment]
        return ast.unparse(node)
    return None


def drop_negation(node: ast.AST, parent: ast.AST) -> str | None:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.Invert):
        return replaced(node, parent, node.operand)
    return None


def turn_truth(node: ast.AST, parent: ast.AST) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        node.value = not node.value
        return ast.unparse(node)
    return None


def drop_statement(node: ast.AST, parent: ast.AST) -> str | None:
    """A check that is only called for what it raises, and what is raised."""
    if isinstance(node, ast.Expr | ast.Raise) and not (isinstance(node, ast.Expr) and is_constant(node.value)):
        return replaced(node, parent, ast.Pass())
    return None


def drop_return(node: ast.AST, parent: ast.AST) -> str | None:
    """What is allowed before the rest is asked."""
    if isinstance(node, ast.Return) and node.value is None:
        return replaced(node, parent, ast.Pass())
    return None


def turn_permission(node: ast.AST, parent: ast.AST) -> str | None:
    """Another one, which many hold: whoever opens charts, or everybody with a record."""
    if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "Permission":
        node.attr = "OWN_RECORD" if node.attr == "OPEN_CHART" else "OPEN_CHART"
        return ast.unparse(node)
    return None


def turn_condition(node: ast.AST, parent: ast.AST) -> str | None:
    if isinstance(node, ast.If | ast.IfExp):
        node.test = ast.UnaryOp(ast.Not(), node.test)
        return f"if {ast.unparse(node.test)}"
    return None


def drop_keyword(node: ast.AST, parent: ast.AST) -> str | None:
    """A condition of a query."""
    if (
        isinstance(node, ast.keyword)
        and isinstance(parent, ast.Call)
        and ast.unparse(parent.func).endswith((".filter", "Q"))
    ):
        parent.keywords.remove(node)
        return "dropped"
    return None


def is_constant(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant)


def replaced(node: ast.AST, parent: ast.AST, by: ast.AST) -> str:
    for name, value in ast.iter_fields(parent):
        if value is node:
            setattr(parent, name, by)
        elif isinstance(value, list) and node in value:
            value[value.index(node)] = by
    return ast.unparse(by)


CHANGES = (
    turn_comparison,
    turn_connective,
    drop_negation,
    turn_truth,
    drop_statement,
    drop_return,
    turn_permission,
    turn_condition,
    drop_keyword,
)
