"""`nnspec explain`: what the specification knows of a concept, as a person reads it."""

import ast
import inspect
import textwrap

import numpy as np
from rich.console import Group
from rich.text import Text

from nnspec import catalogue

LONGEST = 400  # characters of a derived expression; a longer one says little
SIMPLIFIED = 40  # operations up to which sympy is asked to simplify, which takes it minutes for long ones


def explained(name: str) -> Group:
    """The reference's text and signatures, the definition, one derived gradient each, the variants and pitfalls."""
    (concept,) = catalogue.select([name])
    parts = [Text.assemble((concept.name, "bold"), f"  rows {', '.join(concept.rows)}", "  in ", concept.note), Text()]
    if "reference" in concept.files:
        tree = ast.parse(concept.files["reference"].read_text(encoding="utf-8"))
        parts += [Text(ast.get_docstring(tree) or ""), Text(), Text("signatures", style="bold")]
        parts += [_indented(line) for line in _signatures(tree, catalogue.specs_of(concept))]
    for spec in catalogue.specs_of(concept):
        parts += _explained_spec(spec)
    return Group(*parts)


def _signatures(tree: ast.Module, specs) -> list[str]:
    """Each public function with what it returns, as far as a specification says it."""
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")]
    returned = {name: told for spec in reversed(specs) for name, told in spec().returned.items()}
    ends = [f" -> {returned[f.name]}" if f.name in returned else "" for f in functions]
    return [f"{f.name}({ast.unparse(f.args)}){end}" for f, end in zip(functions, ends, strict=True)]


def _explained_spec(spec: type) -> list:
    parts = [Text(), Text(f"{spec.part()}: what is checked", style="bold")]
    definition = getattr(spec, "definition", None)
    if definition is not None:
        parts.append(_indented(f"definition  {inspect.getdoc(definition) or ''}"))
    parts += [
        _indented(f"law         {inspect.getdoc(getattr(spec, law)) or law}")
        for law in dir(spec)
        if law.startswith("law_")
    ]
    parts += [_indented(line) for line in _derivatives(spec())]
    if variants := getattr(spec, "variants", list)():
        parts.append(Text("variants, which are right as well", style="bold"))
        parts += [_indented(f"{v.id}: {v.says} {v.source}.") for v in variants]
    if pitfalls := spec.mistakes():
        parts += [Text("pitfalls", style="bold"), *(_indented(f"{m.id}: {m.hint}") for m in pitfalls)]
    return parts


def _derivatives(spec) -> list[str]:
    """The smallest case, symbolically: one output, and the derivative by one entry of each input."""
    import sympy as sp

    from nnspec.spec_tests import _truth
    from nnspec.spec_tests._cases import Case
    from nnspec.spec_tests._problem import Problem

    if not spec.has_gradient or not hasattr(spec, "definition"):
        return []
    problem = Problem(spec, Case("explained", spec.sizes_of("explained")), "float64")
    constants = problem.constants()
    inputs, tape, outputs = _truth.derive(spec.definition, problem.floats(), constants)
    first = next(entry for output in outputs for entry in output.ravel())
    first = _without_cuts(sp.sympify(first), tape)
    if first is None:
        return ["the gradient that sympy derives runs through the parts, and is too long to read here"]
    sizes = ", ".join(f"{name} = {size}" for name, size in problem.dims.items())
    fixed = "".join(f", {name} = {np.asarray(value).tolist()}" for name, value in constants.items())
    lines = [f"for {sizes}{fixed}:", f"{spec.outputs[0]} = {first}"]
    for name, array in inputs.items():
        entry = next((symbol for symbol in array.ravel() if first.has(symbol)), None)
        if entry is not None and name not in spec.no_gradient:
            lines.append(f"d {spec.outputs[0]} / d {entry} = {_short(sp.diff(first, entry))}")
    return lines


def _without_cuts(expression, tape):
    """What the cuts stand for put back in; None as soon as it is too long to read."""
    for symbol, meaning in reversed(tape):
        if expression.has(symbol):
            expression = expression.subs(symbol, meaning)
        if expression.count_ops() > LONGEST:
            return None
    return expression if len(str(expression)) <= LONGEST else None


def _short(expression):
    import sympy as sp

    return sp.simplify(expression) if expression.count_ops() <= SIMPLIFIED else expression


def _indented(text: str) -> Text:
    return Text(textwrap.indent(text, "  "))
