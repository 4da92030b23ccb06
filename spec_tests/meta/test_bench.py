"""The instrument of `nnspec bench`: what it says of timings that are known, and of slowdowns that were put in."""

import io
import json
import math
import os
import re
import shutil
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from rich.console import Console

import nnspec
from nnspec.bench import ab, history, products, report, results, tables, timeline
from nnspec.bench.results import Measured
from nnspec.bench.verdict import Judged, Verdict, judge, overall
from nnspec.benchmarks import _machine, _measure, _timing
from nnspec.benchmarks.n05_backpropagation import bench_relu, bench_tanh
from nnspec.cli import main
from nnspec.common import Unusable

FAULTS = """
import resource
import numpy as np
from nnspec.benchmarks import _machine

def filled():
    for array in [np.empty(1 << 23, np.uint8) for _ in range(3)]:
        array.fill(1)

_machine.used_allocator()
filled()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
filled()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""
ROOT = Path(nnspec.__file__).parent.parent
MINE = """
    import numpy as np

    def relu_forward(x):
        out = np.maximum(x, 0)
        return {out}, x

    def relu_backward(dout, cache):
        return dout * (cache > 0)
"""
AUTHOR = ["-c", "user.name=A", "-c", "user.email=a@b"]
SEEDS = range(20)


def span(value, half=0.01):
    return {"value": value, "low": value / (1 + half), "high": value * (1 + half), "rounds": 15}


# -- the statistics, on synthetic timings ----------------------------------------------------------------------------


def drawn(seed, slowdown, rounds=15):
    """Paired log-ratios with what is seen of a shared machine: 3 % of noise, and every eighth round far off."""
    rng = np.random.default_rng(seed)
    outliers = np.where(rng.random(rounds) < 1 / 8, rng.exponential(1.0, rounds) * rng.choice([-1, 1], rounds), 0)
    return (math.log(slowdown) + rng.normal(0, 0.03, rounds) + outliers).tolist()


def verdicts(slowdown):
    def ratio(seed):
        return _timing.median_ratio([drawn(seed, slowdown)]).as_dict()

    return [judge("case", ratio(seed), lambda seed=seed: ratio(1000 + seed)).verdict for seed in SEEDS]


def test_synthetic_timings_give_the_verdict_they_were_drawn_for():
    assert set(verdicts(1.0)) <= {Verdict.OK, Verdict.NOISY}
    assert set(verdicts(1.5)) == {Verdict.REGRESSED}
    assert set(verdicts(1 / 1.5)) == {Verdict.IMPROVED}
    assert verdicts(1.2).count(Verdict.REGRESSED) > len(SEEDS) / 2


def test_an_interval_holds_the_true_ratio_about_as_often_as_it_says():
    inside = [ratio.low <= 1.2 <= ratio.high for ratio in (_timing.median_ratio([drawn(s, 1.2)]) for s in range(200))]
    assert 0.88 < np.mean(inside) <= 1


def test_rounds_of_other_processes_widen_the_interval():
    one = [0.0, 0.001, -0.001, 0.002, -0.002] * 3
    apart = [[x + shift for x in one] for shift in (-0.1, 0.0, 0.1)]
    within, across = _timing.median_ratio([one]), _timing.median_ratio(apart)
    assert across.high / across.low > 1.15 > 1.01 > within.high / within.low


def test_too_few_rounds_have_no_interval():
    assert _timing.median_ratio([[0.0, 0.1]]).low is None
    assert judge("case", _timing.median_ratio([[0.9, 0.9]]).as_dict(), lambda: None).verdict is Verdict.NOISY


def test_a_ratio_is_scaled_with_its_interval():
    assert _timing.Ratio(2.0, 1.0, 4.0, 15).scaled(3) == _timing.Ratio(6.0, 3.0, 12.0, 15)


# -- the instrument, on work of a known size -------------------------------------------------------------------------


def work(amount):
    x, out = np.linspace(0, 1, 20_000), np.empty(20_000)

    def call():
        for _ in range(amount):
            np.sqrt(x, out=out)

    return call


@pytest.fixture
def short(monkeypatch):
    """Rounds of 2 ms: the statistics are the same, and many runs fit into seconds."""
    monkeypatch.setattr(_timing, "ROUND_SECONDS", 0.002)
    monkeypatch.setattr(_timing, "WAKING", 0.01)  # there is one thread


def measured(slowdown, amount=10):
    timings = _timing.interleaved({"old": work(amount), "new": work(round(slowdown * amount))})
    return _timing.ratio(timings["new"], timings["old"]).as_dict()


def runs(slowdown, count):
    return [judge("work", measured(slowdown), lambda: measured(slowdown)).verdict for _ in range(count)]


def test_the_same_against_itself_is_no_regression_in_20_runs(short):
    assert Verdict.REGRESSED not in runs(1.0, 20)


def test_a_slowdown_by_half_is_reported_every_time(short):
    assert set(runs(1.5, 8)) == {Verdict.REGRESSED}


def test_a_slowdown_by_a_fifth_is_reported_most_of_the_time(short):
    assert runs(1.2, 8).count(Verdict.REGRESSED) > 4


def test_contestants_take_turns_and_slow_ones_take_fewer(monkeypatch):
    order = []
    monkeypatch.setattr(_timing, "block", lambda call, *_: order.append(call()) or 1.0)
    calls = {"a": lambda: "a", "b": lambda: "b", "slow": lambda: time.sleep(0.2) or "slow"}
    timings = _timing.interleaved(calls, rounds=4, seconds=0.4)
    assert [name for name in order if name != "slow"] == ["a", "b", "b", "a", "a", "b", "b", "a"]
    assert list(timings["slow"].rounds) in ([0], [0, 3])  # 0.4 s are one or two calls
    assert _timing.ratio(timings["a"], timings["slow"]).low is None


def test_short_calls_are_repeated_until_a_round_is_long_enough():
    timings = _timing.interleaved({"short": work(1)}, rounds=2)
    assert timings["short"].repeats * timings["short"].single >= _timing.ROUND_SECONDS


def test_collections_do_not_happen_within_rounds():
    import gc

    seen = []
    _timing.interleaved({"a": lambda: seen.append(gc.isenabled())}, rounds=1, seconds=0.01)
    assert seen and not any(seen) and gc.isenabled()


def test_threads_are_equal_and_restored():
    import numba

    before = numba.get_num_threads()
    with _machine.equal_threads(1):
        assert numba.get_num_threads() == 1
    assert numba.get_num_threads() == before


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a process reset its peak")
def test_memory_is_seen_whoever_allocates_it(python):
    """In a process of its own: one that has freed much has pages left that it does not grow by."""
    code = """
        import numpy as np
        from nnspec.benchmarks._machine import extra_memory
        print(extra_memory(lambda: np.ones(4_000_000)), extra_memory(lambda: np.ones(4_000_000) + np.ones(1)))
    """
    one, two = map(int, python("-c", textwrap.dedent(code)).stdout.split())
    assert 31e6 < one < 36e6 and 63e6 < two < 68e6


class Grown(bench_relu.BenchRelu):
    """Peers whose work grows as it should, and with the square of the size."""

    peers = {
        "plain": lambda problem: work(problem.inputs["x"].size // 2000),
        "squared": lambda problem: work((problem.inputs["x"].size // 5000) ** 2),
    }


def test_an_accidental_square_shows_in_the_scaling_curve():
    curves = _measure._curves(Grown(), "float32", ["plain", "squared"])
    assert _measure._flags(None, curves["plain"]) == []
    (flag,) = _measure._flags(None, curves["squared"])
    assert re.fullmatch(r"grows like shape\^[12]\.\d\d, stated is \^1", flag)
    assert _timing.fitted_exponent([1, 2, 4], [3, 12, 48]) == pytest.approx(2)


def test_more_than_twice_the_limit_is_flagged():
    limit = {"kind": "memory", "share": span(2.1)}
    assert _measure._flags(limit, None) == ["implausible: 2.1 times the limit (memory)"]
    assert _measure._flags(limit | {"share": span(1.9)}, None) == []


@pytest.mark.skipif(sys.platform != "linux", reason="only glibc hands memory back so eagerly")
def test_freed_memory_is_kept_and_not_fetched_page_by_page(python):
    done = python("-c", FAULTS)
    assert done.returncode == 0 and int(done.stdout) < 100, done.stdout + done.stderr


SMALL = [(bench, size) for bench, size in _measure.selected(presets=("S",))]


@pytest.mark.parametrize(("bench", "size"), SMALL, ids=lambda value: value if isinstance(value, str) else value.label())
def test_what_is_timed_can_be_drawn_and_counted(bench, size):
    problem = bench().problem(size, "float32")
    assert problem.inputs
    assert bench().flops(**problem.dims) >= 0 and bench().traffic(**problem.dims) >= 0


JAX_PEERS = [bench for bench, size in _measure.selected(presets=("S",)) if "jax" in bench.peers]


@pytest.mark.parametrize("bench", JAX_PEERS, ids=lambda bench: bench.label())
def test_jax_computes_what_is_timed(bench):
    pytest.importorskip("jax")
    problem = bench().problem(next(iter(bench.sizes)), "float64")
    want, got = problem.spec.run(_measure.loaded("reference"), problem), bench.peers["jax"](problem)()
    assert got.keys() == want.keys()
    for name, value in want.items():
        np.testing.assert_allclose(got[name], value, rtol=1e-9, atol=1e-9, err_msg=name)


MODULES = [(bench, size) for bench, size in _measure.selected(presets=("S",)) if "torch.nn" in bench.peers]


@pytest.mark.parametrize(
    ("bench", "size"), MODULES, ids=lambda value: value if isinstance(value, str) else value.label()
)
def test_modules_of_pytorch_compute_what_is_timed(bench, size):
    """The output and all gradients, also of a step that others went before; not the states of batch normalization."""
    pytest.importorskip("torch")
    problem = bench().problem(size, "float64")
    want = problem.spec.run(_measure.loaded("reference"), problem)
    step = bench.peers["torch.nn"](problem)
    step()
    got = step.answer()
    assert got.keys() == want.keys() - set(problem.spec.states)
    for name, value in got.items():
        np.testing.assert_allclose(value, want[name], rtol=1e-9, atol=1e-9, err_msg=name)


# -- verdicts and their exit codes -----------------------------------------------------------------------------------

BEYOND = [
    (1.0, 1.0, Verdict.OK, 0),
    (1.5, 1.5, Verdict.REGRESSED, 1),
    (0.5, 0.5, Verdict.IMPROVED, 3),
    (1.5, 1.0, Verdict.NOISY, 4),  # the second run does not confirm
    (1.5, None, Verdict.NOISY, 4),  # there is no second run
    (1.1, 1.1, Verdict.NOISY, 4),  # the interval reaches across the threshold
    (None, None, Verdict.NOTHING, 5),
]


@pytest.mark.parametrize(("first", "second", "verdict", "code"), BEYOND)
def test_every_verdict_has_its_exit_code(first, second, verdict, code):
    asked = []
    ratios = [None if ratio is None else span(ratio) for ratio in (first, second)]
    assert judge("case", ratios[0], lambda: asked.append(1) or ratios[1]).verdict is verdict
    assert verdict.exit_code == code
    assert bool(asked) == (first in (1.5, 0.5))


def test_the_verdict_on_many_cases_is_that_which_asks_for_attention():
    def of(*kinds):
        return overall(Judged("", kind) for kind in kinds)

    assert of(Verdict.OK, Verdict.NOISY, Verdict.REGRESSED) is Verdict.REGRESSED
    assert of(Verdict.IMPROVED, Verdict.NOISY) is Verdict.NOISY
    assert of(Verdict.OK, Verdict.IMPROVED, Verdict.NOTHING) is Verdict.IMPROVED
    assert of(Verdict.OK, Verdict.NOTHING) is Verdict.OK
    assert of() is Verdict.NOTHING


def row(time_over_limit, case="M", **changes):
    return {
        "concept": "relu",
        "note": "n05_backpropagation",
        "benchmark": "relu",
        "case": case,
        "preset": case,
        "dims": {},
        "dtype": "float32",
        "threads": 2,
        "clock": "wall",
        "backend": "cpu",
        "kind": "backend",
        "state": "timed",
        "seconds": 0.001,
        "repeats": 5,
        "rounds": [0.001] * 15,
        "others": 0.0,
        "compile": 0.2,
        "memory": 4_000_000,
        "curve": None,
        "over": {"reference": span(0.25), "torch": span(0.5)},
        "flags": [],
        "limit": {"kind": "memory", "share": span(1 / time_over_limit), "rate": 1e10, "unit": "B/s"},
    } | changes


def history_of(folder, *runs):
    for number, (commit, rows) in enumerate(runs):
        bench = Measured(rows, {"cpu": "a"}, commit, when=f"2026-01-01T00:00:{number:02}")
        path, count = history.save(bench, folder)
        assert count == len(rows)
    return path


@pytest.mark.parametrize(("first", "second", "verdict", "code"), BEYOND)
def test_compare_ends_with_the_verdict_on_two_commits(tmp_path, first, second, verdict, code):
    new = [("bbbb", [row(ratio)]) for ratio in (first, second) if ratio] or [("bbbb", [row(1.0, case="L")])]
    history_of(tmp_path, ("aaaa", [row(1.0)]), *new)
    done = CliRunner().invoke(main, ["bench", "compare", "aaaa", "bbbb", "--history", str(tmp_path)])
    assert done.exit_code == code, done.output
    assert f"bbbb over aaaa, times over their limit: {verdict.value}" in done.output


def test_a_commit_that_is_not_in_the_history_is_one_line(tmp_path):
    history_of(tmp_path, ("aaaa", [row(1.0)]))
    done = CliRunner().invoke(main, ["bench", "compare", "aaaa", "cccc", "--history", str(tmp_path)])
    assert done.exit_code == 2 and "cccc is no file, and no commit in the history" in done.output


def test_uncommitted_changes_are_another_commit(tmp_path):
    _, rows = history.read(history_of(tmp_path, ("aaaa", [row(1.0)]), ("aaaa+", [row(2.0)])))
    assert [len(history.runs_of(rows, commit)) for commit in ("aaaa", "aa", "aaaa+", "b")] == [1, 1, 1, 0]
    assert history.anchored(history.runs_of(rows, "aaaa+")[0][0])["value"] == pytest.approx(2)


def test_the_history_is_only_appended_to_and_other_machines_have_their_own(tmp_path):
    first = history_of(tmp_path, ("aaaa", [row(1.0)]))
    before = first.read_text(encoding="utf-8")
    assert history_of(tmp_path, ("bbbb", [row(2.0)])) == first and first.read_text(encoding="utf-8").startswith(before)
    other, _ = history.save(Measured([row(1.0)], {"cpu": "b"}, "aaaa"), tmp_path)
    assert other != first
    lines = first.read_text(encoding="utf-8").splitlines()
    assert [json.loads(line).keys() & {"machine", "commit"} for line in lines] == [{"machine"}, {"commit"}, {"commit"}]


def test_sides_that_are_anchored_differently_are_not_compared(tmp_path):
    assert history.compare([[row(1.0)]], [[row(1.0, limit=None)]])[0].verdict is Verdict.NOTHING


# -- two revisions ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def slower(tmp_path_factory):
    """A copy of the tree whose ReLU does everything twice, without tanh, and that is older than the instrument."""
    copy = tmp_path_factory.mktemp("slower")
    for folder in ("nnspec", "reference", "accelerated", "spec_tests"):
        shutil.copytree(ROOT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__", "bench*"))
    relu = copy / "reference" / "n05_backpropagation" / "relu.py"
    twice = relu.read_text(encoding="utf-8").replace(
        "    return np", "    np.maximum(x, 0), np.where(x > 0, x, 0)\n    return np"
    )
    assert twice.count("np.where(x > 0, x, 0)") == 2
    relu.write_text(twice, encoding="utf-8")
    (copy / "spec_tests" / "n05_backpropagation" / "test_tanh.py").unlink()
    return copy


def test_two_revisions_in_turn(slower):
    sides = (ab.Side(root, "reference") for root in (ROOT, slower))
    (judged,) = ab.compare(*sides, [(bench_relu.BenchRelu, "S")], threads=1, pairs=1, rounds=9)
    assert judged.verdict is Verdict.REGRESSED and judged.again["low"] > 1.1


def test_what_a_revision_does_not_have_is_not_measured(slower):
    cases = [(bench_relu.BenchRelu, "no such size"), (bench_tanh.BenchTanh, "S"), (bench_tanh.BenchTanh, "M")]
    side = ab.Side(slower, "reference")
    judged = ab.compare(side, side, cases, threads=1, pairs=1)
    assert {one.verdict for one in judged} == {Verdict.NOTHING} and tables.of_verdicts(judged)[1] == []
    assert tables.not_measured(judged) == [
        "nothing measured, KeyError: 'no such size': relu no such size",
        "nothing measured, one side has no such concept: tanh S, tanh M",
    ]


def test_a_revision_that_cannot_be_run_is_one_line(tmp_path):
    (tmp_path / "nnspec").mkdir()
    (tmp_path / "nnspec" / "__init__.py").write_text("raise SystemError('no such thing')", encoding="utf-8")
    with pytest.raises(Unusable, match=r"the process for .* ended: SystemError: no such thing"):
        sides = (ab.Side(root, "reference") for root in (ROOT, tmp_path))
        ab.compare(*sides, [(bench_relu.BenchRelu, "S")], threads=1, pairs=1)


def test_a_revision_that_does_not_exist_is_one_line():
    done = CliRunner().invoke(main, ["bench", "ab", "no-such-revision", "--concept", "relu", "--preset", "S"])
    assert done.exit_code == 2 and done.output.startswith("nnspec: cannot check out no-such-revision")


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    """Somebody's own, with a ReLU that is right, and in its second commit does everything twice."""
    folder = tmp_path_factory.mktemp("theirs")

    def commit(out):
        (folder / "ops").mkdir(exist_ok=True)
        source = re.sub(r"(?m)^    ", "", MINE.replace("{out}", out))
        (folder / "ops" / "mine.py").write_text(source, encoding="utf-8")
        for command in (["init", "-q"], ["add", "."], [*AUTHOR, "commit", "-qm", "relu"]):
            subprocess.run(["git", "-C", str(folder), *command], check=True)

    commit("out")
    commit("np.maximum(x, 0) + 0 * np.where(x > 0, x, 0) + 0 * np.where(x > 0, x, 0)")
    return folder


