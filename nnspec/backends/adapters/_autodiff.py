"""What the adapters of autograd libraries share: forwards get a cache, and derived backwards stand beside them.

The namespace has, under the reference's names and with its arguments, forwards that return their outputs and no cache,
penalties that return their value alone, and everything else as it is. Which arguments have a gradient stands in the
specification of the concept. On the outside there are NumPy arrays, each with memory of its own, whatever the library
returned views of. The state of an update rule stays as it is.
"""

import functools
import inspect
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from nnspec import reference
from nnspec.concepts import catalogue
from nnspec.concepts.collect import is_composite, public_functions
from nnspec.spec_tests._kinds import Function, Layer, ParamsBlock, Penalty, UpdateRule


class Library(Protocol):
    """An autograd library."""

    def asarray(self, array: np.ndarray) -> Any:
        """A copy or a view as an array of the library."""

    def is_array(self, value) -> bool: ...

    def to_numpy(self, array) -> np.ndarray: ...

    def vjp(self, function: Callable, arrays: list) -> tuple[tuple, Callable]:
        """(outputs of function(*arrays), pull), where pull(upstream gradients, None for none) gives those of arrays."""


def derived(namespace, library: Library) -> dict[str, Callable]:
    """The functions of a backend. What the reference has and the namespace lacks is left out."""
    made = {}
    for name, ours in public_functions(reference).items():
        function = getattr(namespace, name, None)
        if not callable(function) or name.endswith("_backward"):
            continue
        spec = _spec_of(name)
        if is_composite(ours) and (not isinstance(spec, Layer) or isinstance(spec, ParamsBlock)):
            continue  # of dicts of parameters
        if isinstance(spec, Layer):
            made |= _layer(spec, function, library)
        elif isinstance(spec, Penalty):
            made[name] = _penalty(function, library)
        elif isinstance(spec, UpdateRule):
            made[name] = _rule(function, library)
        else:
            made[name] = _plain(function, library)
            if isinstance(spec, Function) and spec.backward:
                made[spec.backward] = _pull(spec, function, library)
    return made


def _spec_of(entry: str):
    concept = catalogue.concept_of(entry)
    specs = [made() for made in catalogue.specs_of(catalogue.concepts()[concept])] if concept else []
    return next((spec for spec in specs if spec.entry == entry), None)


def _layer(spec: Layer, function, library: Library) -> dict[str, Callable]:
    names = list(inspect.signature(spec.reference).parameters)
    wanted = [name.removeprefix("d") for name in spec.gradients]
    states = len(spec.states)

    @functools.wraps(function)
    def forward(*args, **options):
        inner, inner_options = [_inwards(arg, library) for arg in args], _inwards(options, library)
        moving = [i for i, arg in enumerate(args) if names[i] in wanted and arg is not None]
        outputs, pull = library.vjp(_in_these(function, inner, moving, inner_options), [inner[i] for i in moving])
        given = [names[i] for i in moving]
        return *_apart(_outwards(outputs, library), (*args, *options.values())), (pull, given)

    @functools.wraps(getattr(reference, spec.backward))
    def backward(*args):
        *douts, (pull, given) = args
        upstream = [_inwards(np.asarray(dout), library) for dout in douts] + [None] * states
        found = dict(zip(given, _apart(_outwards(pull(upstream), library), douts), strict=True))
        gradients = tuple(found.get(name) for name in wanted)
        return gradients if len(gradients) > 1 else gradients[0]

    return {spec.entry: forward, spec.backward: backward}


def _penalty(function, library: Library):
    @functools.wraps(function)
    def penalty(w, *args, **options):
        (r,), pull = library.vjp(lambda w: function(w, *args, **options), [_inwards(w, library)])
        (dw,) = pull([_inwards(np.ones((), w.dtype), library)])
        return _outwards(r, library), _outwards(dw, library)

    return penalty


def _rule(function, library: Library):
    @functools.wraps(function)
    def rule(*args, **options):
        w, state = function(*(_inwards(arg, library) for arg in args), **_inwards(options, library))
        return *_apart([_outwards(w, library)], args), state

    return rule


def _plain(function, library: Library):
    @functools.wraps(function)
    def call(*args, **options):
        result = function(*(_inwards(arg, library) for arg in args), **_inwards(options, library))
        several = isinstance(result, (tuple, list))
        results = _apart(_outwards(result if several else [result], library), args)
        return type(result)(results) if several else results[0]

    return call


def _pull(spec: Function, function, library: Library):
    """The gradient of a plain function, which takes the upstream gradient and then the function's own arguments."""

    @functools.wraps(getattr(reference, spec.backward))
    def backward(dout, *args, **options):
        args = [_inwards(arg, library) for arg in args]
        _, pull = library.vjp(lambda *arrays: function(*arrays, **_inwards(options, library)), args)
        return tuple(_apart(_outwards(pull([_inwards(dout, library)]), library), [dout]))

    return backward


def _in_these(function, args, moving, options):
    """The function of the arguments in these places; the others stay what they are."""

    def call(*arrays):
        merged = dict(enumerate(args)) | dict(zip(moving, arrays, strict=True))
        return function(*(merged[i] for i in range(len(args))), **options)

    return call


def _apart(results, given) -> list:
    """Copies of those that share memory with what was given, or with a result before them."""
    apart, taken = [], [value for value in given if isinstance(value, np.ndarray)]
    for result in results:
        shared = isinstance(result, np.ndarray) and any(np.may_share_memory(result, other) for other in taken)
        apart.append(result.copy() if shared else result)
        taken.append(apart[-1])
    return apart


def _inwards(value, library: Library):
    if isinstance(value, np.ndarray):
        return library.asarray(value)
    return {key: _inwards(entry, library) for key, entry in value.items()} if type(value) is dict else value


def _outwards(value, library: Library):
    if isinstance(value, (tuple, list)):
        return type(value)(_outwards(entry, library) for entry in value)
    if type(value) is dict:
        return {key: _outwards(entry, library) for key, entry in value.items()}
    return library.to_numpy(value)[()] if library.is_array(value) else value
