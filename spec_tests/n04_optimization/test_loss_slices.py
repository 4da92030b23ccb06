"""Slices of a loss: their laws, and classic mistakes."""

import numpy as np

from nnspec.reference import loss_slice_1d, loss_slice_2d
from nnspec.spec_tests._kinds import Case, Malformed, Procedure, mistake
from nnspec.spec_tests.n04_optimization._sliced import U, V, W, bowl, hinge
from nnspec.spec_tests.n04_optimization._slopes import near

ALPHAS, BETAS = np.array([-1.5, 0.0, 0.3, 2.0]), np.array([0.7, -0.2, 0.0])
LINE = Case("", inputs={"loss": bowl, "w": W, "u": U, "alphas": ALPHAS})
PLANE = Case("", inputs={"loss": bowl, "w": W, "u": U, "v": V, "alphas": ALPHAS, "betas": BETAS})


class TestLossSlice1d(Procedure):
    rows = ("04.32",)
    op = "loss_slice_1d"

    def law_a_parabola(self, f):
        """Of |w|^2 / 2 it is |w|^2 / 2 + alpha w u + alpha^2 |u|^2 / 2."""
        wanted = bowl(W) + ALPHAS * (W * U).sum() + ALPHAS**2 * bowl(U)
        return near(f(bowl, W.copy(), U, ALPHAS), wanted, 1e-13)

    def law_alphas_in_their_order(self, f):
        """As they come, also twice, and of none nothing."""
        alphas = np.array([2.0, -1.0, 2.0])
        found = [*f(bowl, W.copy(), U, alphas), len(f(bowl, W.copy(), U, ALPHAS[:0]))]
        return near(found, [*(bowl(W + a * U) for a in alphas), 0], 1e-13)

    def law_at_0_it_is_the_loss_itself(self, f):
        """To the last bit: each point is computed from w, and not from the one before."""
        far = np.append(np.full(9, 1 / 3), 0.0)
        return f(bowl, W.copy(), U, far)[-1], bowl(W)

    def law_of_a_hinge_it_is_piecewise_linear(self, f):
        """Second differences are 0 but where one of 18 margins closes, and nowhere negative: it is convex."""
        bends = np.diff(f(hinge, W.copy(), U, np.linspace(-2, 2, 401)), 2)
        return [bends.min() > -1e-12, 0 < (bends > 1e-9).sum() <= 36], [True, True]

    def law_what_went_in_stays(self, f):
        """w, u and alphas are not written to, whatever the loss does to its argument."""

        def spoiling(w):
            value = bowl(w)
            w[...] = 7
            return value

        given = W.copy(), U.copy(), ALPHAS.copy()
        found, wanted = near(f(spoiling, *given), [bowl(W + a * U) for a in ALPHAS], 1e-13)
        return [found, *given], [wanted, W, U, ALPHAS]

    def law_every_call_is_of_its_own(self, f):
        """Another point, direction or range has another slice, and the first one stays as it was handed out."""
        first = f(bowl, W.copy(), U, ALPHAS)
        others = [f(bowl, 2 * W, U, ALPHAS), f(bowl, W.copy(), 2 * U, ALPHAS), f(bowl, W.copy(), U, ALPHAS / 2)]
        wanted = [[bowl(k * W + m * a * U) for a in ALPHAS] for k, m in ((1, 1), (2, 1), (1, 2), (1, 0.5))]
        return near([first, *others], wanted, 1e-13)

    def law_the_dtype_stays(self, f):
        """An array of float32 of weights of float32."""
        return str(np.asarray(f(bowl, *(a.astype(np.float32) for a in (W, U, ALPHAS)))).dtype), "float32"

    bad = (
        Malformed("a direction of another shape", "u", lambda u: u[1:], case=LINE),
        Malformed("a loss that gives an array", "loss", lambda _: np.tanh, case=LINE),
        Malformed("alphas a list", "alphas", lambda a: a.tolist(), case=LINE),
    )

    @mistake("N1670", replaces="loss_slice_1d")
    def direction_normalized(loss, w, u, alphas):
        """Take the direction as it is: alpha counts in lengths of u."""
        return loss_slice_1d(loss, w, u / np.linalg.norm(u), alphas)

    @mistake("N1670", replaces="loss_slice_1d")
    def from_point_to_point(loss, w, u, alphas):
        """Begin at w for each alpha: steps that are added up go elsewhere."""
        here, found = w.copy(), []
        for alpha in alphas:
            here = here + alpha * u
            found.append(loss(here))
        return np.array(found)

    @mistake("N1670", replaces="loss_slice_1d")
    def between_two_points(loss, w, u, alphas):
        """u is a direction: (1 - alpha) w + alpha u is the way from w to the point u."""
        return loss_slice_1d(loss, w, u - w, alphas)

    @mistake("N1670", replaces="loss_slice_1d")
    def weights_moved_in_place(loss, w, u, alphas):
        """Let w be: what += leaves behind is another point."""
        found = loss_slice_1d(loss, w, u, alphas)
        w += (alphas[-1] if len(alphas) else 0) * u
        return found

    @mistake("N1670", replaces="loss_slice_1d")
    def alphas_sorted(loss, w, u, alphas):
        """A value for each alpha, in their order."""
        return loss_slice_1d(loss, w, u, np.sort(alphas))


