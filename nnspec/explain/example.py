"""A worked example: Python to paste, with what every line gives behind it."""

import inspect
from contextlib import suppress
from functools import partial

import numpy as np
import sympy as sp

from nnspec import reference
from nnspec.explain.lines import can_be_told, lines_for, smallest
from nnspec.explain.words import WIDTH, packed, public, returned
from nnspec.shapes import contract
from nnspec.spec_tests._kinds import Case, Drawing, Procedure
from nnspec.spec_tests._problem import REFERENCE, Problem

DIGITS = 4  # significant ones, of what comes out
GIVEN = 2  # decimals of what goes in
SEED, SEEDS = 0, 1000  # of a generator that we make; of those that are recognized
NOTHING = 1e-3  # a gradient all below it teaches nothing
MANY = 36  # numbers of an array that are shown


def example(concept, specs) -> list[str]:
    """Numbers for each function of a concept: what goes in, each line of the definition, what comes out."""
    lines = ["import numpy as np", "", *_imported(list(public(concept)))]
    first = {spec().entry: spec for spec in reversed(specs)}  # others judge it under other options
    for spec in list(first.values())[::-1]:
        lines += ["", f"# {spec.part()}", *worked(spec())]
    return lines


def _imported(names: list[str]) -> list[str]:
    line = f"from nnspec.reference import {', '.join(names)}"
    if len(line) <= WIDTH:
        return [line]
    return ["from nnspec.reference import (", *packed([f"{', '.join(names)},"], "", "    "), ")"]


def worked(spec) -> list[str]:
    """The calls of one function, as a specification makes them; those of a procedure have no arrays to show."""
    pasted = _Pasted(spec)
    if isinstance(spec, Drawing):
        spec.drawn(lambda *args, **options: pasted(spec.op, *args, **options), np.random.default_rng(SEED))
    elif isinstance(spec, Procedure):
        return [f"# no numbers: {_why_there_are_none(spec)}"]
    else:
        pasted.problem = _with_few_digits(spec)
        spec.run(pasted, pasted.problem, gradient=spec.has_gradient)
    return pasted.lines


def _why_there_are_none(spec) -> str:
    kinds = {rule.kind for rule in contract(spec.reference).rules.values()}
    return (
        "it is given a function" if "function" in kinds else "it reads files" if "path" in kinds else "no array goes in"
    )


def _with_few_digits(spec) -> Problem:
    """The smallest case, in numbers to type: of size 2, or 3 where of two numbers no gradient is left.

    Where so little is refused (five folds of two samples), the case that the specification begins with.
    """
    made = (partial(smallest, spec, 2), partial(smallest, spec, 3), partial(Problem, spec, Case("one"), "float64"))
    for make in made:
        with suppress(ValueError):
            problem = _typed(make())
            answer = spec.run(REFERENCE, problem, gradient=bool(problem.douts))
            gradients = [value for name, value in answer.items() if name not in spec.outputs and np.size(value)]
            if not problem.douts or all(np.abs(value).max() > NOTHING for value in gradients):
                break
    return problem


def _typed(problem: Problem) -> Problem:
    """The same problem in numbers of a few decimals."""
    given = {name: np.round(value, GIVEN) for name, value in problem.floats().items()}
    given |= {name: round(value, GIVEN) for name, value in problem.inputs.items() if type(value) is float}
    return problem.replaced(given, [np.round(dout, GIVEN) for dout in problem.douts])


