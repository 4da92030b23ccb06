"""Timing several things in turn in one process, so that whatever disturbs one disturbs them all.

Contestants take turns, A B C … C B A …, and are compared round by round: the ratio of two of them is the median of the
ratios of their rounds, with a bootstrap interval. Absolute times are kept, but nothing is decided by them.

Before each timed block the process waits until the thread pools of the one before have gone to sleep. After a call
OpenBLAS's threads spin for 24 ms of CPU time, those of OpenMP (PyTorch, numba) for 4 to 9, and take a core from whoever
comes next; a fixed pause would be too short or mostly wasted. Then the contestant runs untimed: once, which wakes its
own pool, or for as long as the system needs to give each of its threads a core. A system that packs the threads that it
wakes on few cores takes 60 to 110 ms to spread them again (seen on a virtual machine: calls of two threads took 2 to 3
times their time at first, whatever library they came from).
"""

import contextlib
import gc
import math
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field

import numpy as np

from nnspec.benchmarks import ROUNDS

ROUND_SECONDS = 0.005  # at least: shorter calls are repeated within the round
LEAST_TIMED = 20e-6  # seconds: shorter calls share a reading of the clock
CONTESTANT_SECONDS = 2.0  # about: slower contestants take part in fewer rounds, at least in one
WAKING = 0.12  # seconds that the threads of a call need until each has a core of its own
WARM_BELOW = 0.5  # seconds a call: beyond that, neither this nor a pool that has to be woken shows
SHARED_FROM = 1.2  # CPU time over wall clock of a call that more than one thread takes part in
SETTLED_AFTER = 0.2  # seconds, at the latest
RESAMPLES, COVERAGE = 2000, 0.95
LEAST_FOR_INTERVAL = 5  # rounds


@dataclass
class Timed:
    """What was seen of one contestant."""

    single: float  # seconds of one call, before the rounds
    awake: float | None  # seconds that it runs before it is timed: 0 is one call, None is none
    repeats: int  # calls in a round
    rounds: dict[int, float] = field(default_factory=dict)  # seconds a call, by the number of the round

    @property
    def seconds(self) -> float:
        return float(np.median(list(self.rounds.values())))


@dataclass(frozen=True)
class Ratio:
    """A median of paired ratios. low and high are absent where there are too few rounds to tell."""

    value: float
    low: float | None
    high: float | None
    rounds: int

    def scaled(self, factor: float) -> "Ratio":
        low, high = (None if end is None else factor * end for end in (self.low, self.high))
        return Ratio(factor * self.value, low, high, self.rounds)

    def as_dict(self) -> dict:
        return asdict(self)


def interleaved(
    calls: dict[str, Callable], rounds=ROUNDS, seconds=CONTESTANT_SECONDS, clock=time.perf_counter
) -> dict[str, Timed]:
    """Each contestant timed in `rounds` rounds, or in as many as fit into `seconds`, spread evenly."""
    with without_gc():
        plans = {name: _planned(call, rounds, seconds) for name, call in calls.items()}
        for number in range(rounds):
            order = list(plans) if number % 2 == 0 else list(reversed(plans))
            for name in order:
                plan, taking_part = plans[name]
                if number in taking_part:
                    plan.rounds[number] = block(calls[name], plan.repeats, plan.awake, clock)
    return {name: plan for name, (plan, _) in plans.items()}


def _planned(call, rounds, seconds) -> tuple[Timed, set[int]]:
    """How often to call it in a round, and in which rounds."""
    single, awake = tried(call)
    repeats = repeats_for(single)
    fitting = max(1, min(rounds, int(seconds / (single * repeats))))
    return Timed(single, awake, repeats), set(np.linspace(0, rounds - 1, fitting).round().astype(int).tolist())


def tried(call) -> tuple[float, float | None]:
    """Seconds of one call, and how long it has to run before it is timed (Timed.awake)."""
    if (first := timed(call)) >= WARM_BELOW:
        return first, None
    wake(call, WAKING)
    spent = time.process_time()
    singles = [timed(call) for _ in range(3)]
    shared = time.process_time() - spent >= SHARED_FROM * sum(singles)
    return min(singles), WAKING if shared else 0.0


def wake(call: Callable, seconds: float):
    """Run it for so long, at least once."""
    end = time.perf_counter() + seconds
    call()
    while time.perf_counter() < end:
        call()


def repeats_for(single: float) -> int:
    return max(1, math.ceil(ROUND_SECONDS / max(single, 1e-7)))


def block(call: Callable, repeats: int, awake: float | None = 0.0, clock=time.perf_counter) -> float:
    """Seconds a call, over `repeats` calls, once everybody else has come to rest.

    The mean of the middle half: what another process took while ours was waiting for its core is nobody's cost.
    """
    settle()
    if awake is not None:
        wake(call, awake)
    together = 1 if repeats == 1 else max(1, math.ceil(repeats * LEAST_TIMED / ROUND_SECONDS))  # calls on one clock
    found = []
    for _ in range(math.ceil(repeats / together)):
        begun = clock()
        for _ in range(together):
            call()
        found.append((clock() - begun) / together)
    return float(np.mean(np.sort(found)[len(found) // 4 : len(found) - len(found) // 4]))


def timed(call: Callable) -> float:
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun


def settle():
    """Sleep until no thread of this process spends time any more."""
    end = time.perf_counter() + SETTLED_AFTER
    while time.perf_counter() < end:
        spent = time.process_time()
        time.sleep(0.002)
        if time.process_time() - spent < 0.0004:
            return


@contextlib.contextmanager
def without_gc():
    """A collection in somebody's round is nobody's cost in particular."""
    enabled = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def ratio(one: Timed, other: Timed) -> Ratio:
    """The time of one over that of the other, in the rounds that both took part in."""
    common = one.rounds.keys() & other.rounds.keys()
    if not common:  # both are slow, and their few rounds differ
        return Ratio(one.seconds / other.seconds, None, None, 0)
    return median_ratio([[math.log(one.rounds[number] / other.rounds[number]) for number in sorted(common)]])


def median_ratio(groups: Iterable[list[float]]) -> Ratio:
    """The median of log-ratios as a ratio. Groups (processes, of equally many rounds) are drawn first, then rounds."""
    groups = np.array(list(groups))  # (G, R)
    value = float(np.exp(np.median(groups)))
    if groups.size < LEAST_FOR_INTERVAL:
        return Ratio(value, None, None, groups.size)
    rng = np.random.default_rng(0)
    of = rng.integers(len(groups), size=(RESAMPLES, len(groups), 1))
    at = rng.integers(groups.shape[1], size=(RESAMPLES, *groups.shape))
    medians = np.median(groups[of, at].reshape(RESAMPLES, -1), axis=1)
    low, high = np.exp(np.quantile(medians, [(1 - COVERAGE) / 2, (1 + COVERAGE) / 2]))
    return Ratio(value, float(low), float(high), groups.size)


def fitted_exponent(sizes, seconds) -> float:
    """Of cost against size: the slope of a straight line through the logarithms, by least squares."""
    return float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])
