"""One pass: the moments and the weight of an element are read and written once, with nothing in between in memory."""

from math import sqrt

from nnspec.accelerated.cuda._kernel import blocks, kernel
from nnspec.accelerated.cuda._target import cuda, empty_like, flat, math, to_device
from nnspec.reference.n04_optimization._decay_rates import require_decay_rates


def adam(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    require_decay_rates("adam", beta1=beta1, beta2=beta2)
    m, v, t = (None, None, 0) if state is None else state
    t = t + 1
    new = [empty_like(w) for _ in range(3)]
    moments = (w, w) if state is None else map(to_device, (m, v))  # the first step reads none
    constants = (lr / (1 - beta1**t), 1 / sqrt(1 - beta2**t), beta1, 1 - beta1, beta2, 1 - beta2, eps)
    arrays = map(flat, (w, dw, *moments, *new))
    _update(blocks(w.size, _update.threads), *arrays, *map(float, constants), first=state is None)
    w, m, v = new
    return w, (m, v, t)


@kernel(threads=(256, 8))
def _update(real, threads, first):
    def update(w, dw, m, v, w_new, m_new, v_new, step, root_scale, beta1, keep1, beta2, keep2, eps):
        for i in range(cuda.grid(1), w.size, cuda.gridsize(1)):
            new_m = keep1 * dw[i]
            new_v = keep2 * dw[i] * dw[i]
            if not first:
                new_m += beta1 * m[i]
                new_v += beta2 * v[i]
            m_new[i], v_new[i] = new_m, new_v
            w_new[i] = w[i] - step * new_m / (math.sqrt(new_v) * root_scale + eps)

    return update
