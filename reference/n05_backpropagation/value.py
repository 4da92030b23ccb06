"""Reverse mode on scalars: every value remembers what it was computed from, and how steeply. Rumelhart et al. 1986;
CS231n lecture 4; Karpathy 2020, micrograd.

    v.data     the number
    v.grad     after out.backward(): d out / d v = sum over the uses u of v    d out / d u * d u / d v

value(2.0) makes a leaf, with the operations + - * / ** and the methods exp() log() tanh() sigmoid() relu(). It may as
well be a class: `value = Value`.

A backward goes through all values once, the uses of each before the value itself: the order in which they were made,
turned round. What is used twice has the sum of the gradients, and so has a leaf of two graphs: set grad = 0 in between.
The exponent of ** is a number. relu has the slope 0 at 0.
"""

import math


def value(data: float):
    return _Value(data)


class _Value:
    def __init__(self, data, slopes=()):
        self.data, self.grad = data, 0.0
        self._slopes = slopes  # (v, d self / d v) of each value that this one was computed from

    def __add__(self, other):
        other = _value_of(other)
        return _Value(self.data + other.data, ((self, 1.0), (other, 1.0)))

    def __mul__(self, other):
        other = _value_of(other)
        return _Value(self.data * other.data, ((self, other.data), (other, self.data)))

    def __pow__(self, exponent):
        if not isinstance(exponent, (int, float)):
            raise TypeError(f"value: the exponent of ** must be a number, got {type(exponent).__name__}")
        return _Value(self.data**exponent, ((self, exponent * self.data ** (exponent - 1)),))

    def exp(self):
        out = math.exp(self.data)
        return _Value(out, ((self, out),))

    def log(self):
        return _Value(math.log(self.data), ((self, 1 / self.data),))

    def tanh(self):
        out = math.tanh(self.data)
        return _Value(out, ((self, 1 - out * out),))

    def sigmoid(self):
        e = math.exp(-abs(self.data))  # of what is not positive: nothing overflows
        out = (1 if self.data >= 0 else e) / (1 + e)
        return _Value(out, ((self, out * (1 - out)),))

    def relu(self):
        is_shut = self.data <= 0  # and of NaN neither is true
        return _Value(0.0 if is_shut else self.data, ((self, 0.0 if is_shut else 1.0),))

    def __neg__(self):
        return self * -1.0

    def __sub__(self, other):
        return self + -_value_of(other)

    def __truediv__(self, other):
        return self * _value_of(other) ** -1

    def __radd__(self, other):
        return self + other

    def __rmul__(self, other):
        return self * other

    def __rsub__(self, other):
        return -self + other

    def __rtruediv__(self, other):
        return _value_of(other) / self

    def backward(self):
        upstream = {id(self): 1.0}
        for v in reversed(_in_order(self)):
            v.grad += upstream[id(v)]
            for part, slope in v._slopes:
                upstream[id(part)] = upstream.get(id(part), 0.0) + slope * upstream[id(v)]


def _value_of(other):
    return other if isinstance(other, _Value) else _Value(other)


def _in_order(out):
    """All values that out depends on, each once and behind those that it was computed from.

    With a stack of its own: a chain of ten thousand operations is deeper than Python's.
    """
    order, seen, stack = [], set(), [(out, False)]
    while stack:
        v, parts_are_in = stack.pop()
        if parts_are_in:
            order.append(v)
        elif id(v) not in seen:
            seen.add(id(v))
            stack.append((v, True))
            stack += [(part, False) for part, _ in v._slopes]
    return order
