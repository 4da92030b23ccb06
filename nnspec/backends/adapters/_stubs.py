"""What the assignments hand out, told from what somebody wrote. A function is still a stub if two things are true:

its text has a hole    a region for one's own code, or a block, that holds no statement that does something, or a name
                       that is returned and was only ever given None or zeros
its answer is nothing  None, zeros, or an error about None or a name without a value, here and for plain inputs too

So a `pass` that was left behind does not hide a wrong answer, and neither does an answer for some inputs only.
"""

import ast
import functools
import re
import sys
import traceback
from collections.abc import Callable

import numpy as np

from nnspec.backends.adapters._course_folder import Folder, Source

BEGINS, ENDS, TASK = r"START OF YOUR CODE", r"END OF YOUR CODE", r"\bTODO\b"
NOT_YET = r"\btodo\b|not (yet )?implemented|implement (this|me)\b"  # what people raise in a stub of their own
COMPOUND = (
    ast.If, ast.For, ast.While, ast.With, ast.Try, ast.FunctionDef, ast.ClassDef, ast.Return, ast.Pass, ast.Import,
    ast.ImportFrom, ast.Raise,
)  # fmt: skip
NOTHING_YET = ("zeros", "zeros_like", "empty", "dict", "list", "float")


class Stubs:
    """Of one folder."""

    def __init__(self, folder: Folder):
        self.folder = folder
        self._of_plain: dict[object, str | None] = {}

    def asked(self, name: str, call: Callable, plain: Callable | None = None, says_nothing=None, key=None):
        """What `call` returns. Raises NotImplementedError, with the reason, where that is what was handed out.

        call and plain can be called again. plain: the same function with other, plain inputs. key: under which its
        answer is remembered.
        """
        says_nothing = says_nothing or nothing
        try:
            result = call()
        except NotImplementedError:
            raise
        except Exception as error:
            if re.search(NOT_YET, str(error), re.IGNORECASE):
                raise NotImplementedError(f"{name} says: {error}") from error
            self._excuse_what_is_missing(name, error)
            self._excuse_a_stub(name, call, plain, says_nothing, key)
            raise
        if says_nothing(result):
            self._excuse_a_stub(name, call, plain, says_nothing, key)
        return result

    def _excuse_what_is_missing(self, name, error):
        missed = error.name if isinstance(error, NameError) else None
        if missed is None:
            return
        if missed in self.folder.optional:
            raise NotImplementedError(f"{name} needs {missed}, a compiled part that is not built here") from error
        if own := [module for module in self.folder.missing if module.startswith("cs231n.")]:
            files = ", ".join(f"{module.rpartition('.')[2]}.py" for module in own)
            raise NotImplementedError(f"{name} needs {missed}, and the folder has no {files}") from error

    def _excuse_a_stub(self, name, call, plain, says_nothing, key):
        stub = self._stub_in(call, says_nothing)
        if stub and plain is not None:
            if key not in self._of_plain:
                self._of_plain[key] = self._stub_in(plain, says_nothing)
            stub = stub if self._of_plain[key] else None
        if stub:
            why = "" if stub == name else f" (it calls {stub})"
            raise NotImplementedError(f"{name} is still a stub, as it was handed out{why}")

    def _stub_in(self, call, says_nothing) -> str | None:
        """The name of a function with a hole that says nothing when `call` is called."""
        returned = []  # (code, what it returned), innermost first

        def note(frame, event, value):
            if event == "return" and self._has_hole(frame.f_code):
                returned.append((frame.f_code, value))

        before, error = sys.getprofile(), None
        sys.setprofile(note)
        try:
            result = call()
        except Exception as raised:
            error, result = raised, None
        finally:
            sys.setprofile(before)
        if error is None and not says_nothing(result):
            return None
        ended = set()
        trace = error.__traceback__ if error else None
        while trace:
            ended.add(trace.tb_frame.f_code)
            trace = trace.tb_next
        for code, value in returned:
            if code.co_name == "__init__":
                continue
            if of_nothing(error) if code in ended else says_nothing(value):
                return code.co_name
        return None

    def require_all(self, name: str, function, found):
        """Raises NotImplementedError where a part of the answer is None and nothing was ever written that gives it."""
        code = getattr(function, "__code__", None)
        source = self.folder.source_of(code.co_filename) if code else None
        if source is None or not isinstance(found, tuple) or not any(part is None for part in found):
            return
        if _unwritten(source).get((code.co_name, code.co_firstlineno)):
            raise NotImplementedError(f"{name} is still a stub in part: of what it returns, some is only ever None")

    def _has_hole(self, code) -> bool:
        source = self.folder.source_of(code.co_filename)
        return source is not None and _holes(source).get((code.co_name, code.co_firstlineno), False)


def nothing(result) -> bool:
    """Whether it consists of None and zeros alone. What belongs to a cache or a dict is not looked at."""
    parts = result if isinstance(result, tuple) else (result,)
    said = [part for part in parts if part is None or isinstance(part, (int, float, np.ndarray, np.generic))]
    return bool(said) and all(part is None or (np.size(part) > 0 and not np.any(part)) for part in said)


def of_nothing(error: Exception | None) -> bool:
    """Whether an error says that something is None or, where it is returned, that it has no value."""
    if isinstance(error, NameError) and not isinstance(error, UnboundLocalError):
        return (traceback.extract_tb(error.__traceback__)[-1].line or "").startswith("return")
    return isinstance(error, UnboundLocalError) or bool(re.search("None", str(error)))


