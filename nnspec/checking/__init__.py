"""`nnspec check`: the specification run against a backend, and what it found."""
