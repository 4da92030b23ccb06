"""Formulas as people write them: sums as sums, and the slope of a line by its value where that is how it is known."""

import itertools
import math
from collections.abc import Callable, Iterable

import sympy as sp

from nnspec.explain.lines import Lines, Place

LONGEST = 120  # characters of a formula; the rest is elided
ADDED, MULTIPLIED, RAISED, WHOLE = range(4)  # how tightly a text holds together
LETTERS = "kjmnrsuvpq"  # of what is summed over
FUNCTIONS = {"Abs": "abs", "Max": "max", "Min": "min"}


class Writer:
    """Writes formulas in symbols that stand for entries. turns: the names that carry the number of their turn."""

    def __init__(self, lines: Lines, turns: Iterable[str] = ()):
        self.places, self.shapes, self.turns = lines.places, lines.shapes, set(turns)
        names = {place.name for place in self.places.values()} | {symbol.name for symbol in lines.options.values()}
        self.letters = [letter for letter in LETTERS if letter not in names]
        weights = [symbol for symbol, place in self.places.items() if place.name in lines.weights]
        order = [*(symbol for symbol in self.places if symbol not in set(weights)), *weights, *lines.options.values()]
        self.rank = {symbol: i for i, symbol in enumerate(order)}

    def __call__(self, formula, longest: int = LONGEST) -> str:
        text, _ = self._text(sp.sympify(formula), {}, self.letters)
        return text if len(text) <= longest else f"{text[: longest - 2].rpartition(' ')[0]} …"

    def label(self, place: Place, index=None) -> str:
        index = place.index if index is None else index
        turn = f"_{place.turn}" if place.name in self.turns and place.turn > 0 else ""
        return f"{place.name}{turn}{'[' + ','.join(map(str, index)) + ']' if index else ''}"

    def _text(self, formula, indices: dict, letters: list) -> tuple[str, int]:
        """The text and how tightly it holds. indices: of symbols that a sum runs over."""
        if isinstance(formula, sp.Symbol):
            place = self.places.get(formula)
            return (self.label(place, indices.get(formula)) if place else formula.name), WHOLE
        if formula.is_Rational or formula.is_Float:
            return _number(formula)
        for kind, write in self._writers.items():
            if isinstance(formula, kind):
                return write(self, formula, indices, letters)
        arguments = ", ".join(self._text(entry, indices, letters)[0] for entry in formula.args)
        name = type(formula).__name__
        return (f"{FUNCTIONS.get(name, name)}({arguments})" if formula.args else str(formula)), WHOLE

    def _held(self, formula, indices, letters, tightly: int) -> str:
        text, held = self._text(formula, indices, letters)
        return text if held >= tightly else f"({text})"

    def _add(self, formula, indices, letters):
        parts = []
        for term, over in self._summed(formula.args, indices, letters):
            sign, positive = (" - ", -term) if term.could_extract_minus_sign() else (" + ", term)
            text = self._held(positive, {**indices, **over.indices}, over.left, MULTIPLIED)
            parts.append((sign, f"sum_{_together(over.letters)} {text}" if over.letters else text))
        (sign, first), *rest = sorted(parts, key=lambda part: part[0] == " - ")  # what is subtracted stands behind
        return ("-" if sign == " - " else "") + first + "".join(sign + text for sign, text in rest), ADDED

    def _mul(self, formula, indices, letters):
        sign, formula = ("-", -formula) if formula.could_extract_minus_sign() else ("", formula)
        above, below = [], []
        for factor in sorted(sp.Mul.make_args(formula), key=self._order):
            base, power = factor.as_base_exp()
            if factor.is_Rational:
                above += [sp.Integer(factor.p)] if factor.p != 1 else []
                below += [sp.Integer(factor.q)] if factor.q != 1 else []
            elif power.could_extract_minus_sign() and base is not sp.E:
                below.append(base**-power)
            else:
                above.append(factor)
        holds = [self._held(factor, indices, letters, RAISED) for factor in above]
        text = sign + ("*".join(holds) or "1")
        if not below:
            return text, MULTIPLIED if len(above) > 1 or sign else RAISED
        under = "*".join(self._held(factor, indices, letters, RAISED) for factor in below)
        return f"{text}/{f'({under})' if len(below) > 1 else under}", MULTIPLIED

    def _pow(self, formula, indices, letters):
        base, power = formula.args
        if power.could_extract_minus_sign():
            return f"1/{self._held(base**-power, indices, letters, RAISED)}", MULTIPLIED
        if power == sp.S.Half:
            return f"sqrt({self._text(base, indices, letters)[0]})", WHOLE
        raised = self._held(power, indices, letters, WHOLE)
        return f"{self._held(base, indices, letters, WHOLE)}^{raised}", RAISED

    def _piecewise(self, formula, indices, letters):
        (then, condition), (otherwise, _) = formula.args[0].args, formula.args[-1].args
        told = [self._text(entry, indices, letters)[0] for entry in (then, condition, otherwise)]
        if isinstance(then, sp.Piecewise):  # what stands in front of an "if" ends there
            told[0] = f"({told[0]})"
        if otherwise == 0 and condition == (then > 0):
            return f"max(0, {told[0]})", WHOLE
        return f"{told[0]} if {told[1]} else {told[2]}", ADDED

    def _relation(self, formula, indices, letters):
        left, right = formula.args
        if right == 0 and left.is_Add and len(left.args) == 2:  # a - b < 0 is a < b
            lesser = next((term for term in left.args if term.could_extract_minus_sign()), None)
            left, right = (left - lesser, -lesser) if lesser is not None else (left, right)
        left, right = (self._text(side, indices, letters)[0] for side in (left, right))
        return f"{left} {formula.rel_op} {right}", ADDED

    _writers: dict[type, Callable] = {
        sp.Add: _add,
        sp.Mul: _mul,
        sp.Pow: _pow,
        sp.Piecewise: _piecewise,
        sp.core.relational.Relational: _relation,
    }

    def _order(self, factor):
        """Numbers first, then entries and options, each in the order in which the definition meets them."""
        ranks = [self.rank.get(symbol, -1) for symbol in factor.free_symbols]
        return not factor.is_Number, not factor.as_base_exp()[0].is_Symbol, min(ranks, default=-1)

    # -- sums ------------------------------------------------------------------------------------------------------

    def _summed(self, terms, indices, letters):
        """Terms that differ in nothing but indices, which run from 0, as one term that is summed."""
        groups: dict[str, list] = {}
        for term in sorted(terms, key=lambda term: (self._order(term)[2], str(term))):
            groups.setdefault(self._skeleton(term, indices)[0], []).append(term)
        for group in groups.values():
            over = self._range(group, indices, letters) if len(group) > 1 else None
            yield from [(group[0], over)] if over else [(term, _Over("", {}, letters)) for term in group]

    def _range(self, group, indices, letters):
        """What a sum over these terms runs over; None if that is not all of an axis.

        The first of the group becomes the one that stands for all.
        """
        rows = [self._skeleton(term, indices)[1] for term in group]
        columns = list(zip(*([index for _, index in row] for row in rows), strict=True))
        varying = list(dict.fromkeys(column for column in columns if len(set(column)) > 1))
        if not varying or len(varying) > len(letters) or not all(map(_runs, varying)):
            return None
        sizes = [max(column) + 1 for column in varying]
        if not len(set(zip(*varying, strict=True))) == len(group) == math.prod(sizes):
            return None
        letter = dict(zip(varying, letters, strict=False))
        found = self._indexed(rows[0], [letter.get(column, column[0]) for column in columns], indices)
        if found is None or any(self._axis(found, letter[c]) != size for c, size in zip(varying, sizes, strict=True)):
            return None
        return _Over(",".join(letter.values()), found, letters[len(varying) :])

    def _indexed(self, row, index_at, indices) -> dict | None:
        """The index of each symbol with the letters in it; None where one has two, or a diagonal by chance."""
        found: dict = {}
        for (symbol, _), index in zip(row, index_at, strict=True):
            found.setdefault(symbol, []).append(index)
        for symbol, flat in found.items():
            axes = len(indices.get(symbol, self.places[symbol].index))
            told = {tuple(flat[i : i + axes]) for i in range(0, len(flat), axes)}
            index = told.pop()
            letters = [entry for entry, given in zip(index, self.places[symbol].index, strict=True) if entry != given]
            if told or len(letters) > len(set(letters)):
                return None
            found[symbol] = index
        return found

    def _axis(self, found: dict, letter: str) -> int:
        """The shortest axis that a letter stands on: it is understood to run over that."""
        places = [(self.places[symbol], index) for symbol, index in found.items()]
        return min(
            self.shapes[place.name, place.turn][i]
            for place, index in places
            for i, at in enumerate(index)
            if at == letter
        )

    def _skeleton(self, formula, indices) -> tuple[str, list]:
        """Its structure without indices, and (symbol, index) in the order in which they stand there."""
        if formula.is_Symbol:
            place = self.places.get(formula)
            if place is None:
                return formula.name, []
            index = indices.get(formula, place.index)
            return f"{place.name}/{place.turn}", [(formula, i) for i in index]
        if not formula.args:
            return str(formula), []
        parts = [self._skeleton(entry, indices) for entry in formula.args]
        if formula.is_Add or formula.is_Mul:
            parts.sort(key=lambda part: (part[0], [str(i) for _, i in part[1]]))
        inside = ", ".join(text for text, _ in parts)
        return f"{type(formula).__name__}({inside})", list(itertools.chain(*(found for _, found in parts)))


