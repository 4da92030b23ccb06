"""What the decay rate of a moving average may be."""


def require_decay_rates(op, **rates):
    """At 1 nothing new comes in and the bias correction divides by 0; below 0 there is no average."""
    for name, rate in rates.items():
        if not 0 <= rate < 1:
            raise ValueError(f"{op}: {name} must lie in [0, 1), got {rate}")
