"""Affine layer at every step: definition, laws, cases and classic mistakes."""

import numpy as np

from nnspec.reference import affine_forward, temporal_affine_backward, temporal_affine_forward
from nnspec.spec_tests._kinds import Case, Layer, mistake


class TestTemporalAffine(Layer):
    rows = ("09.06",)

    def definition(self, x, w, b):
        """out_ntm = sum_d x_ntd w_dm + b_m. CS231n, assignment 3, `temporal_affine_forward`."""
        return x @ w + b

    def law_every_step_alone(self, run, problem):
        """The first step gives what it gives without the others."""
        x = problem.inputs["x"]
        return run(x=x[:, :1])["out"], run()["out"][:, :1]

    def law_steps_may_be_exchanged(self, run, problem):
        """No step knows its place: in reverse order they give the same, in reverse order."""
        return run(x=problem.inputs["x"][:, ::-1])["out"][:, ::-1], run()["out"]

    tall = ((65, 33), (4000, 4))
    cases = (
        Case("one step", N=3, T=1, D=2, M=4),
        Case("one sequence", N=1, T=4, D=3, M=2),
        Case("N equals T", N=2, T=2, D=3, M=4),
        Case("D equals M", N=2, T=3, D=2, M=2),
    )
    extremes = (Case("large inputs", inputs={"x": lambda rng, shape: 1000 * rng.standard_normal(shape)}),)
    ties = (Case("empty batch", N=0), Case("no steps", T=0), Case("no inputs", D=0))

    @mistake("M64", replaces="temporal_affine_forward")
    def steps_and_sequences_mixed(x, w, b):
        """Give (N T, M) its shape (N, T, M) again as it was flattened: a reshape to (T, N, M) mixes sequences."""
        out, cache = temporal_affine_forward(x, w, b)
        N, T, M = out.shape
        return out.reshape(T, N, M).transpose(1, 0, 2), cache

    @mistake("M64", replaces="temporal_affine_backward")
    def steps_and_sequences_mixed_in_the_backward(dout, cache):
        """Give dx the order of x: a reshape to (T, N, D) mixes sequences."""
        dx, dw, db = temporal_affine_backward(dout, cache)
        N, T, D = dx.shape
        return dx.reshape(T, N, D).transpose(1, 0, 2), dw, db

    @mistake("M51", replaces="temporal_affine_backward")
    def db_of_every_step(dout, cache):
        """b is added at every step of every sequence: sum db over both."""
        dx, dw, _ = temporal_affine_backward(dout, cache)
        return dx, dw, dout.sum(axis=0)

    @mistake("M51", replaces="temporal_affine_backward")
    def db_averaged_over_the_steps(dout, cache):
        """Sum db over the steps: do not divide by T."""
        dx, dw, db = temporal_affine_backward(dout, cache)
        return dx, dw, db / max(1, dout.shape[1])

    @mistake("M81", replaces="temporal_affine_backward")
    def gradients_of_the_last_step(dout, cache):
        """All steps share w and b: add up their gradients."""
        last = np.zeros_like(dout)
        last[:, -1:] = dout[:, -1:]
        return temporal_affine_backward(dout, cache)[0], *temporal_affine_backward(last, cache)[1:]

    @mistake("N937", replaces="temporal_affine_forward")
    def last_step_only(x, w, b):
        """Every step has its own scores: do not give all of them those of the last."""
        out, cache = temporal_affine_forward(x, w, b)
        if out.shape[1]:
            out = np.repeat(affine_forward(x[:, -1], w, b)[0][:, None], out.shape[1], axis=1)
        return out, cache
