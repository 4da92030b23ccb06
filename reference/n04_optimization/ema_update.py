"""Moving average of the parameters. Polyak and Juditsky 1992; CS231n notes "Neural networks", part 3, "Ensembles".

    avg = avg + share (w - avg)        share = 1 - decay
                                       share = (1 - decay) / (1 - decay^t)        with t
                                       share = 1 / t                              with t and decay = 1

avg, w: one shape, entry by entry    t = 1, 2, … counts the w that have come in, this one as well

The averaged weights are what a model is judged by at the end; training goes on with w. A w that came in k updates ago
counts decay^k times as much as the latest: with decay = 0.999, about the last thousand count. Without t, what is left
over of the weights, decay^t, belongs to the avg that one began with, which is best a copy of the first w. With t
nothing of that is left: the weights are divided by their sum, 1 - decay^t, which is Adam's bias correction, and avg may
begin as anything finite. decay = 1 then weights all alike, which is Polyak's plain mean.
"""

from nnspec.reference.n04_optimization._share import share_of
from nnspec.shapes import Array, Between, Float


def ema_update(
    avg: Float[Array, "*shape"],
    w: Float[Array, "*shape"],
    *,
    decay: float = 0.999,
    t: Between[1, None] | None = None,
):
    share = share_of("ema_update", decay, t)
    return avg + share * (w - avg)