@functools.cache
def _holes(source: Source) -> dict[tuple[str, int], bool]:
    """Whether each function has a hole, by its name and the line of its code object."""
    lines = source.text.splitlines()
    return {place: has_hole(function, lines) for place, function in _functions(source)}


@functools.cache
def _unwritten(source: Source) -> dict[tuple[str, int], bool]:
    """Whether each function returns what was only ever given None or zeros."""
    return {place: _never_computed(function) for place, function in _functions(source)}


def _functions(source: Source):
    """((name, line of its code object), function) of each."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef):
            yield (node.name, min([node.lineno, *(d.lineno for d in node.decorator_list)])), node


def has_hole(function: ast.FunctionDef, lines: list[str]) -> bool:
    return _empty_region(function, lines) or _empty_block(function) or _never_computed(function)


def _empty_region(function, lines) -> bool:
    """Between the course's marks, or behind its box with a TODO."""
    at_work = set()
    for node in ast.walk(function):
        if isinstance(node, ast.stmt) and not isinstance(node, COMPOUND) and not _does_nothing(node):
            at_work |= set(range(node.lineno, node.end_lineno + 1))
    begun = None  # the first line of the region that is open
    for number in range(function.lineno, function.end_lineno + 1):
        comment = _comment(lines, number)
        if comment and re.search(BEGINS, comment):
            begun = number
        elif comment and (ends := re.search(ENDS, comment) or re.search(TASK, comment)):
            if begun and not at_work & set(range(begun, number)):
                return True
            begun = number if re.search(TASK, ends[0]) else None
        elif comment and begun and all(_comment(lines, inner) for inner in range(begun, number)):
            begun = number  # still in the box that tells what is to be done
    return begun is not None and not at_work & set(range(begun, function.end_lineno + 1))


def _comment(lines, number) -> str:
    line = lines[number - 1].strip() if number <= len(lines) else ""
    return line if line.startswith("#") else ""


def _empty_block(function) -> bool:
    if all(map(_says_nothing, function.body)):
        return True
    blocks = [
        block
        for node in ast.walk(function)
        if not isinstance(node, ast.ExceptHandler)
        for block in (getattr(node, "body", None), getattr(node, "orelse", None))
        if isinstance(block, list) and block
    ]
    return any(all(map(_says_nothing, block)) for block in blocks)


def _says_nothing(node: ast.stmt) -> bool:
    """pass, ..., a docstring."""
    return isinstance(node, ast.Pass) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))


def _does_nothing(node: ast.stmt) -> bool:
    if isinstance(node, ast.Assign):
        return _is_nothing(node.value)
    return _says_nothing(node)


def _is_nothing(value: ast.expr) -> bool:
    """None, zeros, what is empty."""
    if isinstance(value, ast.Constant):
        return value.value is None or value.value in (0, "")
    if isinstance(value, ast.Call):
        return (getattr(value.func, "attr", None) or getattr(value.func, "id", None)) in NOTHING_YET
    if isinstance(value, (ast.Tuple, ast.List)):
        return all(map(_is_nothing, value.elts))
    return isinstance(value, ast.Dict) and not value.keys


def _never_computed(function) -> bool:
    """Something that is returned was only ever given None or zeros."""
    nothing_yet, computed = (
        set(),
        {argument.arg for argument in ast.walk(function.args) if isinstance(argument, ast.arg)},
    )
    for node in ast.walk(function):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                for name, value in _pairs(target, node.value):
                    (nothing_yet if _is_nothing(value) else computed).add(name)
        elif isinstance(node, (ast.AugAssign, ast.AnnAssign, ast.NamedExpr, ast.For)):
            computed |= _roots(node.target)
        elif isinstance(node, ast.Call):
            given = [*node.args, *(keyword.value for keyword in node.keywords)]
            computed |= {value.id for value in given if isinstance(value, ast.Name)}
            computed |= _roots(node.func) if isinstance(node.func, ast.Attribute) else set()
    for node in ast.walk(function):
        if isinstance(node, ast.Return):
            parts = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
            names = {part.id for part in parts if isinstance(part, ast.Name)} & nothing_yet - computed
            if names or all(part is None or _is_nothing(part) for part in parts):
                return True
    return False


def _pairs(target, value):
    """(name, what it is given) of an assignment, also of several at once; `x[…] = 0` gives x more than nothing."""
    if isinstance(target, ast.Name):
        yield target.id, value
    elif isinstance(target, (ast.Tuple, ast.List)):
        each = value.elts if isinstance(value, (ast.Tuple, ast.List)) else [value] * len(target.elts)
        if len(each) == len(target.elts):
            for inner, part in zip(target.elts, each, strict=True):
                yield from _pairs(inner, part)
        else:
            yield from ((name, ast.Name(name, ast.Load())) for name in _roots(target))
    else:
        yield from ((name, ast.Name(name, ast.Load())) for name in _roots(target))


def _roots(target) -> set[str]:
    """The names that a target writes to or through."""
    if isinstance(target, (ast.Tuple, ast.List)):
        return set().union(*map(_roots, target.elts))
    while isinstance(target, (ast.Subscript, ast.Attribute, ast.Starred)):
        target = target.value
    return {target.id} if isinstance(target, ast.Name) else set()
