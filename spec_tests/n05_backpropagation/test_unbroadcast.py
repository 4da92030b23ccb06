"""The gradient of what was broadcast: definition, laws, cases and classic mistakes."""

from itertools import product

import numpy as np

from nnspec.reference import unbroadcast
from nnspec.spec_tests._kinds import Case, Function, Malformed, mistake

FULL = (2, 3, 4)


def case(shape, full=FULL, **more):
    return Case(f"{full} to {shape}".replace(",)", ")"), {"full": full}, inputs={"shape": shape}, **more)


class TestUnbroadcast(Function):
    """Every pattern of up to three axes: those in front missing, any of the others of size 1."""

    rows = ("05.12",)

    def definition(self, grad, shape):
        """out_i = sum of grad over all places to which entry i was broadcast. CS231n notes "Optimization-2"."""
        out = np.zeros(tuple(shape), object)
        of = np.broadcast_to(np.arange(out.size).reshape(out.shape), grad.shape)
        for place, entry in zip(of.ravel(), grad.ravel(), strict=True):
            out.reshape(-1)[place] += entry
        return out

    def law_adjoint_of_broadcasting(self, run, problem):
        """sum_i unbroadcast(grad)_i v_i = sum grad broadcast(v), for any v."""
        grad, shape = problem.inputs["grad"], problem.inputs["shape"]
        v = np.arange(1, 1 + int(np.prod(shape))).reshape(tuple(shape)).astype(grad.dtype)
        return (run()["out"] * v).sum(), (grad * v).sum()

    cases = (
        *(
            case(tuple(size if whole else 1 for size, whole in zip(FULL[missing:], kept, strict=True)))
            for missing in range(4)
            for kept in product((True, False), repeat=3 - missing)
        ),
        case((3, 1), (3, 3)),
        case((1, 3), (3, 3)),
        case((3,), (3, 3)),
        case((1,), (1,)),
        Case("a list", {"full": (2, 3)}, inputs={"shape": [2, 1]}),
        case((), ()),
        case((1, 2, 1, 2), (2, 2, 2, 2)),
    )
    extremes = (
        Case("large beside small", {"full": (2, 3)}, inputs={"grad": [[1e8, 1, 1e-8], [1, 1e-8, 1e8]], "shape": (3,)}),
    )
    ties = (case((3,), (0, 3)), case((0,), (2, 0)), case((2, 1), (2, 0)), case((), (0,)))
    bad = (
        Malformed("another size", "shape", case=case((2, 4))),
        Malformed("axes too many", "shape", case=case((1, 2, 3, 4))),
        Malformed("axes at the other end", "shape", case=case((2, 3))),
        Malformed("a size of 0", "shape", case=case((0, 3, 4))),
        Malformed("a size of text", "shape", lambda _: ("3", 4), case=case((3, 4))),
    )

    def draw(self, case, dims, dtype):
        """Unless a case says otherwise the first axis was missing and the last one stretched."""
        inputs = super().draw(case, dims, dtype)
        full = dims["full"]
        shape = case.inputs.get("shape", (*full[1:-1], 1) if full else ())
        return {"grad": inputs["grad"], "shape": shape}

    def small(self):
        return [Case("distinct", {"full": (2, 3, 4)}), *self.cases]

    def cases_of_agreement(self):
        pairs = [((5, 7, 9), (7, 1)), ((67, 5), (5,)), ((5, 67), (5, 1)), ((3, 67, 5), (1, 67, 1)), ((40000,), ())]
        return [case(shape, full) for full, shape in pairs]

    def cases_of_scale(self):
        pairs = [((257, 33), (33,)), ((257, 33), (257, 1)), ((20000, 4), (4,)), ((3, 5000, 7), (5000, 1))]
        return [case(shape, full, dtypes=("float32",)) for full, shape in pairs]

    @mistake("M51", replaces="unbroadcast")
    def first_axes_are_the_missing_ones_at_the_end(grad, shape):
        """Axes are missing in front: a gradient (N, D) of a (D,) is summed over N, also where N = D."""
        out = unbroadcast(grad, shape)
        turned = grad.sum(axis=tuple(range(len(shape), grad.ndim)))
        return turned if np.shape(turned) == out.shape and grad.ndim > len(shape) else out

    @mistake("M51", replaces="unbroadcast")
    def first_entry_taken(grad, shape):
        """Add up all uses: the gradient of the first one is only a part."""
        axes = range(grad.ndim - len(shape))
        whole = grad[tuple(0 for _ in axes)] if grad.size else unbroadcast(grad, shape)
        return whole[tuple(slice(0, size) for size in shape)].copy().reshape(shape)

    @mistake("M17", replaces="unbroadcast")
    def axes_of_size_1_forgotten(grad, shape):
        """An axis of size 1 was stretched, too: sum over it and keep it."""
        missing = tuple(range(grad.ndim - len(shape)))
        return np.asarray(grad.sum(axis=missing))

    @mistake("M20", replaces="unbroadcast")
    def size_1_dropped(grad, shape):
        """The gradient has the shape of its array: axes of size 1 stay."""
        return np.squeeze(unbroadcast(grad, shape))

    @mistake("M17", replaces="unbroadcast")
    def everything_summed(grad, shape):
        """Sum over the axes that were broadcast alone."""
        out = unbroadcast(grad, shape)
        return np.full_like(out, grad.sum())

    @mistake("N844", replaces="unbroadcast")
    def mean_over_the_uses(grad, shape):
        """The gradients of all uses are added up, not averaged."""
        out = unbroadcast(grad, shape)
        return out * out.dtype.type(out.size / max(1, grad.size))
