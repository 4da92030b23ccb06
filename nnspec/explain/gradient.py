"""The gradient of a definition, line by line: each line's derivative by its own inputs, and how they chain."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import sympy as sp

from nnspec.explain.formulas import Writer, slope, structure
from nnspec.explain.lines import Line, Lines, Place
from nnspec.explain.words import packed
from nnspec.spec_tests._problem import REFERENCE

OUTPUT = -1  # the turn of an output that is no line of the definition
ALIKE = 0.7  # the share of lines from which on a gradient is that of an earlier function again


@dataclass
class Shown:
    """One entry of a line, which stands for all: its symbol, its formula, and its slopes by what goes into it."""

    line: Line
    symbol: object
    formula: object
    slopes: dict

    @property
    def inputs(self) -> dict:
        """The arrays that go in, each by one of its entries."""
        return {(place.name, place.turn): place for _, place in self.slopes.values()}


class Gradient:
    """Of one function of the specification. `forms` is what makes its lines known again elsewhere."""

    def __init__(self, spec, lines: Lines):
        self.spec, self.lines = spec, lines
        self.reached = self._reached()
        self.shown = self._shown()
        names = [shown.line.name for shown in self.shown]
        turns = {name for name in names if names.count(name) > 1}
        self.write = Writer(lines, turns | {f"d{name}" for name in turns})
        self.forms = {structure(shown.formula, loosely=True) for shown in self.shown if not shown.line.alias}

    def repeats(self, earlier: "Gradient") -> bool:
        """Whether the lines are those of another function again, as those of every step of a sequence are."""
        return len(self.forms & earlier.forms) >= ALIKE * len(self.forms)

    def _reached(self) -> set:
        """The symbols that an output with a gradient depends on."""
        outputs = [array for name, array in self.lines.outputs.items() if name not in self.spec.states]
        found = {symbol for array in outputs for entry in array.ravel() for symbol in sp.sympify(entry).free_symbols}
        for line in reversed(self.lines.lines):
            for symbol, formula in line.formulas.items():
                if symbol in found:
                    found |= formula.free_symbols
        return found

    # -- which entries are shown -----------------------------------------------------------------------------------

    def _shown(self) -> list[Shown]:
        """The first entry of each output that depends on anything, and of every line on the way to it, in order."""
        found, needed = [], set()
        for name, array in self.lines.outputs.items():
            formulas = [entry for entry in array.ravel() if getattr(entry, "free_symbols", None)]
            if name in self.spec.states or not formulas:
                continue
            if formulas[0].is_Symbol and self.lines.places[formulas[0]].turn > 0:  # the output is a line
                needed.add(formulas[0])
                continue
            at = next(i for i in np.ndindex(*array.shape) if array[i] is formulas[0])
            symbol = self.lines.symbol(Place(name, OUTPUT, at), array.shape)
            line = Line(name, OUTPUT, array, {symbol: formulas[0]})
            found.append(self._derived(line, symbol))
            needed |= formulas[0].free_symbols
        for line in reversed(self.lines.lines):
            first = next((symbol for symbol in line.formulas if symbol in needed), None)
            if first is not None:
                found.insert(0, self._derived(line, first))
                needed |= line.formulas[first].free_symbols
        return found

    def _derived(self, line: Line, symbol) -> Shown:
        formula, slopes, seen = line.formulas[symbol], {}, {}
        places = self.lines.places
        inputs = [entry for entry in places if entry in formula.free_symbols]
        for entry in inputs:
            place = places[entry]
            forms = seen.setdefault((place.name, place.turn), set())
            if len(forms) > 1 or (place.turn == 0 and place.name in self.without):
                continue
            found = slope(symbol, formula, entry)
            form = structure(found, lambda s: places[s].name if s in places else str(s))
            if found != 0 and form not in forms:
                forms.add(form)
                slopes[entry] = found, place
        return Shown(line, symbol, formula, slopes)

    @cached_property
    def without(self) -> set[str]:
        """The inputs of which the reference returns no gradient: running statistics, what is no parameter."""
        answer = self.spec.run(REFERENCE, self.lines.problem, gradient=True)
        return {name for name in self.lines.inputs if f"d{name}" not in answer}

    # -- as text ---------------------------------------------------------------------------------------------------

    def told(self) -> list[str]:
        """The lines with their slopes, those that are alike together; parts of one line beside each other."""
        told: dict = {}  # by what is told in one place: equations, slopes, and what is alike
        for shown in self.shown:
            equation = f"{self.write(shown.symbol)} = {self.write(shown.formula)}"
            key = next(iter(shown.inputs), None) if shown.line.alias else structure(shown.formula)
            if key not in told:
                slopes = [f"by {self.write(entry)}: {self.write(value)}" for entry, (value, _) in shown.slopes.items()]
                told[key] = [equation], [] if shown.line.alias else slopes, []
            elif shown.line.alias:
                told[key][0].append(equation)
            else:
                told[key][2].append(self._likewise(shown))
        lines = []
        for equations, slopes, alike in told.values():
            lines += packed(equations, "    ", "  ")
            lines += packed([*slopes, *([f"likewise {', '.join(alike)}"] if alike else [])], "; ", "      ")
        return lines

    def _likewise(self, shown: Shown) -> str:
        inputs = [self._array(*key) for key in shown.inputs]
        return f"{self._array(shown.line.name, shown.line.turn)} of {' and '.join(inputs)}"

    def _array(self, name: str, turn: int) -> str:
        return self.write.label(Place(name, turn, ()))

    def sizes(self) -> str:
        """Of what case the lines are, with what decides them: the labels."""
        problem, names = self.lines.problem, {}
        for name, size in problem.dims.items():
            names.setdefault(str(size if np.ndim(size) == 0 else list(size)), []).append(name)
        dims = [" = ".join([*of, size]) for size, of in names.items()]
        fixed = [
            f"{name} = {value.tolist()}" for name, value in problem.constants().items() if isinstance(value, np.ndarray)
        ]
        return ", ".join([*dims, *fixed])

    # -- how they chain --------------------------------------------------------------------------------------------

    def chain(self, *, between_turns_only=False) -> list[str]:
        """The backward: the gradient of each array by one entry, from the upstream ones to those of the inputs.

        between_turns_only: only what passes from one turn of a loop to another, or adds up over several.
        """
        lines = [shown.symbol for shown in reversed(self.shown) if shown.line.turn != OUTPUT]
        entries: dict[str, list] = {}  # of the inputs, as the first line that has them shows them
        for shown in self.shown:
            here: dict[str, list] = {}
            for entry, (_, place) in shown.slopes.items():
                if place.turn == 0:
                    here.setdefault(place.name, []).append(entry)
            entries = {**here, **entries}
        inputs = [entry for name in self.lines.inputs for entry in entries.get(name, ())]
        backward = [self._adjoint(symbol) for symbol in [*lines, *inputs]]
        return [told for told, between_turns in backward if told and (between_turns or not between_turns_only)]

    def _adjoint(self, symbol) -> tuple[str, bool]:
        """d<entry> as the sum of what comes back from every line, and every entry of it, that the entry goes into.

        What comes back in turns of a loop that are not shown is alike, and elided. Also: whether turns meet in it.
        """
        own, known = self.lines.places[symbol], {(shown.line.name, shown.line.turn) for shown in self.shown}
        terms, turns, elided, is_output = [], set(), False, False
        for place, entry, formula in self._formulas():
            if formula is symbol and place.turn == OUTPUT and place.name == own.name:
                is_output = True  # what comes from above is there already
            elif symbol in formula.free_symbols:
                within = {self.lines.places.get(each, place) for each in {entry, *formula.free_symbols}}
                if all(each.turn <= 0 or (each.name, each.turn) in known for each in within):
                    turns |= {place.turn} - {OUTPUT}
                    terms.append(self._upstream(place) * slope(entry, formula, symbol))
                else:
                    elided = True
        if not terms:
            return "", False
        left, right = (self.write(side) for side in (self._upstream(own), sp.Add(*terms, evaluate=len(terms) < 2)))
        between_turns = len(turns) > 1 or bool(own.turn > 0 and turns - {own.turn} and max(turns) > own.turn)
        return f"{left} {'+=' if is_output else '='} {right}{' + …' if elided else ''}", between_turns

    def _formulas(self):
        """(place, symbol, formula) of every entry that something upstream reaches: outputs first, then the lines."""
        for name, array in self.lines.outputs.items():
            if name not in self.spec.states:
                for at in np.ndindex(*array.shape):
                    place = Place(name, OUTPUT, at)
                    yield place, self.lines.symbol(place, array.shape), sp.sympify(array[at])
        for line in self.lines.lines:
            for symbol, formula in line.formulas.items():
                if symbol in self.reached:
                    yield self.lines.places[symbol], symbol, formula

    def _upstream(self, place: Place):
        shape = self.lines.shapes[place.name, place.turn]
        return self.lines.symbol(Place(f"d{place.name}", place.turn, place.index), shape)
