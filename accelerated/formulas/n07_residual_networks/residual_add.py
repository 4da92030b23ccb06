from .._formula import elementwise


def residual_add_forward(fx, x):
    return _sum(fx, x), ()


def residual_add_backward(dout, cache):
    return _both(dout)


@elementwise
def _sum(fx, x):
    return fx + x


@elementwise(outputs=2)
def _both(dout):
    return dout, dout
