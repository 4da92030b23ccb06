"""Classic mistakes of long short-term memory."""

import numpy as np

from nnspec.reference import lstm_backward, lstm_forward, lstm_step_backward, lstm_step_forward, permute_gates
from nnspec.reference.n09_recurrent import lstm
from nnspec.spec_tests._known import mistake


def _sigmoid(a):
    return lstm._sigmoid(a)


class MistakesOfLstmStep:
    @mistake("M54", replaces="lstm_step_backward")
    def slopes_of_what_is_squashed_already(dh_next, dc_next, cache):
        """sigmoid' = s (1 - s) takes s, the output: here s is squashed once more."""
        return _through(*_into_gates(dh_next, dc_next, cache, slope=lambda s: _sigmoid(s) * (1 - _sigmoid(s))), cache)

    @mistake("M54", replaces="lstm_step_forward")
    def exp_overflows(x, h, c, Wx, Wh, b):
        """exp(-a) overflows for large negative a: write exp(a) / (1 + exp(a)) there."""
        return _step(x, h, c, Wx, Wh, b, sigmoid=lambda a: np.exp(a) / (1 + np.exp(a)))

    @mistake("M84", replaces="lstm_step_forward")
    def gates_in_the_order_of_pytorch(x, h, c, Wx, Wh, b):
        """The gates come as i, f, o, g; this reads PyTorch's i, f, g, o."""
        return lstm_step_forward(x, h, c, *(permute_gates(w) for w in (Wx, Wh, b)))

    @mistake("M84", replaces="lstm_step_forward")
    def forget_gate_first(x, h, c, Wx, Wh, b):
        """The gates come as i, f, o, g; this reads f, i, o, g."""
        return lstm_step_forward(x, h, c, *(permute_gates(w, order_to="fiog") for w in (Wx, Wh, b)))

    @mistake("M85", replaces="lstm_step_backward")
    def path_through_h_missing(dh_next, dc_next, cache):
        """c' reaches the loss through h' too: add dh' * o * (1 - tanh(c')^2) to dc'."""
        return _through(*_into_gates(dh_next, dc_next, cache, dc=dc_next), cache)

    @mistake("M85", replaces="lstm_step_backward")
    def slope_of_the_squashed_cell_missing(dh_next, dc_next, cache):
        """The path from c' to h' runs through tanh: its slope is 1 - tanh(c')^2."""
        o = cache[7]
        return _through(*_into_gates(dh_next, dc_next, cache, dc=dc_next + dh_next * o), cache)

    @mistake("M52", replaces="lstm_step_backward")
    def blocks_not_transposed(dh_next, dc_next, cache):
        """dh = da Wh^T: Wh is not square, but its four blocks are, and each has to be transposed."""
        dx, _, *rest = lstm_step_backward(dh_next, dc_next, cache)
        da, _ = _into_gates(dh_next, dc_next, cache)
        blocks = zip(*(np.split(array, 4, axis=1) for array in (da, cache[4])), strict=True)
        return dx, sum(da_gate @ Wh_gate for da_gate, Wh_gate in blocks), *rest

    @mistake("M51", replaces="lstm_step_backward")
    def db_not_summed(dh_next, dc_next, cache):
        """Sum db over the batch: b is added to every row."""
        *rest, _ = lstm_step_backward(dh_next, dc_next, cache)
        return *rest, _into_gates(dh_next, dc_next, cache)[0]

    @mistake("N73", replaces="lstm_step_forward")
    def cell_shown_as_it_is(x, h, c, Wx, Wh, b):
        """h' = o * tanh(c'): the cell is squashed before it is shown."""
        _, c_next, cache = lstm_step_forward(x, h, c, Wx, Wh, b)
        o = cache[7]
        return o * c_next, c_next, cache

    @mistake("N74", replaces="lstm_step_forward")
    def sigmoid_for_the_candidate(x, h, c, Wx, Wh, b):
        """The candidate g is a tanh; only i, f and o are sigmoids."""
        return _step(x, h, c, Wx, Wh, b, candidate=_sigmoid)

    @mistake("N75", replaces="lstm_step_forward")
    def h_of_the_cell_before(x, h, c, Wx, Wh, b):
        """h' shows the new cell, o * tanh(c'), not the one before."""
        _, c_next, cache = lstm_step_forward(x, h, c, Wx, Wh, b)
        o = cache[7]
        return o * np.tanh(c), c_next, cache

    @mistake("N76", replaces="lstm_step_backward")
    def gradient_of_the_cell_ignored(dh_next, dc_next, cache):
        """c' has a gradient of its own, from the step after: add it to what comes through h'."""
        return lstm_step_backward(dh_next, 0 * dc_next, cache)

    @mistake("N820", replaces="lstm_step_forward")
    def forget_bias_of_one(x, h, c, Wx, Wh, b):
        """Add nothing to the forget gate: a bias of 1 belongs to the initial b, not to every step."""
        H = h.shape[1]
        return lstm_step_forward(x, h, c, Wx, Wh, b + (np.arange(4 * H) // H == 1).astype(b.dtype))

    @mistake("N821", replaces="lstm_step_backward")
    def dWh_of_the_new_h(dh_next, dc_next, cache):
        """dWh = h^T da takes the h that went in, not the one that came out."""
        *rest, _, db = lstm_step_backward(dh_next, dc_next, cache)
        o, squashed = cache[7], cache[9]
        return *rest, (o * squashed).T @ _into_gates(dh_next, dc_next, cache)[0], db

    @mistake("N822", replaces="lstm_step_backward")
    def forget_gate_missing_in_dc(dh_next, dc_next, cache):
        """The cell goes on by f: dc of the cell before is dc' * f."""
        dx, dh, dc, *rest = lstm_step_backward(dh_next, dc_next, cache)
        o, squashed = cache[7], cache[9]
        return dx, dh, dc_next + dh_next * o * (1 - squashed * squashed), *rest


class MistakesOfLstm:
    @mistake("M80", replaces="lstm_backward")
    def nothing_flows_back_through_h(dh, dc_T, cache):
        """h_t also reaches the loss through step t + 1: add its dh to dh[:, t]."""
        return _backward(dh, dc_T, cache, dh_back=lambda dh_back: 0 * dh_back)

    @mistake("M80", replaces="lstm_backward")
    def flow_through_h_added_twice(dh, dc_T, cache):
        """Add the dh of step t + 1 once: dh[:, t] is what comes from above alone."""
        return _backward(dh, dc_T, cache, dh_back=lambda dh_back: 2 * dh_back)

    @mistake("M81", replaces="lstm_backward")
    def gradients_of_one_step(dh, dc_T, cache):
        """All steps share their weights: add up their gradients."""
        return _backward(dh, dc_T, cache, add_up=False)

    @mistake("M83", replaces="lstm_backward")
    def backward_runs_forward(dh, dc_T, cache):
        """The backward runs from the last step to the first."""
        return _backward(dh, dc_T, cache, order=iter)

    @mistake("M83", replaces="lstm_backward")
    def dh0_of_the_wrong_end(dh, dc_T, cache):
        """dh0 is what is left after the first step, not the dh of the last one."""
        dx, _, *rest = lstm_backward(dh, dc_T, cache)
        return dx, lstm.lstm_step_backward(dh[:, -1], dc_T, cache[-1][-1])[1], *rest

    @mistake("M84", replaces="lstm_forward")
    def gates_in_the_order_of_pytorch(x, h0, Wx, Wh, b, c0=None, **options):
        """The gates come as i, f, o, g; this reads PyTorch's i, f, g, o."""
        return lstm_forward(x, h0, *(permute_gates(w) for w in (Wx, Wh, b)), c0, **options)

    @mistake("M84", replaces="lstm_forward")
    def forget_gate_first(x, h0, Wx, Wh, b, c0=None, **options):
        """The gates come as i, f, o, g; this reads f, i, o, g."""
        return lstm_forward(x, h0, *(permute_gates(w, order_to="fiog") for w in (Wx, Wh, b)), c0, **options)

    @mistake("M86", replaces="lstm_backward")
    def nothing_flows_back_through_c(dh, dc_T, cache):
        """The cell carries a gradient too: hand dc from step to step."""
        return _backward(dh, dc_T, cache, dc_back=lambda dc_back: 0 * dc_back)

    @mistake("N77", replaces="lstm_backward")
    def gradient_of_the_last_cell_ignored(dh, dc_T, cache):
        """c_T is an output: its gradient dc_T enters at the last step."""
        return lstm_backward(dh, 0 * dc_T, cache)

    @mistake("N78", replaces="lstm_forward")
    def c0_ignored(x, h0, Wx, Wh, b, c0=None, **options):
        """The cell starts at c0: without one at 0, with one there."""
        _, _, cache = lstm_forward(x, h0, Wx, Wh, b, c0, **options)
        h, c_T, _ = lstm_forward(x, h0, Wx, Wh, b, **options)
        return h, c_T, cache

    @mistake("N78", replaces="lstm_forward")
    def cell_starts_at_h0(x, h0, Wx, Wh, b, c0=None, **options):
        """The cell starts at 0, not at h0."""
        return lstm_forward(x, h0, Wx, Wh, b, h0 if c0 is None else c0, **options)

    @mistake("N79", replaces="lstm_forward")
    def every_step_starts_from_h0(x, h0, Wx, Wh, b, c0=None, **options):
        """Each step starts from the h of the one before, not from h0."""
        _, _, cache = lstm_forward(x, h0, Wx, Wh, b, c0, **options)
        c, hs = np.zeros_like(h0) if c0 is None else c0, []
        for t in range(x.shape[1]):
            h, c, _ = lstm_step_forward(x[:, t], h0, c, Wx, Wh, b)
            hs.append(h)
        return np.stack(hs, axis=1), c, cache

    @mistake("N801", replaces="lstm_forward")
    def lengths_ignored(x, h0, Wx, Wh, b, c0=None, *, lengths=None):
        """A sequence is over after its length: what is padded behind it must not change h and c."""
        return lstm_forward(x, h0, Wx, Wh, b, c0)

    @mistake("N801", replaces="lstm_forward")
    def one_step_too_many(x, h0, Wx, Wh, b, c0=None, *, lengths=None):
        """Step t runs where t < length, counted from 0: not one step more."""
        longer = None if lengths is None else np.minimum(lengths + 1, x.shape[1])
        return lstm_forward(x, h0, Wx, Wh, b, c0, lengths=longer)

    @mistake("N802", replaces="lstm_forward")
    def zeros_after_the_end(x, h0, Wx, Wh, b, c0=None, *, lengths=None):
        """After its end a sequence keeps its last h; PyTorch pads with zeros there."""
        h, c_T, cache = lstm_forward(x, h0, Wx, Wh, b, c0, lengths=lengths)
        over = np.arange(x.shape[1]) >= (x.shape[1] if lengths is None else lengths[:, None])
        return np.where(over[..., None], 0, h), c_T, cache

    @mistake("N802", replaces="lstm_forward")
    def cell_runs_on(x, h0, Wx, Wh, b, c0=None, *, lengths=None):
        """c stops with h: c_T is the cell of the last step of each sequence."""
        h, _, cache = lstm_forward(x, h0, Wx, Wh, b, c0, lengths=lengths)
        return h, lstm_forward(x, h0, Wx, Wh, b, c0)[1], cache

    @mistake("N803", replaces="lstm_backward")
    def gradient_after_the_end_lost(dh, dc_T, cache):
        """All h after the end are the last one: add up their dh."""
        running = cache[5]
        return lstm_backward(dh * np.broadcast_to(running[..., 0].T[..., None], dh.shape), dc_T, cache)

    @mistake("N803", replaces="lstm_backward")
    def lengths_ignored_in_the_backward(dh, dc_T, cache):
        """The backward needs the lengths as well: steps after the end have no gradient."""
        x, h0, Wx, Wh, c0, running, caches = cache
        return lstm.lstm_backward(dh, dc_T, (x, h0, Wx, Wh, c0, np.ones_like(running), caches))

    @mistake("N800", replaces="lstm_backward", convention=True)
    def gradient_of_a_cell_that_is_not_there(dh, dc_T, cache):
        """Without c0 there is no dc0: return None."""
        *rest, dc0 = lstm_backward(dh, dc_T, cache)
        return *rest, np.zeros_like(dc_T) if dc0 is None else dc0


def _step(x, h, c, Wx, Wh, b, *, sigmoid=_sigmoid, candidate=np.tanh):
    """A forward with other nonlinearities, and the cache that goes with it."""
    i, f, o, g = np.split(x @ Wx + h @ Wh + b, 4, axis=1)
    i, f, o, g = sigmoid(i), sigmoid(f), sigmoid(o), candidate(g)
    c_next = f * c + i * g
    squashed = np.tanh(c_next)
    h_next, _, cache = lstm_step_forward(x, h, c, Wx, Wh, b)
    return o * squashed, c_next, cache.of((x, h, c, Wx, Wh, i, f, o, g, squashed), cache.op, [h_next, c_next])


def _into_gates(dh_next, dc_next, cache, *, dc=None, slope=lambda s: s * (1 - s)):
    """(da, dc of the cell before), with another gradient of the cell or another slope of the sigmoids."""
    _, _, c, _, _, i, f, o, g, squashed = cache
    dc = dc_next + dh_next * o * (1 - squashed * squashed) if dc is None else dc
    da = dc * g * slope(i), dc * c * slope(f), dh_next * squashed * slope(o), dc * i * (1 - g * g)
    return np.concatenate(da, axis=1), dc * f


def _through(da, dc, cache):
    x, h, _, Wx, Wh, *_ = cache
    return da @ Wx.T, da @ Wh.T, dc, x.T @ da, h.T @ da, da.sum(axis=0)


def _backward(dh, dc_T, cache, *, order=reversed, dh_back=lambda dh: dh, dc_back=lambda dc: dc, add_up=True):
    """The backward through time in another order, or with other gradients from step to step."""
    x, h0, Wx, Wh, c0, running, caches = cache
    dx, weights = np.zeros_like(x), [np.zeros_like(w) for w in (Wx, Wh, Wh[0])]
    dh0, dc0 = np.zeros_like(h0), dc_T
    for t in order(range(len(caches))):
        into = dh[:, t] + dh_back(dh0), dc_back(dc0)
        dx[:, t], *before, _, _, _ = found = lstm.lstm_step_backward(*(running[t] * d for d in into), caches[t])
        here = found[3:]
        dh0, dc0 = (np.where(running[t], d, after) for d, after in zip(before, into, strict=True))
        weights = [before + now for before, now in zip(weights, here, strict=True)] if add_up else here
    return dx, dh0, *weights, None if c0 is None else dc0
