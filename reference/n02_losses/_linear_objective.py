"""What the objectives of the linear classifiers share: mean loss of the scores x w, plus the penalty of w."""


def linear_objective(loss, w, x, y, reg, bias_row, ops, **options):
    """(loss, dw). loss: the name of the part; options: those of it."""
    scores, scores_cache = ops.linear_scores_forward(x, w)  # (N, C)
    data_loss, loss_cache = getattr(ops, f"{loss}_forward")(scores, y, **options)
    dscores = getattr(ops, f"{loss}_backward")(1.0, loss_cache)  # (N, C)
    _, dw, _ = ops.linear_scores_backward(dscores, scores_cache)  # (D, C)
    penalized = len(w) - bias_row
    penalty, slope = ops.l2_penalty(w[:penalized], reg)  # (D or D - 1, C)
    dw = dw.copy()
    dw[:penalized] += slope
    return data_loss + penalty, dw
