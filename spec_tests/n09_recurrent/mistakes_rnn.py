"""Classic mistakes of the vanilla recurrent network."""

import numpy as np

from nnspec.reference import rnn_backward, rnn_forward, rnn_step_backward, rnn_step_forward
from nnspec.reference.n09_recurrent import rnn
from nnspec.spec_tests._known import mistake


class MistakesOfRnnStep:
    @mistake("M82", replaces="rnn_step_backward")
    def squashed_twice(dh_next, cache):
        """h' is squashed already: the slope is 1 - h'^2, not 1 - tanh(h')^2."""
        return _through(dh_next * (1 - np.tanh(cache[4]) ** 2), cache)

    @mistake("M82", replaces="rnn_step_backward")
    def slope_at_the_h_before(dh_next, cache):
        """The slope is that at the h that came out, 1 - h'^2: keep h' in the cache."""
        return _through(dh_next * (1 - cache[1] ** 2), cache)

    @mistake("M82", replaces="rnn_step_backward")
    def slope_missing(dh_next, cache):
        """The gradient goes back through the tanh as well: da = dh' (1 - h'^2). Without, the cell is linear."""
        return _through(dh_next, cache)

    @mistake("M52", replaces="rnn_step_backward")
    def square_matrix_not_transposed(dh_next, cache):
        """dh = da Wh^T: that Wh is square does not make it its transpose."""
        dx, _, *rest = rnn_step_backward(dh_next, cache)
        return dx, _da(dh_next, cache) @ cache[3], *rest

    @mistake("M52", replaces="rnn_step_backward")
    def gradient_of_the_square_matrix_transposed(dh_next, cache):
        """dWh = h^T da, not da^T h: the shapes are the same."""
        *rest, dWh, db = rnn_step_backward(dh_next, cache)
        return *rest, dWh.T.copy(), db

    @mistake("M51", replaces="rnn_step_backward")
    def db_not_summed(dh_next, cache):
        """Sum db over the batch: b is added to every row."""
        *rest, _ = rnn_step_backward(dh_next, cache)
        return *rest, _da(dh_next, cache)

    @mistake("N821", replaces="rnn_step_backward")
    def dWh_of_the_new_h(dh_next, cache):
        """dWh = h^T da takes the h that went in, not the one that came out."""
        *rest, _, db = rnn_step_backward(dh_next, cache)
        return *rest, cache[4].T @ _da(dh_next, cache), db

    @mistake("N934", replaces="rnn_step_forward")
    def not_squashed(x, h, Wx, Wh, b):
        """h' = tanh(a): without the tanh the cell is linear."""
        return x @ Wx + h @ Wh + b, rnn_step_forward(x, h, Wx, Wh, b)[1]

    @mistake("N934", replaces="rnn_step_forward")
    def sigmoid_for_tanh(x, h, Wx, Wh, b):
        """The nonlinearity is a tanh, which is centred at 0, not a sigmoid."""
        h_next, cache = rnn_step_forward(x, h, Wx, Wh, b)
        return 1 / (1 + np.exp(-(x @ Wx + h @ Wh + b))), cache.of(cache, cache.op, [h_next])

    @mistake("N934", replaces="rnn_step_forward")
    def x_alone_squashed(x, h, Wx, Wh, b):
        """Add x Wx, h Wh and b first, then squash the sum once."""
        return np.tanh(x @ Wx + b) + h @ Wh, rnn_step_forward(x, h, Wx, Wh, b)[1]

    @mistake("N935", replaces="rnn_step_forward")
    def bias_left_out(x, h, Wx, Wh, b):
        """Add b: the note leaves it out of its formula, the layer has one."""
        return np.tanh(x @ Wx + h @ Wh), rnn_step_forward(x, h, Wx, Wh, b)[1]