class _Over:
    """The letters of a sum, the indices of the symbols in it, and the letters that are left."""

    def __init__(self, letters: str, indices: dict, left):
        self.letters, self.indices, self.left = letters, indices, left


def _runs(column) -> bool:
    """Whether the indices are 0, 1, … without a gap; letters of a sum around it are none."""
    return all(isinstance(i, int) for i in column) and set(column) == set(range(max(column) + 1))


def _together(letters: str) -> str:
    return f"{{{letters}}}" if "," in letters else letters


def _number(value) -> tuple[str, int]:
    if value.is_Float:
        return f"{float(value):.4g}", WHOLE
    if value.q == 1:
        return str(value), WHOLE if value >= 0 else ADDED
    return str(value), MULTIPLIED


def structure(formula, name_of=lambda symbol: "·", *, loosely=False) -> str:
    """What is equal for formulas that differ in their symbols alone; loosely: in how much is summed up as well."""
    if formula.is_Symbol:
        return name_of(formula)
    if loosely and formula.is_number:
        return "#"
    if not formula.args:
        return str(formula)
    parts = [structure(entry, name_of, loosely=loosely) for entry in formula.args]
    if formula.is_Add or formula.is_Mul:
        parts = sorted(set(parts) if loosely and formula.is_Add else parts)
    return f"{type(formula).__name__}({', '.join(parts)})"


