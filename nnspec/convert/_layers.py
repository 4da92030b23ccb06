"""Layers that stand in a row: under layers.1., layers.2., … with us, from 0 with PyTorch."""

import re


def in_layers(arrays, converted, counted):
    """Every layer converted, under a number that is larger by `counted`."""
    layers = {}
    for key, array in arrays.items():
        if found := re.fullmatch(r"layers\.(\d+)\.(.*)", key):
            layers.setdefault(int(found[1]), {})[found[2]] = array
    return {f"layers.{l + counted}.{key}": a for l, layer in layers.items() for key, a in converted(layer).items()}
