"""What one tap of all windows in a row meets, in wide copies."""

from numba.extending import register_jitable

from nnspec.accelerated.cpu import _tile


@register_jitable
def inside(size, first, stride, count):
    """From which to which j, of `count`, first + j stride is an index into `size` entries."""
    left = min(count, max(0, (stride - 1 - first) // stride))
    return left, max(left, min(count, (size - first + stride - 1) // stride))


@register_jitable(inline="always")  # else numba counts references of both arrays in every call, which is one a row
def copy_from(source, source_at, step, target, target_at, count):
    """Every step-th entry of `source`; neighbours in wide copies."""
    if step == 1:
        _tile.copy_exactly(source, source_at, target, target_at, count)
    else:
        for j in range(count):
            target[target_at + j] = source[source_at + j * step]
