"""The demonstrations, a file each. See `nnspec.demos`."""
