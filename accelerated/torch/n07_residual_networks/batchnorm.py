"""`torch.batch_norm`: `F.batch_norm` refuses a single sample. Its running variance is the unbiased one, so it is asked
for the statistics of the batch alone (momentum 1), and few numbers are left to be mixed."""

import math

import torch


def batchnorm_forward(x, gamma, beta, running_mean, running_var, **options):
    return _normalized("batchnorm_forward", x, gamma, beta, running_mean, running_var, **options)


def batchnorm2d_forward(x, gamma, beta, running_mean, running_var, **options):
    return _normalized("batchnorm2d_forward", x, gamma, beta, running_mean, running_var, **options)


def _normalized(
    op, x, gamma, beta, running_mean, running_var, *, train=True, momentum=0.9, eps=1e-5, unbiased_running=False
):
    if not train:
        out = torch.batch_norm(x, gamma, beta, running_mean, running_var, False, 0.0, eps, False)
        return out, running_mean, running_var
    n = math.prod(x.shape) // max(1, x.shape[1])  # samples of a feature
    if n < 1 + unbiased_running:
        least = "two samples with unbiased_running=True" if unbiased_running else "one sample in training"
        raise ValueError(f"{op}: x must hold at least {least}, got {n}")
    mean, var = torch.zeros_like(running_mean), torch.zeros_like(running_var)
    out = torch.batch_norm(x, gamma, beta, mean, var, True, 1.0, eps, False)
    if n == 1:
        var = torch.zeros_like(var)  # PyTorch's is 0 / 0
    elif not unbiased_running:
        var = var * ((n - 1) / n)
    return out, torch.lerp(mean, running_mean, momentum), torch.lerp(var, running_var, momentum)
