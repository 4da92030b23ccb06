"""[? The trick alone: what is read and written ?]"""

from .._formula import elementwise


def the_concept(x):
    return _value(x)


@elementwise
def _value(x):
    raise NotImplementedError("[? the same signature as the reference above; here one element of out from one of x ?]")
