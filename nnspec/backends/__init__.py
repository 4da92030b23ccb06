"""A backend: any namespace of functions with the reference's names.

Loaded from a name (`reference`, `cpu`, or any entry point in the group `nnspec.backends`), a dotted module, a path to a
`.py` file or a package, or given as an object (module, class, dict). Optional hooks in the namespace: `asarray`
(NumPy array -> the backend's), `to_numpy` (and back), `synchronize` (wait for queued work), `dtypes` (the names of the
floating types it has; default float32 and float64), `largest_input` (entries: larger cases are not planned, and of what
it composes of its parts a single one), `one_process` (True: it owns a device, do not start several of it) and
`known_failures` (the path of a TOML that announces them).
"""

from nnspec.backends.backend import Backend, accepts, not_bound
from nnspec.backends.errors import CannotLoad, Delegates, NotSupplied, OtherSignature
from nnspec.backends.loading import load
from nnspec.backends.name import Name, installed

__all__ = [
    "Backend",
    "CannotLoad",
    "Delegates",
    "Name",
    "NotSupplied",
    "OtherSignature",
    "accepts",
    "installed",
    "load",
    "not_bound",
]
