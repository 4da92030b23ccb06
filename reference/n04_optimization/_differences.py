"""What every numerical derivative needs: x moved by a step, and an answer that may be trusted."""

import numpy as np


def moved(op, x, i, h):
    """x + h e_i: a new array, so that x itself is never touched."""
    there = x.copy()
    there[i] += h
    if there[i] == x[i]:
        raise ValueError(
            f"{op}: h must be a step that is not lost beside x[{', '.join(map(str, i))}] = {x[i]}, got {h}"
        )
    return there


def answered(op, f, x):
    """f(x), asked for twice: a copy that f cannot write to afterwards, and would give again."""
    given = x.copy()
    first = np.array(f(given))
    if not np.array_equal(given, x, equal_nan=True):
        raise ValueError(f"{op}: f must leave x as it is: let it work on a copy")
    if not np.array_equal(first, f(given), equal_nan=first.dtype.kind in "fc"):
        raise ValueError(f"{op}: f must give the same for the same x: fix its masks, or draw them once")
    return first


def number(op, value, argument="f"):
    if np.shape(value) != ():
        raise ValueError(f"{op}: {argument} must give a number, got shape {np.shape(value)}")
    return value


def require_step(op, h):
    if not h > 0:
        raise ValueError(f"{op}: h must be above 0, got {h}")
