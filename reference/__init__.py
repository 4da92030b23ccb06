"""What each concept is: slow, readable NumPy, forward and hand-derived backward."""

from nnspec.concepts import collect

globals().update(collect.functions(__name__))
