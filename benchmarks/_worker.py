"""A process that holds one revision and times it when it is told to, so that two revisions can take turns.

`python -c LAUNCH ROOT INSTRUMENT BACKEND DTYPE THREADS`: the implementation, its reference and its specification come
from the checkout ROOT, the benchmarks from the folder INSTRUMENT: both sides are measured with the same ones. It reads
lines of JSON: ["prepare", module, class, size] is answered with seconds a call or a reason not to time it, ["block",
repeats] with seconds a call.
"""

import contextlib
import importlib
import json
import sys

LAUNCH = """
import os, sys
root, instrument, threads = sys.argv[1], sys.argv[2], sys.argv[5]
os.environ["NUMBA_NUM_THREADS"] = threads
sys.path.insert(0, root)
import nnspec, importlib.util
nnspec.__path__.append(root)
spec = importlib.util.spec_from_file_location(
    "nnspec.benchmarks", os.path.join(instrument, "__init__.py"), submodule_search_locations=[instrument])
sys.modules["nnspec.benchmarks"] = nnspec.benchmarks = importlib.util.module_from_spec(spec)
spec.loader.exec_module(nnspec.benchmarks)
from nnspec.benchmarks._worker import main
main(*sys.argv[3:5], int(threads))
"""


def main(backend: str, dtype: str, threads: int):
    replies = sys.stdout
    with contextlib.redirect_stdout(sys.stderr):  # whatever a backend prints must not be taken for an answer
        from nnspec.benchmarks import _machine, _measure, _timing

        call, awake, clock = None, None, None
        for line in sys.stdin:
            command, *given = json.loads(line)
            with _machine.equal_threads(threads), _timing.without_gc():
                if command == "prepare":
                    call = reply = _prepared(backend, dtype, *given)
                    if callable(call):
                        reply, awake = _timing.tried(call)
                        clock = _measure.CLOCKS[_measure.clock_for(threads, [backend])]
                else:
                    reply = _timing.block(call, *given, awake, clock)
            print(json.dumps(reply), file=replies, flush=True)


def _prepared(backend, dtype, module, benchmark, size):
    """The call to be timed, or why there is none."""
    from nnspec.benchmarks import _measure

    try:
        bench = getattr(importlib.import_module(module), benchmark)()
    except ImportError:  # of its specification
        return "one side has no such concept"
    try:
        contestant = _measure.admitted(bench, bench.problem(size, dtype), backend)
    except Exception as error:  # an old revision may lack what a benchmark needs
        return f"{type(error).__name__}: {error}"
    return contestant.call
