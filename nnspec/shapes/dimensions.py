"""The words of a shape: names, numbers and expressions in names."""

import math
import re


def evaluate(expression, dims):
    """The value of an axis: a number as it is, a name or an expression in the names of `dims`."""
    if not isinstance(expression, str):
        return expression
    return eval(expression, {"__builtins__": {}, "prod": math.prod}, dims)  # our own annotations, nobody's input


def dimensions(notation: str) -> list[str]:
    """The names of dimensions in one shape: of "N prod(d) M" they are N, d and M."""
    return re.findall(r"[A-Za-z_]\w*(?![\w(])", notation)
