"""Classic mistakes of the batched matrix product."""

import numpy as np

from nnspec.reference import matmul_backward, matmul_forward
from nnspec.spec_tests._known import mistake


def square(x):
    return x.shape[-1] == x.shape[-2]


class MistakesOfMatmul:
    @mistake("M52", replaces="matmul_backward")
    def transpose_forgotten_in_da(dout, cache):
        """da = dout b^T. With a square b the shapes fit without the transpose as well."""
        a, b = cache
        da, db = matmul_backward(dout, cache)
        return dout @ b if square(b) and dout.shape == a.shape else da, db

    @mistake("M52", replaces="matmul_backward")
    def factors_swapped_in_db(dout, cache):
        """db = a^T dout, in this order: where everything is square, dout^T a fits as well."""
        a, b = cache
        da, db = matmul_backward(dout, cache)
        swapped = dout.swapaxes(-1, -2) @ a
        return da, swapped if swapped.shape == db.shape else db

    @mistake("M52", replaces="matmul_backward")
    def batch_transposed_as_well(dout, cache):
        """Exchange the last two axes alone, swapaxes(-1, -2): .T reverses those of the batch too."""
        a, b = cache
        da, db = matmul_backward(dout, cache)
        fits = len({*a.shape, *b.shape}) == 1 and a.ndim == b.ndim
        return (dout @ b.T, a.T @ dout) if fits else (da, db)

    @mistake("N840", replaces="matmul_forward")
    def entry_by_entry(a, b):
        """A matrix product is a @ b: where both have the same shape, a * b multiplies entry by entry."""
        out, cache = matmul_forward(a, b)
        return a * b if a.shape == b.shape else out, cache

    @mistake("N841", replaces="matmul_forward")
    def factors_swapped(a, b):
        """a @ b, in this order: of square matrices b @ a fits too, and is another one."""
        out, cache = matmul_forward(a, b)
        return b @ a if square(a) and square(b) else out, cache

    @mistake("N842", replaces="matmul_forward")
    def first_matrix_for_all(a, b):
        """Each matrix of a meets its own of b; here all meet the first."""
        out, cache = matmul_forward(a, b)
        return (a @ b[:1] if b.ndim > 2 and len(b) else out), cache

    @mistake("N843", replaces="matmul_forward")
    def summed_over_the_batch(a, b):
        """Each matrix of the batch is a product by itself: nothing is summed over the batch."""
        out, cache = matmul_forward(a, b)
        return (out + 0 * out if out.ndim < 3 else np.broadcast_to(out.sum(axis=0), out.shape).copy()), cache

    @mistake("M64", replaces="matmul_backward")
    def reshaped_instead_of_transposed(dout, cache):
        """Transpose a for db: a reshape to the same shape mixes its rows."""
        a, _ = cache
        da, db = matmul_backward(dout, cache)
        mixed = a.reshape(*a.shape[:-2], a.shape[-1], a.shape[-2]) @ dout
        return da, mixed if mixed.shape == db.shape else db

    @mistake("M63", replaces="matmul_backward")
    def gradients_averaged_over_the_batch(dout, cache):
        """Leave the gradients as they are: the mean over the batch belongs to the loss."""
        da, db = matmul_backward(dout, cache)
        count = max(1, len(dout)) if dout.ndim > 2 else 1
        return da / count, db / count

    @mistake("M55", replaces="matmul_backward")
    def last_use_of_what_is_shared(dout, cache):
        """A matrix that serves the whole batch gets the sum of the gradients of all uses, not the last one."""
        return _over_the_uses(dout, cache, lambda gradients: gradients[-1])

    @mistake("N844", replaces="matmul_backward")
    def mean_over_the_uses(dout, cache):
        """A matrix that serves the whole batch gets the sum of the gradients of all uses, not their mean."""
        return _over_the_uses(dout, cache, lambda gradients: gradients.mean(axis=0))

    @mistake("N845", replaces="matmul_backward")
    def what_was_broadcast_is_not_summed(dout, cache):
        """A gradient has the shape of its factor: sum over the axes along which that was broadcast."""
        a, b = cache
        return dout @ b.swapaxes(-1, -2), a.swapaxes(-1, -2) @ dout


def _over_the_uses(dout, cache, combine):
    """Where a factor has no batch, what `combine` makes of the gradients of its uses."""
    a, b = cache
    da, db = matmul_backward(dout, cache)
    if dout.ndim == 3 and len(dout) and a.ndim == 2:
        da = combine(dout @ b.swapaxes(-1, -2))
    if dout.ndim == 3 and len(dout) and b.ndim == 2:
        db = combine(a.swapaxes(-1, -2) @ dout)
    return da, db
