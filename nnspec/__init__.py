"""nnspec: an executable specification of the concepts of a first deep-learning course."""

__version__ = "0.1.0"


def __getattr__(name):
    if name == "check":  # imported where it is used: pytest and NumPy are not for `nnspec --help`
        from nnspec.checking.run import check

        return check
    if name in ("gradient_check", "GradientReport"):
        from nnspec import gradients

        return getattr(gradients, name)
    raise AttributeError(f"module 'nnspec' has no attribute {name!r}")


def __dir__():
    return ["GradientReport", "__version__", "check", "gradient_check"]
