"""How a loss of many terms becomes one number."""


def divisor_of_the_mean(op, reduction, **counts):
    """What the sum of the terms is divided by: 1 where there is no mean. counts: by the name of what is counted."""
    ((argument, count),) = counts.items()
    if reduction != "mean":
        return 1
    if count == 0:
        raise ValueError(f"{op}: {argument} must hold at least one entry: the mean of nothing is undefined")
    return count


def reduced(terms, reduction, divisor):
    return (terms if reduction == "none" else terms.sum()) / divisor