class TestLossSlice2d(Procedure):
    rows = ("04.32",)
    op = "loss_slice_2d"

    def law_a_paraboloid(self, f):
        """Of |w|^2 / 2 it has the terms of both lines, and alpha beta u v."""
        a, b = ALPHAS[:, None], BETAS
        lines = a * (W * U).sum() + a * a * bowl(U) + b * (W * V).sum() + b * b * bowl(V)
        return near(f(bowl, W.copy(), U, V, ALPHAS, BETAS), bowl(W) + lines + a * b * (U * V).sum(), 1e-13)

    def law_a_row_for_each_alpha(self, f):
        """out[a, b] is the loss at w + alpha_a u + beta_b v: its shape is (A, B)."""
        found = f(lambda w: w.sum(), np.zeros(2), np.array([1.0, 0]), np.array([0, 10.0]), ALPHAS, BETAS)
        return near(found, ALPHAS[:, None] + 10 * BETAS, 1e-13)

    def law_its_lines_are_slices_along_a_line(self, f):
        """At beta = 0 it is the slice along u, at alpha = 0 the one along v."""
        found = f(hinge, W.copy(), U, V, ALPHAS, BETAS)
        wanted = [hinge(W + a * U) for a in ALPHAS], [hinge(W + b * V) for b in BETAS]
        return near([*found[:, 2], *found[1]], [*wanted[0], *wanted[1]], 1e-13)

    def law_what_went_in_stays(self, f):
        """Weights and directions are not written to."""
        w, u, v = W.copy(), U.copy(), V.copy()
        f(bowl, w, u, v, ALPHAS, BETAS)
        return [w, u, v], [W, U, V]

    def law_every_call_is_of_its_own(self, f):
        """Another point, direction or range has another slice, and the first one stays as it was handed out."""
        first = f(bowl, W.copy(), U, V, ALPHAS, BETAS)
        given, found, wanted = (W, U, V, ALPHAS, BETAS), [first], [in_plane(W, U, V, ALPHAS, BETAS)]
        for i in range(5):
            other = tuple(2 * a if k == i else a.copy() for k, a in enumerate(given))
            found.append(f(bowl, *other))
            wanted.append(in_plane(*other))
        return near(found, wanted, 1e-12)

    bad = (
        Malformed("a loss that gives an array", "loss", lambda _: np.tanh, case=PLANE),
        Malformed("a direction of another shape", "v", lambda v: v[1:], case=PLANE),
    )

    @mistake("N1671", replaces="loss_slice_2d")
    def columns_for_alphas(loss, w, u, v, alphas, betas):
        """A row for each alpha and a column for each beta."""
        return loss_slice_2d(loss, w, u, v, alphas, betas).T

    @mistake("N1671", replaces="loss_slice_2d")
    def directions_exchanged(loss, w, u, v, alphas, betas):
        """alphas go along u, betas along v."""
        return loss_slice_2d(loss, w, v, u, alphas, betas)

    @mistake("N1671", replaces="loss_slice_2d")
    def sum_of_two_lines(loss, w, u, v, alphas, betas):
        """A plane is more than its two axes: compute the loss at every point of it."""
        lines = loss_slice_1d(loss, w, u, alphas)[:, None] + loss_slice_1d(loss, w, v, betas)
        return lines - loss(w.copy())

    @mistake("N1671", replaces="loss_slice_2d")
    def weights_left_behind(loss, w, u, v, alphas, betas):
        """Let w be: what += leaves behind is another point."""
        found = loss_slice_2d(loss, w, u, v, alphas, betas)
        w += alphas[-1] * u
        return found


def in_plane(w, u, v, alphas, betas):
    return [[bowl(w + a * u + b * v) for b in betas] for a in alphas]
