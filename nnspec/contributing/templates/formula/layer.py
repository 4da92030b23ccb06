"""[? The trick alone: what is read and written, what is taken anew instead of kept ?]"""

from .._formula import elementwise


def the_concept_forward(x):
    return _value(x), (x,)


def the_concept_backward(dout, cache):
    (x,) = cache
    return _slope(x, dout)


@elementwise
def _value(x):
    raise NotImplementedError("[? the same signatures as the reference above; here one element of out from one of x ?]")


@elementwise
def _slope(x, dout):
    raise NotImplementedError("[? one element of dx; constants as like(x, 0.5), exp and its like from .._formula ?]")
