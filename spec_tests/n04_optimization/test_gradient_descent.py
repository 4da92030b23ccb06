"""Gradient descent on a whole function: its laws, and classic mistakes."""

import numpy as np

from nnspec.reference import gradient_descent, sgd_momentum
from nnspec.spec_tests._kinds import Case, Malformed, Procedure, mistake

START = np.array([[1.0, -2.0, 0.5], [-1.5, 0.25, 3.0]])
CURVATURES = np.array([[1.0, 0.5, 4.0]])


def slope(w):
    """Of f = sum k w^2 / 2."""
    return CURVATURES.astype(w.dtype) * w


CALL = Case("", options={"lr": 0.25, "steps": 3}, inputs={"gradient": slope, "w": START})
STEEP = Case("", options={"lr": 0.5, "steps": 9}, inputs={"gradient": lambda w: [1e99, 0, 1] * w, "w": START})


class TestGradientDescent(Procedure):
    rows = ("04.08",)

    def law_a_parabola(self, f):
        """Of f = k w^2 / 2 every step leaves 1 - lr k of w: the path is (1 - lr k)^t w."""
        path = f(slope, START, lr=0.25, steps=5)
        return path, np.array([(1 - 0.25 * CURVATURES) ** t * START for t in range(6)])

    def law_the_gradient_is_taken_anew(self, f):
        """In each step at the point where it is: it is asked at w_0, w_1, …, once each, and not at the last one."""
        asked = []
        path = f(lambda w: [asked.append(w.copy()), slope(w)][1], START, lr=0.25, steps=3)
        return np.array(asked), path[:3]

    def law_the_largest_rate(self, f):
        """lr = 2 / k jumps from w to -w and back, less than that converges, more than that grows."""
        ends = [f(lambda w: 2 * w, np.array([1.0]), lr=lr, steps=50)[-1, 0] for lr in (1.0, 0.96875, 1.03125)]
        return [ends[0], abs(ends[1]) < 0.05, abs(ends[2]) > 20], [1.0, True, True]

    def law_it_stays_at_a_minimum(self, f):
        """Where the gradient is 0 nothing moves, also if that is a saddle."""
        return f(lambda w: 0 * w, START, lr=0.5, steps=4), np.repeat(START[None], 5, axis=0)

    def law_twice_as_far(self, f):
        """Of a parabola the path from -2 w is -2 times that from w, which is still what it was."""
        path = f(slope, START, lr=0.25, steps=3)
        kept = path.copy()
        return np.array([f(slope, -2 * START, lr=0.25, steps=3), path]), np.array([-2 * kept, kept])

    def law_nothing_at_all(self, f):
        """steps = 0 is the start alone."""
        return f(slope, START, lr=0.5, steps=0), START[None]

    def law_the_start_stays_where_it_is(self, f):
        """w is not written to, and the path has memory of its own."""
        w = START.copy()
        path = f(slope, w, lr=0.25, steps=2)
        path[0] = 7
        return w, START

    def law_the_dtype_stays(self, f):
        """float32 stays float32."""
        return str(np.asarray(f(slope, START.astype(np.float32), lr=0.25, steps=2)).dtype), "float32"

    def law_what_is_not_said(self, f):
        """By default a hundred steps of 1e-2."""
        said = f(slope, START, lr=1e-2, steps=100)
        return f(slope, START), said

    bad = (
        Malformed("a path that leaves the numbers", "lr", case=STEEP),
        Malformed("w a list", "w", lambda w: w.tolist(), case=CALL),
        Malformed("steps below 0", "steps", lambda _: -1, case=CALL),
        Malformed("a gradient that is no function", "gradient", lambda _: START, case=CALL),
    )

    def draw(self, case, dims, dtype):
        """What it is made of is found by a call that says nothing else."""
        return dict(case.inputs or CALL.inputs)

    @mistake("M38", replaces="gradient_descent")
    def uphill(gradient, w, *, lr=1e-2, steps=100, ops=None):
        """Step against the gradient: w - lr gradient, not w + lr gradient."""
        return gradient_descent(gradient, w, lr=-lr, steps=steps)

    @mistake("N1222", replaces="gradient_descent")
    def gradient_of_the_start(gradient, w, *, lr=1e-2, steps=100, ops=None):
        """Take the gradient anew in each step: after the first one it is another."""
        first = gradient(w)
        return gradient_descent(lambda w: first, w, lr=lr, steps=steps)

    @mistake("N1222", replaces="gradient_descent")
    def start_left_out(gradient, w, *, lr=1e-2, steps=100, ops=None):
        """The path begins with w itself: steps + 1 points."""
        return gradient_descent(gradient, w, lr=lr, steps=steps)[1:]

    @mistake("N1222", replaces="gradient_descent")
    def one_step_too_many(gradient, w, *, lr=1e-2, steps=100, ops=None):
        """`steps` steps lead from the first point to the last."""
        return gradient_descent(gradient, w, lr=lr, steps=steps + 1)

    @mistake("N1222", replaces="gradient_descent")
    def end_alone(gradient, w, *, lr=1e-2, steps=100, ops=None):
        """Give the whole path, from w on."""
        return gradient_descent(gradient, w, lr=lr, steps=steps)[-1]

    @mistake("M45", replaces="gradient_descent")
    def one_array_for_the_whole_path(gradient, w, *, lr=1e-2, steps=100, ops=None):
        """Each point has memory of its own: a w that moves in place is everywhere the last one."""
        path = gradient_descent(gradient, w, lr=lr, steps=steps)
        return np.repeat(path[-1:], len(path), axis=0)

    @mistake("M45", replaces="gradient_descent")
    def start_moved_in_place(gradient, w, *, lr=1e-2, steps=100, ops=None):
        """Return new points: the caller's w must not move."""
        path = gradient_descent(gradient, w, lr=lr, steps=steps)
        w[...] = path[-1]
        return path

    @mistake("N859", replaces="gradient_descent")
    def gradient_normalized(gradient, w, *, lr=1e-2, steps=100, ops=None):
        """A steeper slope makes a longer step: leave the length of the gradient as it is."""
        return gradient_descent(lambda w: gradient(w) / max(1e-12, np.linalg.norm(gradient(w))), w, lr=lr, steps=steps)

    @mistake("N64", replaces="gradient_descent")
    def momentum_on_top(gradient, w, *, lr=1e-2, steps=100, ops=None):
        """Plain descent remembers nothing: what goes on from the step before is momentum."""
        path, state = [w], None
        for _ in range(steps):
            w, state = sgd_momentum(w, gradient(w), state, lr=lr)
            path.append(w)
        return np.stack(path)
