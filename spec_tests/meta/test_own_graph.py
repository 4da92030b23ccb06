"""What others write for the scalar graph and for numerical gradients, in the style of micrograd and of assignment 1."""

import math

import numpy as np
import pytest

import nnspec
from nnspec import reference


class Value:
    """By closures, and by recursion, as Karpathy's lecture builds it."""

    def __init__(self, data, children=()):
        self.data, self.grad, self._children, self._backward = float(data), 0.0, set(children), lambda: None

    def __add__(self, other):
        other = other if isinstance(other, Value) else type(self)(other)
        out = type(self)(self.data + other.data, (self, other))

        def _backward():
            self.receive(out.grad)
            other.receive(out.grad)

        out._backward = _backward
        return out

    def __mul__(self, other):
        other = other if isinstance(other, Value) else type(self)(other)
        out = type(self)(self.data * other.data, (self, other))

        def _backward():
            self.receive(other.data * out.grad)
            other.receive(self.data * out.grad)

        out._backward = _backward
        return out

    def __pow__(self, other):
        return self._of_one(self.data**other, other * self.data ** (other - 1))

    def exp(self):
        return self._of_one(math.exp(self.data), math.exp(self.data))

    def tanh(self):
        return self._of_one(math.tanh(self.data), 1 - math.tanh(self.data) ** 2)

    def relu(self):
        return self._of_one(max(self.data, 0.0), float(self.data > 0))

    def receive(self, gradient):
        self.grad += gradient

    def _of_one(self, data, slope):
        out = type(self)(data, (self,))

        def _backward():
            self.receive(slope * out.grad)

        out._backward = _backward
        return out

    def backward(self):
        topo, visited = [], set()

        def build(v):
            if v not in visited:
                visited.add(v)
                for child in v._children:
                    build(child)
                topo.append(v)

        build(self)
        self.grad = 1.0
        for v in reversed(topo):
            v._backward()

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + (-other)

    def __rsub__(self, other):
        return -self + other

    def __truediv__(self, other):
        return self * (other**-1)

    def __rtruediv__(self, other):
        return self**-1 * other

    __radd__, __rmul__ = __add__, __mul__


class Overwriting(Value):
    """The classic mistake of a first version."""

    def receive(self, gradient):
        self.grad = gradient


def eval_numerical_gradient(f, x, h=1e-5):
    """In place, entry by entry."""
    grad = np.zeros_like(x)
    it = np.nditer(x, flags=["multi_index"], op_flags=["readwrite"])
    while not it.finished:
        ix = it.multi_index
        oldval = x[ix]
        x[ix] = oldval + h
        fxph = f(x)
        x[ix] = oldval - h
        fxmh = f(x)
        x[ix] = oldval
        grad[ix] = (fxph - fxmh) / (2 * h)
        it.iternext()
    return grad


def test_a_graph_by_recursion_is_accepted():
    report = nnspec.check({"value": Value}, concept="value", level="core")
    assert report.exit_code == 0, str(report)


def test_and_one_that_overwrites_is_told():
    report = nnspec.check({"value": Overwriting}, concept="value", level="core")
    assert report.exit_code == 1 and "M55" in str(report)


def test_ours_has_no_limit_of_recursion():
    x = out = reference.value(1.0)
    for _ in range(100_000):
        out = out + 0.0
    out.backward()
    assert x.grad == 1.0


def test_the_course_function_is_right_but_for_integers():
    """It writes x + h into integers, and nothing is left of h."""
    report = nnspec.check({"numerical_gradient": eval_numerical_gradient}, concept="numerical_gradient", level="core")
    text = str(report)
    assert report.exit_code == 1 and "x + h must not be cut down to x" in text, text
    failed = [check.id for check in report.checks if check.state.value == "failed"]
    assert failed and all("integers" in one for one in failed), failed


def test_ours_warns_of_single_precision():
    with pytest.warns(UserWarning, match="float32"):
        reference.numerical_gradient(lambda x: float((x * x).sum()), np.ones(3, np.float32))
