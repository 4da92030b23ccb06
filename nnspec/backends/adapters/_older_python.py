"""Older languages, in which many folders are written, told to those of today.

Python 2: a quotient of integers is rounded down, `print` is a statement, `map`, `zip` and `range` give lists.
NumPy 1: `np.int` and its like are Python's types, `np.reshape` takes `newshape`; SciPy's `mode` keeps the axis.
"""

import ast
import builtins
import copy
import functools
import io
import operator
import tokenize

import numpy as np

RENAMED = {"iteritems": "items", "iterkeys": "keys", "itervalues": "values", "has_key": "__contains__"}
TYPES = ("int", "float", "bool", "object", "str", "complex")
NUMPY = ("np", "numpy")
NUMPY_1 = {
    "product": "prod", "alltrue": "all", "sometrue": "any", "row_stack": "vstack", "in1d": "isin", "Inf": "inf",
    "infty": "inf", "NaN": "nan", "float_": "float64", "asfarray": "asarray",
}  # fmt: skip
SHAPES = {"newshape": "shape", "dims": "shape"}  # of np.reshape and np.unravel_index


def parsed(source: str, filename: str) -> tuple[ast.Module, bool]:
    """The tree of a file, and whether it can only be Python 2. Raises SyntaxError where it is neither."""
    try:
        tree = ast.parse(source, filename)
    except SyntaxError as error:
        try:
            return ast.parse(_statements_as_calls(source.expandtabs(8)), filename), True
        except (SyntaxError, tokenize.TokenError, IndentationError):
            raise error from None
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == "xrange"]
    bound = any(isinstance(node.ctx, ast.Store) for node in names) or "xrange" in _imported(tree)
    methods = any(isinstance(node, ast.Attribute) and node.attr in RENAMED for node in ast.walk(tree))
    return tree, methods or (bool(names) and not bound)


def of_today(tree: ast.Module, python2: bool) -> ast.Module:
    """The same for Python 3 and NumPy 2; what was Python 2 needs a module with NAMES. Lines stay in place."""
    tree = _NumPy1().visit(copy.deepcopy(tree))
    return ast.fix_missing_locations(_with_its_meaning(tree) if python2 else tree)


def _with_its_meaning(tree: ast.Module) -> ast.Module:
    divides = any(isinstance(node, ast.ImportFrom) and node.module == "__future__" for node in tree.body)
    return _Python2(floors=not divides).visit(tree)


def _imported(tree: ast.Module) -> set[str]:
    imports = [node for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom))]
    return {alias.asname or alias.name for node in imports for alias in node.names}


def _statements_as_calls(source: str) -> str:
    """`print x` as `print(x)`, `except E, e:` as `except E as e:`."""
    lines = source.splitlines(keepends=True)
    edits = []  # (row, column, characters to take out, text to put in)
    for tokens in _logical_lines(source):
        first, *rest = tokens
        if first.string == "print" and rest and rest[0].string not in ("(", "="):
            edits += [(*first.end, 0, "("), (*tokens[-1].end, 0, ")")]
        if first.string == "except" and len(tokens) >= 4 and [tokens[-3].string, tokens[-1].string] == [",", ":"]:
            edits.append((*tokens[-3].start, 1, " as"))
    for row, column, taken, put in sorted(edits, reverse=True):
        line = lines[row - 1]
        lines[row - 1] = line[:column] + put + line[column + taken :]
    return "".join(lines)


def _logical_lines(source: str):
    """The tokens of each statement, without comments; of `if x: print y` also those behind the colon."""
    line = []
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type in (tokenize.NEWLINE, tokenize.ENDMARKER) or (token.string == ";" and line):
            if line:
                yield line
            line = []
        elif token.type not in (tokenize.NL, tokenize.COMMENT, tokenize.INDENT, tokenize.DEDENT):
            if token.string == "print" and line and line[-1].string == ":":
                yield line
                line = []
            line.append(token)


class _NumPy1(ast.NodeTransformer):
    def visit_Attribute(self, node):
        self.generic_visit(node)
        if not (isinstance(node.value, ast.Name) and node.value.id in NUMPY):
            return node
        node.attr = NUMPY_1.get(node.attr, node.attr)
        return ast.copy_location(ast.Name(node.attr, node.ctx), node) if node.attr in TYPES else node

    def visit_Call(self, node):
        self.generic_visit(node)
        if getattr(node.func, "attr", None) in ("reshape", "unravel_index"):
            for keyword in node.keywords:
                keyword.arg = SHAPES.get(keyword.arg, keyword.arg)
        return node

    def visit_Subscript(self, node):
        """`mode(labels)[0][0]` and `mode(labels).mode[0]` take one label out of an array of one."""
        self.generic_visit(node)
        inner = node.value
        taken = isinstance(inner, ast.Subscript) or getattr(inner, "attr", None) == "mode"
        call = inner.value if taken else None
        if isinstance(call, ast.Call) and "mode" in (getattr(call.func, "id", None), getattr(call.func, "attr", None)):
            given = [keyword for keyword in call.keywords if keyword.arg == "keepdims"]
            call.keywords += [] if given else [ast.keyword("keepdims", ast.Constant(True))]
        return node


class _Python2(ast.NodeTransformer):
    def __init__(self, floors: bool):
        self.floors = floors

    def visit_BinOp(self, node):
        self.generic_visit(node)
        return self._quotient("_quotient", node.left, node.right) if self._divides(node) else node

    def visit_AugAssign(self, node):
        self.generic_visit(node)
        if not self._divides(node):
            return node
        read = copy.deepcopy(node.target)
        read.ctx = ast.Load()
        return ast.copy_location(
            ast.Assign([node.target], self._quotient("_quotient_in_place", read, node.value)), node
        )

    def visit_Attribute(self, node):
        self.generic_visit(node)
        node.attr = RENAMED.get(node.attr, node.attr)
        return node

    def _divides(self, node) -> bool:
        return self.floors and isinstance(node.op, ast.Div)

    def _quotient(self, name, left, right):
        return ast.copy_location(ast.Call(ast.Name(name, ast.Load()), [left, right], []), left)


def _integral(*numbers) -> bool:
    return all(getattr(number, "dtype", np.asarray(number).dtype).kind in "iu" for number in numbers)


def _quotient(a, b):
    return a // b if _integral(a, b) else a / b


def _quotient_in_place(a, b):
    return operator.ifloordiv(a, b) if _integral(a, b) else operator.itruediv(a, b)


def _listing(function):
    return lambda *arguments: list(function(*arguments))


NAMES = {
    "xrange": range,
    "unicode": str,
    "basestring": str,
    "long": int,
    "reduce": functools.reduce,
    "_quotient": _quotient,
    "_quotient_in_place": _quotient_in_place,
} | {name: _listing(getattr(builtins, name)) for name in ("range", "map", "zip", "filter")}
