"""One case measured: who takes part, what is timed, and what is written down of it.

A row says of one contestant in one case what was seen: its state, seconds a call, time over that of every other
contestant (paired, with an interval), share of the limit, seconds of the first call beyond a later one, peak memory.
All contestants allocate their outputs anew in every call; inputs stand ready, in a backend's own kind of array.
"""

import copy
import functools
import importlib
import inspect
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from nnspec.backends import Backend, NotSupplied, load
from nnspec.benchmarks import REFERENCE, ROUNDS, STEEPER, _machine
from nnspec.benchmarks._described import FACTORS, Described
from nnspec.benchmarks._timing import Timed, fitted_exponent, interleaved, ratio, timed
from nnspec.concepts import catalogue
from nnspec.spec_tests._problem import Problem
from nnspec.spec_tests._verdict import BackendRaised, CheckFailed, numbers

IMPLAUSIBLE = 2.0  # times the limit
CLOCKS = {"cpu": time.process_time, "wall": time.perf_counter}  # one thread: the same, but for what others take
PLAIN_SUMS = 2  # times the expected rounding of a random walk
CURVE_ROUNDS, CURVE_SECONDS = 5, 0.5
NEIGHBOURS, IF_BELOW = 2, 0.1  # of a problem as large as one that is timed, or 1 where the reference takes longer


class Unfit(Exception):
    """A contestant that is not timed, and why. missing: it does not have this, which is no fault."""

    def __init__(self, why: str, missing: bool):
        super().__init__(why)
        self.missing = missing


@dataclass
class Contestant:
    name: str
    kind: str  # reference, backend, peer
    call: Callable[[], dict]
    answer: Callable[[], dict]  # the same, as NumPy arrays
    compiling: float | None  # seconds of the first call beyond the second
    outputs: list[int]  # bytes of each

    def __call__(self):
        return self.call()


@dataclass
class Limit:
    """A call that does nothing but the work that binds a case."""

    kind: str  # sgemm, dgemm, memory
    call: Callable
    work: float  # of that call
    unit: str
    needed: float  # of the same work, by the case

    def seconds(self, timing: Timed) -> float:
        """What the case would take at this limit."""
        return timing.seconds * self.needed / self.work

    def rate(self, timing: Timed) -> dict:
        return {"rate": self.work / timing.seconds, "unit": self.unit}


def selected(concepts=(), notes=(), presets=()) -> list[tuple[type[Described], str]]:
    """The cases of these concepts, notes and presets: (benchmark, size)."""
    found = []
    for concept in catalogue.select(concepts, notes):
        if "bench" in concept.files:
            module = importlib.import_module(f"nnspec.benchmarks.{concept.note}.bench_{concept.name}")
            found += [entry for entry in vars(module).values() if _is_benchmark(entry, module)]
    return [(bench, size) for bench in found for size in bench.sizes if not presets or preset_of(size) in presets]


def _is_benchmark(entry, module) -> bool:
    return inspect.isclass(entry) and issubclass(entry, Described) and entry.__module__ == module.__name__


def preset_of(size: str) -> str:
    return size.split()[0]


