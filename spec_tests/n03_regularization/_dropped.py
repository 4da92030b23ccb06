"""Masks of units that are kept: given, drawn by whoever drops, and what a drawn one must be like."""

import copy

import numpy as np
from scipy.special import bdtr, bdtrc  # scipy.stats says more and takes a second to import

from nnspec.backends import NotSupplied, accepts
from nnspec.spec_tests._kinds import Case, Drawing, Layer, Malformed
from nnspec.spec_tests._purity import is_another
from nnspec.spec_tests._verdict import BackendRaised, CheckFailed, require

KEEP = 0.75


def a_mask(dims, dtype):
    """Both kept and dropped units, wherever there are two."""
    shape = dims["shape"]
    return (np.arange(np.prod(shape, dtype=int)) * 7 % 5 < 3).reshape(shape)


BAD = (
    Malformed("keep of 0", "keep", lambda _: 0.0),
    Malformed("keep above 1", "keep", lambda _: 1.5),
    Malformed("keep negative", "keep", lambda _: -0.5),
    Malformed("keep NaN", "keep", lambda _: float("nan")),
    Malformed("neither mask nor rng", "mask", lambda _: None),
    Malformed("mask of another shape", "mask", lambda mask: mask[:1]),
    Malformed("mask of floats", "mask", lambda mask: mask.astype(np.float64)),
    Malformed("rng a seed", "rng", lambda _: 1),
)


class DrawnMask(Layer):
    """The mask is drawn, however that is done: it is read off the answer, and the answer is judged by it.

    How many are kept, and how independently, is for MaskDrawing. Only strict asks for the bits of our generator.
    """

    options = {"keep": KEEP}

    cases = (Case("mostly dropped", keep=0.1), Case("all kept", keep=1.0))
    ties = (
        Case("our generator's bits", {"shape": (4, 5)}),
        Case("keep is a number drawn", {"shape": (2, 3)}, keep=np.random.default_rng(7).random(4)[3]),
    )

    def _forward(self, call, problem):
        """From a generator that is as fresh in every call, where one is taken."""
        fresh = copy.copy(problem)
        if not {"mask", "noise"} & problem.options.keys() and accepts(call.find(self.entry), "rng"):
            fresh.options = problem.options | {"rng": np.random.default_rng(8 if is_another(problem) else 7)}
        return super()._forward(call, fresh)

    def asked(self, problem, answer):
        """With the mask that was drawn: x is nowhere 0. At strict it is to be ours."""
        if problem.case in self.ties:
            return problem
        read, out = copy.copy(problem), np.asarray(answer["out"])
        if out.shape != next(iter(problem.inputs.values())).shape:
            return problem
        mask = self.mask_of(out)
        _require_likely(int(mask.sum()), mask.size, problem.options["keep"])
        read.options, read.mark = problem.options | {"mask": mask}, mask.tobytes()
        return read

    def mask_of(self, out):
        """Read off the answer."""
        return out != 0

    def expected(self, problem, by, lenient=False, at_tie=False):
        """A mask that somebody drew is not drawn again: it is not worth a truth that is kept."""
        return super().expected(problem, "wide" if problem.mark else by, lenient, at_tie)

    # Another drawing of the reference's says nothing of what is remembered.
    purity = {name: rule for name, rule in Layer.purity.items() if name != "nothing remembered"}

    def test_purity(self, planned, backend):
        """What draws for itself answers otherwise in every call: no bits can be compared."""
        self._require_repeatable(backend)
        super().test_purity(planned, backend)

    def test_scale(self, planned, backend):
        """Shapes that straddle blocks and are very tall, from a generator that repeats."""
        self._require_repeatable(backend)
        super().test_scale(planned, backend)

    def repeats(self, backend):
        return accepts(backend.find(self.entry), "rng")

    def _require_repeatable(self, backend):
        if not self.repeats(backend):
            raise NotSupplied(f"{self.entry} draws for itself: it takes no rng, and so repeats no call")


class MaskDrawing(Drawing):
    """What a drawn mask must be like, whatever the numbers are. Bounds are five standard deviations."""

    def ones(self, N, C):
        """An input with a number for each of N times C draws."""
        return np.ones((N, C))

    def drawn(self, forward, rng):
        return forward(self.ones(10, 10), keep=0.5, rng=rng)[0]

    def law_kept_fraction(self, forward):
        """A unit is kept with probability keep."""
        n, found = 100_000, []
        for keep in (0.1, 0.5, 0.8):
            out, _ = forward(self.ones(1000, 100), keep=keep, rng=np.random.default_rng(0))
            found.append(settled((out != 0).mean(), keep, 5 * (keep * (1 - keep) / n) ** 0.5))
        return found, [0.1, 0.5, 0.8]

    def law_samples_differ(self, forward):
        """Every sample has a mask of its own, and every feature."""
        out, _ = forward(self.ones(50, 60), keep=0.5, rng=np.random.default_rng(0))
        out = out.reshape(50, -1)[:, :60]
        return [len(np.unique(side, axis=0)) for side in (out, out.T)], [50, 60]

    def law_calls_differ(self, forward):
        """A second call with the same generator draws another mask."""
        rng = np.random.default_rng(0)
        first, second = (forward(self.ones(10, 10), keep=0.5, rng=rng)[0].tolist() for _ in range(2))
        return first == second, False


UNLIKELY = 0.5e-9  # on either side


def _require_likely(kept: int, n: int, keep: float):
    """A right implementation is refused here once in 10^9 checks."""
    fewer, more = bdtr(kept, n, keep), bdtrc(kept - 1, n, keep)
    likely = n == 0 or min(fewer, more) > UNLIKELY
    require(likely, f"{kept} of {n} entries are kept with keep = {keep:g}: chance does that less than once in 10^9")


def settled(found: float, wanted: float, chance: float) -> float:
    """What is wanted, where chance alone explains the difference; else what was found, to three digits."""
    return wanted if abs(found - wanted) < chance else round(float(found), 3)


def unless_left_out(run, why: str) -> dict:
    """The answer to a call that need not be taken below level robust, where a case asks for it."""
    try:
        return run()
    except (BackendRaised, CheckFailed):
        raise NotSupplied(why) from None
