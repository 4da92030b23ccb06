"""Maxout: definition, laws, cases and classic mistakes."""

import numpy as np

from nnspec.reference import maxout_backward, maxout_forward
from nnspec.spec_tests._kinds import Case, Layer, Malformed, mistake
from nnspec.spec_tests._truth import named, where_positive


class TestMaxout(Layer):
    rows = ("05.10",)

    def definition(self, x, w, b):
        """out_nm = max_p (x_n w_p + b_p)_m. Goodfellow et al. 2013, section 2."""
        first, *rest = [named(x @ w_p + b_p) for w_p, b_p in zip(w, b, strict=True)]
        for piece in rest:
            first = named(where_positive(piece - first, piece, first))
        return first

    def law_zero_beside_is_a_relu(self, run, problem):
        """Where all pieces but the first are 0, out = max(0, x w + b)."""
        w, b = problem.inputs["w"].copy(), problem.inputs["b"].copy()
        w[1:] = b[1:] = 0
        return run(w=w, b=b)["out"], np.maximum(problem.inputs["x"] @ w[0] + b[0], 0)

    def law_order_of_the_pieces(self, run, problem):
        """Pieces in another order give the same."""
        w, b = problem.inputs["w"], problem.inputs["b"]
        return run(w=w[::-1].copy(), b=b[::-1].copy())["out"], run()["out"]

    apart = (1,)  # what is wide is asked of the parts
    general = {"odd": {"N": 5, "D": 7, "P": 3, "M": 9}, "wide": {"N": 3, "D": 65, "P": 2, "M": 67}}
    trivial = ("P",)
    cases = (
        Case("one piece", P=1),
        Case("four pieces", N=3, D=2, M=2, P=4),
        Case("as many pieces as samples", N=3, D=2, M=4, P=3),
    )
    extremes = (
        Case("far out", inputs={"x": lambda rng, shape: 1e4 * rng.standard_normal(shape)}),
        Case("all negative", inputs={"b": lambda rng, shape: -1e4 - rng.random(shape)}),
    )
    ties = (
        Case(
            "equal pieces",
            P=3,
            inputs={"w": lambda rng, shape: np.full(shape, 0.5), "b": lambda rng, shape: np.ones(shape)},
        ),
        Case("no samples", N=0),
        Case("no features", D=0),
        Case("no units", M=0),
    )
    bad = (Malformed("no piece", "w", disagrees_with=("b", "x"), P=0),)

    def cases_of_scale(self):
        return [Case("many samples", N=1025, D=5, P=3, M=9, dtypes=("float32",))]

    @mistake("M65", replaces="maxout_backward", convention=True)
    def gradient_to_all_equals(dout, cache):
        """Of equal pieces the first one has the gradient."""
        return _routed(dout, cache, lambda pieces: pieces == pieces.max(axis=1, keepdims=True))

    @mistake("N24", replaces="maxout_backward", convention=True)
    def gradient_to_the_last_of_equals(dout, cache):
        """Of equal pieces the first one has the gradient, not the last."""
        return _routed(
            dout, cache, lambda p: np.arange(p.shape[1])[:, None] == (p.shape[1] - 1 - p[:, ::-1].argmax(1))[:, None]
        )

    @mistake("N1328", replaces="maxout_backward")
    def gradient_to_all_pieces(dout, cache):
        """Only the piece that won has the gradient."""
        return _routed(dout, cache, lambda pieces: np.ones_like(pieces, bool))

    @mistake("M53", replaces="maxout_backward")
    def mask_of_a_relu(dout, cache):
        """Which piece is the largest decides, not which ones are positive."""
        return _routed(dout, cache, lambda pieces: pieces > 0)

    @mistake("N1328", replaces="maxout_forward")
    def smallest_piece(x, w, b):
        """The largest of the pieces, not the smallest."""
        return -maxout_forward(x, -w, -b)[0], maxout_forward(x, w, b)[1]

    @mistake("N1328", replaces="maxout_forward")
    def mean_of_the_pieces(x, w, b):
        """The largest of the pieces: their mean is affine again."""
        return x @ w.mean(axis=0) + b.mean(axis=0), maxout_forward(x, w, b)[1]

    @mistake("N1329", replaces="maxout_forward")
    def bias_after_the_maximum(x, w, b):
        """Each piece has its bias before they are compared."""
        return (x @ w).max(axis=0) + b[0], maxout_forward(x, w, b)[1]

    @mistake("N1329", replaces="maxout_forward")
    def relu_on_top(x, w, b):
        """A maximum of affine pieces is nonlinear already: no ReLU on it."""
        out, cache = maxout_forward(x, w, b)
        return np.maximum(out, 0), cache

    @mistake("M64", replaces="maxout_forward")
    def pieces_reshaped(x, w, b):
        """Transpose w to (D, P, M) before it is flattened: a reshape alone mixes pieces and features."""
        P, D, M = w.shape
        pieces = (x @ w.reshape(D, P * M)).reshape(len(x), P, M) + b
        return pieces.max(axis=1), maxout_forward(x, w, b)[1]


def _routed(dout, cache, mask):
    """The gradients where another mask says which pieces have dout."""
    _, shape, (x, beside), (pieces, *_) = cache
    dpieces = mask(pieces) * dout[:, None]
    w = beside.reshape(shape[1], shape[0], shape[2])
    maxout_backward(dout, cache)
    return np.einsum("npm,dpm->nd", dpieces, w), np.einsum("nd,npm->pdm", x, dpieces), dpieces.sum(axis=0)
