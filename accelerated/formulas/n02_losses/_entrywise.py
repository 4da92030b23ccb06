"""Losses whose terms are a formula of each entry: terms that are only added up are never written."""

import math

from .._formula import number


def reduced(each, total, reduction, *arguments, check=None):
    """The terms, or their sum. each, total: `elementwise` and `summed` of one formula.

    check() raises where targets are none. The formula is NaN there, so that a sum needs no pass over them of its own
    unless it is.
    """
    if reduction == "none":
        if check:
            check()
        return each(*arguments)
    loss = total(*arguments)
    if check and math.isnan(number(loss)):
        check()
    return loss


def upstream(dloss, reduction):
    """An array where there are terms, and a number where there is one loss."""
    return dloss if reduction == "none" else float(dloss)
