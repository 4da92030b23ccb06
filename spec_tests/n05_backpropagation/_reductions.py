"""What sums, means and maxima over axes are asked alike, and how a definition takes its entries together."""

from itertools import combinations

import numpy as np

from nnspec.spec_tests._kinds import Case, Malformed


def lines_of(x, axis):
    """What goes into each entry of what comes out, as lists, in the order of x."""
    lines, axes = {}, _numbers(x, axis)
    for index in np.ndindex(*x.shape):
        lines.setdefault(tuple(0 if i in axes else at for i, at in enumerate(index)), []).append(x[index])
    return list(lines.values())


def put_together(values, x, axis, keepdims):
    """One value for each line, as an array without the axes, or with keepdims of size 1 along them."""
    axes = _numbers(x, axis)
    kept = [1 if i in axes else size for i, size in enumerate(x.shape)]
    shape = kept if keepdims else [size for i, size in enumerate(x.shape) if i not in axes]
    out = np.zeros(shape, object)
    out.reshape(-1)[: len(values)] = values
    return out


def _numbers(x, axis):
    given = range(x.ndim) if axis is None else np.atleast_1d(np.array(axis, int))
    return {int(a) % x.ndim for a in given}


def spread(dout, cache):
    """The upstream gradient of each maximum, for all that went into it."""
    x, axes, _ = cache
    kept = [1 if i in axes else size for i, size in enumerate(x.shape)]
    return np.broadcast_to(dout.reshape(kept), x.shape)


def maxima(cache):
    """Where x equals the largest along the axes."""
    x, axes, _ = cache
    return x == x.max(axis=axes, keepdims=True)


def along(rng, shape):
    """Few values, so that most lines hold their maximum several times."""
    return rng.integers(0, 3, shape) / 2


class Reduction:
    """Every set of axes of three, with and without keepdims."""

    sizes = {"shape": (2, 3, 4)}
    general = {"square": {"shape": (3, 3, 3)}, "odd": {"shape": (5, 4, 7)}, "wide": {"shape": (3, 67, 34)}}
    cases = (
        Case("all axes, kept", keepdims=True),
        *(
            Case(f"axes {axes}{', kept' * kept}", {"shape": (2, 3, 2)}, axis=axes, keepdims=bool(kept))
            for count in (1, 2)
            for axes in combinations(range(3), count)
            for kept in (0, 1)
        ),
        Case("a number", axis=1),
        Case("the last axis", axis=-1, keepdims=True),
        Case("axes from behind", axis=(-1, 0)),
        Case("no axis", {"shape": (2, 3)}, axis=()),
        Case("four axes, apart", {"shape": (2, 3, 2, 2)}, axis=(0, 2)),
    )
    ties = (Case("no line", {"shape": (0, 3, 2)}, axis=1), Case("no axes", {"shape": ()}))
    bad = (
        Malformed("an axis too far", "axis", lambda _: 3, axis=1),
        Malformed("an axis too far from behind", "axis", lambda _: -4, axis=1),
        Malformed("an axis twice", "axis", lambda _: (1, -2), axis=1),
        Malformed("an axis of text", "axis", lambda _: "1", axis=1),
    )

    def cases_of_agreement(self):
        """Larger ones along each kind of axis, not along every set."""
        odd = self.sizes_of("odd")
        told = (("all axes", {}), ("first", {"axis": 0}), ("last two", {"axis": (1, 2)}), ("apart", {"axis": (0, 2)}))
        larger = [Case(f"{name}, larger", odd, options) for name, options in told]
        return [*larger, Case("wide", self.sizes_of("wide"), {"axis": 1}), Case("long", {"shape": (40000,)})]

    def under_options(self, given=False):
        """Purity, layout and dtype where options change most, and a wide array along the first axis and the last."""
        return [case for case in self.cases if case.name in ("axes (0, 2), kept", "axes (1,)")]

    def cases_of_scale(self):
        tall = [((257, 33), 0), ((257, 33), 1), ((20000, 4), 0), ((20000, 4), None), ((3, 5000, 7), (0, 2))]
        return [Case(f"{shape}, axis {axis}", {"shape": shape}, axis=axis, dtypes=("float32",)) for shape, axis in tall]
