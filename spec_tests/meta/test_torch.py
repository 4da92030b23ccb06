"""PyTorch as a backend: that it covers the catalogue, passes, and what the adapter in front of it promises."""

import inspect
from types import SimpleNamespace

import numpy as np
import pytest

import nnspec
from nnspec.checking.results import State
from nnspec.concepts import catalogue

LEFT_OUT: dict[str, str] = {}  # functions of the reference, and why PyTorch has nothing to say about them
REPRESENTATIVE = (  # of every kind, and what is announced to fail
    "affine",
    "gelu",
    "softmax_cross_entropy",
    "l2_penalty",
    "adam",
    "sgd_momentum",
    "max_pool2d",
    "masked_softmax",
)


@pytest.fixture
def torch():
    return pytest.importorskip("torch", reason="PyTorch is optional: pip install 'nnspec[peers]'")


@pytest.fixture
def backend(torch):
    from nnspec.accelerated import torch as backend

    return backend


def test_it_has_every_function_of_the_catalogue(backend):
    functions = [name for concept in catalogue.concepts().values() for name in concept.functions]
    assert [name for name in functions if not hasattr(backend, name) and name not in LEFT_OUT] == []
    assert [name for name in LEFT_OUT if name not in functions or hasattr(backend, name)] == []


def test_it_passes_at_strict_but_for_what_it_announces(torch):
    report = nnspec.check("torch", concepts=REPRESENTATIVE)
    counts = report.count()
    assert report.exit_code == 0 and report.level == "strict", str(report)
    assert counts[State.PASSED] > 400 and 0 < counts[State.XFAIL] < 10 and not counts[State.NOT_IMPLEMENTED]


def test_the_functions_on_tensors_are_within_reach(torch, backend):
    x = torch.linspace(-3, 3, 12, dtype=torch.float64).reshape(3, 4).requires_grad_()
    out = inspect.unwrap(backend.gelu_forward)(x)
    (dx,) = torch.autograd.grad(out, x, torch.ones_like(out))
    ours, cache = backend.gelu_forward(x.detach().numpy())
    assert np.array_equal(out.detach().numpy(), ours)
    assert np.array_equal(dx.numpy(), backend.gelu_backward(np.ones((3, 4)), cache))


def test_arrays_go_in_without_a_copy_and_answers_are_memory_of_their_own(torch):
    from nnspec.backends.adapters.torch import Torch, adapted

    x, dout = np.ones((3, 4)), np.ones((3, 4))
    assert np.shares_memory(Torch().asarray(x).numpy(), x)
    functions = adapted(SimpleNamespace(dropout_forward=lambda x, *, keep, train=True: x))
    out, cache = functions["dropout_forward"](x, keep=0.5, train=False)
    dx = functions["dropout_backward"](dout, cache)
    assert np.array_equal(out, x) and np.array_equal(dx, dout)
    assert not np.shares_memory(out, x) and not np.shares_memory(dx, dout)


def test_without_pytorch_it_says_in_one_line_how_to_get_it(nnspec, write, tmp_path):
    write("torch.py", "raise ModuleNotFoundError(\"No module named 'torch'\", name='torch')")
    done = nnspec("check", "torch", PYTHONPATH=tmp_path)
    told = done.stdout + done.stderr
    assert done.returncode == 2 and "pip install 'nnspec[peers]'" in told and len(told.splitlines()) == 1, told
