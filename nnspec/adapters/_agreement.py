"""One function of ours for which a folder has several: naive and vectorized, with two loops, one and none."""

import contextlib
from collections.abc import Callable

import numpy as np


def agreed(calls: dict[str, Callable[[], tuple]], dtype) -> tuple:
    """The first answer that is written, with which all others have to agree to about half of the digits of `dtype`.

    calls: by the name of the function that is called, each gives a tuple of arrays and numbers. One that starts with
    None is a stub, as is a NotImplementedError. Raises NotImplementedError where all are stubs, and AssertionError with
    the names of two that differ.
    """
    answers = {}
    for name, call in calls.items():
        with contextlib.suppress(NotImplementedError):
            answers[name] = call()
    written = [(name, answer) for name, answer in answers.items() if answer[0] is not None]
    if not written:
        raise NotImplementedError(f"still a stub: {', '.join(calls)}")
    (first, answer), *others = written
    for other, theirs in others:
        for one, two in zip(answer, theirs, strict=True):
            if one is not None and two is not None and not _same(one, two, np.dtype(dtype)):
                raise AssertionError(f"{first} and {other} give different answers: one of them is wrong")
    return answer


def _same(one, two, dtype) -> bool:
    one, two = np.asarray(one, float), np.asarray(two, float)
    half = np.finfo(dtype).eps ** 0.5 if dtype.kind == "f" else 1e-6
    scale = np.abs(one[np.isfinite(one)]).max(initial=0)
    return one.shape == two.shape and np.allclose(one, two, rtol=half, atol=half * scale, equal_nan=True)
