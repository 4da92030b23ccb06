"""Update rules that write over their weights and their state: the same bits, in the same arrays."""

import numpy as np
import pytest
from click.testing import CliRunner

from nnspec.accelerated import cpu
from nnspec.bench import updates
from nnspec.cli import main
from nnspec.training import rules

RULES = rules.names()
OPTIONS = {"sgd_weight_decay": {"mu": 0.9}}


def arrays(state):
    return [one for one in (state if isinstance(state, tuple) else (state,)) if isinstance(one, np.ndarray)]


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("shape", [(1,), (3, 7), (40_000,)])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_in_place_it_is_the_same_step_in_the_same_arrays(name, shape, dtype):
    rng, rule, options = np.random.default_rng(0), getattr(cpu, name), OPTIONS.get(name, {})
    w = rng.standard_normal(shape).astype(dtype)
    own, state, own_state = w.copy(), None, None
    for _ in range(3):
        dw, kept, before = rng.standard_normal(shape).astype(dtype), own, arrays(own_state)
        gradient = dw.copy()
        w, state = rule(w, dw, state, **options)
        own, own_state = rule(own, dw, own_state, in_place=True, **options)
        assert own is kept and np.array_equal(own, w) and np.array_equal(dw, gradient)
        assert all(np.array_equal(one, other) for one, other in zip(arrays(state), arrays(own_state), strict=True))
        assert not before or all(one is other for one, other in zip(before, arrays(own_state), strict=True))


def test_without_in_place_nothing_is_written_to():
    w, dw = np.ones(5), np.ones(5)
    _, state = cpu.adam(w, dw)
    kept = [one.copy() for one in arrays(state)]
    cpu.adam(w, dw, state)
    assert (w == 1).all() and all(np.array_equal(one, other) for one, other in zip(kept, arrays(state), strict=True))


def read_only():
    w = np.ones(4)
    w.setflags(write=False)
    return w


@pytest.mark.parametrize(
    ("w", "state", "told"),
    [
        (np.ones((4, 4))[:, ::2], None, "w must be contiguous and writable for in_place=True"),
        (read_only(), None, "w must be contiguous and writable for in_place=True"),
        (np.ones(4), np.ones(8)[::2], "state must be contiguous and writable for in_place=True"),
    ],
)
def test_what_cannot_be_written_over_is_told(w, state, told):
    with pytest.raises(ValueError, match=f"sgd_momentum: {told}, got a float64 array of shape"):
        cpu.sgd_momentum(w, np.ones(w.shape), state, in_place=True)


def test_wrong_shapes_are_told_as_ever():
    with pytest.raises(ValueError, match=r"sgd: dw must have shape"):
        cpu.sgd(np.ones(4), np.ones(5), in_place=True)


IN_THE_SIMULATOR = """
import numpy as np
from nnspec.accelerated import cuda
from nnspec.accelerated.cuda import _target

for name in RULES:
    rule, w, dw = getattr(cuda, name), np.linspace(-1, 1, 7), np.linspace(2, 3, 7)
    state, own, own_state = None, _target.to_device(w), None
    for _ in range(2):
        w, state = rule(w, dw, state)
        kept = own
        own, own_state = rule(own, _target.to_device(dw), own_state, in_place=True)
        assert own is kept and np.array_equal(_target.to_host(own), w), name
try:
    cuda.sgd(np.ones(3), np.ones(3), in_place=True)
except ValueError as error:
    print(error)
"""


def test_cuda_writes_over_what_lies_on_the_device(python):
    done = python("-c", f"RULES = {RULES}" + IN_THE_SIMULATOR, NNSPEC_CUDA="simulate")
    assert done.returncode == 0, done.stderr
    assert "sgd: w must be contiguous and writable on the device for in_place=True, got a float64 array" in done.stdout


def test_a_step_is_timed_against_fused_ones_in_place_and_not(monkeypatch):
    pytest.importorskip("torch")
    monkeypatch.setattr(updates, "OPTIMIZERS", {name: updates.OPTIMIZERS[name] for name in ("sgd", "adam")})
    monkeypatch.setattr("nnspec.benchmarks.ROUNDS", 5)
    done = CliRunner().invoke(main, ["bench", "updates", "--up-to", "1000", "--threads", "1", "--markdown"])
    assert done.exit_code == 0, done.output
    rows = [line.strip("| ").split(" | ") for line in done.output.splitlines()[2:4]]
    assert [row[:2] for row in rows] == [["sgd", "1,000"], ["adam", "1,000"]]
    assert all(0 < float(row[column].split(" ")[0].lstrip("~")) < 100 for row in rows for column in (3, 5))


@pytest.mark.parametrize("rule", updates.OPTIMIZERS)
def test_what_is_timed_is_the_same_rule(rule):
    """One step of each from the same start, but for what PyTorch sets otherwise by default."""
    pytest.importorskip("torch")
    import torch

    name, options = updates.OPTIMIZERS[rule]
    w, dw = np.random.default_rng(0).standard_normal((2, 50))
    theirs = torch.nn.Parameter(torch.from_numpy(w.copy()))
    theirs.grad = torch.from_numpy(dw)
    getattr(torch.optim, name)([theirs], lr=0.125, fused=True, **options).step()
    ours, _ = getattr(cpu, rule)(w, dw, lr=0.125)
    np.testing.assert_allclose(theirs.detach().numpy(), ours, atol=1e-6)
