"""Calling somebody else's function: what it raises is told as what it is, a failure, an error or a part left out."""

import contextlib
import dis
import io
import re
import sys

import pytest

from nnspec.backends import Delegates, NotSupplied, OtherSignature
from nnspec.checking.isolation import Run
from nnspec.checking.results import STUB
from nnspec.common import place_of
from nnspec.spec_tests._verdict import BackendRaised, CheckFailed

NUMPY_TAKES = re.compile(r"at most (32|64) array")  # of np.choose and its like: what it is built with
LIBRARIES = ("nnspec", "numpy", "scipy", "numba")  # whose refusals mean that they were given what does not fit


@contextlib.contextmanager
def calling(op: str, excused=lambda error: None):
    """Exceptions of a backend's own, told as what they are.

    excused(error): why it counts as left out and not as an error, if it does.
    """
    try:
        yield
    except OtherSignature as error:
        if excused(error) is None:
            raise BackendRaised(str(error)) from None
        raise
    except (CheckFailed, NotSupplied):
        raise
    except NotImplementedError as error:
        raise NotSupplied(f"{op} {STUB}: {error or 'NotImplementedError'}") from None
    except Delegates as error:
        raise CheckFailed(str(error)) from None
    except BaseException as error:  # SystemExit and whatever else it may raise
        raise_if_from_the_keyboard(error)
        said = f"{type(error).__name__}: {error}"
        if isinstance(error, Exception) and (why := excused(error)):
            raise NotSupplied(f"{why}: {said}") from None
        raise BackendRaised(f"raised {said} ({place_of(error)})") from error


@contextlib.contextmanager
def unobserved():
    """For calls that nobody asked for: no breakpoint stops in them, and what they print is dropped."""
    hook, sys.breakpointhook = sys.breakpointhook, lambda *args, **kwargs: None
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        sys.breakpointhook = hook


def raised_on_purpose(error: BaseException) -> bool:
    """Whether a `raise` or an `assert` in Python code of their own raised it: a guard that excludes the call."""
    at = error.__traceback__
    while at.tb_next is not None:
        at = at.tb_next
    frame = at.tb_frame
    library = frame.f_globals.get("__name__", "").partition(".")[0]
    return library not in LIBRARIES and dis.opname[frame.f_code.co_code[at.tb_lasti]] == "RAISE_VARARGS"


def raise_if_from_the_keyboard(error: BaseException):
    """In a guarded worker it is the backend that wants to stop, elsewhere somebody at the keyboard or in a debugger."""
    if isinstance(error, (KeyboardInterrupt, pytest.exit.Exception)) and Run.current() is None:
        raise error
