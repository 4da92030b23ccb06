"""Whether something became slower: a verdict on a ratio of times, and the exit code of a comparison.

    regressed          the whole interval lies above 1 + threshold, and that of a second measurement as well    exit 1
    improved           the whole interval lies below 1 / (1 + threshold), and the second one as well            exit 3
    noisy              the interval reaches across a threshold, or the second measurement does not confirm      exit 4
    nothing measured   the case was not timed on both sides                                                     exit 5
    ok                 the whole interval lies between                                                          exit 0

Exit code 2 is that of every command that could not run.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum

THRESHOLD = 0.10  # of the time


class Verdict(Enum):
    REGRESSED = "regressed"
    IMPROVED = "improved"
    NOISY = "noisy"
    NOTHING = "nothing measured"
    OK = "ok"

    @property
    def exit_code(self) -> int:
        return _EXIT[self]


_EXIT = {Verdict.OK: 0, Verdict.REGRESSED: 1, Verdict.IMPROVED: 3, Verdict.NOISY: 4, Verdict.NOTHING: 5}
_WORST_FIRST = (Verdict.REGRESSED, Verdict.NOISY, Verdict.IMPROVED, Verdict.OK, Verdict.NOTHING)


@dataclass(frozen=True)
class Judged:
    """One case of a comparison: new over old."""

    case: str
    verdict: Verdict
    ratio: dict | None = None
    again: dict | None = None  # the second measurement, where the first asked for one
    why: str = ""  # nothing was measured


def judge(case: str, ratio: dict | None, repeated: Callable[[], dict | None], threshold: float = THRESHOLD) -> Judged:
    """repeated: measures again, independently. It is asked only where the first interval lies beyond the threshold."""
    first = side(ratio, threshold)
    if first not in (Verdict.REGRESSED, Verdict.IMPROVED):
        return Judged(case, first, ratio)
    again = repeated()
    return Judged(case, first if side(again, threshold) is first else Verdict.NOISY, ratio, again)


def side(ratio: dict | None, threshold: float) -> Verdict:
    """Where an interval lies. Without an interval nothing can be said."""
    if ratio is None:
        return Verdict.NOTHING
    low, high = ratio["low"], ratio["high"]
    if low is None:
        return Verdict.NOISY
    if low > 1 + threshold:
        return Verdict.REGRESSED
    if high < 1 / (1 + threshold):
        return Verdict.IMPROVED
    return Verdict.OK if high <= 1 + threshold and low >= 1 / (1 + threshold) else Verdict.NOISY


def overall(cases: Iterable[Judged]) -> Verdict:
    """Of all cases: what asks for attention most. Cases that were not measured count where there is nothing else."""
    found = {judged.verdict for judged in cases} or {Verdict.NOTHING}
    return next(verdict for verdict in _WORST_FIRST if verdict in found)
