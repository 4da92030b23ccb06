"""Position-wise feed-forward network: definition, laws, dropout and classic mistakes."""

import copy

import numpy as np

from nnspec import reference
from nnspec.reference import ffn_backward, ffn_forward
from nnspec.spec_tests._kinds import Case, Malformed, ParamsBlock, mistake
from nnspec.spec_tests.n10_attention._parts import Parts
from nnspec.spec_tests.n10_attention._transformer import ThroughGelu, ffn_of


def some_kept(dims, dtype):
    """Three fifths of the hidden units, others for each token."""
    shape = (*dims["batch"], dims["H"])
    return (7 * np.arange(np.prod(shape)).reshape(shape) + 1) % 5 < 3


class TestFfn(ThroughGelu, ParamsBlock):
    rows = ("10.15",)

    def definition(self, x, *, act="gelu", keep=1, train=True, mask=None, **params):
        """out = dropout(act(x W1 + b1)) W2 + b2. Vaswani et al. 2017, eq. 2, with dropout; CS231n, assignment 3."""
        return ffn_of(x, params, act, keep, mask if train else None)

    def law_tokens_alone(self, run, problem):
        """A token is answered as it is in any company and at any place."""
        x = problem.inputs["x"]
        return run(x=x[::-1, ::-1])["out"][::-1, ::-1], run()["out"]

    sizes = {"batch": (2, 3), "E": 2, "H": 4}
    cases = (
        Case("dropout", keep=0.6, mask=some_kept),
        Case("relu", act="relu"),
        Case("one axis of tokens", {"batch": (4,)}),
        Case("a mask, and nothing scaled", act="relu", mask=some_kept),
        Case("no dropout in evaluation", keep=0.6, mask=some_kept, train=False),
    )
    beyond = (Case("a single token", {"batch": ()}),)
    ties = (Case("no tokens", {"batch": (2, 0)}),)
    bad = (
        Malformed("an activation that there is not", "act", lambda _: "gelu_new"),
        Malformed("keep of 0", "keep", lambda _: 0.0),
        Malformed("a mask of other units", "mask", lambda _: np.ones((2, 3, 5), bool)),
        Malformed("b2 missing", "params", lambda params: {key: params[key] for key in ("W1", "b1", "W2")}),
        Malformed("W2 transposed", "params", lambda params: {**params, "W2": params["W2"].T}),
    )

    def cases_of_scale(self):
        return [Case("many tokens", {"batch": (40, 17), "E": 16, "H": 64})]

    @mistake("M50", replaces="ffn_backward")
    def dx_left_flat(dout, cache):
        """dx has the shape of x: reshape it back from (tokens, E)."""
        dx, grads = ffn_backward(dout, cache)
        return dx.reshape(-1, dx.shape[-1]), grads

    @mistake("M31", replaces="ffn_forward")
    def dropout_in_evaluation(x, params, *, train=True, **options):
        """Drop nothing without train."""
        return ffn_forward(x, params, **options)

    @mistake("M31", replaces="ffn_forward")
    def another_mask_in_the_backward(x, params, **options):
        """Use the mask of the forward in the backward: keep it in the cache."""

        def dropout_backward(dout, cache):
            return np.roll(reference.dropout_backward(np.ones_like(dout), cache), 1) * dout

        return ffn_forward(x, params, ops=Parts(dropout_backward=dropout_backward), **options)

    @mistake("M30", replaces="ffn_forward")
    def dropout_not_scaled(x, params, *, keep=1.0, **options):
        """Divide what is kept by keep in training."""
        ops = Parts(dropout_forward=lambda a, *, keep, **how: reference.dropout_forward(a, keep=1.0, **how))
        return ffn_forward(x, params, keep=keep, ops=ops, **options)

    @mistake("N973", replaces="ffn_forward")
    def no_activation(x, params, **options):
        """An activation stands between the layers: without one they are a single affine layer."""
        passing = {"forward": lambda a: (a, ()), "backward": lambda dout, cache: dout}
        ops = Parts(**{f"{act}_{way}": f for act in ("relu", "gelu") for way, f in passing.items()})
        return ffn_forward(x, params, ops=ops, **options)

    @mistake("N974", replaces="ffn_forward")
    def relu_whatever_is_asked_for(x, params, *, act="gelu", **options):
        """The default is GELU: the docstring of the assignment says ReLU, its code takes GELU."""
        return ffn_forward(x, params, act="relu", **options)

    @mistake("N975", replaces="ffn_forward")
    def gelu_by_tanh(x, params, **options):
        """GELU is x Phi(x) with the error function; the form with tanh is an approximation."""
        ops = Parts(gelu_forward=lambda a: reference.gelu_forward(a, approximate=True))
        return ffn_forward(x, params, ops=ops, **options)

    @mistake("N976", replaces="ffn_forward")
    def dropout_before_the_activation(x, params, **options):
        """Drop what comes out of the activation: GELU of a number that was divided by keep is another one."""
        taken = []

        def dropout_forward(a, *, keep, train, mask, rng):
            ones, cache = reference.dropout_forward(np.ones_like(a), keep=keep, train=train, mask=mask, rng=rng)
            return reference.gelu_forward(taken[0] * ones)[0], cache

        def gelu_forward(a):
            taken.append(a)
            return reference.gelu_forward(a)

        ops = Parts(dropout_forward=dropout_forward, gelu_forward=gelu_forward)
        return ffn_forward(x, params, ops=ops, **options)


class TestFfnDrawn(ThroughGelu, ParamsBlock):
    """A mask that is not given is drawn, from a generator that is as fresh in every call."""

    rows = ("10.15",)
    op = "ffn"

    def definition(self, x, *, keep, **params):
        """mask = u < keep with u drawn by rng.random((…, H)); the rest as with a given mask."""
        mask = np.random.default_rng(7).random((*x.shape[:-1], len(params["b1"]))) < keep
        return ffn_of(x, params, "gelu", keep, mask)

    sizes = {"batch": (2, 3), "E": 2, "H": 4}
    options = {"keep": 0.6}
    tall = ()

    def _forward(self, call, problem):
        fresh = copy.copy(problem)
        fresh.options = problem.options | {"rng": np.random.default_rng(7)}
        return super()._forward(call, fresh)

    @mistake("M31", replaces="ffn_forward")
    def nothing_drawn(x, params, *, keep, rng):
        """Without a mask and with keep below 1 there is dropout as well."""
        return ffn_forward(x, params)

    @mistake("N977", replaces="ffn_forward")
    def one_mask_for_all_tokens(x, params, *, keep, rng):
        """Every token has a mask of its own."""
        mask = np.broadcast_to(rng.random(len(params["b1"])) < keep, (*x.shape[:-1], len(params["b1"])))
        return ffn_forward(x, params, keep=keep, mask=mask)