def slope(symbol, formula, by):
    """The derivative of a line by one of its inputs, in terms of the line itself where that is how it is known."""
    terms = [sp.factor_terms(part) for part in (sp.diff(term, by) for term in sp.Add.make_args(formula)) if part != 0]
    derivative = sp.Add(*terms, evaluate=len(terms) < 2)  # unevaluated, it stays a sum over what the line sums over
    if derivative.is_number or derivative.is_Symbol:
        return derivative
    if isinstance(formula, sp.exp):
        return derivative.subs(formula, symbol)
    known = (1 - symbol**2, symbol * (1 - symbol), -symbol * (1 - symbol), 1 / (2 * symbol))
    found = next((form for form in known if _equal(derivative, form.subs(symbol, formula))), None)
    return derivative if found is None else found


def _equal(first, second) -> bool:
    """At two places that are chosen by nobody."""
    symbols = sorted(first.free_symbols | second.free_symbols, key=str)
    if len(symbols) > 4:  # no slope that is known by its value
        return False
    for at in ("0.37", "-0.81"):
        values = {symbol: sp.Float(at) * (1 + sp.Rational(i, 7)) for i, symbol in enumerate(symbols)}
        difference = sp.N((first - second).xreplace(values))
        if not (difference.is_number and abs(complex(difference)) <= 1e-12):  # nor where it is not a number
            return False
    return True
