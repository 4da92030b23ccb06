"""One pass over the elements, forward and backward: what lies between the gates is computed anew, and never stored."""

from .._formula import elementwise, inlined, like, sigmoid


def circuit_xyz_forward(x, y, z):
    return _product(x, y, z), (x, y, z)


def circuit_xyz_backward(dout, cache):
    return _switched(dout, *cache)


def sigmoid_neuron_forward(w0, x0, w1, x1, w2):
    out = _fired(w0, x0, w1, x1, w2)
    return out, (out, w0, x0, w1, x1)


def sigmoid_neuron_backward(dout, cache):
    return _handed_on(dout, *cache)


def staged_f_forward(x, y):
    return _quotient(x, y), (x, y)


def staged_f_backward(dout, cache):
    return _slopes(dout, *cache)


@elementwise
def _product(x, y, z):
    return (x + y) * z


@elementwise(outputs=3)
def _switched(dout, x, y, z):
    return dout * z, dout * z, dout * (x + y)


@elementwise
def _fired(w0, x0, w1, x1, w2):
    return sigmoid(w0 * x0 + w1 * x1 + w2)


@elementwise(outputs=5)
def _handed_on(dout, out, w0, x0, w1, x1):
    ddot = dout * out * (like(out, 1) - out)
    return ddot * x0, ddot * w0, ddot * x1, ddot * w1, ddot


@inlined
def _den(x, y):
    return sigmoid(x) + (x + y) * (x + y)


@inlined
def _slope(x):
    return sigmoid(x) * (like(x, 1) - sigmoid(x))


@elementwise
def _quotient(x, y):
    return (x + sigmoid(y)) / _den(x, y)


@inlined
def _dden(dout, x, y):
    return -dout / _den(x, y) * ((x + sigmoid(y)) / _den(x, y))


@inlined
def _dxpy(dout, x, y):
    return like(x, 2) * (x + y) * _dden(dout, x, y)


@elementwise(outputs=2)
def _slopes(dout, x, y):
    dnum, dxpy = dout / _den(x, y), _dxpy(dout, x, y)
    return dnum + _dden(dout, x, y) * _slope(x) + dxpy, dnum * _slope(y) + dxpy
