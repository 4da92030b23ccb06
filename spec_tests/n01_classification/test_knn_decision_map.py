"""Decision map of k-nearest neighbours: definition, laws, cases and classic mistakes."""

import numpy as np

from nnspec.reference import knn_decision_map, knn_indices, knn_vote, l1_distance, l2_distance
from nnspec.spec_tests._kinds import Case, Function, Malformed, mistake, variant

CORNERS = {"x": [[0.0, 0.0], [4.0, 0.0], [0.0, 3.0]], "y": [2, 0, 1], "xs": [0.1, 1.5, 3.9], "ys": [0.1, 2.9]}
EQUALLY_NEAR = {"x": [[-1.0, 0.0], [1.0, 0.0]], "y": [1, 0], "xs": [-0.5, 0.0, 0.5], "ys": [-2.0, 7.0]}
BORDER = {"x": [[0.0, 0.0], [1000.0, 0.0]], "y": [1, 0], "xs": [499.9, 500.1], "ys": [1.0]}


class TestKnnDecisionMap(Function):
    rows = ("01.09",)
    outputs = ("labels", "tie")
    discrete = True
    sizes = {"N": 12, "Gx": 5, "Gy": 3}

    def definition(self, x, y, xs, ys, *, k=1):
        """labels_ij: the smallest of the most frequent labels among the k points nearest to (xs_j, ys_i); tie_ij:
        whether several are most frequent. Cover and Hart 1967; CS231n notes "Classification".
        """
        votes = [[_votes((a, b), x, y, k) for a in xs] for b in ys]
        labels = [[min(cell, key=lambda label: (-cell.count(label), label)) for cell in row] for row in votes]
        most = [[[cell.count(c) for c in set(cell)] for cell in row] for row in votes]
        return labels, [[counts.count(max(counts)) > 1 for counts in row] for row in most]

    def law_a_training_point_is_of_its_own_class(self, run, problem):
        """Of k = 1 the map has each training point's label where that point lies."""
        x, y = problem.inputs["x"], problem.inputs["y"]
        own = [run(xs=x[i : i + 1, 0], ys=x[i : i + 1, 1], k=1)["labels"][0, 0] for i in range(len(y))]
        return np.array(own), np.array([y[(x == point).all(axis=1)][0] for point in x])

    def law_one_neighbour_never_ties(self, run, problem):
        """A single vote is a majority."""
        tie = run(k=1)["tie"]
        return tie, np.zeros_like(tie)

    def law_rows_go_along_y(self, run, problem):
        """The map with both axes exchanged, of points too, is the transposed map."""
        x, xs, ys = (problem.inputs[name] for name in ("x", "xs", "ys"))
        return run(x=x[:, ::-1].copy(), xs=ys, ys=xs)["labels"].T, run()["labels"]

    cases = (
        Case("three of them", k=3),
        Case("three corners", N=3, Gx=3, Gy=2, inputs=CORNERS),
        Case("two classes tie", N=3, Gx=3, Gy=2, k=2, inputs=CORNERS),
        Case("all of them tie", N=3, Gx=3, Gy=2, k=3, inputs=CORNERS),
        Case("wide steps", Gx=7, Gy=2, k=4),
        Case("both sides of a border", N=2, Gx=2, Gy=1, inputs=BORDER),
    )
    ties = (
        Case("equally near", N=2, Gx=3, Gy=2, inputs=EQUALLY_NEAR),
        Case("no places", Gx=0),
    )
    bad = (
        Malformed("k of 0", "k", lambda _: 0),
        Malformed("k above N", "k", lambda _: 1000),
        Malformed("label below 0", "y", lambda y: y - y.min() - 1),
        Malformed("points of space", "x", lambda x: np.concatenate([x, x[:, :1]], axis=1)),
    )

    def draw(self, case, dims, dtype):
        """Three clusters far apart, and places among them, so that no distance is close to another."""
        inputs = super().draw(case, dims, dtype)
        if "x" not in case.inputs:
            inputs["y"] = np.arange(len(inputs["y"])) % 3
            inputs["x"][:, 0] += 9 * (inputs["y"] == 1)
            inputs["x"][:, 1] += 9 * (inputs["y"] == 2)
            inputs["xs"] = np.linspace(-3, 11, len(inputs["xs"]) + 1, dtype=dtype)[1:] + dtype.type(0.37)
            inputs["ys"] = np.linspace(-2, 12, len(inputs["ys"]) + 1, dtype=dtype)[1:] - dtype.type(0.23)
        return inputs

    @mistake("N1500", replaces="knn_decision_map")
    def a_row_for_each_x(x, y, xs, ys, *, k=1):
        """A row of the map has one y: np.meshgrid(xs, ys) has it so, np.meshgrid(..., indexing="ij") has x first."""
        labels, tie = knn_decision_map(x, y, xs, ys, k=k)
        return labels.T.copy(), tie.T.copy()

    @mistake("N1501", replaces="knn_decision_map")
    def coordinates_exchanged(x, y, xs, ys, *, k=1):
        """A place is (x, y) in the order of the training points' columns: row i has ys_i in column 1."""
        return knn_decision_map(np.ascontiguousarray(x[:, ::-1]), y, xs, ys, k=k)

    @mistake("N1502", replaces="knn_decision_map")
    def counted_down_the_picture(x, y, xs, ys, *, k=1):
        """Row 0 belongs to ys_0: turn the picture around where it is drawn (origin="lower"), not here."""
        labels, tie = knn_decision_map(x, y, xs, ys, k=k)
        return labels[::-1].copy(), tie[::-1].copy()

    @mistake("N1503", replaces="knn_decision_map")
    def grid_reshaped_to_columns(x, y, xs, ys, *, k=1):
        """Reshape to (Gy, Gx), as the places were listed: (Gx, Gy) and a transpose shuffle them."""
        labels, tie = knn_decision_map(x, y, xs, ys, k=k)
        return labels.reshape(len(xs), len(ys)).T.copy(), tie.reshape(len(xs), len(ys)).T.copy()

    @mistake("M05", replaces="knn_decision_map", convention=True)
    def largest_label_wins(x, y, xs, ys, *, k=1):
        """Of equally frequent labels the smallest wins, not the largest."""
        _, counts, tie = knn_vote(y[_nearest(x, xs, ys, k)])
        largest = counts.shape[1] - 1 - counts[:, ::-1].argmax(axis=1)
        return largest.reshape(len(ys), len(xs)), tie.reshape(len(ys), len(xs))

    @mistake("N1504", replaces="knn_decision_map")
    def tie_of_whoever_is_second(x, y, xs, ys, *, k=1):
        """A tie is between the classes that have the most votes; that two others have equally many decides nothing."""
        labels, _ = knn_decision_map(x, y, xs, ys, k=k)
        _, counts, _ = knn_vote(y[_nearest(x, xs, ys, k)])
        ordered = np.sort(counts, axis=1)
        return labels, (np.diff(ordered, axis=1) == 0).any(axis=1).reshape(labels.shape)

    @mistake("N1505", replaces="knn_decision_map")
    def nearest_by_l1(x, y, xs, ys, *, k=1):
        """The distance is Euclidean: with |dx| + |dy| the borders of the regions have corners."""
        near = knn_indices(l1_distance(_places(x, xs, ys), x), k)
        labels, _, tie = knn_vote(y[near])
        return labels.reshape(len(ys), len(xs)), tie.reshape(len(ys), len(xs))

    @variant(
        "nearest of them",
        source="Python, collections.Counter.most_common; Cover and Hart 1967 leave it open",
        replaces="knn_decision_map",
    )
    def nearest_of_them(x, y, xs, ys, *, k=1):
        """Of equally frequent labels the one that is seen first wins, the nearest."""
        near = y[_nearest(x, xs, ys, k)]
        _, counts, tie = knn_vote(near)
        votes = np.take_along_axis(counts, near, axis=1)
        winners = np.take_along_axis(near, votes.argmax(axis=1)[:, None], axis=1)
        return winners.reshape(len(ys), len(xs)), tie.reshape(len(ys), len(xs))


def _votes(place, x, y, k):
    d2 = [sum((a - b) ** 2 for a, b in zip(place, point, strict=True)) for point in x]
    return [y[j] for j in sorted(range(len(d2)), key=lambda j: (d2[j], j))[:k]]


def _places(x, xs, ys):
    return np.stack([g.ravel() for g in np.meshgrid(xs, ys)], axis=1).astype(x.dtype)


def _nearest(x, xs, ys, k):
    return knn_indices(l2_distance(_places(x, xs, ys), x), k)