def measured(
    bench: Described,
    size: str,
    dtype: str,
    names: Iterable[str],
    threads: int | None = None,
    rounds: int = ROUNDS,
    curve: bool = False,
) -> list[dict]:
    """The rows of one case: the reference, the backends of these names, the peers, and the limits."""
    threads = threads or _machine.most_threads()
    problem = bench.problem(size, dtype)
    entrants, unfit = _entrants(bench, problem, names, threads)
    limits = _limits(bench, problem, next((known.outputs for known in entrants.values() if known.outputs), [1]))
    with _machine.equal_threads(threads):
        calls = {name: contestant.call for name, contestant in entrants.items()}
        clock = clock_for(threads, [name for name in calls if name not in bench.peers])
        together = calls | {name: limit.call for name, limit in limits.items()}
        before = _machine.Spent.now()
        timings = interleaved(together, rounds, clock=CLOCKS[clock])
        others = _machine.Spent.now().by_others_since(before)
        memory = {name: _machine.extra_memory(call) for name, call in calls.items()}
        unfit |= _refuted(problem, entrants, timings)
        curves = _curves(bench, dtype, [name for name in calls if name not in unfit]) if curve else {}
    fit = {name: timings[name] for name in entrants if name not in unfit}
    common = _of_case(bench, size, dtype) | {"threads": threads, "clock": clock, "dims": problem.dims, "others": others}
    rows = []
    for name, timing in fit.items():
        limit, grown = _share_of_limit(timing, timings, limits), curves.get(name)
        over = {other: ratio(timing, of).as_dict() for other, of in fit.items() if other != name}
        costs = {"compile": entrants[name].compiling, "memory": memory[name], "limit": limit, "curve": grown}
        seen = _seen(name, entrants[name].kind, timing)
        rows.append(common | seen | costs | {"over": over, "flags": _flags(limit, grown)})
    for name, limit in limits.items():
        rows.append(common | _seen(name, "limit", timings[name]) | limit.rate(timings[name]))
    for name, why in unfit.items():
        rows.append(common | {"backend": name, "kind": "untimed", "state": str(why), "missing": why.missing})
    return rows


def _of_case(bench: Described, size: str, dtype: str) -> dict:
    concept = bench.spec.concept()
    told = {"concept": concept, "note": catalogue.concepts()[concept].note, "benchmark": bench.label()}
    return told | {"case": size, "preset": preset_of(size), "dtype": dtype}


def admitted(bench: Described, problem: Problem, name: str) -> Contestant:
    """A backend that is right on the cases of the specification, ready to be timed on the problem. Raises Unfit."""
    backend, spec = loaded(name), problem.spec
    _machine.used_allocator()
    try:
        _require_all_of_it(backend, problem)
        begun = time.perf_counter()
        answer = spec.answer(backend, problem)
        first = time.perf_counter() - begun
        if name != REFERENCE:
            _agrees(type(spec), str(problem.dtype), name)
    except NotSupplied as error:
        raise Unfit(str(error), missing=True) from None
    except (CheckFailed, BackendRaised) as error:
        raise Unfit(f"wrong: {str(error).splitlines()[0]}", missing=False) from None
    call = _call_of(backend, problem)
    kind = REFERENCE if name == REFERENCE else "backend"
    compiling = None if name == REFERENCE else max(0.0, first - timed(call))
    outputs = [np.asarray(value).nbytes for value in answer.values()]

    def as_arrays():
        return {key: backend.inward(value) for key, value in call().items()}

    return Contestant(name, kind, call, as_arrays, compiling, outputs)


@functools.cache
def loaded(name: str) -> Backend:
    return load(name)


def _require_all_of_it(backend: Backend, problem: Problem):
    spec = problem.spec
    if str(problem.dtype) not in backend.dtypes:
        raise NotSupplied(f"{backend.name} takes no {problem.dtype}")
    for name in spec.parts if backend.inherits(spec.entry) else [spec.entry]:
        backend.find(name)
    if problem.douts and spec.backward:
        backend.find(spec.backward)


@functools.cache
def _agrees(spec: type, dtype: str, name: str):
    """Raises where the backend is wrong. What it does not take (an option) is not asked for in a timed case either."""
    for planned in spec().plan("agreement"):
        if planned.dtype == dtype:
            try:
                spec().test_agreement(planned, loaded(name))
            except NotSupplied:
                continue


def _call_of(backend: Backend, problem: Problem) -> Callable[[], dict]:
    """Runs the problem on the functions themselves: no look-ups and no conversion of inputs within the clock."""
    functions = functools.cache(lambda name: getattr(backend.namespace, name, None) or backend.find(name))
    ready = copy.copy(problem)
    if backend.asarray:
        ready.inputs = {name: backend._outward(value) for name, value in problem.inputs.items()}
        ready.options = {name: backend._outward(value) for name, value in problem.options.items()}
    ready.douts = [backend._outward(dout) if backend.asarray else dout for dout in problem.douts]
    gradient = bool(problem.douts)

    def call(name, *args, **options):
        return functions(name)(*args, **options)

    call.find = functions  # what a specification may look a function up with, as in a Backend

    def run():
        answer = problem.spec.run(call, ready, gradient)
        backend.synchronize()
        return answer

    return run