def steps_of(recipe: str) -> dict[str, str]:
    """The commands of a workflow, by the names of their steps."""
    steps = re.findall(r"- name: (.+)\n(?:(?!      - ).*\n)*?        run: (.+\n(?:          .*\n|\n)*)", recipe)
    return {name: textwrap.dedent(command.removeprefix("|\n")) for name, command in steps}


def test_the_recipe_for_continuous_integration_runs(repository, python):
    """Its steps, in a clone of somebody's repository: the second commit is told from the first, and has a history."""
    recipe = (ROOT / "benchmarks" / "github-actions.yml").read_text(encoding="utf-8")
    steps = steps_of(recipe)
    assert set(steps) == set(re.findall(r"- name: (.+)\n", recipe)) - {
        "Fetch the history",
        "Keep the history",
        "Show it",
    }
    for name, code in (("Check", 0), ("Compare with the base", 1), ("Append this commit, twice", 0)):
        (command,) = (command for step, command in steps.items() if step.startswith(name))
        done = in_shell(command, repository)
        assert done.returncode == code, done.stdout + done.stderr
    told = (repository / "comparison.md").read_text(encoding="utf-8")
    assert told.startswith("| case | new / old | again | verdict |\n") and "\n| relu S | " in told
    assert told.endswith("the working tree over HEAD~1, ./ops/mine.py, float32: regressed\n")
    assert "relu" in (repository / "bench.html").read_text(encoding="utf-8")
    worktrees = subprocess.run(["git", "-C", str(repository), "worktree", "list"], capture_output=True, text=True)
    assert len(worktrees.stdout.splitlines()) == 1


