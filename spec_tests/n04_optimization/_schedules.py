"""What the specifications of schedules share."""


def rounded(rates):
    """To twelve decimals: in which order a formula is evaluated does not matter."""
    return [round(float(lr), 12) for lr in rates]
