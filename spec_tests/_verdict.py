"""Comparing an answer with the truth, and saying in words how it is wrong."""

import numpy as np

from nnspec.spec_tests._budget import Budget

UNCOUNTABLE = 1e18  # budgets: no number that tells anything


class CheckFailed(Exception):
    """An implementation broke a rule of the spec. The text is what its author should read."""


class BackendRaised(Exception):
    """A function of the backend raised. The text says what, and where."""


def require(condition, text: str):
    if not condition:
        raise CheckFailed(text)


def compare(name: str, got, want: np.ndarray, budget: Budget, explain=lambda got, limit: []) -> float:
    """How much of its budget the worst entry of `got` uses, 0 to 1. Raise CheckFailed unless all lie within theirs.

    explain(got, limit): what is told of a wrong answer beyond its numbers, a line each. What has no numbers of the
    wanted shape is given as None.
    """
    try:
        got = numbers(name, got, want.shape).astype(np.longdouble)
    except CheckFailed as failed:
        raise CheckFailed("\n".join(_mistakes_first([str(failed), *explain(None, None)]))) from None
    if got.size == 0:
        return 0.0
    limit = np.broadcast_to(budget.limit, want.shape)
    inside = _inside(got, want, limit)
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        off = np.abs(got - want)
        units = np.where(off == 0, 0, np.nan_to_num(off / limit, nan=np.inf))
    if inside.all():
        return float(units[np.isfinite(want)].max(initial=0))
    units = np.where(inside, 0, units)
    worst = np.unravel_index(np.argmax(units), units.shape)
    at = f"[{', '.join(map(str, worst))}]" if worst else ""
    wrong = int((~inside).sum())
    beyond = f" = {float(units[worst]):.3g} budgets" if units[worst] < UNCOUNTABLE else ""
    lines = [
        f"{name}{at}: {_told_apart(got[worst], want[worst])}, off by {float(off[worst]):.2g}{beyond}",
        f"{wrong} of {got.size} entries of {name} are wrong" if got.ndim else "",
        *explain(got, limit),
        f"budget here: {budget.explain(worst)}",
    ]
    raise CheckFailed("\n".join(_mistakes_first(filter(None, lines))))


def _mistakes_first(lines) -> list[str]:
    """What helps most stands on top."""
    return sorted(lines, key=lambda line: not line.startswith("mistake "))


def _told_apart(got, want) -> str:
    """Both with as many digits as it takes until they differ."""
    for digits in range(6, 18):
        shown = [f"{float(x):.{digits}g}" for x in (got, want)]
        if shown[0] != shown[1]:
            break
    return f"got {shown[0]}, want {shown[1]}"


def numbers(name: str, got, shape: tuple) -> np.ndarray:
    """What was returned, as an array of numbers of that shape, or a failure that says what it is instead."""
    got = _numeric(name, got)
    if got.shape != shape:
        hint = " (the transpose of what is wanted)" if got.shape == shape[::-1] else ""
        raise CheckFailed(f"{name}: got shape {got.shape}, want {shape}{hint}")
    return got


def fits(got, want, budget: Budget, empty=False) -> bool:
    """Whether two answers are the same but for rounding.

    Where nothing is finite, nothing can be told apart, unless `empty` says that this is as good as the same.
    """
    try:
        got, want = (_numeric("", value).astype(np.longdouble) for value in (got, want))
    except CheckFailed:
        return False
    if got.shape != want.shape or not (empty or got.size == 0 or np.isfinite(got).any()):
        return False
    limit = budget.limit if budget.limit.shape == got.shape else np.max(budget.limit, initial=0)
    return bool(_inside(got, want, limit).all())


def _inside(got, want, limit) -> np.ndarray:
    with np.errstate(invalid="ignore", over="ignore"):
        equal = (got == want) | (np.isnan(got) & np.isnan(want))
        return np.where(np.isfinite(want), np.abs(got - want) <= limit, equal)


def same_bits(first, second) -> bool:
    try:
        first, second = np.asarray(first), np.asarray(second)
    except ValueError:  # a list of arrays of several shapes, say
        return repr(first) == repr(second)
    return first.dtype == second.dtype and first.shape == second.shape and first.tobytes() == second.tobytes()


def same(first, second) -> bool:
    """Equal to the last bit, in whatever the arrays are nested."""
    if isinstance(first, dict):
        alike = isinstance(second, dict) and first.keys() == second.keys()
        return alike and all(same(first[key], second[key]) for key in first)
    if isinstance(first, (tuple, list)):
        return isinstance(second, (tuple, list)) and len(first) == len(second) and all(map(same, first, second))
    return same_bits(first, second) if isinstance(first, np.ndarray) else first == second


def _numeric(name, got) -> np.ndarray:
    try:
        array = np.asarray(got)
    except Exception as error:
        raise CheckFailed(f"{name}: got {type(got).__name__}, which NumPy cannot read: {error}") from error
    if array.dtype.kind not in "fiub":
        what = f"an array of {array.dtype}" if isinstance(got, np.ndarray) else type(got).__name__
        raise CheckFailed(f"{name}: got {'None' if got is None else what}, want an array of real numbers")
    return array
