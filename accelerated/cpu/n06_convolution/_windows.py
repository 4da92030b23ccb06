"""What one tap of all windows in a row meets, in wide copies."""

from numba.extending import register_jitable

from nnspec.accelerated.cpu import _tile


@register_jitable
def inside(size, first, stride, count):
    """From which to which j, of `count`, first + j stride is an index into `size` entries."""
    left = min(count, max(0, (stride - 1 - first) // stride))
    return left, max(left, min(count, (size - first + stride - 1) // stride))


@register_jitable
def copy_exactly(source, source_at, target, target_at, count):
    """Write `count` entries from one place on to another place, in vectors; the last may overlap the one before.

    Nothing beyond them is read or written.
    """
    lanes = _tile.width_of(source) // _tile.VECTORS
    if count < lanes:
        _tile.copy_part(source, source_at, target, target_at, count)
        return
    for j in range(0, count - lanes, lanes):
        _tile.copy_vector(source, source_at + j, target, target_at + j)
    _tile.copy_vector(source, source_at + count - lanes, target, target_at + count - lanes)


@register_jitable(inline="always")  # else numba counts references of both arrays in every call, which is one a row
def copy_from(source, source_at, step, target, target_at, count):
    """Every step-th entry of `source`, in wide copies that with a step may write zeros beyond the last one."""
    if step == 1:
        copy_exactly(source, source_at, target, target_at, count)
    else:
        width, done = _tile.columns(source.itemsize), 0
        while done < count:
            here, at, to = min(width, count - done), source_at + done * step, target_at + done
            if step == 2 and at + width * step <= source.size:
                _tile.copy_every_second(source, at, target, to, here)
            else:
                for j in range(here):
                    target[to + j] = source[at + j * step]
            done += width
