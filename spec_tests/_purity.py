"""The rules of purity: rule(spec, backend, problem) raises CheckFailed. Nothing is written to, shared or remembered."""

import copy
import itertools
from dataclasses import replace

import numpy as np

from nnspec.spec_tests._problem import Problem
from nnspec.spec_tests._verdict import numbers, require, same_bits

ANOTHER = "another call in between"


def inputs_unchanged(spec, backend, problem):
    before = copy.deepcopy(problem.arrays() | problem.upstream())
    spec.answer(backend, problem)
    after = problem.arrays() | problem.upstream()
    changed = [name for name in before if not same_bits(before[name], after[name])]
    require(not changed, f"the call wrote to its inputs: {', '.join(changed)} must stay unchanged")


def no_aliases(spec, backend, problem):
    answer = _arrays_of(spec.answer(backend, problem))
    everything = [*answer.items(), *problem.arrays().items(), *problem.upstream().items()]
    for (name, one), (other, two) in itertools.combinations(everything, 2):
        apart = name not in answer or not np.shares_memory(one, two)
        require(apart, f"{name} shares memory with {other}: writing to one changes the other")


def twice_the_same(spec, backend, problem):
    first = copy.deepcopy(spec.answer(backend, problem))
    spec.answer(backend, another(problem))
    for name, value in spec.answer(backend, problem).items():
        require(same_bits(first[name], value), f"{name} differs between two calls with the same inputs")


def answers_apart(spec, backend, problem):
    """What was returned belongs to the caller: the next call of the same sizes must not write to it."""
    returned = spec.answered(backend, problem)
    kept = copy.deepcopy(spec.inward(backend, problem, returned))
    second = _arrays_of(spec.answer(backend, another(problem)))
    why = "an earlier answer changes with the next call: both are in the same memory"
    for name, value in _arrays_of(spec.inward(backend, problem, returned)).items():
        require(same_bits(kept[name], value), f"{name} of {why}")
        shared = [other for other, array in second.items() if np.shares_memory(value, array)]
        require(not shared, f"{name} of a call shares memory with {' and '.join(shared)} of the next call: {why}")


def nothing_remembered(spec, backend, problem):
    """Every array in turn gets other contents in the same memory, as `w -= lr * dw` does: the answer must follow."""
    for names in _in_turn(problem):
        changing = copy.deepcopy(problem)
        changing.douts = [np.array(dout) if np.ndim(dout) else dout for dout in problem.douts]
        spec.answer(backend, changing)
        for name in names:
            change(changing, name)
        fresh = copy.deepcopy(changing)
        want = fresh.wide()
        told = f"it answers with what it kept of an earlier call, after {_listed(names)} changed in place"
        largest = max(np.abs(value[np.isfinite(value)]).max(initial=0) for value in want.values())
        for output, value in spec.answer(backend, changing).items():
            got = numbers(output, value, want[output].shape)
            near = _near(got, want[output], np.finfo(problem.dtype).eps ** 0.5 * largest)
            require(near, f"{output} is wrong: {told}")


def _in_turn(problem) -> list[list[str]]:
    """Array by array. Of a dict, one half and then the other: whoever looks at a single one to see whether anything has
    changed is found, and a network of sixty parameters is not run a hundred times."""
    turns = []
    for name, value in (problem.inputs | problem.options).items():
        arrays = [key for key, entry in value.items() if isinstance(entry, np.ndarray)] if type(value) is dict else []
        if isinstance(value, np.ndarray):
            turns.append([name])
        turns += [half for half in (arrays[::2], arrays[1::2]) if half]
    return turns + [[name] for name in problem.upstream()]


def _listed(names: list[str]) -> str:
    told = ", ".join(names[:3]) + f" and {len(names) - 3} more" * (len(names) > 3)
    return f"{told} {'were' if len(names) > 1 else 'was'}"


def change(problem, name: str):
    """Other contents for an array, in the same memory. The upstream gradient of a loss is a number, which has none."""
    if name in problem.arrays():
        array = problem.arrays()[name]
        before = array.copy()
        problem.spec.overwrite(name, array)
        if array.dtype.kind in "iu" and (array == before).all():  # labels that are the same the other way around
            array[...] = another(problem).arrays()[name]
        return None
    place = list(problem.upstream()).index(name)
    if np.ndim(problem.douts[place]):
        overwrite(problem.douts[place])
    else:
        problem.douts[place] = problem.dtype.type(problem.douts[place] / 2)
    return None


def is_another(problem) -> bool:
    return problem.case.drawn_as == ANOTHER


def another(problem) -> Problem:
    """Other numbers of the same sizes, under the same options."""
    return Problem(problem.spec, replace(problem.case, drawn_as=ANOTHER), str(problem.dtype))


def _arrays_of(answer: dict) -> dict[str, np.ndarray]:
    return {name: value for name, value in answer.items() if isinstance(value, np.ndarray)}


def overwrite(array: np.ndarray):
    """Turned around, and smaller where it holds floats: labels stay in their range, variances positive."""
    turned = np.flip(array).copy()
    array[...] = turned / 2 if array.dtype.kind == "f" else turned


def _near(got, want, limit) -> bool:
    """Within half of the digits of the largest entry: what was kept is farther off, and rounding never."""
    finite = np.isfinite(want)
    with np.errstate(invalid="ignore"):
        return bool((np.abs(got.astype(np.longdouble) - want.astype(np.longdouble))[finite] <= limit).all())


RULES = {
    "inputs unchanged": inputs_unchanged,
    "no aliases": no_aliases,
    "twice the same": twice_the_same,
    "answers apart": answers_apart,
    "nothing remembered": nothing_remembered,
}
