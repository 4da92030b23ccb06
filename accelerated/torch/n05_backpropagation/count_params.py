"""`numel`."""


def count_params(params, *, tied=()):
    if isinstance(tied, str) or set(tied) - set(params):
        raise ValueError(f"count_params: tied must be keys of params, {', '.join(params)}, got {tied!r}")
    return sum(array.numel() for key, array in params.items() if key not in tied)
