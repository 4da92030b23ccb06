"""`x.mean(dim=(2, 3))`."""


def global_avg_pool_forward(x):
    if 0 in x.shape[2:]:
        raise ValueError(f"global_avg_pool_forward: x must hold at least one pixel, got {x.shape[2]} x {x.shape[3]}")
    return x.mean(dim=(2, 3))
