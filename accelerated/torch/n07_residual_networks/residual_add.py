"""`fx + x`."""


def residual_add_forward(fx, x):
    return fx + x
