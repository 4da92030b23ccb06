"""The axis along which something is normalized or added up."""


def require_axis(op, x, axis):
    """No annotation tells which axes an array of any number of axes has."""
    if not -x.ndim <= axis < x.ndim:
        raise ValueError(f"{op}: axis must be one of the {x.ndim} of x, got {axis}")
