"""Comparing an answer with the truth, and saying in words how it is wrong."""

import numpy as np

from nnspec.spec_tests._budget import Budget

SHOWN = 6  # significant digits of a ratio


class CheckFailed(Exception):
    """An implementation broke a rule of the spec. The text is what its author should read."""


def require(condition, text: str):
    if not condition:
        raise CheckFailed(text)


def compare(name: str, got, want: np.ndarray, budget: Budget, dims: dict):
    """Raise CheckFailed unless every entry of `got` lies within its budget of `want`."""
    got = numbers(name, got, want.shape).astype(np.longdouble)
    if got.size == 0:
        return
    limit = np.broadcast_to(budget.limit, want.shape)
    inside = _inside(got, want, limit)
    if inside.all():
        return
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        off = np.abs(got - want)
        units = np.where(inside, 0, np.nan_to_num(off / limit, nan=np.inf))
    worst = np.unravel_index(np.argmax(units), units.shape)
    at = f"[{', '.join(map(str, worst))}]" if worst else ""
    wrong = int((~inside).sum())
    lines = [
        f"{name}{at}: got {float(got[worst]):.9g}, want {float(want[worst]):.9g}, off by {float(off[worst]):.2g}"
        f" = {float(units[worst]):.3g} budgets",
        f"{wrong} of {got.size} entries of {name} are wrong" if got.ndim else "",
        *(f"pattern: {pattern}" for pattern in patterns(name, got, want, limit, ~inside, dims)),
        f"budget here: {budget.explain(worst)}",
    ]
    raise CheckFailed("\n".join(filter(None, lines)))


def numbers(name: str, got, shape: tuple) -> np.ndarray:
    """What was returned, as an array of numbers of that shape, or a failure that says what it is instead."""
    got = _numeric(name, got)
    if got.shape != shape:
        hint = " (the transpose of what is wanted)" if got.shape == shape[::-1] else ""
        raise CheckFailed(f"{name}: got shape {got.shape}, want {shape}{hint}")
    return got


def fits(got, want, budget: Budget) -> bool:
    """Whether two answers are the same but for rounding. Where nothing is finite, nothing can be told apart."""
    try:
        got, want = (_numeric("", value).astype(np.longdouble) for value in (got, want))
    except CheckFailed:
        return False
    if got.shape != want.shape or not np.isfinite(got).any():
        return False
    limit = budget.limit if budget.limit.shape == got.shape else np.max(budget.limit, initial=0)
    return bool(_inside(got, want, limit).all())


def _inside(got, want, limit) -> np.ndarray:
    with np.errstate(invalid="ignore", over="ignore"):
        equal = (got == want) | (np.isnan(got) & np.isnan(want))
        return np.where(np.isfinite(want), np.abs(got - want) <= limit, equal)


def same_bits(first, second) -> bool:
    first, second = np.asarray(first), np.asarray(second)
    return first.dtype == second.dtype and first.shape == second.shape and first.tobytes() == second.tobytes()


def same(first, second) -> bool:
    """Equal to the last bit, in whatever the arrays are nested."""
    if isinstance(first, dict):
        return first.keys() == second.keys() and all(same(first[key], second[key]) for key in first)
    if isinstance(first, (tuple, list)):
        return len(first) == len(second) and all(map(same, first, second))
    return same_bits(first, second) if isinstance(first, np.ndarray) else first == second


def patterns(name, got, want, limit, wrong, dims) -> list[str]:
    """What the whole answer has in common with the truth. Silent where nothing fits."""
    if np.isnan(got).all():
        return ["NaN everywhere"]
    if np.isnan(got).any():
        return [f"NaN in {int(np.isnan(got).sum())} of {got.size} entries"]
    if np.isinf(got).any():
        return [f"infinite in {int(np.isinf(got).sum())} of {got.size} entries"]
    if not got.any():
        return ["zero everywhere"]
    if ratio := _constant_ratio(got, want, limit):
        return [f"got / want is {ratio:.{SHOWN}g} everywhere{_known_ratio(ratio, dims)}"]
    turned = want.ndim == 2 and want.shape[0] == want.shape[1] and want.shape[0] > 1
    if turned and (np.abs(got - want.T) <= np.maximum(limit, limit.T)).all():
        return [f"got is the transpose of the wanted {name}"]
    if not wrong.all() and got.ndim:
        for axis, size in enumerate(got.shape):
            slices = np.flatnonzero(wrong.any(axis=tuple(a for a in range(got.ndim) if a != axis)))
            if size > 2 and len(slices) == 1:
                return [f"only index {slices[0]} of axis {axis} is wrong"]
    return []


def _constant_ratio(got, want, limit):
    """The factor between got and want, if one factor explains every entry."""
    telling = np.abs(want) > 4 * limit
    if telling.sum() < min(2, want.size) or not telling.any():
        return None
    ratio = np.median(got[telling] / want[telling])
    explained = np.abs(got - ratio * want) <= (1 + abs(ratio)) * limit
    return float(ratio) if explained.all() and abs(ratio - 1) > 1e-4 else None


def _known_ratio(ratio, dims) -> str:
    known = {name: size for name, size in dims.items() if isinstance(size, int) and size > 1}
    for name, size in known.items():
        if abs(ratio / size - 1) < 1e-5:
            return f" = {name}"
        if abs(ratio * size - 1) < 1e-5:
            return f" = 1/{name}"
    return ""


def _numeric(name, got) -> np.ndarray:
    try:
        array = np.asarray(got)
    except Exception as error:
        raise CheckFailed(f"{name}: got {type(got).__name__}, which NumPy cannot read: {error}") from error
    if array.dtype.kind not in "fiub":
        what = f"an array of {array.dtype}" if isinstance(got, np.ndarray) else type(got).__name__
        raise CheckFailed(f"{name}: got {'None' if got is None else what}, want an array of real numbers")
    return array
