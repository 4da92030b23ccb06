"""A backend as the parts of a model: NumPy arrays go in and come out."""

import functools

from nnspec import reference
from nnspec.backends import Backend
from nnspec.concepts.collect import forward_of, is_composite, takes_parts
from nnspec.shapes import is_procedure
from nnspec.training.rules import is_rule


class OnNumpy:
    """Functions by name, as a composite asks for them. The state of an update rule is the backend's own affair.

    in_place: whether a rule may write over the weights and the state, which ours on the CPU then do.
    """

    def __init__(self, backend: Backend, in_place: bool = False):
        self._backend, self._in_place = backend, in_place and backend.name == "cpu"
        self._made = {}

    def __getattr__(self, name):
        if name not in self._made:
            self._made[name] = self._make(name)
        return self._made[name]

    def _make(self, name):
        return self._of_backend(name)

    def _of_backend(self, name):
        keeps_state = is_rule(getattr(reference, name))
        fixed = {"in_place": True} if keeps_state and self._in_place else {}

        def call(*args, **options):
            options |= fixed
            result = self._backend(name, *args, **options)
            if keeps_state:
                w, state = result
                return self._backend.inward(w), state
            return self._backend.inward(result)

        return call


class Filled(OnNumpy):
    """The same, with the reference in the place of what the backend lacks. `lacking` says what that was.

    A forward and its backward come from one side: a cache is nobody else's.
    """

    def __init__(self, backend: Backend, in_place: bool = False):
        super().__init__(backend, in_place)
        self.lacking: set[str] = set()

    def _make(self, name):
        function = getattr(reference, name)
        if is_procedure(function):
            return function
        if self._has_both(name):
            return self._of_backend(name)
        if is_composite(function):
            return functools.partial(function, ops=self) if takes_parts(function) else function
        self.lacking.add(name)
        return function

    def _has_both(self, name) -> bool:
        forward = forward_of(name) or name
        pair = [forward, f"{forward.removesuffix('_forward')}_backward"] if forward.endswith("_forward") else [name]
        return all(self._backend.has(each) and not self._backend.inherits(each) for each in pair)
