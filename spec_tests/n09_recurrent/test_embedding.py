"""Embedding: definition, a law, cases and classic mistakes."""

import math

import numpy as np

from nnspec.reference import embedding_backward, embedding_forward
from nnspec.spec_tests._kinds import Case, Layer, Malformed, mistake

FEW = np.array([[0, 3, 1], [4, 0, 2]], np.uint8)


class TestEmbedding(Layer):
    rows = ("09.02",)

    def definition(self, ids, w, *, padding_idx=None):
        """out_n = onehot(ids_n) w. Bengio et al. 2003, "A neural probabilistic language model", sec. 2."""
        onehot = (ids[..., None] == np.arange(len(w))).astype(int)  # (N, …, V)
        return onehot @ w

    def law_every_id_is_its_row(self, run, problem):
        """The ids 0 … V-1 in a row look up the whole table."""
        w = problem.inputs["w"]
        return run(ids=np.arange(len(w))[:, None])["out"][:, 0], w

    def law_rows_that_nobody_looks_up_have_no_gradient(self, run, problem):
        """Where all ids are 0, row 0 has the sum of dout, and the other rows 0."""
        dw = run(ids=0 * problem.inputs["ids"])["dw"]
        (dout,) = problem.douts
        return dw, np.concatenate([dout.reshape(-1, dw.shape[1]).sum(axis=0)[None], 0 * dw[1:]])

    sizes = {"V": 5}
    cases = (
        Case("a repeated id", {"N": 3, "T": (), "V": 3, "D": 2}, inputs={"ids": [0, 1, 0]}),
        Case("one id many times", {"N": 4, "T": (3,)}, inputs={"ids": [[2, 2, 2]] * 4}),
        Case("padding", {"N": 2, "T": (4,), "V": 3}, padding_idx=0, inputs={"ids": [[1, 2, 1, 0], [2, 0, 0, 0]]}),
        Case("the last id is padding", V=4, padding_idx=3),
        Case("padding that does not occur", {"N": 2, "T": (2,)}, padding_idx=1, inputs={"ids": [[0, 2], [4, 0]]}),
        Case("more ids than rows", {"N": 7, "T": (2,), "V": 2}),
        Case("ids of 32 bits", {"N": 2, "T": (2,)}, inputs={"ids": np.array([[0, 3], [3, 4]], np.int32)}),
    )
    beyond = (Case("a list of ids", {"T": ()}), Case("ids without signs", inputs={"ids": FEW}))
    ties = (Case("no ids", N=0), Case("no columns", D=0))
    bad = (
        Malformed("an id of V", "ids", lambda ids: 0 * ids + 5, ("w",)),
        Malformed("an id of -1", "ids", lambda ids: 0 * ids - 1),
        Malformed("padding_idx of V", "padding_idx", lambda _: 5),
        Malformed("padding_idx of -1", "padding_idx", lambda _: -1),
    )

    def truth(self, problem):
        """The row of the padding is a constant."""
        found = super().truth(problem)
        if "dw" in found and problem.options.get("padding_idx") is not None:
            found["dw"][problem.options["padding_idx"]] = 0
        return found

    def cases_of_scale(self):
        """Few rows with many ids each, a large table that is hardly used, and columns on both sides of a block."""
        sizes = {"few rows": (2000, 7, 3, 6), "a large table": (40, 5, 3000, 20), "wide": (70, 3, 50, 131)}
        cases = [Case(name, {"N": N, "T": (T,), "V": V, "D": D}) for name, (N, T, V, D) in sizes.items()]
        return [*cases, Case("padding", {"N": 500, "T": (5,), "V": 40, "D": 67}, padding_idx=3)]

    @mistake("M87", replaces="embedding_backward")
    def repeated_ids_lost(dout, cache):
        """dw[ids] += dout keeps one place of each id: add them all up, with np.add.at."""
        ids, w, padding_idx = cache
        dw = np.zeros_like(w)
        dw[ids] += dout
        return _without(padding_idx, dw)

    @mistake("M87", replaces="embedding_backward")
    def first_place_of_each_id(dout, cache):
        """An id has the gradients of all its places, not of its first one alone."""
        ids, w, padding_idx = cache
        dw = np.zeros_like(w)
        dw[ids[::-1]] = dout[::-1]
        return _without(padding_idx, dw)

    @mistake("N930", replaces="embedding_backward")
    def mean_of_the_places(dout, cache):
        """Add the gradients of all places of an id up: do not divide by how often it occurs."""
        ids, w, _ = cache
        counts = np.bincount(ids.ravel(), minlength=len(w))
        return embedding_backward(dout, cache) / np.maximum(counts, 1).astype(w.dtype)[:, None]

    @mistake("N931", replaces="embedding_backward")
    def padding_has_a_gradient(dout, cache):
        """The row of padding_idx gets no gradient."""
        ids, w, _ = cache
        return embedding_backward(dout, cache.of((ids, w, None), cache.op, [np.empty(dout.shape, w.dtype)]))

    @mistake("N931", replaces="embedding_backward")
    def id_0_taken_for_padding(dout, cache):
        """Without padding_idx every row has a gradient, that of id 0 as well."""
        dw = embedding_backward(dout, cache)
        dw[0] = 0
        return dw

    @mistake("N932", replaces="embedding_forward")
    def padding_looked_up_as_zeros(ids, w, *, padding_idx=None):
        """padding_idx is about the gradient alone: its row is looked up as it is."""
        out, cache = embedding_forward(ids, w, padding_idx=padding_idx)
        return (out if padding_idx is None else np.where((ids == padding_idx)[..., None], 0, out)), cache

    @mistake("M115", replaces="embedding_forward")
    def scaled_by_the_root_of_the_width(ids, w, **options):
        """Look the rows up as they are: a factor sqrt(D) belongs to the model that asks for it."""
        out, cache = embedding_forward(ids, w, **options)
        return out * math.sqrt(w.shape[1]), cache

    @mistake("N933", replaces="embedding_forward")
    def ids_counted_from_1(ids, w, **options):
        """Ids count from 0: id 0 is the first row."""
        return embedding_forward((ids - 1) % len(w), w, **options)[0], embedding_forward(ids, w, **options)[1]


def _without(padding_idx, dw):
    if padding_idx is not None:
        dw[padding_idx] = 0
    return dw
