"""A product of a row with a matrix."""


def vjp_from_jacobian(J, dout):
    return dout.reshape(-1) @ J.reshape(dout.numel(), J.shape[-1])
