"""Classic mistakes of numerical gradients."""

import numpy as np

from nnspec.reference import numerical_gradient, numerical_vjp
from nnspec.spec_tests._known import mistake


def differences(f, x, dout, ahead, behind, width):
    """sum((f(x + ahead e_i) - f(x + behind e_i)) dout) / width, in whatever dtype x is."""
    grad = np.zeros(np.shape(x))
    for i in np.ndindex(np.shape(x)):
        values = []
        for step in (ahead, behind):
            there = x.copy()
            there[i] += np.asarray(step).astype(x.dtype)
            values.append(np.array(f(there)))
        grad[i] = ((values[0] - values[1]) * dout).sum() / width
    return grad


class MistakesOfNumericalGradient:
    @mistake("M33", replaces="numerical_gradient")
    def integers_cut_down(f, x, *, h=1e-5, mode="central"):
        """Refuse integers, or make floats of them: in an array of integers x + h is x, and the slope 0."""
        return differences(f, x, 1, h, 0 if mode == "forward" else -h, h if mode == "forward" else 2 * h)

    @mistake("M34", replaces="numerical_gradient")
    def always_one_sided(f, x, *, h=1e-5, mode="central"):
        """Go to both sides: (f(x + h) - f(x)) / h is off by h f''/2, the central difference by h^2 f'''/6."""
        return numerical_gradient(f, x, h=h, mode="forward")

    @mistake("M34", replaces="numerical_gradient")
    def step_of_1e_10(f, x, *, h=1e-5, mode="central"):
        """Take h of about 1e-5: at 1e-10 what is left of f(x + h) - f(x - h) is rounding."""
        return numerical_gradient(f, x, h=1e-10, mode=mode)

    @mistake("M34", replaces="numerical_gradient")
    def in_single_precision(f, x, *, h=1e-5, mode="central"):
        """Evaluate f in double precision: float32 has seven digits, and the difference takes five of them."""
        given = x.astype(np.float32)
        return differences(f, given, 1, h, 0 if mode == "forward" else -h, h if mode == "forward" else 2 * h)

    @mistake("N1650", replaces="numerical_gradient")
    def divided_by_h(f, x, *, h=1e-5, mode="central"):
        """Between x - h and x + h lies 2h: divide by that."""
        return numerical_gradient(f, x, h=h, mode=mode) * (1 if mode == "forward" else 2)

    @mistake("N1650", replaces="numerical_gradient")
    def backward_for_forward(f, x, *, h=1e-5, mode="central"):
        """Forward goes to x + h, not to x - h."""
        return differences(f, x, -1, -h, 0, h) if mode == "forward" else numerical_gradient(f, x, h=h)

    @mistake("N1650", replaces="numerical_gradient")
    def all_entries_at_once(f, x, *, h=1e-5, mode="central"):
        """Move one entry at a time: a step of all of them together gives the sum of the slopes."""
        grad = (f(x + h) - f(x - h)) / (2 * h)
        return np.full(x.shape, grad)

    @mistake("N1650", replaces="numerical_gradient")
    def step_taken_back_by_subtraction(f, x, *, h=1e-5, mode="central"):
        """Keep the old value and put it back: x + h - h is not x but for rounding."""
        grad = numerical_gradient(f, x, h=h, mode=mode)
        for i in np.ndindex(x.shape):
            x[i] += h
            x[i] -= h
        return grad

    @mistake("N1650", replaces="numerical_gradient")
    def step_never_taken_back(f, x, *, h=1e-5, mode="central"):
        """Put the old value back before the next entry moves, or f is asked further and further away."""
        there, grad = x.copy(), np.zeros(x.shape)
        for i in np.ndindex(x.shape):
            there[i] += h
            ahead = f(there)
            there[i] -= 0 if mode == "forward" else 2 * h
            grad[i] = (ahead - (f(x) if mode == "forward" else f(there))) / (h if mode == "forward" else 2 * h)
        return grad

    @mistake("N1650", replaces="numerical_gradient")
    def relative_step(f, x, *, h=1e-5, mode="central"):
        """The step is h in every entry; h times x is none where x is 0, and another one elsewhere."""
        steps = h * np.abs(x)
        grad = np.zeros(x.shape)
        for i in np.ndindex(x.shape):
            e = np.zeros(x.shape)
            e[i] = steps[i]
            grad[i] = (f(x + e) - f(x if mode == "forward" else x - e)) / (steps[i] * (1 if mode == "forward" else 2))
        return grad

    @mistake("M37", replaces="numerical_gradient", convention=True)
    def draws_go_unnoticed(f, x, *, h=1e-5, mode="central"):
        """Ask f twice at the same x: if it draws (dropout, augmentation) the difference is noise over 2h."""
        return differences(f, x, 1, h, 0 if mode == "forward" else -h, h if mode == "forward" else 2 * h)


class MistakesOfNumericalVjp:
    @mistake("M33", replaces="numerical_vjp")
    def integers_cut_down(f, x, dout, *, h=1e-5):
        """Refuse integers, or make floats of them: in an array of integers x + h is x, and the slope 0."""
        return differences(f, x, dout, h, -h, 2 * h)

    @mistake("N1651", replaces="numerical_vjp")
    def dout_left_out(f, x, dout, *, h=1e-5):
        """Multiply the difference by dout before it is summed."""
        return numerical_vjp(f, x, np.ones_like(dout), h=h)

    @mistake("N1651", replaces="numerical_vjp")
    def sum_of_dout_outside(f, x, dout, *, h=1e-5):
        """Each output has its own dout: multiply entry by entry, and sum then."""
        return numerical_vjp(f, x, np.ones_like(dout), h=h) * dout.sum()

    @mistake("N1651", replaces="numerical_vjp")
    def one_buffer_twice(f, x, dout, *, h=1e-5):
        """Copy the first answer: a function may fill the same array again, and both are then the second one."""
        grad = np.zeros(x.shape)
        for i in np.ndindex(x.shape):
            e = np.zeros(x.shape)
            e[i] = h
            grad[i] = ((f(x + e) - f(x - e)) * dout).sum() / (2 * h)
        return grad

    @mistake("M34", replaces="numerical_vjp")
    def one_sided(f, x, dout, *, h=1e-5):
        """Go to both sides: (f(x + h) - f(x)) / h is off by h f''/2."""
        return differences(f, x, dout, h, 0, h)

    @mistake("N1651", replaces="numerical_vjp")
    def divided_by_h(f, x, dout, *, h=1e-5):
        """Between x - h and x + h lies 2h: divide by that."""
        return 2 * numerical_vjp(f, x, dout, h=h)

    @mistake("N1651", replaces="numerical_vjp")
    def mean_over_the_outputs(f, x, dout, *, h=1e-5):
        """The outputs are summed, not averaged."""
        return numerical_vjp(f, x, dout, h=h) / max(1, dout.size)

    @mistake("M37", replaces="numerical_vjp", convention=True)
    def draws_go_unnoticed(f, x, dout, *, h=1e-5):
        """Ask f twice at the same x: if it draws (dropout, augmentation) the difference is noise over 2h."""
        return differences(f, x, dout, h, -h, 2 * h)
