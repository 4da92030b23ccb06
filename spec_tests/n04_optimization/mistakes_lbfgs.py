"""Classic mistakes of L-BFGS."""

import numpy as np

from nnspec.reference import lbfgs, lbfgs_direction
from nnspec.spec_tests._known import mistake


class MistakesOfLbfgsDirection:
    @mistake("M38", replaces="lbfgs_direction")
    def uphill(dw, s, y):
        """The direction is downhill: -H dw."""
        return -lbfgs_direction(dw, s, y)

    @mistake("N1725", replaces="lbfgs_direction")
    def loops_in_the_other_order(dw, s, y):
        """The first loop goes from the last pair to the first, and the second one back."""
        return two_loops(dw, s, y, forth=range(len(s)), back=range(len(s))[::-1])

    @mistake("N1725", replaces="lbfgs_direction")
    def second_loop_backwards_too(dw, s, y):
        """The second loop goes from the first pair to the last: the other way round than the first one."""
        return two_loops(dw, s, y, back=range(len(s))[::-1])

    @mistake("N1725", replaces="lbfgs_direction")
    def last_pair_alone(dw, s, y):
        """Use all of the pairs."""
        return lbfgs_direction(dw, s[-1:], y[-1:])

    @mistake("N1725", replaces="lbfgs_direction")
    def first_loop_from_the_slope_itself(dw, s, y):
        """What is left of the slope goes on to the next pair: alpha is that of q and not of dw."""
        return two_loops(dw, s, y, of_the_slope=True)

    @mistake("N1726", replaces="lbfgs_direction")
    def steps_and_changes_exchanged(dw, s, y):
        """s are the steps of w, and y the changes of its slope: H y = s."""
        return lbfgs_direction(dw, y, s)

    @mistake("N1726", replaces="lbfgs_direction")
    def gamma_upside_down(dw, s, y):
        """gamma = s . y / y . y is the size of a step over that of a slope."""
        return two_loops(dw, s, y, gamma=lambda s, y: (y @ y) / (s @ y))

    @mistake("N1726", replaces="lbfgs_direction")
    def gamma_of_the_steps(dw, s, y):
        """gamma = s . y / y . y: with s . s it is too large, unless all curvatures are the same."""
        return two_loops(dw, s, y, gamma=lambda s, y: (s @ s) / (s @ y))

    @mistake("N1726", replaces="lbfgs_direction")
    def gamma_of_the_first_pair(dw, s, y):
        """gamma is that of the last pair, which is nearest to where w is."""
        return two_loops(dw, s, y, gamma=lambda *_: (s[0] @ y[0]) / (y[0] @ y[0]))

    @mistake("N1725", replaces="lbfgs_direction")
    def second_loop_left_out(dw, s, y):
        """There are two loops: H has a sum over the pairs on either side."""
        return two_loops(dw, s, y, back=())

    @mistake("N1725", replaces="lbfgs_direction")
    def beta_left_out(dw, s, y):
        """What goes back is alpha - beta."""
        return two_loops(dw, s, y, beta=0)

    @mistake("N1727", replaces="lbfgs_direction", convention=True)
    def any_pairs(dw, s, y):
        """Refuse pairs without y . s > 0: H would not be positive definite, and the direction might lead uphill."""
        with np.errstate(all="ignore"):
            return two_loops(dw, s, y)


