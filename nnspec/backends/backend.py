"""The functions of a namespace, called as the specification calls them."""

import functools
import inspect
from types import SimpleNamespace

import numpy as np

from nnspec import reference
from nnspec.backends.errors import Delegates, NotSupplied, OtherSignature
from nnspec.concepts.collect import forward_of, is_composite, public_functions, takes_parts
from nnspec.shapes import calls_of_the_reference


class Backend:
    """The functions of a namespace under the reference's names, with NumPy arrays on the outside."""

    def __init__(self, name: str, namespace, *, ours: bool = False, watched: bool = False):
        self.name = name
        self.ours = ours
        self.watched = watched  # whether its functions may not call the reference's
        self.namespace = SimpleNamespace(**namespace) if isinstance(namespace, dict) else namespace
        self.asarray = getattr(self.namespace, "asarray", None)
        self.to_numpy = getattr(self.namespace, "to_numpy", None)
        self.synchronize = getattr(self.namespace, "synchronize", lambda: None)
        self.largest_input = getattr(self.namespace, "largest_input", None)
        self.one_process = getattr(self.namespace, "one_process", False)
        self.known_failures = getattr(self.namespace, "known_failures", None)
        self.dtypes = tuple(map(str, getattr(self.namespace, "dtypes", ("float32", "float64"))))
        self.parts_used: set[str] = set()  # by the composites that were run on this backend's parts
        self.probed: set[tuple[str, str]] = set()  # whose wrong answers were looked into: (part, output)
        self.forms: dict = {}  # which right form each part follows: a variant, or None for the definition
        self._inherited: dict = {}  # the composites that it did not write
        self.confirmed: dict = {}  # whether a hint held on other cases as well

    @property
    def widest_dtype(self) -> str:
        """In which right and wrong are told apart best."""
        return "float64" if "float64" in self.dtypes else self.dtypes[0]

    def __repr__(self):
        return f"<backend {self.name}>"

    def supplies(self) -> list[str]:
        """The names of the reference that this namespace itself has."""
        return [name for name in public_functions(reference) if callable(getattr(self.namespace, name, None))]

    def inherits(self, name: str) -> bool:
        """Whether this is a composite that the backend did not write: the reference's, on the backend's parts."""
        ours = getattr(reference, name, None)
        own = getattr(self.namespace, name, None)
        if ours is None or not is_composite(ours):
            return False
        if takes_parts(ours):
            return own is None or (isinstance(own, functools.partial) and own.func is ours)
        return own in (None, ours) and self.inherits(forward_of(name))  # a backward takes the cache of its own forward

    def has(self, name: str) -> bool:
        return self.inherits(name) or callable(getattr(self.namespace, name, None))

    def find(self, name: str):
        """The function, as the backend wrote it, or the composite that it inherits. Raises NotSupplied."""
        if self.inherits(name):
            if name not in self._inherited:
                self._inherited[name] = self._on_its_parts(getattr(reference, name))
            return self._inherited[name]
        if not self.has(name):
            raise NotSupplied(f"{self.name} has no {name}")
        return getattr(self.namespace, name)

    def _on_its_parts(self, composite):
        composite = inspect.unwrap(composite) if self.asarray else composite
        return functools.partial(composite, ops=_Parts(self)) if takes_parts(composite) else composite

    def __call__(self, name: str, *args, **options):
        """Call a function with NumPy arrays, passing only these options; outputs as the function returned them."""
        function = self.find(name)
        _require_options(name, function, options)
        if why := not_bound(function, args, options):
            raise OtherSignature(f"{name} cannot be called with these arguments: {why}")
        if self.asarray:
            args, options = tuple(map(self._outward, args)), self._outward(options)
        if not self.watched or self.inherits(name):
            return function(*args, **options)
        with calls_of_the_reference() as called:
            result = function(*args, **options)
        if called:
            raise Delegates(f"{name} calls nnspec.reference.{called[0]}: it has no implementation of its own")
        return result

    def inward(self, value):
        """Outputs as NumPy arrays, whatever they are nested in."""
        if self.to_numpy is None:
            return value
        if isinstance(value, (tuple, list)):
            return type(value)(self.inward(entry) for entry in value)
        if isinstance(value, dict):
            return {key: self.inward(entry) for key, entry in value.items()}
        return value if value is None or isinstance(value, (bool, int, float)) else self.to_numpy(value)

    def _outward(self, value):
        """Arrays, and dicts of them, in the backend's own type. Caches and states are opaque and stay as they are."""
        if isinstance(value, np.ndarray):
            return self.asarray(value)
        if type(value) is dict:
            return {key: self._outward(entry) for key, entry in value.items()}
        return value.item() if isinstance(value, np.generic) else value


class _Parts:
    """What a composite sees as `ops`: the backend's functions. Notes which ones the composite asked for."""

    def __init__(self, backend: Backend):
        self._backend = backend
        self._made: dict = {}

    def __getattr__(self, name):
        if name not in self._made:
            if not hasattr(reference, name):
                raise AttributeError(name)  # a name that was given to the composite, and that nobody could supply
            self._made[name] = _part(name, self._backend.find(name))
        self._backend.parts_used.add(name)
        return self._made[name]


def _part(name, function):
    """The function, if it takes these options: what it leaves out, the composite lacks as well. A network calls a
    hundred parts in each step, all in the same few forms."""
    fitting = set()

    def part(*args, **options):
        form = (len(args), *options)
        if form not in fitting:
            _require_options(name, function, options)
            if why := not_bound(function, args, options):
                raise NotSupplied(f"{name} cannot be called with these arguments: {why}")
            fitting.add(form)
        return function(*args, **options)

    return part


def _require_options(name, function, options):
    if missing := [option for option in options if not accepts(function, option)]:
        raise NotSupplied(f"{name} does not take {', '.join(f'{option}=' for option in missing)}")


@functools.lru_cache(maxsize=4096)
def accepts(function, option: str) -> bool:
    """Whether it takes this option; what tells nothing of itself, as built-in functions do, takes any."""
    signature = _signature(function)
    parameters = signature.parameters.values() if signature else ()
    return signature is None or any(p.name == option or p.kind is p.VAR_KEYWORD for p in parameters)


def not_bound(function, args, options) -> str | None:
    """What its signature has against these arguments."""
    return _not_bound(function, len(args), tuple(options))


@functools.lru_cache(maxsize=4096)
def _not_bound(function, given: int, options: tuple[str, ...]) -> str | None:
    """As `not_bound`, which only looks at how many there are and at their names."""
    try:
        if signature := _signature(function):
            signature.bind(*range(given), **dict.fromkeys(options))
    except TypeError as error:
        return str(error)
    return None


@functools.lru_cache(maxsize=1024)
def _signature(function) -> inspect.Signature | None:
    try:
        return inspect.signature(function)
    except (TypeError, ValueError):
        return None
