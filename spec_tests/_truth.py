"""Truth: a definition in sympy, its gradient derived by sympy, evaluated with 50 digits or as many as it takes.

A definition is an ordinary function on object arrays of symbols:

    def definition(self, x, w, b):
        return x @ w + b

`named(expression)` cuts an expression into a fresh symbol. Local derivatives are symbolic, the reverse accumulation
through the cuts is numeric; without cuts everything is symbolic. What sympy derives is written as straight-line Python
over mpmath and kept on disk, keyed by the definition's source and by everything of the spec that this source imports.
"""

import hashlib
import importlib
import inspect
import math
import os
import re
import tempfile
from contextlib import suppress
from contextvars import ContextVar
from functools import cache, cached_property
from pathlib import Path
from typing import ClassVar

import mpmath
import numpy as np

from nnspec.common import cache_root

DIGITS = (50, 150, 400, 800, 3200)  # of the evaluation, until two agree: 1 - tanh(x)^2 cancels 82 of them at x = 95
AGREE = 1e-25  # relatively
_mp = mpmath.MPContext()
NOTHING = _mp.mpf("1e-330")  # below every double: the 0 of a gradient that cancels, which no digits make agree
_tape: ContextVar[list] = ContextVar("tape")


def named(expression):
    """A fresh symbol for each entry of `expression`: cheap to differentiate through. Works on arrays and scalars."""
    import sympy as sp

    def cut(entry):
        nodes = _tape.get()
        symbol = sp.Symbol(f"t{len(nodes)}", real=True)
        nodes.append((symbol, sp.sympify(entry)))
        return symbol

    return np.frompyfunc(cut, 1, 1)(expression)


def _entrywise(name):
    """sympy's function of that name on object arrays; sympy itself is imported only when a truth is derived."""

    def function(array):
        import sympy as sp

        return np.frompyfunc(getattr(sp, name), 1, 1)(array)

    return function


exp, log, sqrt, tanh, erf, absolute = map(_entrywise, ("exp", "log", "sqrt", "tanh", "erf", "Abs"))


def total(entries):
    """Their sum, in one step: `sum` makes a new expression for each term, which takes long for hundreds."""
    import sympy as sp

    return sp.Add(*entries)


def where_positive(x, then, otherwise=0):
    """`then` where x > 0, else `otherwise`, entry by entry; unlike sympy's Max it has derivative 0 at the kink."""
    import sympy as sp

    def choose(x, then, otherwise):
        if not getattr(x, "free_symbols", None):
            return then if x > 0 else otherwise
        positive = sp.StrictGreaterThan(x, 0, evaluate=False)  # sympy would think about each for milliseconds
        return sp.Piecewise((then, positive), (otherwise, sp.true), evaluate=False)

    return np.frompyfunc(choose, 3, 1)(x, then, otherwise)


def exact(value):
    """A number or an array of numbers as exact rationals; integers as Python's, which never wrap."""
    import sympy as sp

    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        return np.frompyfunc(lambda x: exact(float(x)), 1, 1)(value)
    if isinstance(value, np.ndarray):
        return value.astype(object)
    if isinstance(value, float) and not np.isfinite(value):
        return sp.sympify(value)  # of infinity and NaN sp.Rational makes 0
    return sp.Rational(value) if isinstance(value, float) else value


def symbols(name: str, shape: tuple) -> np.ndarray:
    import sympy as sp

    made, name = np.empty(shape, object), name.replace(".", "_")  # a name of Python's
    for index in np.ndindex(*shape):
        made[index] = sp.Symbol("_".join([name, *map(str, index)]), real=True)
    return made


def derive(definition, arrays: dict, constants: dict):
    """(inputs, tape, outputs): the definition's symbols, its cuts, and one object array for each output."""
    inputs = {name: symbols(name, array.shape) for name, array in arrays.items()}
    tape = []
    token = _tape.set(tape)
    try:
        outputs = definition(**inputs, **{name: exact(value) for name, value in constants.items()})
    finally:
        _tape.reset(token)
    outputs = outputs if isinstance(outputs, tuple) else (outputs,)
    return inputs, tape, [np.asarray(output, object) for output in outputs]


