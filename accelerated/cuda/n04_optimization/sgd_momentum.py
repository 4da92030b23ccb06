"""One pass: the velocity and the weight of an element are read and written once."""

from nnspec.accelerated.cuda._kernel import blocks, kernel
from nnspec.accelerated.cuda._target import cuda, empty_like, flat, to_device


def sgd_momentum(w, dw, state=None, *, lr=1e-2, mu=0.9, lr_in_velocity=True):
    v = w if state is None else to_device(state)  # the first step reads none
    into, out_of = (-lr, 1.0) if lr_in_velocity else (1.0, -lr)  # how much of dw there is in v, and of v in w
    w_new, v_new = empty_like(w), empty_like(w)
    arrays = map(flat, (w, dw, v, w_new, v_new))
    _update(blocks(w.size, _update.threads), *arrays, float(mu), float(into), float(out_of), first=state is None)
    return w_new, v_new


@kernel(threads=(256, 8))
def _update(threads, first):
    def update(w, dw, v, w_new, v_new, mu, into, out_of):
        for i in range(cuda.grid(1), w.size, cuda.gridsize(1)):
            new_v = into * dw[i]
            if not first:
                new_v += mu * v[i]
            v_new[i] = new_v
            w_new[i] = w[i] + out_of * new_v

    return update
