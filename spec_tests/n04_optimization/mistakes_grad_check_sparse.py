"""Classic mistakes of the sparse gradient check."""

import numpy as np

from nnspec.reference import grad_check_sparse
from nnspec.spec_tests._known import mistake


def checked(f, params, grads, num, h, rng, error, places=None):
    """error(analytic, numerical) of entries of each parameter, drawn unless `places(key, rng)` says which."""
    found = {}
    for key, w in params.items():
        at = places(w, rng) if places else [np.unravel_index(p, w.shape) for p in rng.permutation(w.size)[:num]]
        pairs = [(grads[key][i], slope(f, params, key, i, h)) for i in at]
        found[key] = error(*np.array(pairs).reshape(-1, 2).T)
    return found


def slope(f, params, key, i, h, ahead=1, behind=1):
    values = []
    for step in (ahead * h, -behind * h):
        there = {name: array.copy() for name, array in params.items()}
        there[key][i] += step
        values.append(f(there))
    return (values[0] - values[1]) / ((ahead + behind) * h)


def relative(a, b):
    return (abs(a - b) / np.maximum(1e-8, abs(a) + abs(b))).max(initial=0)


class MistakesOfGradCheckSparse:
    @mistake("M35", replaces="grad_check_sparse")
    def absolute_errors(f, params, grads, *, num=10, h=1e-5, trace=None, rng):
        """Take the relative error: a small gradient would always pass."""
        return checked(f, params, grads, num, h, rng, lambda a, b: abs(a - b).max(initial=0))

    @mistake("M35", replaces="grad_check_sparse")
    def nought_by_nought(f, params, grads, *, num=10, h=1e-5, trace=None, rng):
        """Divide by at least a floor: where both gradients are 0, 0/0 is NaN."""

        def error(a, b):
            with np.errstate(invalid="ignore"):
                return (abs(a - b) / (abs(a) + abs(b))).max(initial=0)

        return checked(f, params, grads, num, h, rng, error)

    @mistake("M36", replaces="grad_check_sparse")
    def kinks_looked_at_as_well(f, params, grads, *, num=10, h=1e-5, trace=None, rng):
        """Pass over entries whose step goes across a kink: there a right gradient fails."""
        return grad_check_sparse(f, params, grads, num=num, h=h, rng=rng)

    @mistake("N1657", replaces="grad_check_sparse")
    def kinks_not_replaced(f, params, grads, *, num=10, h=1e-5, trace=None, rng):
        """Draw another entry for one that lies on a kink, or few are looked at, or none."""

        def places(w, rng):
            drawn = [np.unravel_index(p, w.shape) for p in rng.permutation(w.size)[:num]]
            return [i for i in drawn if trace is None or w[i] != 1]

        return checked(f, params, grads, num, h, rng, relative, places)

    @mistake("N1657", replaces="grad_check_sparse")
    def first_entries(f, params, grads, *, num=10, h=1e-5, trace=None, rng):
        """Draw the entries: the first ones are of one row, and the same in every check."""
        return checked(f, params, grads, num, h, rng, relative, lambda w, rng: list(np.ndindex(w.shape))[:num])

    @mistake("N1657", replaces="grad_check_sparse")
    def with_replacement(f, params, grads, *, num=10, h=1e-5, trace=None, rng):
        """Draw without replacement: an entry that is looked at twice is one less."""

        def places(w, rng):
            return [tuple(rng.integers(size) for size in w.shape) for _ in range(min(num, w.size))]

        return checked(f, params, grads, num, h, rng, relative, places)

    @mistake("N1657", replaces="grad_check_sparse")
    def largest_parameter_alone(f, params, grads, *, num=10, h=1e-5, trace=None, rng):
        """Look at entries of every parameter: a wrong bias is not seen in the weights."""
        key = max(params, key=lambda key: params[key].size)
        found = checked(lambda p: f(params | p), {key: params[key]}, grads, num, h, rng, relative)
        return dict.fromkeys(params, 0.0) | found

    @mistake("N1657", replaces="grad_check_sparse")
    def one_error_for_all(f, params, grads, *, num=10, h=1e-5, trace=None, rng):
        """Tell the error of each parameter: which one is wrong is what one wants to know."""
        found = grad_check_sparse(f, params, grads, num=num, h=h, trace=trace, rng=rng)
        return dict.fromkeys(found, max(found.values()))

    @mistake("N1657", replaces="grad_check_sparse")
    def mean_error(f, params, grads, *, num=10, h=1e-5, trace=None, rng):
        """Tell the worst error: in the mean one wrong entry is lost."""
        return checked(f, params, grads, num, h, rng, lambda a, b: (abs(a - b) / (abs(a) + abs(b) + 1e-8)).mean())

    @mistake("M34", replaces="grad_check_sparse")
    def one_sided(f, params, grads, *, num=10, h=1e-5, trace=None, rng):
        """Go to both sides of each entry."""
        found = {}
        for key, w in params.items():
            at = [np.unravel_index(p, w.shape) for p in rng.permutation(w.size)[:num]]
            pairs = [(grads[key][i], slope(f, params, key, i, h, behind=0)) for i in at]
            found[key] = relative(*np.array(pairs).T)
        return found

    @mistake("N1657", replaces="grad_check_sparse")
    def num_ignored(f, params, grads, *, num=10, h=1e-5, trace=None, rng):
        """Look at as many entries as are asked for."""
        return grad_check_sparse(f, params, grads, h=h, trace=trace, rng=rng)

    @mistake("N1657", replaces="grad_check_sparse")
    def steps_left_in_the_parameters(f, params, grads, *, num=10, h=1e-5, trace=None, rng):
        """Move copies, or put the old value back: parameters must be what they were."""
        found = grad_check_sparse(f, params, grads, num=num, h=h, trace=trace, rng=rng)
        for w in params.values():
            w += h
            w -= h
        return found

    @mistake("N82", replaces="grad_check_sparse")
    def generator_ignored(f, params, grads, *, num=10, h=1e-5, trace=None, rng):
        """Use the generator that is given, or no check can be repeated."""
        return grad_check_sparse(f, params, grads, num=num, h=h, trace=trace, rng=np.random.default_rng())
