"""How much of a moving average is new."""


def share_of(op, decay, t):
    if not 0 <= decay <= 1 or (decay == 1 and t is None):
        raise ValueError(f"{op}: decay must lie in [0, 1), or be 1 where t is given, got {decay}")
    if t is None:
        return 1 - decay
    return 1 / t if decay == 1 else (1 - decay) / (1 - decay**t)
