"""Masks that broadcast, read where they stand: no copy for each head, and no table of places."""

from nnspec.accelerated.cuda._kernel import inlined


def meeting(axes, batch):
    """(below, sizes, steps), which tell `place` how an array with these axes in front broadcasts to the batch.

    Axes of the batch that lie beside each other and are not broadcast go together: mostly there is one group.
    """
    groups, below, step, together = [], 1, 1, False
    for size, full in zip(reversed((1,) * (len(batch) - len(axes)) + tuple(axes)), reversed(batch), strict=True):
        if together and size == full:
            groups[-1][1] *= size
        elif full > 1:
            together = size == full
            groups += [[below, size, step]] * together
        below, step = below * full, step * size
    return tuple(zip(*(groups or [[1, 1, 0]]), strict=True))


@inlined
def place(i, below, sizes, steps):
    """The entry of the mask that entry i of the batch meets."""
    at = 0
    for group in range(len(below)):
        at += i // below[group] % sizes[group] * steps[group]
    return at
