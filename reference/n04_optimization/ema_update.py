"""Moving average of the parameters. Polyak and Juditsky 1992; CS231n notes "Neural networks", part 3, "Ensembles".

    avg = avg + share (w - avg)        share = 1 - decay
                                       share = (1 - decay) / (1 - decay^t)        with t
                                       share = 1 / t                              with t and decay = 1

avg, w: one shape, entry by entry    t = 1, 2, … counts the w that have come in, this one as well

The averaged weights are what a model is judged by at the end; training goes on with w. Without t the average begins
where avg begins, which is best a copy of the first w. With t it is corrected for that: the first w counts in full,
whatever avg was, as if Adam's m / (1 - decay^t) were kept instead of m. decay = 1 is Polyak's plain mean.
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
