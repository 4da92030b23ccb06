"""The Jacobian and the chain rule: definition, laws and classic mistakes."""

import numpy as np

from nnspec import reference
from nnspec.reference import jacobian, numerical_vjp, vjp_from_jacobian
from nnspec.spec_tests._kinds import Case, Function, Malformed, Procedure, mistake
from nnspec.spec_tests.n04_optimization._slopes import HERE, mixed, near, slope

DOUT = np.array([[1.0, -2.0, 0.5], [0.25, 3.0, -1.5]])

CALL = Case("", inputs={"f": np.tanh, "x": HERE})


def overwriting(x):
    return np.tanh(x, out=x)


class TestVjpFromJacobian(Function):
    rows = ("05.17",)

    def definition(self, J, dout):
        """dx_d = sum_o dout_o J[o, d], over all outputs. CS231n lecture 4."""
        return np.sum(dout[..., None] * J, axis=tuple(range(dout.ndim)))

    def law_an_output_that_counts_alone(self, run, problem):
        """A dout of 1 at one output and else 0 gives its row of the Jacobian."""
        J, dout = problem.inputs.values()
        one = np.zeros_like(dout)
        one.flat[-1] = 1
        return run(dout=one)["out"], J.reshape(-1, J.shape[-1])[-1]

    def law_linear_in_the_upstream_gradient(self, run, problem):
        """Twice the dout is twice the gradient."""
        return run(dout=2 * problem.inputs["dout"])["out"], 2 * run()["out"]

    def law_the_identity(self, run, problem):
        """The Jacobian of f(x) = x hands dout on."""
        size = problem.inputs["J"].shape[-1]
        dout = problem.inputs["J"].ravel()[:size].copy()
        return run(J=np.eye(size, dtype=problem.dtype), dout=dout)["out"], dout

    cases = (
        Case("outputs of two axes", {"out": (2, 3), "D": 4}),
        Case("as many as there are outputs", {"out": (4,), "D": 4}),
        Case("one output", {"out": (1,), "D": 3}),
    )
    beyond = (Case("a number", {"out": (), "D": 3}), Case("an image", {"out": (2, 3, 2, 2), "D": 5}))
    ties = (Case("no outputs", {"out": (0, 3)}), Case("no inputs", D=0))

    @mistake("M52", replaces="vjp_from_jacobian")
    def transposed(J, dout):
        """Sum over the outputs: J dout sums over the inputs, and fits only where there are as many of both."""
        flat = J.reshape(dout.size, -1)
        return flat @ dout.ravel() if dout.size == J.shape[-1] else vjp_from_jacobian(J, dout)

    @mistake("M106", replaces="vjp_from_jacobian")
    def diagonal_alone(J, dout):
        """Only functions that go entry by entry have a diagonal Jacobian: of a softmax every entry counts."""
        flat = J.reshape(dout.size, -1)
        return np.diagonal(flat) * dout.ravel() if dout.size == J.shape[-1] else vjp_from_jacobian(J, dout)

    @mistake("N1667", replaces="vjp_from_jacobian")
    def upstream_of_ones(J, dout):
        """Weigh each output by its dout: summed as they are, they are the gradient of sum(f(x))."""
        return vjp_from_jacobian(J, np.ones_like(dout))

    @mistake("N1667", replaces="vjp_from_jacobian")
    def mean_over_the_outputs(J, dout):
        """The uses of x add up; their mean is too small."""
        return vjp_from_jacobian(J, dout) / J.dtype.type(max(1, dout.size))

    @mistake("N1667", replaces="vjp_from_jacobian")
    def first_axis_alone(J, dout):
        """Sum over all outputs, along every axis."""
        return np.tensordot(dout[..., :1], J[..., :1, :], axes=dout.ndim) if dout.ndim else vjp_from_jacobian(J, dout)


