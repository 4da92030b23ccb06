"""The transformer's learning rate: linear warmup, then the inverse square root. Vaswani et al. 2017, sec. 5.3, eq. 3.

    lr_t = d_model^-0.5 min(t^-0.5, t warmup^-1.5)

t = 1, 2, … counts the steps    d_model: the width of the model    warmup: the step of the highest rate

Both branches meet at t = warmup, at 1 / sqrt(d_model warmup). The count begins with 1: at t = 0 the rate would be 0,
and t^-0.5 is infinite.
"""

from nnspec.shapes import Between


def noam(t: Between[1, None], d_model: Between[1, None], warmup: Between[1, None]):
    return d_model**-0.5 * min(t**-0.5, t * warmup**-1.5)
