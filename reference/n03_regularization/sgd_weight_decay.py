"""Weight decay in gradient descent. Hanson and Pratt 1988; Loshchilov and Hutter 2019, arXiv:1711.05101, proposition 1;
PyTorch, `torch.optim.SGD(weight_decay=…)`.

    w = w - lr (dw + weight_decay w)
    v = mu v - lr (dw + weight_decay w)        w = w + v        with mu

w, dw, v: one shape, entry by entry    v is 0 before the first step and is the state; without mu there is none

It is plain descent on dw and the gradient of the L2 penalty weight_decay/2 sum w^2. Without momentum that is also a
shrinking of w by 1 - lr weight_decay before the step. Under Adam the two part: there a penalty is divided by the root
of the second moment like every gradient, and a decay of its own is AdamW. With momentum the decay is within the
velocity; beside it, it would be another rule, SGDW.
"""

from nnspec.reference.n04_optimization.sgd import sgd
from nnspec.reference.n04_optimization.sgd_momentum import sgd_momentum
from nnspec.shapes import Array, Float, State


def sgd_weight_decay(
    w: Float[Array, "*shape"],
    dw: Float[Array, "*shape"],
    state: State["*shape"] | None = None,
    *,
    lr: float = 1e-2,
    weight_decay: float = 1e-2,
    mu: float = 0.0,
):
    gradient = dw + weight_decay * w
    if mu == 0:
        return sgd(w, gradient, lr=lr)
    return sgd_momentum(w, gradient, state, lr=lr, mu=mu)
