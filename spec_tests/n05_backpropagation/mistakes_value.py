"""Classic mistakes of a scalar computational graph: a small class, of which each mistake changes one thing."""

import math

from nnspec.spec_tests._known import mistake


class Node:
    """A right one, like micrograd's: a closure for each operation adds to the gradients of its operands."""

    def __init__(self, data, parts=(), slopes=()):
        self.data, self.grad, self.parts, self.slopes = data, 0.0, parts, slopes

    def of(self, other):
        return other if isinstance(other, Node) else type(self)(float(other))

    def __add__(self, other):
        other = self.of(other)
        return type(self)(self.data + other.data, (self, other), (1.0, 1.0))

    def __mul__(self, other):
        other = self.of(other)
        return type(self)(self.data * other.data, (self, other), (other.data, self.data))

    def __pow__(self, k):
        return type(self)(self.data**k, (self,), (k * self.data ** (k - 1),))

    def exp(self):
        return type(self)(math.exp(self.data), (self,), (math.exp(self.data),))

    def tanh(self):
        t = math.tanh(self.data)
        return type(self)(t, (self,), (1 - t * t,))

    def relu(self):
        shut = self.data <= 0
        return type(self)(0.0 if shut else self.data, (self,), (0.0 if shut else 1.0,))

    def backward(self):
        self.grad += 1.0
        for node in reversed(self.order()):
            node.pull()

    def pull(self):
        for part, slope in zip(self.parts, self.slopes, strict=True):
            part.grad += slope * self.grad

    def order(self):
        """With a stack of its own."""
        order, seen, stack = [], set(), [(self, False)]
        while stack:
            node, ready = stack.pop()
            if ready:
                order.append(node)
            elif id(node) not in seen:
                seen.add(id(node))
                stack += [(node, True), *((part, False) for part in node.parts)]
        return order


def made_by(changed):
    """value(data) of a class in which some methods are others."""
    made = type("Value", (Node,), changed)
    return lambda data: made(float(data))


class MistakesOfValue:
    @mistake("M55", replaces="value")
    def assigned(data):
        """Add to grad: where a value is used twice, = leaves the gradient of the last use alone."""

        def pull(self):
            for part, slope in zip(self.parts, self.slopes, strict=True):
                part.grad = slope * self.grad

        return made_by({"pull": pull})(data)

    @mistake("N1662", replaces="value")
    def handed_on_at_once(data):
        """Go in topological order: a value that hands on before all its uses have come hands on too little."""

        def order(self):
            order, seen, queue = [], set(), [self]
            while queue:
                node = queue.pop(0)
                if id(node) not in seen:
                    seen.add(id(node))
                    order.append(node)
                    queue += node.parts
            return order[::-1]

        return made_by({"order": order})(data)

    @mistake("N1662", replaces="value")
    def in_the_order_they_were_made(data):
        """Turn the order round: the output comes first, and the leaves last."""
        return made_by({"order": lambda self: Node.order(self)[::-1]})(data)

    @mistake("N1662", replaces="value")
    def output_without_a_gradient(data):
        """The output's own gradient is 1: from 0 nothing flows."""

        def backward(self):
            for node in reversed(self.order()):
                node.pull()

        return made_by({"backward": backward})(data)

    @mistake("N1662", replaces="value")
    def leaves_alone(data):
        """Values in between have gradients as well, and keep them."""

        def backward(self):
            Node.backward(self)
            for node in self.order():
                node.grad = 0.0 if node.parts else node.grad

        return made_by({"backward": backward})(data)

    @mistake("N1662", replaces="value")
    def reset_by_each_backward(data):
        """Who sets grad to 0 is the caller: a leaf of two graphs has the sum of both."""

        def backward(self):
            for node in self.order():
                node.grad = 0.0
            Node.backward(self)

        return made_by({"backward": backward})(data)

    @mistake("N1663", replaces="value")
    def parts_in_a_set(data):
        """A value that is used twice by one operation counts twice: x + x has the slope 2."""

        def pull(self):
            for part, slope in dict(zip(self.parts, self.slopes, strict=True)).items():
                part.grad += slope * self.grad

        return made_by({"pull": pull})(data)

    @mistake("N1663", replaces="value")
    def factors_not_switched(data):
        """The slope of x y in x is y: each factor gets the other one."""

        def times(self, other):
            other = self.of(other)
            return type(self)(self.data * other.data, (self, other), (self.data, other.data))

        return made_by({"__mul__": times})(data)

    @mistake("N1663", replaces="value")
    def upstream_left_out(data):
        """Multiply by the gradient from above: the slope of one operation is not that of the output."""

        def pull(self):
            for part, slope in zip(self.parts, self.slopes, strict=True):
                part.grad += slope

        return made_by({"pull": pull})(data)

    @mistake("N1663", replaces="value")
    def exponent_left_out(data):
        """The slope of x^k is k x^(k - 1)."""
        return made_by({"__pow__": lambda self, k: type(self)(self.data**k, (self,), (self.data ** (k - 1),))})(data)

    @mistake("N1663", replaces="value")
    def exponent_not_lowered(data):
        """The slope of x^k is k x^(k - 1)."""
        return made_by({"__pow__": lambda self, k: type(self)(self.data**k, (self,), (k * self.data**k,))})(data)

    @mistake("M54", replaces="value")
    def slope_of_the_input(data):
        """The slope of tanh is 1 - t^2 of the output t, not of what went in."""
        return made_by({"tanh": lambda self: type(self)(math.tanh(self.data), (self,), (1 - self.data**2,))})(data)

    @mistake("N1663", replaces="value")
    def sum_in_place(data):
        """An operation makes a new value: x is still needed as it was."""

        def plus(self, other):
            other = self.of(other)
            here = type(self)(self.data, self.parts, self.slopes)
            self.data, self.parts, self.slopes = self.data + other.data, (here, other), (1.0, 1.0)
            return self

        return made_by({"__add__": plus})(data)

    @mistake("M53", replaces="value")
    def relu_lets_all_through(data):
        """Where relu is shut its slope is 0."""
        return made_by({"relu": lambda self: type(self)(max(0.0, self.data), (self,), (1.0,))})(data)
