"""Where an entry of one array lies in another one, of other axes: no table and no copy."""

from nnspec.accelerated.cuda._kernel import inlined


def strides(shape):
    """In entries, of a C-contiguous array."""
    steps, step = [], 1
    for size in reversed(shape):
        steps.append(step)
        step *= size
    return tuple(reversed(steps))


def route(sizes, steps):
    """(below, sizes, steps), which tell `place` how far an index over axes of these sizes goes with these steps.

    Axes that lie beside each other on both sides go together: mostly there is one group.
    """
    groups, below = [], 1
    for size, step in zip(reversed(sizes), reversed(steps), strict=True):
        if groups and step == groups[-1][1] * groups[-1][2] and below == groups[-1][0] * groups[-1][1]:
            groups[-1][1] *= size
        elif size > 1 and step:
            groups.append([below, size, step])
        below *= size
    return tuple(zip(*(groups or [[1, 1, 0]]), strict=True))


@inlined
def place(i, below, sizes, steps):
    at = 0
    for group in range(len(below)):
        at += i // below[group] % sizes[group] * steps[group]
    return at