def evaluate(definition, arrays: dict, constants: dict, douts: list = ()):
    """The outputs and, given upstream gradients, the gradient of every array, in extended precision.

    arrays: the floating inputs, at whose very values the definition is taken. constants: labels and options.
    douts: one for each output, None for an output that nothing depends on.
    """
    run = _evaluator(definition, arrays, constants, [dout is not None for dout in douts])
    values = [_mp.mpf(float(x)) for array in arrays.values() for x in array.ravel()]
    given = [_mp.mpf(float(x)) for dout in douts if dout is not None for x in np.ravel(dout)]
    before = None
    for _mp.dps in DIGITS:
        outputs, gradients = run(values, given)
        now = [value for flat, _ in outputs for value in flat] + gradients
        if before is not None and all(map(_agree, before, now)):
            break
        before = now
    rest = iter(gradients)
    shaped = {name: [next(rest) for _ in range(array.size)] for name, array in arrays.items()} if douts else {}
    return (
        [_extended(flat, shape) for flat, shape in outputs],
        {name: _extended(flat, arrays[name].shape) for name, flat in shaped.items()},
    )


def _agree(first, second) -> bool:
    return first == second or abs(first - second) <= AGREE * abs(second) or abs(second) < NOTHING


def _extended(flat, shape):
    """mpmath's numbers as NumPy's longest: the sum of two doubles holds more digits than it needs."""
    high = np.array([float(value) for value in flat])
    low = np.array([float(value - float(value)) if _mp.isfinite(value) else 0.0 for value in flat])
    return (high.astype(np.longdouble) + low).reshape(shape)


def _evaluator(definition, arrays, constants, differentiate: list[bool]):
    key = _key(definition, arrays, constants, differentiate)
    if key not in _compiled:
        text = _stored(key)
        if text is None:
            text = _write(*derive(definition, arrays, constants), differentiate)
            _store(key, text)
        namespace = {"mpmath": _mp, "math": math}
        exec(compile(text, f"<truth {definition.__qualname__}>", "exec"), namespace)
        _compiled[key] = namespace["evaluate"]
    return _compiled[key]


_compiled = {}


def _write(inputs, tape, outputs, differentiate: list[bool]) -> str:
    """Straight-line source of evaluate(values, adjoints) -> ([(flat, shape) of each output], flat gradients).

    adjoints: those of the outputs that are differentiated. No entry of `differentiate` at all: no gradients.
    """
    import sympy as sp

    leaves = [symbol for array in inputs.values() for symbol in array.ravel()]
    results = [(sp.Symbol(f"out{i}"), sp.sympify(entry)) for i, entry in enumerate(_flat(outputs))]
    wanted = (
        [on for on, output in zip(differentiate, outputs, strict=True) for _ in output.ravel()] if differentiate else []
    )
    # A symbol stands in few terms of a long sum, and the terms of a sum are mostly alike.
    terms = {node: [_Term.of(term) for term in sp.Add.make_args(expression)] for node, expression in tape + results}
    lines = [f"[{', '.join(map(str, leaves))}] = values"]
    lines += [f"{node} = {' + '.join(term.text() for term in of_node)}" for node, of_node in terms.items()]
    if differentiate:
        through = [node for (node, _), on in zip(results, wanted, strict=True) if on]
        lines.append(f"[{', '.join(f'd_{node}' for node in through)}] = adjoints")
        lines += [f"d_{symbol} = 0" for symbol in [*leaves, *(node for node, _ in tape)]]
        for node in reversed([*(node for node, _ in tape), *through]):
            for symbol, partial in (pair for term in terms[node] for pair in term.partials()):
                lines.append(f"d_{symbol} = d_{symbol} + d_{node} * ({partial})")
    names = iter(str(symbol) for symbol, _ in results)
    shaped = [f"([{', '.join(next(names) for _ in range(a.size))}], {a.shape})" for a in outputs]
    gradients = ", ".join(f"d_{symbol}" for symbol in leaves) if differentiate else ""
    body = "\n    ".join([*lines, f"return [{', '.join(shaped)}], [{gradients}]"])
    return f"def evaluate(values, adjoints):\n    {body}\n"


