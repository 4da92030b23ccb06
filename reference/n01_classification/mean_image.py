"""Mean-image subtraction. CS231n notes "Setting up the data", mean subtraction; assignment 1, `softmax.ipynb`.

    mu = 1/N sum_n x_n, over the training images        out_n = x_n - mu

x, out (N, …)    mu (…): an image, with a mean for each pixel of each channel

mu is that of the training images alone, and every split has the same one taken away: the mean of all data would tell
training something about the test, and a mean of its own would shift each split by another image. Integer images are
averaged and subtracted in float64, because uint8 arithmetic wraps at 256. The gradient of out is that of x.
"""

from nnspec.shapes import Array, Float, Real


def mean_image(x: Real[Array, "N *d"]):
    if len(x) == 0:
        raise ValueError("mean_image: x must hold at least one image: the mean of none is undefined")
    return _floating(x).mean(axis=0)  # (…)


def subtract_mean(x: Real[Array, "N *d"], mu: Float[Array, "*d"]):
    return _floating(x) - mu  # (N, …)


def _floating(x):
    """Integers as float64, floats as they are."""
    return x if x.dtype.kind == "f" else x.astype("float64")
