"""Patch embedding and the class token: definitions, laws, cases and classic mistakes."""

import numpy as np

from nnspec.reference import patch_embed_backward, patch_embed_forward, with_cls_backward, with_cls_forward
from nnspec.spec_tests._kinds import Case, Layer, Malformed, mistake


class TestPatchEmbed(Layer):
    rows = ("10.26",)
    options = {"patch": 2}

    def definition(self, x, w, b, *, patch):
        """out_n,i = flat(patch i of x_n) w + b, patches row by row, each (C, p, p). Dosovitskiy et al. 2021, eq. 1."""
        p, (_, _, H, W) = int(patch), x.shape
        corners = [(i, j) for i in range(0, H, p) for j in range(0, W, p)]
        return np.array([[image[:, i : i + p, j : j + p].ravel() @ w + b for i, j in corners] for image in x])

    def law_a_convolution_with_stride_p(self, run, problem):
        """One filter at a time: the sum over a patch times the filter, moved by p pixels."""
        x, w, b = problem.inputs.values()
        (N, C, H, W), p = x.shape, problem.options["patch"]
        filters = w.T.reshape(-1, C, p, p)
        out = np.zeros((N, len(filters), H // p, W // p), x.dtype)
        for i, j in np.ndindex(p, p):
            out += np.einsum("nchw,ec->nehw", x[:, :, i::p, j::p], filters[:, :, i, j])
        return run()["out"], out.reshape(N, len(filters), -1).swapaxes(1, 2) + b

    def law_a_patch_is_one_token(self, run, problem):
        """Another pixel in the first patch changes the first token alone."""
        x = problem.inputs["x"].copy()
        x[:, :, 0, 0] += 1
        return run(x=x)["out"][:, 1:], run()["out"][:, 1:]

    sizes = {"N": 2, "C": 1, "H": 4, "W": 6, "patch": 2, "E": 3}
    general = {
        "square": {"N": 4, "C": 4, "H": 4, "W": 4, "patch": 2, "E": 4},
        "odd": {"N": 3, "C": 3, "H": 8, "W": 10, "patch": 2, "E": 7},
        "wide": {"N": 3, "C": 4, "H": 32, "W": 34, "patch": 2, "E": 65},
        "explained": {"N": 1, "C": 1, "H": 2, "W": 2, "patch": 2, "E": 1},
    }
    apart = (1,)
    cases = (
        Case("two channels", C=2),
        Case("a patch of one pixel", {"patch": 1, "H": 3}, patch=1),
        Case("the image in one patch", {"N": 3, "C": 1, "H": 3, "W": 3, "patch": 3}, patch=3),
        Case("patches of three pixels", {"N": 1, "C": 2, "H": 6, "W": 3, "patch": 3}, patch=3),
    )
    ties = (Case("no images", N=0),)
    bad = (
        Malformed("a height that is no multiple", "patch", lambda patch: patch, H=5),
        Malformed("a width that is no multiple", "patch", lambda patch: patch, W=7),
        Malformed("no patch", "patch", lambda _: 0, ("w",)),
        Malformed("weights of other patches", "patch", lambda _: 1, ("w",)),
    )

    def cases_of_agreement(self):
        """Sizes at which the patches of a case fit."""
        return [case for case in super().cases_of_agreement() if "larger" not in case.name]

    def cases_of_scale(self):
        return [Case("many images", {"N": 70, "C": 3, "H": 16, "W": 12, "patch": 2, "E": 33})]

    @mistake("M108", replaces="patch_embed_forward")
    def channels_last(x, w, b, *, patch):
        """Flatten a patch channels first, (C, p, p): w counts its rows in that order."""
        C, rows = x.shape[1], np.arange(len(w))
        order = rows.reshape(patch, patch, C).transpose(2, 0, 1).ravel() if len(w) == C * patch**2 else rows
        return patch_embed_forward(x, w[order], b, patch=patch)

    @mistake("M108", replaces="patch_embed_forward")
    def rows_and_columns_exchanged(x, w, b, *, patch):
        """Inside a patch the rows come first: pixel (i, j) of channel c is c p p + i p + j."""
        order = np.arange(len(w)).reshape(-1, patch, patch).swapaxes(1, 2).ravel()
        return patch_embed_forward(x, w[order], b, patch=patch)

    @mistake("M108", replaces="patch_embed_forward")
    def patches_column_by_column(x, w, b, *, patch):
        """Count the patches row by row, as one reads."""
        out, cache = patch_embed_forward(x, w, b, patch=patch)
        shape = (len(x), x.shape[2] // patch, x.shape[3] // patch, len(b))
        return out.reshape(shape).swapaxes(1, 2).reshape(out.shape), cache

    @mistake("M64", replaces="patch_embed_forward")
    def reshaped_without_a_transpose(x, w, b, *, patch):
        """Pixels of a patch are not neighbours in memory: bring its axes together before the reshape."""
        out, cache = patch_embed_forward(x, w, b, patch=patch)
        return (x.reshape(-1, len(w)) @ w + b).reshape(out.shape), cache

    @mistake("M64", replaces="patch_embed_backward")
    def dx_reshaped_without_a_transpose(dout, cache):
        """Put the pixels of dx back to where they came from: undo the transpose before the reshape."""
        dx, dw, db = patch_embed_backward(dout, cache)
        _, (N, C, rows, patch, columns, _), _ = cache
        patches = dx.reshape(N, C, rows, patch, columns, patch).transpose(0, 2, 4, 1, 3, 5)
        return patches.reshape(dx.shape), dw, db


class TestWithCls(Layer):
    rows = ("10.27",)

    def definition(self, x, cls):
        """out_n = [cls; x_n]. Dosovitskiy et al. 2021, eq. 1."""
        return np.array([np.concatenate([cls, tokens]) for tokens in x])

    sizes = {"N": 2, "T": 3, "E": 4}
    apart = (1,)
    ties = (Case("no tokens", T=0), Case("no sequences", N=0))
    bad = (Malformed("two of them", "cls", lambda cls: np.concatenate([cls, cls])),)

    def cases_of_scale(self):
        return []

    @mistake("N1014", replaces="with_cls_forward")
    def class_token_last(x, cls):
        """The class token stands first."""
        out, cache = with_cls_forward(x, cls)
        return np.roll(out, -1, axis=1), cache

    @mistake("M87", replaces="with_cls_backward")
    def gradient_of_one_sequence(dout, cache):
        """The token stands in front of every sequence: sum its gradient over the batch."""
        dx, _ = with_cls_backward(dout, cache)
        return dx, dout[-1, :1].copy()