class MistakesOfRnn:
    @mistake("M80", replaces="rnn_backward")
    def nothing_flows_back(dh, cache):
        """h_t also reaches the loss through step t + 1: add its dh to dh[:, t]."""
        return _backward(dh, cache, back=lambda dh_back: 0 * dh_back)

    @mistake("M80", replaces="rnn_backward")
    def what_flows_back_added_twice(dh, cache):
        """Add the dh of step t + 1 once: dh[:, t] is what comes from above alone."""
        return _backward(dh, cache, back=lambda dh_back: 2 * dh_back)

    @mistake("M80", replaces="rnn_backward")
    def only_the_last_step_has_a_loss(dh, cache):
        """Every step has its dh from above: add dh[:, t] on the way, not dh[:, -1] alone."""
        last = np.zeros_like(dh)
        last[:, -1:] = dh[:, -1:]
        return rnn.rnn_backward(last, cache)

    @mistake("M81", replaces="rnn_backward")
    def gradients_of_one_step(dh, cache):
        """All steps share their weights: add up their gradients."""
        return _backward(dh, cache, add_up=False)

    @mistake("M82", replaces="rnn_backward")
    def slope_missing_from_step_to_step(dh, cache):
        """dL/dh_t has a factor 1 - h_{t+1}^2 in what comes from step t + 1; the note's formula leaves it out."""
        _, _, _, Wh, *_ = cache
        return _backward(dh, cache, before=lambda dh_next, dh_before: dh_next @ Wh.T)

    @mistake("M83", replaces="rnn_backward")
    def backward_runs_forward(dh, cache):
        """The backward runs from the last step to the first."""
        return _backward(dh, cache, order=iter)

    @mistake("M83", replaces="rnn_backward")
    def dh0_of_the_wrong_end(dh, cache):
        """dh0 is what is left after the first step, not the dh of the last one."""
        dx, _, *rest = rnn_backward(dh, cache)
        return dx, rnn.rnn_step_backward(dh[:, -1], cache[-1][-1])[1], *rest

    @mistake("N79", replaces="rnn_forward")
    def every_step_starts_from_h0(x, h0, Wx, Wh, b, **options):
        """Each step starts from the h of the one before, not from h0."""
        _, cache = rnn_forward(x, h0, Wx, Wh, b, **options)
        h = [rnn_step_forward(x[:, t], h0, Wx, Wh, b)[0] for t in range(x.shape[1])]
        return np.stack(h, axis=1), cache

    @mistake("N79", replaces="rnn_forward")
    def h0_ignored(x, h0, Wx, Wh, b, **options):
        """The first step starts from the h0 that is given, not from zeros."""
        return rnn_forward(x, 0 * h0, Wx, Wh, b, **options)[0], rnn_forward(x, h0, Wx, Wh, b, **options)[1]

    @mistake("N936", replaces="rnn_forward")
    def h_of_the_step_before(x, h0, Wx, Wh, b, **options):
        """h[:, t] is what comes out of step t: h0 is not one of them."""
        h, cache = rnn_forward(x, h0, Wx, Wh, b, **options)
        return np.concatenate([h0[:, None], h[:, :-1]], axis=1), cache

    @mistake("N801", replaces="rnn_forward")
    def lengths_ignored(x, h0, Wx, Wh, b, *, lengths=None):
        """A sequence is over after its length: what is padded behind it must not change h."""
        return rnn_forward(x, h0, Wx, Wh, b)

    @mistake("N801", replaces="rnn_forward")
    def one_step_too_many(x, h0, Wx, Wh, b, *, lengths=None):
        """Step t runs where t < length, counted from 0: not one step more."""
        longer = None if lengths is None else np.minimum(lengths + 1, x.shape[1])
        return rnn_forward(x, h0, Wx, Wh, b, lengths=longer)

    @mistake("N802", replaces="rnn_forward")
    def zeros_after_the_end(x, h0, Wx, Wh, b, *, lengths=None):
        """After its end a sequence keeps its last h; PyTorch pads with zeros there."""
        h, cache = rnn_forward(x, h0, Wx, Wh, b, lengths=lengths)
        over = np.arange(x.shape[1]) >= (x.shape[1] if lengths is None else lengths[:, None])
        return np.where(over[..., None], 0, h), cache

    @mistake("N803", replaces="rnn_backward")
    def gradient_after_the_end_lost(dh, cache):
        """All h after the end are the last one: add up their dh."""
        running = cache[4]
        return rnn_backward(dh * np.broadcast_to(running[..., 0].T[..., None], dh.shape), cache)

    @mistake("N803", replaces="rnn_backward")
    def lengths_ignored_in_the_backward(dh, cache):
        """The backward needs the lengths as well: steps after the end have no gradient."""
        x, h0, Wx, Wh, running, caches = cache
        return rnn.rnn_backward(dh, (x, h0, Wx, Wh, np.ones_like(running), caches))


def _da(dh_next, cache):
    return dh_next * (1 - cache[4] ** 2)


def _through(da, cache):
    x, h, Wx, Wh, _ = cache
    return da @ Wx.T, da @ Wh.T, x.T @ da, h.T @ da, da.sum(axis=0)


def _backward(dh, cache, *, order=reversed, back=lambda dh: dh, before=lambda _, dh: dh, add_up=True):
    """The backward through time in another order, or with other gradients from step to step."""
    x, h0, Wx, Wh, running, caches = cache
    dx, weights = np.zeros_like(x), [np.zeros_like(w) for w in (Wx, Wh, Wh[0])]
    dh0 = np.zeros_like(h0)
    for t in order(range(len(caches))):
        dh_next = dh[:, t] + back(dh0)
        dx[:, t], dh_before, *here = rnn.rnn_step_backward(running[t] * dh_next, caches[t])
        dh0 = np.where(running[t], before(dh_next, dh_before), dh_next)
        weights = [before + now for before, now in zip(weights, here, strict=True)] if add_up else here
    return dx, dh0, *weights
