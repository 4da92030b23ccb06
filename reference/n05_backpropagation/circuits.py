"""The worked circuits of the course, forward and backward gate by gate. CS231n notes "Backpropagation, Intuitions".

    circuit_xyz       out = (x + y) z                                        at (-2, 5, -4): -12, gradients -4, -4, 3
    sigmoid_neuron    out = sigmoid(w0 x0 + w1 x1 + w2)                      at (2, -1, -3, -2, -3): 0.731
    staged_f          out = (x + sigmoid(y)) / (sigmoid(x) + (x + y)^2)      at (3, -4): 1.546

all inputs and out: one shape, entry by entry

The notes' figure of the neuron rounds from gate to gate, so that it has 0.40 and -0.60 for the gradients of x0 and x1,
which are 0.393 and -0.590. What is used twice, as x and y of the last circuit, has the sum of the gradients of its
uses. exp is only taken of what is not positive, so that no gate overflows.
"""

from nnspec.reference.n05_backpropagation.sigmoid import sigmoid_backward, sigmoid_forward
from nnspec.shapes import Array, Float


def circuit_xyz_forward(x: Float[Array, "*shape"], y: Float[Array, "*shape"], z: Float[Array, "*shape"]):
    q = x + y
    return q * z, (q, z)


def circuit_xyz_backward(dout, cache):
    q, z = cache
    dq, dz = dout * z, dout * q  # the product switches
    return dq, dq.copy(), dz  # the sum distributes


def sigmoid_neuron_forward(
    w0: Float[Array, "*shape"],
    x0: Float[Array, "*shape"],
    w1: Float[Array, "*shape"],
    x1: Float[Array, "*shape"],
    w2: Float[Array, "*shape"],
):
    out, of_sigmoid = sigmoid_forward(w0 * x0 + w1 * x1 + w2)
    return out, (w0, x0, w1, x1, of_sigmoid)


def sigmoid_neuron_backward(dout, cache):
    w0, x0, w1, x1, of_sigmoid = cache
    ddot = sigmoid_backward(dout, of_sigmoid)  # the sums hand it on to both products, and to w2
    return ddot * x0, ddot * w0, ddot * x1, ddot * w1, ddot


def staged_f_forward(x: Float[Array, "*shape"], y: Float[Array, "*shape"]):
    sigx, of_sigx = sigmoid_forward(x)
    sigy, of_sigy = sigmoid_forward(y)
    xpy = x + y
    invden = 1 / (sigx + xpy * xpy)
    out = (x + sigy) * invden
    return out, (xpy, invden, out, of_sigx, of_sigy)


def staged_f_backward(dout, cache):
    xpy, invden, out, of_sigx, of_sigy = cache
    dnum = dout * invden
    dden = -dnum * out
    dxpy = 2 * xpy * dden
    dx = dnum + sigmoid_backward(dden, of_sigx) + dxpy  # three uses
    dy = sigmoid_backward(dnum, of_sigy) + dxpy  # two
    return dx, dy