def in_turn(calls: dict[str, Callable], threads: int, rounds: int) -> dict[str, Timed]:
    """Calls on the CPU, each made once before they take turns: compiling is no round."""
    for call in calls.values():
        call()
    return interleaved(calls, rounds, clock=CLOCKS[clock_for(threads, ["cpu"])])


def clock_for(threads: int, backends: Iterable[str]) -> str:
    """CPU time where it is the time of the one thread; not where a backend leaves work to a device."""
    queued = any(hasattr(loaded(name).namespace, "synchronize") for name in backends)
    return "cpu" if threads == 1 and not queued else "wall"


def _entrants(bench, problem, names, threads) -> tuple[dict[str, Contestant], dict[str, Unfit]]:
    entrants, unfit = {}, {}
    for name in dict.fromkeys([REFERENCE, *names]):
        try:
            entrants[name] = admitted(bench, problem, name)
        except Unfit as error:
            unfit[name] = error
    for name, peer in bench.peers.items():
        if threads < _machine.cores() and getattr(peer, "takes_all_cores", False):
            unfit[name] = Unfit("takes all cores, not as many as the others", missing=True)
            continue
        try:
            call = peer(problem)
            call()  # what it imports or compiles at first is not its cost
        except ModuleNotFoundError as error:
            unfit[name] = Unfit(f"not installed: {error.name}", missing=True)
        else:
            entrants[name] = Contestant(name, "peer", call, getattr(call, "answer", call), None, [])
    return entrants, unfit


def _limits(bench, problem, outputs: Iterable[int]) -> dict[str, Limit]:
    """outputs: the bytes of each."""
    dtype, dims = problem.dtype, problem.dims
    found = {}
    if flops := bench.flops(**dims):
        kind = {"float32": "sgemm", "float64": "dgemm"}[str(dtype)]
        for n in _machine.GEMM_SIZES:
            found[f"{kind} {n}"] = Limit(kind, *_machine.gemm(dtype, n), "flop/s", flops)
    if moved := bench.traffic(**dims) * dtype.itemsize:
        made = [*outputs, *[max(outputs)] * bench.states]
        found["memory"] = Limit("memory", *_machine.memory_pass(int(moved), made), "B/s", moved)
    for limit in found.values():
        limit.call()
    return found


def _binding(timings, limits: dict[str, Limit]) -> str | None:
    """Of each kind the one that came closest to the peak counts; of the kinds, that at which the case takes longest."""
    best = {}
    for name in sorted(limits, key=lambda name: limits[name].seconds(timings[name]), reverse=True):
        best[limits[name].kind] = name
    return max(best.values(), key=lambda name: limits[name].seconds(timings[name]), default=None)


def _share_of_limit(timing: Timed, timings, limits: dict[str, Limit]) -> dict | None:
    """The time that the limit allows over the time taken."""
    if (name := _binding(timings, limits)) is None:
        return None
    limit = limits[name]
    share = ratio(timings[name], timing).scaled(limit.needed / limit.work).as_dict()
    return {"kind": limit.kind, "share": share} | limit.rate(timings[name])


def _seen(name: str, kind: str, timing: Timed) -> dict:
    told = {"backend": name, "kind": kind, "state": "timed"}
    return told | {"seconds": timing.seconds, "repeats": timing.repeats, "rounds": list(timing.rounds.values())}


