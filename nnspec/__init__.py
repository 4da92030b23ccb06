"""nnspec: an executable specification of the concepts of a first deep-learning course."""

__version__ = "0.1.0"


def __getattr__(name):
    if name == "check":  # imported where it is used: pytest and NumPy are not for `nnspec --help`
        from nnspec.checking.run import check

        return check
    raise AttributeError(f"module 'nnspec' has no attribute {name!r}")


def __dir__():
    return ["__version__", "check"]
