"""What keeps a backend, or one of its functions, from being judged."""


class CannotLoad(Exception):
    """A backend that cannot be used at all. The text is one line for the user."""


class Delegates(Exception):
    """The backend hands the question on to the reference, which is no implementation of its own."""


class NotSupplied(Exception):
    """The backend lacks a function or an option: visible in the report, never a failure."""


class OtherSignature(NotSupplied):
    """The function does not take the arguments of a call."""
