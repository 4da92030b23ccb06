"""Is a gradient right? For any function of arrays: NumPy's, PyTorch's or JAX's, one array or a dict, list or tuple of
them.

    report = nnspec.gradient_check(lambda w: loss(w, x, y), w, dw)
    print(report)      # what was found, in a few lines
    assert report      # true only where the gradient is right

Two questions are asked apart. **Differences**: entry by entry, (f(x + h e_i) - f(x - h e_i)) / 2h at h and h/2, whose
distance says how far to trust them (CS231n notes "Neural Networks 3", gradient checks); where f takes complex numbers,
Im f(x + ih e_i) / h, which is exact but for rounding (Squire and Trapp 1998). **Remainder**: along a drawn direction v,
|f(x + hv) - f(x) - h <g, v>| falls like h^2 if g is the gradient and like h if it is not; that needs no tolerance.

It finds, among others: (1) a factor or (2) a sign that is wrong, (3) a transposed gradient of a square matrix, (4) an
entry that was left out, (5) a sum instead of a mean over the batch, (6) a missing regularization term, (7) the gradient
of another argument, by its shape, (8) a use of a variable that was forgotten (`=` for `+=`), (9) NaN, (10) a gradient
taken at another point (of x before an update). It says when it cannot tell: f draws, f writes to x, f is not finite,
single precision, kinks.

It cannot find: an f that is wrong itself, with the right gradient of the wrong f; what only other inputs show (a branch
that x does not take, a logit so large that exp overflows); what only another mode of f does (dropout at training time,
if f is given as at test time).
"""

from nnspec.gradients.check import GradientReport, gradient_check

__all__ = ["GradientReport", "gradient_check"]