def in_shell(command: str, folder):
    """As GitHub's `shell: bash` does, with this interpreter's nnspec."""
    here = str(Path(sys.executable).parent)
    env = {
        "PATH": f"{here}{os.pathsep}{os.environ['PATH']}",
        "BACKEND": "./ops/mine.py",
        "TIMED": "--concept relu --preset S --threads 1",
        "BASE": "HEAD~1",
    }
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", command]
    return subprocess.run(command, cwd=folder, env=os.environ | env, capture_output=True, text=True)


def test_the_commit_of_a_contributed_backend_is_that_of_its_repository(repository):
    mine = str(repository / "ops" / "mine.py")
    head = subprocess.run(["git", "-C", str(repository), "rev-parse", "HEAD"], capture_output=True, text=True)
    (repository / "untracked.txt").touch()
    assert head.stdout.startswith(results.commit_of([mine])) and len(results.commit_of([mine])) == 12
    assert results.commit_of(["cpu"]).rstrip("+") == results.commit_id("HEAD")


@pytest.mark.parametrize("backend", ["json", "{loose}"])
def test_what_has_no_revisions_is_refused_in_one_line(tmp_path, backend):
    (tmp_path / "loose.py").write_text("", encoding="utf-8")
    backend = backend.format(loose=tmp_path / "loose.py")
    done = CliRunner().invoke(main, ["bench", "ab", "HEAD", "--backend", backend, "--concept", "relu"])
    assert done.exit_code == 2 and len(done.output.splitlines()) == 1 and "repository" in done.output


