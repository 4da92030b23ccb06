"""How much of the momentum and of the gradient there is in Nadam's step."""

NOTHING = 1e-20  # beside 1


def look_ahead(t, beta1, schedule):
    """(of_m, of_dw): the factors of m and of dw in step t."""
    if schedule is None:
        return beta1 / (1 - beta1**t), (1 - beta1) / (1 - beta1**t)
    if schedule < 0:
        raise ValueError(f"nadam: schedule must be at least 0, got {schedule}")
    product, step = 1.0, 0
    while step < t and product > NOTHING:
        step += 1
        product *= scheduled(step, beta1, schedule)
    mu, mu_next = scheduled(t, beta1, schedule), scheduled(t + 1, beta1, schedule)
    return mu_next / (1 - product * mu_next), (1 - mu) / (1 - product)


def scheduled(t, beta1, schedule):
    return beta1 * (1 - 0.96 ** (schedule * t) / 2)
