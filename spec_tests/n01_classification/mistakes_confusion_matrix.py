"""Classic mistakes of the confusion matrix and of the accuracy of each class."""

import numpy as np

from nnspec.reference import confusion_matrix, per_class_accuracy
from nnspec.spec_tests._known import mistake


class MistakesOfConfusionMatrix:
    @mistake("N1576", replaces="confusion_matrix")
    def prediction_in_rows(pred, y, n_classes):
        """A row is the truth, a column the prediction: confusion[y, pred]."""
        return confusion_matrix(y, pred, n_classes)

    @mistake("N1577", replaces="confusion_matrix")
    def pairs_counted_once(pred, y, n_classes):
        """Use np.add.at or np.bincount: confusion[y, pred] += 1 counts a pair that occurs again only once."""
        return np.minimum(confusion_matrix(pred, y, n_classes), 1)

    @mistake("N1578", replaces="confusion_matrix")
    def as_large_as_what_occurs(pred, y, n_classes):
        """There is a row for each of n_classes, also for those that do not occur."""
        return confusion_matrix(pred, y, int(max(pred.max(initial=0), y.max(initial=0))) + 1)

    @mistake("N1578", replaces="confusion_matrix")
    def classes_from_one(pred, y, n_classes):
        """Classes are counted from 0: class c stands in row c."""
        return np.roll(confusion_matrix(pred, y, n_classes), 1, axis=(0, 1))

    @mistake("N1579", replaces="confusion_matrix")
    def shares_for_counts(pred, y, n_classes):
        """Count: the shares of each row are another matrix."""
        confusion = confusion_matrix(pred, y, n_classes)
        return confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)

    @mistake("N1579", replaces="confusion_matrix")
    def only_errors(pred, y, n_classes):
        """What is right counts too, on the diagonal."""
        confusion = confusion_matrix(pred, y, n_classes)
        np.fill_diagonal(confusion, 0)
        return confusion

    @mistake("M04", replaces="confusion_matrix")
    def uint8_wraps(pred, y, n_classes):
        """Convert labels before n_classes * y + pred: uint8 arithmetic wraps at 256."""
        place = y * y.dtype.type(n_classes) + pred
        return np.bincount(place, minlength=n_classes**2).reshape(n_classes, n_classes)


class MistakesOfPerClassAccuracy:
    @mistake("N1580", replaces="per_class_accuracy")
    def divided_by_columns(confusion):
        """Divide by the row, all samples of the class: as a share of the column it is the precision."""
        with np.errstate(invalid="ignore"):
            return confusion.diagonal() / confusion.sum(axis=0)

    @mistake("N1580", replaces="per_class_accuracy")
    def divided_by_everything(confusion):
        """Divide by the samples of the class and not by all samples: a rare class would never be right."""
        return confusion.diagonal() / confusion.sum()

    @mistake("N1580", replaces="per_class_accuracy")
    def accuracy_of_all(confusion):
        """Each class has an accuracy of its own: the share of all samples hides the classes that are never right."""
        return np.full(len(confusion), confusion.trace() / confusion.sum())

    @mistake("N1580", replaces="per_class_accuracy")
    def others_rightly_refused(confusion):
        """Of a class count its own samples only: with all that are rightly taken for others a rare class looks good."""
        right, total = confusion.diagonal(), confusion.sum()
        wrong = confusion.sum(axis=0) + confusion.sum(axis=1) - 2 * right
        return (total - wrong) / total

    @mistake("N1581", replaces="per_class_accuracy")
    def absent_class_always_wrong(confusion):
        """A class without samples has no accuracy: NaN, because 0 would say that it is always wrong."""
        return np.nan_to_num(per_class_accuracy(confusion))

    @mistake("N1581", replaces="per_class_accuracy")
    def absent_class_always_right(confusion):
        """A class without samples has no accuracy: NaN, because 1 would say that it is always right."""
        return np.nan_to_num(per_class_accuracy(confusion), nan=1.0)

    @mistake("N1581", replaces="per_class_accuracy")
    def absent_class_left_out(confusion):
        """Every class has an entry, NaN where there are no samples: else the others move to wrong places."""
        return per_class_accuracy(confusion)[confusion.sum(axis=1) > 0]

    @mistake("N876", replaces="per_class_accuracy")
    def whole_numbers_divided(confusion):
        """Divide as floats: // leaves 0 or 1."""
        return (confusion.diagonal() // np.maximum(confusion.sum(axis=1), 1)).astype(float)
