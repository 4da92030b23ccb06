"""Axes, by number, that something is summed or reduced over."""


def axes_of(op, x, axis):
    """As a sorted tuple of numbers from 0: of None every axis."""
    if axis is None:
        return tuple(range(len(x.shape)))
    given = axis if isinstance(axis, (tuple, list)) else (axis,)
    ndim = len(x.shape)
    known = all(type(a) is int and -ndim <= a < ndim for a in given)
    if not known or len({a % ndim for a in given}) < len(given):
        raise ValueError(f"{op}: axis must be of the {ndim} of x, each once, or None, got {axis!r}")
    return tuple(sorted(a % ndim for a in given))


def kept(shape, axes):
    """The shape with size 1 along the axes, with which what was reduced broadcasts against x."""
    return tuple(1 if i in axes else size for i, size in enumerate(shape))


def reduced(shape, axes):
    return tuple(size for i, size in enumerate(shape) if i not in axes)
