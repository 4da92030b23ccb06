"""Labels beside the number of classes, which is no size of an array."""


def require_labels(op, y, n_classes):
    """No annotation tells a range that an argument gives."""
    if y.size and not 0 <= y.min() <= y.max() < n_classes:
        raise ValueError(f"{op}: y must lie in 0 … {n_classes - 1}, got {y.min()} … {y.max()}")