class TestJacobian(Procedure):
    rows = ("05.17",)

    def law_it_is_what_sympy_derives(self, f):
        """Row by row, each output's gradient: J[o] is that of f(x)_o."""
        wanted = [slope(mixed, HERE, one.reshape(HERE.shape)) for one in np.eye(HERE.size)]
        return near(f(mixed, HERE.copy()), np.reshape(wanted, HERE.shape * 2), 1e-8)

    def law_outputs_come_first(self, f):
        """Of f(x) = A x it is A: a row for each output, a column for each input."""
        A = np.array([[1.0, -2.0, 0.5], [0.25, 4.0, -1.0]])
        return near(f(lambda x: A @ x, np.ones(3)), A, 1e-8)

    def law_shapes(self, f):
        """The shape of f(x), and then that of x; a number has none of its own."""
        functions = (lambda x: x.sum(), lambda x: x[0], lambda x: x, lambda x: np.zeros((2, 0)))
        return [f(g, HERE.copy()).shape for g in functions], [(2, 3), (3, 2, 3), (2, 3, 2, 3), (2, 0, 2, 3)]

    def law_a_relu_has_a_diagonal(self, f):
        """1 where x > 0, and nothing beside the diagonal."""
        J = f(lambda x: np.maximum(0, x), HERE.ravel().copy())
        return near(J, np.diag(1.0 * (HERE.ravel() > 0)), 1e-8)

    def law_a_softmax_has_not(self, f):
        """diag(p) - p p^T: its rows sum to 0."""
        p, _ = reference.softmax_forward(HERE)
        J = f(lambda x: reference.softmax_forward(x[None])[0][0], HERE[0].copy())
        return near([J, J.sum(axis=0) * np.eye(3)], [np.diag(p[0]) - np.outer(p[0], p[0]), np.zeros((3, 3))], 1e-8)

    def law_a_backward_is_the_chain_rule(self, f):
        """sum_o dout_o J[o] is what the backwards of tanh and softmax give, in the shape of x."""
        found, wanted = [], []
        for forward, backward in (
            (reference.tanh_forward, reference.tanh_backward),
            (reference.softmax_forward, reference.softmax_backward),
        ):
            J = f(lambda x, forward=forward: forward(x)[0], HERE.copy())
            found.append(np.tensordot(DOUT, J, axes=2))
            wanted.append(backward(DOUT, forward(HERE)[1]))
        return near(found, wanted, 1e-8)

    def law_the_chain_of_two(self, f):
        """J of g(f(x)) is J_g at f(x) times J_f at x, in this order."""
        A = np.array([[1.0, -2.0, 0.5], [0.25, 4.0, -1.0]])
        x = HERE[0].copy()
        inner, outer = (
            f(lambda x: np.tanh(A @ x), x),
            f(lambda y: np.array([y[0] * y[1], y[0] ** 2, y[1]]), np.tanh(A @ x)),
        )
        both = f(lambda x: np.array([np.prod(np.tanh(A @ x)), np.tanh(A @ x)[0] ** 2, np.tanh(A @ x)[1]]), x)
        return near(outer @ inner, both, 1e-8)

    def law_f_may_fill_one_buffer(self, f):
        """f may return the same array in every call, filled anew."""
        buffer = np.empty(HERE.shape)
        found = f(lambda x: np.copyto(buffer, np.exp(x)) or buffer, HERE.copy())
        return near(found.reshape(6, 6), np.diag(np.exp(HERE).ravel()), 1e-8)

    def law_the_step_is_the_one_that_is_given(self, f):
        """Of x^3 the difference is 3x^2 + h^2."""
        return near(f(lambda x: x**3, HERE[0].copy(), h=0.5), np.diag(3 * HERE[0] ** 2 + 0.25), 1e-12)

    def law_a_hundred_thousandth_by_default(self, f):
        """Of exp(100 x) at 0 the difference is sinh(100 h) / h: at h = 1e-5 it is 1.7e-5 above the slope."""
        return near(f(lambda x: np.exp(100 * x), np.zeros(1)), [[np.sinh(1e-3) / 1e-5]], 1e-10)

    def law_every_call_is_of_its_own(self, f):
        """Another x has another Jacobian, and the first one stays as it was handed out."""
        first = f(np.exp, np.zeros(2))
        kept = first.copy()
        return near([first, f(np.exp, np.ones(2))], [kept, np.e * np.eye(2)], 1e-8)

    def law_x_is_as_it_was(self, f):
        """x stays, bit for bit."""
        x = np.array([0.1, 1e5, 1e-9])
        f(lambda x: x * x, x)
        return x, np.array([0.1, 1e5, 1e-9])

    bad = (
        Malformed("x of integers", "x", lambda x: x.astype(int), case=CALL),
        Malformed("f no function", "f", lambda _: HERE, case=CALL),
        Malformed("h of 0", "h", case=Case("", h=0.0, inputs={"f": np.tanh, "x": HERE})),
        Malformed(
            "f that writes to x",
            "f",
            lambda _: lambda x: x.sort() or x,
            case=CALL,
        ),
    )

    @mistake("M52", replaces="jacobian")
    def inputs_first(f, x, *, h=1e-5):
        """Outputs come first: J[o, i] is d out_o / d x_i."""
        J = jacobian(f, x, h=h)
        axes = J.ndim - x.ndim
        return np.moveaxis(J, range(axes), range(-axes, 0)) if axes else J

    @mistake("M106", replaces="jacobian")
    def diagonal_alone(f, x, *, h=1e-5):
        """Each output may depend on every entry of x: move one entry at a time, and look at all outputs."""
        J = jacobian(f, x, h=h)
        return J * np.eye(x.size).reshape(J.shape) if J.size == x.size**2 and J.shape == x.shape * 2 else J

    @mistake("N1668", replaces="jacobian")
    def summed_over_the_outputs(f, x, *, h=1e-5):
        """A gradient for each output: their sum is the product with a dout of ones."""
        return numerical_vjp(f, x, np.ones(np.shape(f(x))), h=h)

    @mistake("M34", replaces="jacobian")
    def one_sided(f, x, *, h=1e-5):
        """Go to both sides: (f(x + h) - f(x)) / h is off by h f''/2."""
        here, J = np.array(f(x.copy())), jacobian(f, x, h=h)
        for i in np.ndindex(x.shape):
            there = x.copy()
            there[i] += h
            J[(..., *i)] = (f(there) - here) / h
        return J

    @mistake("N1668", replaces="jacobian")
    def one_buffer_twice(f, x, *, h=1e-5):
        """Copy the first answer: f may fill the same array again, and both are then the second one."""
        J = jacobian(f, x, h=h)
        for i in np.ndindex(x.shape):
            e = np.zeros(x.shape)
            e[i] = h
            J[(..., *i)] = (f(x + e) - f(x - e)) / (2 * h)
        return J

    @mistake("N1668", replaces="jacobian")
    def flattened(f, x, *, h=1e-5):
        """Keep the axes: those of f(x), and then those of x."""
        return jacobian(f, x, h=h).reshape(-1, x.size)
