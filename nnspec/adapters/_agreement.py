"""One function of ours for which a folder has several forms: naive and vectorized, with two loops, one and none."""

import contextlib
import functools
import inspect
from collections.abc import Callable
from types import SimpleNamespace

import numpy as np

from nnspec import catalogue
from nnspec.collect import public_functions

FEW = 8  # roundings: how much the forms may differ beyond half of the digits


@functools.cache
def definitions() -> SimpleNamespace:
    """The reference's functions. They judge here and answer nothing, so that nobody takes them for the backend's."""
    from nnspec import reference

    return SimpleNamespace(**{name: inspect.unwrap(f) for name, f in public_functions(reference).items()})


def agreed(forms: dict[str, Callable[[], tuple]], of: Callable, concept: str, dtype, scale=0.0, named=False) -> tuple:
    """The answer of the first form that is written. Raises CheckFailed with the names of those that are wrong.

    forms: by the name of the function that is called, each gives a tuple of arrays and numbers, with None for what is
    still a stub; as a whole that is a NotImplementedError. of(functions): the same tuple by the reference, or by one
    of the concept's mistakes. Forms are equal if they are to about half of the digits of `dtype`, in the numbers that
    come out or go in: `scale` is the largest of these. Where all forms give one answer, it is judged like any other,
    and not here, unless their names are to be told in any case (`named`).
    """
    answers, stubs = {}, []
    for name, form in forms.items():
        try:
            answers[name] = form()
        except NotImplementedError as why:
            stubs.append(str(why))
    if not answers:
        raise NotImplementedError("; ".join(stubs))
    same = functools.partial(_same, dtype=np.dtype(dtype), scale=scale)
    (_, first), *others = answers.items()
    if named or not all(same(first, other) for _, other in others):
        _require_all(answers, of, concept, same)
    return tuple(_first([answer[i] for answer in answers.values()]) for i in range(len(first)))


def _first(parts: list):
    return next((part for part in parts if part is not None), None)


def _require_all(answers, of, concept, same):
    from nnspec.spec_tests._verdict import CheckFailed

    right = of(definitions())
    wrong = [name for name, answer in answers.items() if not same(answer, right)]
    if not wrong:
        return
    agree = [name for name in answers if name not in wrong]
    beside = f" ({' and '.join(agree)} agree{'s' if len(agree) == 1 else ''} with it)" if agree else ""
    lines = [f"{' and '.join(wrong)} differ{'s' if len(wrong) == 1 else ''} from what the definition gives{beside}"]
    for name in wrong:
        about = f"{name}: " if len(wrong) > 1 else ""
        lines += [
            about + line
            for line in (_where(answers[name], right, same), *_mistakes(concept, of, answers[name], right, same))
        ]
    raise CheckFailed("\n".join(lines))


def _where(answer, right, same) -> str:
    """The entry that is furthest off."""
    for one, two in zip(answer, right, strict=True):
        if one is None or two is None or same((one,), (two,)):
            continue
        one, two = np.asarray(one), np.asarray(two)
        if one.dtype.kind not in "fiub" or one.shape != two.shape:
            return f"got {_described(one)}, want {_described(two)}"
        off = np.nan_to_num(abs(one.astype(float) - two), nan=np.inf)
        at = np.unravel_index(np.argmax(off), off.shape)
        return f"got {float(one[at]):.9g}, want {float(two[at]):.9g}{' at ' + str(tuple(map(int, at))) if at else ''}"
    return ""


def _described(array) -> str:
    return f"shape {array.shape}" if array.dtype.kind in "fiub" else f"{array.dtype}"


def _mistakes(concept, of, answer, right, same) -> list[str]:
    """The classic mistakes of the concept that give just this answer."""
    from nnspec import reference

    functions = public_functions(reference)  # behind their checks, which make the caches that mistakes expect
    told = {}
    for spec in catalogue.specs_of(catalogue.concepts()[concept]):
        for wrong in spec.mistakes():
            with contextlib.suppress(Exception):  # a mistake that cannot take this input is not the one
                mistaken = of(SimpleNamespace(**functions | {wrong.replaces: wrong.function}))
                if same(answer, mistaken) and not same(mistaken, right):
                    told.setdefault(f"mistake {wrong.id}: {wrong.hint}")
    return list(told)


def _same(one: tuple, two: tuple, dtype, scale) -> bool:
    """Whether all parts are equal that both have."""
    both = [(a, b) for a, b in zip(one, two, strict=True) if a is not None and b is not None]
    return all(_close(np.asarray(a), np.asarray(b), dtype, scale) for a, b in both)


def _close(one, two, dtype, scale) -> bool:
    if one.shape != two.shape or one.dtype.kind not in "fiub":
        return False
    one, two = one.astype(float), two.astype(float)
    half = FEW * np.finfo(dtype if dtype.kind == "f" else np.float64).eps ** 0.5
    scale = max(scale, np.abs(two[np.isfinite(two)]).max(initial=0))
    return np.allclose(one, two, rtol=half, atol=half * scale, equal_nan=True)