class _Pasted:
    """Stands in for a backend: writes down each call, and answers as the reference does."""

    def __init__(self, spec):
        self.spec, self.problem = spec, None
        self.lines: list[str] = []
        self.known: list[tuple[object, str]] = []  # values by identity: theirs are the names of what is passed on
        self.on_the_way_is_told = False

    def __call__(self, name, *args, **options):
        given = [self._named(value) for value in args]
        given += [f"{option}={self._named(value)}" for option, value in options.items()]
        result = REFERENCE(name, *args, **options)
        names = returned(inspect.unwrap(getattr(reference, name)), [type(self.spec)]).strip("()").split(", ")
        names = [entry for entry in names if entry] or ["result"]
        values = result if len(names) > 1 else (result,)
        self.lines += _code(f"{', '.join(names)} = {name}({', '.join(given)})")
        self.lines += self._on_the_way(names)
        for entry, value in zip(names, values, strict=True):
            self.known.append((value, entry))
            self.lines += _comment(entry, value)
        return result

    def _named(self, value) -> str:
        """How the call names it; what was not there yet is written down first."""
        known = next((name for held, name in reversed(self.known) if held is value), None)
        if known is None and (name := self._own_name(value)):
            self.lines += _code(f"{name} = {_literal(value)}")
            self.known.append((value, name))
            return name
        return known or _literal(value)

    def _own_name(self, value) -> str | None:
        """The name of an array, a dict of arrays or a generator; None for what stands in the call itself."""
        problem = self.problem
        if isinstance(value, np.random.Generator):
            return "rng"
        if problem is None or not isinstance(value, (np.ndarray, np.generic, dict, list)):
            return None
        upstream = [f"d{name}" for name in self.spec.outputs if name not in self.spec.states]
        told = [*problem.inputs.items(), *problem.options.items(), *zip(upstream, problem.douts, strict=False)]
        return next((name for name, held in told if held is value), None)

    def _on_the_way(self, returned: list[str]) -> list[str]:
        """The lines of the definition with their numbers, once."""
        if self.problem is None or self.on_the_way_is_told:
            return []
        self.on_the_way_is_told = True
        taken = self.problem.inputs | self.problem.options  # a line of the definition may be called as an argument is
        return [
            text
            for name, turns in on_the_way(self.spec, self.problem).items()
            if name not in returned
            for text in _turns(f"{name} on the way" if name in taken else name, turns)
        ]


def on_the_way(spec, problem: Problem) -> dict[str, list[np.ndarray]]:
    """The value of each line of the definition that is no output, in every turn of the loop that it stands in."""
    if not can_be_told(spec, problem):
        return {}
    found, given = lines_for(spec, problem), problem.floats()
    inputs = {symbol: place for symbol, place in found.places.items() if place.turn == 0}
    values = {symbol: sp.Float(float(given[place.name][place.index]), 17) for symbol, place in inputs.items()}
    for line in found.lines:
        for symbol, formula in line.formulas.items():
            values[symbol] = sp.N(formula.xreplace(values), 17)
    turns: dict[str, list] = {}
    for line in found.lines:
        if not line.alias and line.name not in spec.outputs:
            numbers = [float(values.get(entry, entry)) for entry in line.array.ravel()]
            turns.setdefault(line.name, []).append(np.reshape(numbers, line.array.shape))
    return turns


def _turns(name: str, turns: list[np.ndarray]) -> list[str]:
    if len(turns) == 1:
        return _comment(name, turns[0])
    if len({turn.shape for turn in turns}) == 1:
        return _comment(f"{name} in each turn of the loop", np.stack(turns))
    return [line for i, turn in enumerate(turns, start=1) for line in _comment(f"{name}_{i}", turn)]


def _code(text: str) -> list[str]:
    """A statement; brackets let it go on on the next line."""
    return packed([text], "", "", WIDTH)


def _comment(name: str, value) -> list[str]:
    """What a value is; nothing of what only its own backward, or the next step, reads."""
    if name in ("cache", "state"):
        return []
    if isinstance(value, dict):
        return [line for key, entry in value.items() for line in _comment(f'{name}["{key}"]', entry)]
    if callable(value):
        return [f"# {name} is a function"]
    if isinstance(value, np.ndarray) and value.size > MANY:
        return [f"# {name} has the shape {value.shape}"]
    text = f"{name} = {_rounded(value)}"
    return [f"# {line}" for line in packed([text], "", "", WIDTH - 2)]


def _rounded(value) -> str:
    """Numbers with a few digits, in whatever they are nested."""
    if isinstance(value, np.ndarray) and value.ndim:
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        inside = ", ".join(map(_rounded, value))
        return f"[{inside}]" if isinstance(value, list) else f"({inside})"
    if isinstance(value, (float, np.floating)) or (isinstance(value, np.ndarray) and value.dtype.kind == "f"):
        return f"{float(value) + 0.0:.{DIGITS}g}"
    return str(value)


def _literal(value) -> str:
    """Python for what goes in: it has few digits already."""
    if isinstance(value, dict):
        return "{" + ", ".join(f'"{key}": {_literal(entry)}' for key, entry in value.items()) + "}"
    if isinstance(value, np.ndarray) and value.ndim:
        return f"np.array({(value + 0.0 if value.dtype.kind == 'f' else value).tolist()})"
    if isinstance(value, (np.ndarray, np.generic)):
        return repr(value.item())
    if isinstance(value, np.random.Generator):
        states = (np.random.default_rng(seed).bit_generator.state for seed in range(SEEDS))
        return (
            f"np.random.default_rng({next(i for i, state in enumerate(states) if state == value.bit_generator.state)})"
        )
    return repr(value)
