"""Accelerated twins of the reference, one folder a target."""
