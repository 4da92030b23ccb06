"""`clamp` and sums: `F.hinge_embedding_loss` is another one, of distances."""

from nnspec.reference.n02_losses._reduction import divisor_of_the_mean, reduced


def binary_hinge_forward(scores, y, *, cost=1.0, reduction="mean"):
    if ((y != 1) & (y != -1)).any():
        raise ValueError("binary_hinge_forward: y must be -1 or 1, the class itself and not its number 0 or 1")
    divisor = divisor_of_the_mean("binary_hinge_forward", reduction, scores=len(scores))
    return reduced(cost * (1 - y * scores).relu(), reduction, divisor)
