"""AdamW: Adam with decoupled weight decay. Loshchilov and Hutter 2019, arXiv:1711.05101, algorithm 2, line 12.

    w = (1 - lr weight_decay) w - lr mhat / (sqrt(vhat) + eps)        mhat, vhat as in Adam, of dw alone

w, dw, m, v: one shape, entry by entry    t = 1, 2, … counts the steps of this tensor

The decay is no part of the gradient: it is not divided by the root of the second moment, so that every weight shrinks
by the same factor. It grows with lr, as in PyTorch; the paper has a schedule multiplier in place of lr there, 1
while nothing is scheduled. Biases and the parameters of normalizations are mostly given no decay.
"""

from nnspec.reference.n04_optimization._decay_rates import require_decay_rates
from nnspec.reference.n04_optimization.adam import adam
from nnspec.shapes import Array, Float, State


def adamw(
    w: Float[Array, "*shape"],
    dw: Float[Array, "*shape"],
    state: State["*shape", "*shape", int] | None = None,
    *,
    lr: float = 1e-3,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
    weight_decay: float = 1e-2,
):
    require_decay_rates("adamw", beta1=beta1, beta2=beta2)
    decayed = (1 - lr * weight_decay) * w
    return adam(decayed, dw, state, lr=lr, beta1=beta1, beta2=beta2, eps=eps)
