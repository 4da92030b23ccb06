"""`count_nonzero`. Labels of other widths than int64 are not compared with each other."""


def accuracy(pred, y):
    if len(y) == 0:
        raise ValueError("accuracy: y must hold at least one label: the accuracy of no samples is undefined")
    return int((pred.long() == y.long()).count_nonzero()) / len(y)
