"""`mean`, and arithmetic that broadcasts."""


def mean_image(x):
    if len(x) == 0:
        raise ValueError("mean_image: x must hold at least one image: the mean of none is undefined")
    return _floating(x).mean(dim=0)


def subtract_mean(x, mu):
    return _floating(x) - mu


def _floating(x):
    """Integers as float64, floats as they are."""
    return x if x.is_floating_point() else x.double()
