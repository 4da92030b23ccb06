"""Trainers in pieces, for mistakes to put a wrong one in."""

from nnspec.spec_tests._known import docstring


def put_wrong(trainer, piece):
    """A training function, made of the class `trainer`, of which one piece is the decorated function."""

    def make(function):
        wrong = type("Wrong", (trainer,), {piece: function})

        def train(*args, **options):
            return wrong(*args, **options).train()

        train.__name__, train.__doc__ = function.__name__, docstring(function)
        return train

    return make
