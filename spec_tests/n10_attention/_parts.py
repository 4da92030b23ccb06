"""The reference with some of its parts exchanged, in blocks of blocks too."""

from functools import partial

from nnspec import reference
from nnspec.concepts.collect import takes_parts


class Parts:
    """`ops` of a composite: the reference's functions, but for those given. Its blocks are on these parts as well."""

    def __init__(self, **others):
        self.__dict__.update(others)

    def __getattr__(self, name):
        function = getattr(reference, name)
        return partial(function, ops=self) if takes_parts(function) else function
