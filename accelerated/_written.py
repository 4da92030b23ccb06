"""Kernels of scalar formulas, written out for as many arguments as a formula has."""

from types import FunctionType

ARRAY, NUMBER = "a", "n"  # what an argument is; a string of them says what all are


def written(
    template: str, formula: FunctionType, kinds: str, outputs: int, number="", over=False, **names
) -> FunctionType:
    """The kernel that a template makes of a formula. `names` are those that the template uses besides.

    {name}         the formula's
    {parameters}   the formula's, followed by the outputs
    {first}        the formula's first parameter, an array
    {numbers}      the statement `number` for each {name} of a number, before the loop
    {others}       what the formula is given after the first: element i of an array, a number itself
    {results}      element i of every output

    over: the outputs are written over the arrays that they are the next of, see `written_over`, and are parameters only
    where that is no array. The compiler knows then that no output lies across an input, and writes vectors.

    To the compiler and its cache the kernel stands where the formula does, so that an edit there compiles it anew. Name
    and place are all that tells it from others, hence nothing that is made in the same place more than once. What it is
    made of is its `source`, since that place in the file holds the formula.
    """
    code = formula.__code__
    if formula.__closure__ or not code.co_name.isidentifier():
        raise ValueError(f"elementwise: {code.co_name} must be a function with a name that closes over nothing")
    first, *others = code.co_varnames[: code.co_argcount]
    results = fresh = [f"out{k}" for k in range(outputs)]
    if over:
        before = written_over([first, *others], outputs)
        kind_of = dict(zip([first, *others], kinds, strict=True))
        results = [b if kind_of[b] == ARRAY else out for b, out in zip(before, fresh, strict=True)]
        fresh = [out for out in fresh if out in results]
    told = list(zip(others, kinds[1:], strict=True))
    text = template.strip().format(
        name=code.co_name,
        parameters=", ".join([first, *others, *fresh]),
        first=first,
        numbers="; ".join(number.format(first=first, name=name) for name, kind in told if kind == NUMBER) or "pass",
        others="".join(f", {name}[i]" if kind == ARRAY else f", {name}" for name, kind in told),
        results=", ".join(f"{result}[i]" for result in results),
    )
    namespace = {**names, "__name__": formula.__module__}
    exec(compile("\n" * (code.co_firstlineno - 1) + text, code.co_filename, "exec"), namespace)
    made = namespace[code.co_name]
    made.source = text
    return made


def written_over(arguments, outputs: int) -> list:
    """Which arguments an update rule's outputs are the next of: its weights, and what stands behind their gradient."""
    first, _, *state = arguments
    return [first, *state[: outputs - 1]]


def under_another_name(formula: FunctionType, suffix: str) -> FunctionType:
    """The same formula, for a second kernel that is made of it: its name is all that tells this one from the first."""
    name = f"{formula.__code__.co_name}_{suffix}"
    return FunctionType(formula.__code__.replace(co_name=name), formula.__globals__, name)
