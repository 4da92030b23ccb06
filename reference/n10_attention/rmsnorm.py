"""Root-mean-square normalization. Zhang and Sennrich 2019, arXiv:1910.07467, eq. 4.

    xhat = x / rms        rms = sqrt(mean(x^2) + eps), of each row        out = gamma xhat

x, out (…, D)    gamma (D,)    rms (…, 1)

Layer normalization without the mean and without beta: the rows are only scaled. eps stands inside the root, as in LLaMA
and PyTorch; the paper has none. Its default here is 1e-6; that of `torch.nn.RMSNorm` is the machine's. A row of zeros
stays 0.
"""

import numpy as np

from nnspec.shapes import Array, Float


def rmsnorm_forward(x: Float[Array, "*batch D"], gamma: Float[Array, "D"], *, eps: float = 1e-6):
    rms = np.sqrt((x * x).mean(axis=-1, keepdims=True) + eps)  # (…, 1)
    xhat = x / rms  # (…, D)
    return gamma * xhat, (xhat, rms, gamma)  # (…, D)


def rmsnorm_backward(dout, cache):
    xhat, rms, gamma = cache
    dgamma = (dout * xhat).sum(axis=tuple(range(dout.ndim - 1)))  # (D,)
    dxhat = dout * gamma  # (…, D)
    along_scale = (dxhat * xhat).mean(axis=-1, keepdims=True)  # (…, 1) a scaling of the row changes nothing
    return (dxhat - xhat * along_scale) / rms, dgamma
