"""NumPy in, NumPy out; device arrays in, device arrays out.

A twin works on device arrays alone. In front of it, NumPy arrays are copied to the device; if there were any, what
comes out is copied back. Caches and states stay on the device, since nobody but their own function reads them; a cache
notes which side its forward was called from, because the gradient of a loss may come in as a mere number.
"""

import functools
import inspect

import numpy as np

from nnspec.accelerated.cuda._target import is_on_device, to_device, to_host


def boundary(function):
    """The twin for callers on either side."""
    parameters = list(inspect.signature(function).parameters)
    if parameters[-1:] == ["cache"]:
        return _backward(function)
    leaves_cache = function.__name__.endswith("_forward")
    has_state = "state" in parameters

    @functools.wraps(function)
    def call(*args, **options):
        on_host = any(map(_from_host, (*args, *options.values())))
        args = [_inwards(arg) for arg in args]
        result = function(*args, **{name: _inwards(value) for name, value in options.items()})
        if leaves_cache:
            *outputs, cache = result
            return *_outwards(outputs, on_host), (on_host, *cache)
        if has_state:
            w, state = result
            return *_outwards([w], on_host), state
        return _outwards(result, on_host)

    return call


def _backward(function):
    @functools.wraps(function)
    def call(*args):
        *douts, (on_host, *cache) = args
        return _outwards(function(*map(_inwards, douts), tuple(cache)), on_host)

    return call


def _from_host(value) -> bool:
    return type(value) is np.ndarray or (type(value) is dict and any(map(_from_host, value.values())))


def _inwards(value):
    """Arrays on the device; a number that is an array there as a number, which kernels take by value."""
    if type(value) is dict:
        return {key: _inwards(entry) for key, entry in value.items()}
    if is_on_device(value) and value.shape == ():
        return to_host(value)
    return to_device(value) if isinstance(value, np.ndarray) or is_on_device(value) else value


def _outwards(value, on_host: bool):
    if isinstance(value, (tuple, list)):
        return tuple(_outwards(entry, on_host) for entry in value)
    if type(value) is dict:
        return {key: _outwards(entry, on_host) for key, entry in value.items()}
    return to_host(value) if on_host and is_on_device(value) else value