def _flags(limit: dict | None, curve: dict | None) -> list[str]:
    flags = []
    if limit and limit["share"]["value"] > IMPLAUSIBLE:
        flags.append(f"implausible: {limit['share']['value']:.1f} times the limit ({limit['kind']})")
    if curve and curve["exponent"] is not None and curve["exponent"] > curve["stated"] + STEEPER:
        flags.append(f"grows like {curve['along']}^{curve['exponent']:.2f}, stated is ^{curve['stated']:g}")
    return flags


def _refuted(problem: Problem, entrants: dict[str, Contestant], timings) -> dict[str, Unfit]:
    """Those whose answer to the very problem that was timed is not the reference's, but for rounding.

    Judged by the norm of each output: what the budget allows every entry of the specification's small cases, it allows
    the whole here, and the rounding of a long sum that is added up plainly, which NumPy's in pairs does not suffer.
    """
    if REFERENCE not in entrants:
        return {}
    problem.neighbours = NEIGHBOURS if timings[REFERENCE].seconds < IF_BELOW else 1
    want = {name: np.asarray(value) for name, value in entrants[REFERENCE].answer().items()}
    budgets = problem.spec.budgets(problem, want)
    limits = {name: _norm(budgets[name].limit) + _summed(problem, want[name]) for name in want}
    wrong = {}
    for name, contestant in entrants.items():
        for output, value in contestant.answer().items():
            off = _norm(numbers(output, value, want[output].shape) - want[output].astype(np.longdouble))
            if not off <= limits[output]:
                why = f"wrong after timing: {output} is off by {off:.2g}, allowed is {limits[output]:.2g}"
                wrong[name] = Unfit(why, missing=False)
    return wrong


def _summed(problem: Problem, want: np.ndarray) -> float:
    """What plain summation of all inputs that fall to an entry, or of one along an axis, may cost: the root of their
    number, in roundings."""
    if want.dtype.kind != "f" or not want.size:
        return 0.0
    inputs = problem.floats().values()
    terms = max(
        1.0, sum(array.size for array in inputs) / want.size, *(max(array.shape, default=1) for array in inputs)
    )
    return PLAIN_SUMS * float(np.finfo(problem.dtype).eps) * terms**0.5 * _norm(want)


def _norm(values) -> float:
    values = np.asarray(values, np.longdouble)
    return float(np.sqrt((values**2).mean())) if values.size else 0.0


def _curves(bench, dtype, names) -> dict[str, dict]:
    """Cost against size, from S on. A contestant drops out before the size that would take it too long.

    Cost is CPU time of all threads, because long calls lose more of the wall clock to other processes than short ones,
    which looks like growth; where a backend queues work for a device, it is the wall clock's.
    """
    clock = CLOCKS[clock_for(1, [name for name in names if name not in bench.peers])]
    problems = [bench.problem(next(iter(bench.sizes)), dtype, factor) for factor in FACTORS]
    along = bench.growing()
    sizes = [int(np.prod(problem.dims[along[0]])) for problem in problems]
    seconds = {name: [] for name in names}
    for problem in problems:
        calls = {}
        for name in names:
            grown = FACTORS[1] ** bench.exponent
            if all(seconds[name]) and (not seconds[name] or seconds[name][-1] * grown < CURVE_SECONDS):
                calls[name] = _curve_call(bench, problem, name)
                calls[name]()  # a larger size may need another kernel
        timings = interleaved(calls, CURVE_ROUNDS, CURVE_SECONDS, clock)
        for name in names:
            seconds[name].append(timings[name].seconds if name in timings else None)
    return {name: _curve(along, sizes, found, bench.exponent) for name, found in seconds.items()}


def _curve_call(bench, problem, name):
    return bench.peers[name](problem) if name in bench.peers else _call_of(loaded(name), problem)


def _curve(along, sizes, seconds, stated) -> dict:
    seen = [(size, taken) for size, taken in zip(sizes, seconds, strict=True) if taken]
    exponent = fitted_exponent(*zip(*seen, strict=True)) if len(seen) > 2 else None
    return {"along": " ".join(along), "sizes": sizes, "seconds": seconds, "stated": stated, "exponent": exponent}