class _Term:
    """A term of a sum as source. Terms that differ in their symbols alone are printed and differentiated once."""

    _first: ClassVar[dict[tuple, "_Term"]] = {}

    def __init__(self, expression, names: list[str]):
        self.expression, self.names = expression, names

    @classmethod
    def of(cls, expression) -> "_Term":
        names: dict[str, int] = {}
        structure = _structure(expression, names)
        made = cls(expression, list(names))
        made.first = cls._first.setdefault(structure, made)
        return made

    def text(self) -> str:
        return self._filled(self.first._own_text)

    def partials(self) -> list[tuple[str, str]]:
        """(symbol, derivative by it), for all by which that is not 0."""
        return [(self.names[place], self._filled(text)) for place, text in self.first._own_partials]

    def _filled(self, text: str) -> str:
        return text if self.first is self else _NAME.sub(lambda name: self._renamed.get(name[0], name[0]), text)

    @cached_property
    def _renamed(self) -> dict[str, str]:
        return dict(zip(self.first.names, self.names, strict=True))

    @cached_property
    def _own_text(self) -> str:
        return f"({_printer().doprint(self.expression)})"

    @cached_property
    def _own_partials(self) -> list[tuple[int, str]]:
        import sympy as sp

        symbols = {str(symbol): symbol for symbol in self.expression.free_symbols}
        found = ((place, sp.diff(self.expression, symbols[name])) for place, name in enumerate(self.names))
        return [(place, _printer().doprint(partial)) for place, partial in found if partial != 0]


_NAME = re.compile(r"[A-Za-z_]\w*")


def _structure(expression, names: dict[str, int]) -> tuple:
    """The expression with its symbols numbered as they come."""
    if expression.is_Symbol:
        return ("symbol", names.setdefault(str(expression), len(names)))
    if not expression.args:
        return (expression,)
    return (expression.func, *(_structure(argument, names) for argument in expression.args))


@cache
def _printer():
    from sympy.printing.pycode import MpmathPrinter

    return MpmathPrinter({"fully_qualified_modules": True})


def _flat(arrays):
    return [entry for array in arrays for entry in array.ravel()]


def _key(definition, arrays, constants, differentiate) -> str:
    shapes = {name: array.shape for name, array in arrays.items()}
    fixed = {name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in constants.items()}
    told = [source_key(definition.__module__), definition.__qualname__, shapes, fixed, differentiate, DIGITS]
    return hashlib.sha256(repr(told).encode()).hexdigest()[:32]


@cache
def source_key(module: str) -> str:
    import importlib.metadata

    digest = hashlib.sha256(importlib.metadata.version("sympy").encode())
    for name in sorted(imported_from("nnspec.spec_tests", module, set())):
        digest.update(source_of(name))
    return digest.hexdigest()


def source_of(module: str) -> bytes:
    return Path(inspect.getsourcefile(importlib.import_module(module))).read_bytes()


def imported_from(package: str, module: str, known: set) -> set:
    """`module` and every module of the package that its source imports, directly or not."""
    if module not in known:
        known.add(module)
        for name in _imports_of(package, source_of(module)):
            imported_from(package, name, known)
    return known


@cache
def _imports_of(package: str, source: bytes) -> list[str]:
    """The modules of the package that a source imports itself."""
    found = []
    for module, several, one in _IMPORTED.findall(_COMMENT.sub("", source.decode())):
        if module.startswith(package):
            names = re.findall(r"(\w+)(?: as \w+)?", several or one)
            for name in [module, *(f"{module}.{name}" for name in names)]:
                with suppress(ModuleNotFoundError):
                    if importlib.util.find_spec(name):
                        found.append(name)
    return found


# Every process of a check asks: to parse the twenty files of a specification would cost it a twentieth of a second.
_IMPORTED = re.compile(r"^[ \t]*from\s+([\w.]+)\s+import\s*(?:\(([^)]*)\)|((?:\\\n|[^\n(])+))", re.MULTILINE)
_COMMENT = re.compile("#.*")


def _folder() -> Path:
    return cache_root() / "truth"


def _stored(key: str) -> str | None:
    try:
        return (_folder() / f"{key}.py").read_text(encoding="utf-8")
    except OSError:
        return None


def _store(key: str, text: str):
    """Atomically, so that two runs may share a cache; a cache that cannot be written is only slower."""
    with suppress(OSError):
        _folder().mkdir(parents=True, exist_ok=True)
        handle, part = tempfile.mkstemp(dir=_folder())
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(part, _folder() / f"{key}.py")
