"""DropConnect with a given mask, a drawn one and in evaluation. Classic mistakes: mistakes_dropconnect.py."""

import numpy as np

from nnspec.spec_tests._kinds import Case, Layer, Malformed
from nnspec.spec_tests.n03_regularization._dropped import BAD, KEEP, MaskDrawing, settled, unless_left_out


def a_mask(dims, dtype):
    """Both kept and dropped weights, wherever there are two."""
    return kept_some(dims["D"], dims["M"])


def each_its_own(dims, dtype):
    """Another mask for each sample."""
    return kept_some(dims["N"], dims["D"], dims["M"])


def kept_some(*shape):
    return (np.arange(np.prod(shape)) * 7 % 5 < 3).reshape(shape)


class TestDropconnect(Layer):
    """The mask is given."""

    rows = ("03.13",)
    options = {"keep": KEEP, "mask": a_mask}

    def definition(self, x, w, b, *, keep, mask):
        """out_n = x_n (w mask / keep) + b. Wan et al. 2013, section 3, scaled in training."""
        masks = np.broadcast_to(mask, (len(x), *w.shape))
        out = [row @ masked(w, kept, keep) + b for row, kept in zip(x, masks, strict=True)]
        return np.array(out, object).reshape(len(x), len(b))

    def law_an_affine_layer_of_what_is_kept(self, run, problem):
        """Weights of 0 where nothing is kept and of w / keep elsewhere are an affine layer."""
        answer, w = run(), problem.inputs["w"]
        problem.options = {"keep": KEEP, "train": False}
        kept = np.where(a_mask(problem.dims, None), w / problem.dtype.type(KEEP), 0)
        affine = run(w=kept)
        return np.append(answer["out"], answer["dx"]), np.append(affine["out"], affine["dx"])

    def law_a_dropped_weight_learns_nothing(self, run, problem):
        """Where the mask is False dw is 0."""
        return np.where(a_mask(problem.dims, None), 0, run()["dw"]), 0 * problem.inputs["w"]

    def law_the_bias_is_kept(self, run, problem):
        """Of nothing but the bias out is the bias, and its gradient the sum over the samples."""
        answer = run(x=0 * problem.inputs["x"])
        sides = np.broadcast_to(problem.inputs["b"], answer["out"].shape), problem.douts[0].sum(axis=0)
        return np.append(answer["out"], answer["db"]), np.append(*sides)

    def law_a_mask_for_each_sample(self, run, problem):
        """With masks of their own samples have layers of their own: dw adds up what each gives to what it kept."""
        mask, (x, w, b) = each_its_own(problem.dims, None), problem.inputs.values()
        problem.options = {"keep": KEEP, "mask": mask}
        answer = unless_left_out(run, "it takes one mask for all samples")
        scales, (dout,) = mask / np.longdouble(KEEP), problem.douts
        out = np.einsum("nd,ndm->nm", x, scales * w) + b
        dw, db = np.einsum("nd,ndm,nm->dm", x, scales, dout), dout.sum(axis=0)
        found = [answer[name].ravel() for name in ("out", "dw", "db")]
        return np.concatenate(found), np.concatenate([out.ravel(), dw.ravel(), db])

    cases = (
        Case("mostly dropped", keep=0.1, mask=a_mask),
        Case("keep of 1", keep=1.0, mask=lambda dims, dtype: np.ones((dims["D"], dims["M"]), bool)),
        Case("nothing kept", keep=KEEP, mask=lambda dims, dtype: np.zeros((dims["D"], dims["M"]), bool)),
        Case("D equals M equals N", N=3, D=3, M=3, keep=0.5, mask=a_mask),
    )
    beyond = (
        Case("a mask for each sample", keep=0.5, mask=each_its_own),
        Case("a mask for each sample, all sizes equal", N=3, D=3, M=3, keep=0.5, mask=each_its_own),
        Case("a mask for a single sample", N=1, keep=0.5, mask=each_its_own),
    )
    ties = (Case("no samples", N=0), Case("no samples, a mask for each", N=0, keep=0.5, mask=each_its_own))
    bad = (
        *BAD,
        Malformed("masks for too many samples", "mask", lambda mask: np.stack([mask] * 99)),
        Malformed("a mask of too many axes", "mask", lambda mask: mask[None, None]),
    )


class TestDropconnectMask(MaskDrawing):
    """What a drawn mask must be like: with samples that are unit vectors, out are the weights themselves."""

    rows = ("03.13",)
    op = "dropconnect_forward"

    def drawn(self, forward, rng):
        return of_weights(forward)(np.ones((10, 10)), keep=0.5, rng=rng)[0]

    def law_kept_fraction(self, forward):
        """A weight is kept with probability keep."""
        return super().law_kept_fraction(of_weights(forward))

    def law_samples_differ(self, forward):
        """Every weight has a draw of its own: no two rows are the same, and no two columns."""
        return super().law_samples_differ(of_weights(forward))

    def law_calls_differ(self, forward):
        """A second call with the same generator draws another mask."""
        return super().law_calls_differ(of_weights(forward))

    def law_mean_is_kept(self, forward):
        """The mean over all masks is what evaluation gives."""
        n, keep = 40_000, 0.5
        out, _ = of_weights(forward)(np.ones((200, 200)), keep=keep, rng=np.random.default_rng(0))
        return [settled(out.mean(), 1.0, 5 * ((1 - keep) / keep / n) ** 0.5)], [1.0]

    def law_dropped_or_divided_by_keep(self, forward):
        """A weight of 2 is 0 or, with a keep of 1/2, 4."""
        out, _ = of_weights(forward)(np.full((6, 5), 2.0), keep=0.5, rng=np.random.default_rng(0))
        return np.unique(out), np.array([0.0, 4.0])


class TestDropconnectEval(Layer):
    """Nothing is dropped."""

    rows = ("03.13",)
    op = "dropconnect"
    options = {"keep": KEEP, "train": False}

    def definition(self, x, w, b, *, keep, train, mask=None):
        """out = x w + b."""
        return x @ w + b

    cases = (
        Case("a mask is given", keep=KEEP, train=False, mask=a_mask),
        Case("a mask for each sample is given", keep=KEEP, train=False, mask=each_its_own),
    )


def masked(w, mask, keep):
    return np.frompyfunc(lambda entry, kept: entry / keep if kept else 0 * entry, 2, 1)(w, mask)


def of_weights(forward):
    """A forward of weights alone, which come out as they are used."""

    def call(w, **options):
        return forward(np.eye(len(w)), w, np.zeros(w.shape[1]), **options)

    return call