# -- the whole path --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def contributed(tmp_path_factory, python):
    """One run over backends that somebody contributed: right, wrong, and wrong on the size that is timed."""
    folder = tmp_path_factory.mktemp("contributed")
    for name, out in {
        "right": "out",
        "wrong": "out + 1",
        "large": "out * (1 if x.size < 5000 else 1.001)",
        "nothing": "out",
    }.items():
        source = re.sub(r"(?m)^    ", "", MINE.replace("{out}", out))
        (folder / f"{name}.py").write_text(
            source.replace("relu", "tanh") if name == "nothing" else source, encoding="utf-8"
        )
    backends = [f"./{name}.py" for name in ("right", "wrong", "large", "nothing")]
    command = ("-m", "nnspec", "bench", *backends, "--concept", "relu", "--preset", "S", "--threads", 1)
    done = python("-P", *command, "--curve", "--json", "run.json", cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder, done.stdout


def test_a_contributed_backend_is_a_column_by_existing(contributed):
    folder, printed = contributed
    bench = results.read_json(folder / "run.json")
    (right,) = bench.judged()
    assert (
        right["backend"] == "./right.py"
        and len(right["rounds"]) == 15
        and right["clock"] == "cpu"
        and right["limit"]["kind"] == "memory"
    )
    assert {"reference", "cpu"} <= right["over"].keys() and right["over"]["cpu"]["low"] > 0
    assert right["curve"]["sizes"] == [10_000, 20_000, 40_000, 80_000, 160_000]
    assert re.search(r"relu +S +[\d.]+ [mµ]s +\d\.\d\d \[", printed) and "./right.py in float32" in printed


def test_only_what_is_right_is_timed_and_it_is_validated_again(contributed):
    folder, printed = contributed
    states = {row["backend"]: row["state"] for row in results.read_json(folder / "run.json").untimed()}
    assert states["./wrong.py"].startswith("wrong: out[")
    assert states["./large.py"].startswith("wrong after timing: out is off by")
    assert states["./nothing.py"] == "./nothing.py has no relu_forward"
    assert "relu S float32 ./large.py: not timed, wrong after timing" in printed


def test_nothing_measured_is_an_exit_code_of_its_own(contributed):
    command = ["bench", str(contributed[0] / "nothing.py"), "--concept", "relu", "--preset", "S", "--threads", "1"]
    done = CliRunner().invoke(main, command)
    assert done.exit_code == 5 and "not timed" in done.output


def test_the_json_is_that_of_pytest_benchmark(contributed, python):
    folder, _ = contributed
    done = python("-m", "pytest_benchmark", "compare", folder / "run.json", cwd=folder)
    assert done.returncode == 0 and "test_time[S-./right.py]" in done.stdout, done.stdout + done.stderr


def test_a_file_can_be_saved_and_reported(contributed):
    folder, _ = contributed
    to = ["--history", str(folder / "history")]
    for _ in range(2):
        done = CliRunner().invoke(main, ["bench", "save", "--from", str(folder / "run.json"), *to])
        assert done.exit_code == 0 and "1 rows of " in done.output, done.output
    done = CliRunner().invoke(main, ["bench", "report", "--out", str(folder / "r.html"), *to])
    assert done.exit_code == 0, done.output
    assert "relu" in (folder / "r.html").read_text(encoding="utf-8")
    done = CliRunner().invoke(main, ["bench", "report", str(folder / "run.json"), "--markdown"])
    assert done.output.startswith("| concept | case | time | / reference |") and "\n| relu | S | " in done.output


def test_plain_pytest_keeps_its_options_and_adds_the_pairs(contributed, python):
    folder, _ = contributed
    file, out = ROOT / "benchmarks" / "n05_backpropagation" / "bench_relu.py", folder / "pytest.json"
    options = ("-q", "-k", "S-", "--nnspec-backend", "./right.py", "--benchmark-min-rounds=3", "-p", "nnspec.plugin")
    command = ("-m", "pytest", file, *options, f"--benchmark-json={out}", "-c", ROOT / "pyproject.toml")
    done = python(*command, cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert {row["backend"] for row in results.read_json(out).judged()} == {"cpu", "./right.py"}


# -- what is shown ---------------------------------------------------------------------------------------------------


def test_blanks_are_shown_and_losses_too(tmp_path):
    lost = row(1.0, case="L", over={"reference": span(0.5), "torch": span(1.7)}, limit=None, memory=None)
    bench = Measured([row(2.0), lost, row(1.0, case="S", over={"reference": span(1.0)})], {"cpu": "a <b> CPU"}, "aaaa")
    table = tables.markdown(bench)
    assert "| relu | L | 1 ms | 0.50 [0.50, 0.51] | 1.70 [1.68, 1.72] | – | 0.2 | – |" in table
    assert re.search(r"\| relu \| S \|.* \| – \| 100 % memory", table)
    assert "cpu / torch: 0.92 of its time, geometric mean of 2 cases" in table
    page = report.html(bench, [])
    assert "<b>1.70</b> relu L float32: cpu behind torch" in page and "a &lt;b&gt; CPU" in page
    assert "<section id=history>" not in page


def test_what_cannot_be_relied_on_is_marked_and_in_no_mean():
    wide = {"value": 0.01, "low": 0.005, "high": 0.02, "rounds": 15}
    rows = [
        row(1.0, over={"torch": span(0.5)}),
        row(1.0, case="S", over={"torch": wide}),
        row(1.0, case="L", over={"torch": span(0.02)}, others=0.3),
        row(1.0, case="L", over={"torch": span(0.02) | {"low": None, "high": None}}),
    ]
    bench = Measured(rows, {}, "aaaa")
    table = tables.markdown(bench)
    assert "cpu / torch: 0.50 of its time, geometric mean of 1 cases" in table
    assert "| ~0.010 [0.005, 0.020] |" in table and "| ~0.020 [0.020, 0.020] |" in table and "| ~0.020 |" in table
    assert (
        "~ marks 3 ratios that no mean counts: its interval is wider than a factor of 2 (1), others took 30 %" in table
    )
    page = report.html(bench, [])
    assert page.count("dim unstable") == 3 and "<b>0.50</b><span>cpu / torch</span>" in page


def test_of_one_thread_others_lengthen_nothing():
    steady = row(1.0, over={"torch": span(0.5)}, others=0.3, clock="cpu")
    assert "~" not in tables.markdown(Measured([steady], {}, "aaaa"))


@pytest.mark.parametrize(
    ("value", "shown"), [(2e-9, "2 ns"), (12.34e-6, "12.3 µs"), (0.99999e-3, "1 ms"), (75, "75 s")]
)
def test_times_have_three_digits(value, shown):
    assert tables.duration(value) == shown


# -- a history -------------------------------------------------------------------------------------------------------


def page_of(folder, *runs, bench=None):
    history_of(folder, *runs)
    return report.html(bench or Measured([row(1.0)], {}, "aaaa"), history.all_machines(folder))


def test_the_history_shows_every_commit_and_what_changed(tmp_path):
    steps = [("a", 1.0), ("b", 1.02), ("c", 1.6), ("c", 1.61), ("d", 1.6), ("e", 1.2)]
    page = page_of(tmp_path, *((commit, [row(time)]) for commit, time in steps))
    (told,) = json.loads(re.search(r"id=history-data>(.*?)</script>", page)[1])
    assert [point[0] for point in told] == ["a", "b", "c", "d", "e"] and [point[2] for point in told] == [1, 1, 2, 1, 1]
    assert [point[6] for point in told] == ["", "", "mark-regressed", "", "mark-improved hollow"]
    assert "improved in the last commit" in page and page.count("<circle") >= 2
    for foreign in ("http:", "https:", "src=", "<link", "url(", "@import"):
        assert foreign not in page


def test_a_second_run_that_denies_a_change_takes_its_mark(tmp_path):
    history_of(tmp_path, ("a", [row(1.0)]), ("b", [row(1.6)]), ("b", [row(1.0)]))
    ((_, point),) = (line.points for line in timeline.lines(history.all_machines(tmp_path)))
    assert point.verdict is Verdict.NOISY and not point.confirmed


def test_machines_have_lines_of_their_own(tmp_path):
    history_of(tmp_path, ("a", [row(1.0)]), ("b", [row(1.0)]))
    for commit in "ab":
        history.save(Measured([row(5.0)], {"cpu": "another <one>"}, commit), tmp_path)
    lines = timeline.lines(history.all_machines(tmp_path))
    assert sorted(line.machine["cpu"] for line in lines) == ["a", "another <one>"]
    page = page_of(tmp_path / "none", ("a", [row(1.0)]))
    assert "<section id=history>" not in page, "a single commit has no history"


@pytest.mark.parametrize(("width", "shown"), [(60, "0.50"), (80, "0.50 [0.50, 0.51]")])
def test_a_narrow_terminal_gets_no_intervals(width, shown):
    to = Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None)
    tables.show(Measured([row(1.0, over={"reference": span(0.5)})], {"cpu": "a CPU"}, "aaaa"), to)
    printed = to.file.getvalue()
    assert re.search(rf"\nrelu +M +1 ms +{re.escape(shown)} +100 %", printed)
    assert ("intervals do not fit" in printed) == (width == 60)


def test_what_was_not_to_be_had_takes_one_line():
    blank = {"concept": "relu", "benchmark": "relu", "dtype": "float32", "kind": "untimed", "missing": True}
    rows = [
        blank | {"case": case, "backend": name, "state": state}
        for case in "SM"
        for name, state in (("jax", "not installed: jax"), ("./mine.py", "./mine.py has no relu_forward"))
    ]
    wrong = blank | {"case": "S", "backend": "other", "state": "wrong: dx[0]", "missing": False}
    table = tables.markdown(Measured([row(1.0), *rows, wrong], {"cpu": "a CPU"}, "aaaa"))
    assert "- jax: not timed in 2 cases, not installed: jax\n" in table
    assert "- ./mine.py: not timed in 2 cases whose functions it lacks\n" in table
    assert "- relu S float32 other: not timed, wrong: dx[0]\n" in table


def test_cpu_time_is_told():
    told = tables.markdown(Measured([row(1, others=0.5, clock="cpu", threads=1)], {}))
    assert "with one thread CPU time is measured" in told


def test_help_tells_the_commands_and_exit_codes():
    help_of = {name: CliRunner().invoke(main, ["bench", *name.split(), "--help"]).output for name in ("", "run", "ab")}
    assert all(command in help_of[""] for command in ("run", "save", "compare", "ab", "report"))
    assert "--preset" in help_of["run"] and "Exit codes" in help_of["ab"]
    assert all(option in help_of[""] for option in ("--preset", "--threads", "--markdown", "--curve", "Exit codes"))


def test_products_are_shown_against_numpy_and_the_peak_of_the_tile(short, monkeypatch):
    monkeypatch.setattr(products, "SHAPES", {"affine": (128, 768, 512)})
    done = CliRunner().invoke(main, ["bench", "products", "--up-to", "64", "--threads", "1", "--markdown"])
    assert done.exit_code == 0, done.output
    cube, affine = (line.strip("| ").split(" | ") for line in done.output.splitlines()[2:4])
    assert cube[:4] == ["64^3", "64", "64", "64"] and affine[:4] == ["affine", "128", "768", "512"]
    assert 0.1 < float(cube[5].split(" ")[0]) < 10
    shares = [int(row[6].removesuffix(" %")) for row in (cube, affine)]
    assert 0 < shares[0] < shares[1] <= 120, "a small product waits for its call"
    assert "peak of the tile: " in done.output


def test_what_is_not_asked_for_and_not_to_be_had_is_not_mentioned(contributed):
    assert "cuda" not in contributed[1]