class MistakesOfLbfgs:
    @mistake("N1728", replaces="lbfgs")
    def steepest_descent(f, w, *, m=10, steps=100, tol=1e-5):
        """Use the pairs: without them every step goes along the slope."""
        losses = [f(w.copy())[0]]
        for _ in range(steps):
            end, more = lbfgs(f, w, steps=1, tol=tol)
            if len(more) == 1:
                break
            w = end
            losses.append(more[1])
        return w.copy(), np.array(losses)

    @mistake("N1728", replaces="lbfgs")
    def never_shortened(f, w, *, m=10, steps=100, tol=1e-5):
        """Look for a step that lowers the loss: that of t = 1 may be too long."""
        return searched(f, w, m, steps, tol, shorten=False)

    @mistake("N1728", replaces="lbfgs")
    def pairs_kept_whatever_they_are(f, w, *, m=10, steps=100, tol=1e-5):
        """Keep a pair only if y . s > 0: else the next direction may lead uphill."""
        return searched(f, w, m, steps, tol, curved=False)

    @mistake("N1729", replaces="lbfgs")
    def y_of_the_wrong_sign(f, w, *, m=10, steps=100, tol=1e-5):
        """y is the new slope minus the old one, as s is the new w minus the old one."""
        return searched(f, w, m, steps, tol, sign=-1)

    @mistake("N1729", replaces="lbfgs")
    def tol_of_the_mean_slope(f, w, *, m=10, steps=100, tol=1e-5):
        """The largest slope is to be at most tol, and not their mean."""
        start = abs(np.asarray(f(w.copy())[1])).mean() if w.size else 0
        return lbfgs(f, w, m=m, steps=0 if start <= tol else steps, tol=tol)

    @mistake("N1729", replaces="lbfgs")
    def one_step_too_many(f, w, *, m=10, steps=100, tol=1e-5):
        """At most `steps` steps are made."""
        return lbfgs(f, w, m=m, steps=steps + 1, tol=tol)

    @mistake("N1728", replaces="lbfgs")
    def number_of_pairs_ignored(f, w, *, m=10, steps=100, tol=1e-5):
        """Keep the last m pairs, and no others."""
        return lbfgs(f, w, steps=steps, tol=tol)

    @mistake("N1729", replaces="lbfgs")
    def slopes_in_one_buffer(f, w, *, m=10, steps=100, tol=1e-5):
        """Copy the slope: f may write the next one to the same memory, and y would be 0."""
        return searched(f, w, m, steps, tol)

    @mistake("N1729", replaces="lbfgs")
    def loss_before_each_step(f, w, *, m=10, steps=100, tol=1e-5):
        """losses ends with that of what is returned."""
        w, losses = lbfgs(f, w, m=m, steps=steps, tol=tol)
        return w, losses[:-1]

    @mistake("M45", replaces="lbfgs")
    def start_moved_in_place(f, w, *, m=10, steps=100, tol=1e-5):
        """Return new points: the caller's w must not move."""
        end, losses = lbfgs(f, w, m=m, steps=steps, tol=tol)
        w[...] = end
        return end, losses

    @mistake("N721", replaces="lbfgs")
    def in_float64(f, w, *, m=10, steps=100, tol=1e-5):
        """Keep the dtype: pairs that are made in float64 make w one of it."""
        return lbfgs(f, w.astype(np.float64), m=m, steps=steps, tol=tol)


def two_loops(dw, s, y, *, forth=None, back=None, gamma=None, beta=1, of_the_slope=False):
    forth = range(len(s))[::-1] if forth is None else forth
    back = range(len(s)) if back is None else back
    gamma = gamma or (lambda s, y: (s @ y) / (y @ y))
    q, alpha = dw.copy(), {}
    for k in forth:
        alpha[k] = (s[k] @ (dw if of_the_slope else q)) / (y[k] @ s[k])
        q = q - alpha[k] * y[k]
    r = q * gamma(s[-1], y[-1]) if len(s) else q
    for k in back:
        r = r + (alpha[k] - beta * (y[k] @ r) / (y[k] @ s[k])) * s[k]
    return -r.astype(dw.dtype)


def searched(f, w, m, steps, tol, *, shorten=True, curved=True, sign=1):
    """The search, with one of its parts left out."""
    w = w.copy()
    loss, dw = f(w.copy())
    losses, s, y = [loss], [], []
    for _ in range(steps):
        if not np.isfinite(loss) or abs(dw).max(initial=0) <= tol:
            break
        old = [np.stack(part) if part else np.empty((0, w.size), w.dtype) for part in (s, y)]
        with np.errstate(all="ignore"):
            direction = two_loops(np.ravel(dw), *old).reshape(w.shape)
        t = 1.0 if s else min(1.0, 1 / np.sqrt((dw * dw).sum()))
        for _ in range(60 if shorten else 1):
            there = w + w.dtype.type(t) * direction
            new, slope = f(there.copy())
            if not shorten or new < loss + 1e-4 * t * (dw * direction).sum():
                break
            t /= 2
        else:
            break
        step, change = np.ravel(there - w), sign * np.ravel(slope - dw)
        if not curved or sign * (step @ change) > 0:
            s, y = [*s, step][-m:], [*y, change][-m:]
        w, loss, dw = there, new, slope
        losses.append(loss)
    return w, np.array(losses)
