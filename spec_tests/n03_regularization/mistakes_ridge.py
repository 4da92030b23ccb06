"""Classic mistakes of ridge regression and of the path of its strength."""

import numpy as np

from nnspec.reference import regularization_path, ridge_fit
from nnspec.spec_tests._known import mistake


def with_penalty(phi, t, penalty):
    """The normal equations with whatever is added to phi^T phi."""
    return np.linalg.lstsq((phi.T @ phi + penalty).astype(float), (phi.T @ t).astype(float))[0].astype(phi.dtype)


class MistakesOfRidgeFit:
    @mistake("M28", replaces="ridge_fit")
    def bias_penalized(phi, t, lam, *, skip_bias=True, ops=None):
        """With skip_bias the first entry of the diagonal stays 0: a bias is not penalized."""
        return ridge_fit(phi, t, lam, skip_bias=False)

    @mistake("M28", replaces="ridge_fit")
    def bias_never_penalized(phi, t, lam, *, skip_bias=True, ops=None):
        """Without skip_bias every weight is penalized, the first one too."""
        return ridge_fit(phi, t, lam)

    @mistake("M28", replaces="ridge_fit")
    def last_column_taken_for_the_bias(phi, t, lam, *, skip_bias=True, ops=None):
        """The bias is the first column of phi: x^0."""
        free = np.arange(phi.shape[1]) == phi.shape[1] - 1
        return with_penalty(phi, t, np.diag(lam * ~(free & skip_bias)))

    @mistake("N1562", replaces="ridge_fit")
    def lam_added_to_every_entry(phi, t, lam, *, skip_bias=True, ops=None):
        """lam stands on the diagonal: phi^T phi + lam adds it to every entry."""
        return with_penalty(phi, t, lam)

    @mistake("N1562", replaces="ridge_fit")
    def penalty_ignored(phi, t, lam, *, skip_bias=True, ops=None):
        """Add lam to the diagonal: without it this is least squares."""
        return ridge_fit(phi, t, 0.0)

    @mistake("N1562", replaces="ridge_fit")
    def penalty_taken_away(phi, t, lam, *, skip_bias=True, ops=None):
        """The penalty is added to phi^T phi: taken away it makes the weights larger."""
        return with_penalty(phi, t, -np.diag(lam * (np.arange(phi.shape[1]) >= skip_bias)))

    @mistake("N1563", replaces="ridge_fit")
    def lam_squared(phi, t, lam, *, skip_bias=True, ops=None):
        """Rows that stand for the penalty hold the root of lam: they are squared."""
        return ridge_fit(phi, t, lam * lam, skip_bias=skip_bias)

    @mistake("M15", replaces="ridge_fit")
    def lam_halved(phi, t, lam, *, skip_bias=True, ops=None):
        """lam |w|^2 stands beside |phi w - t|^2, both with a half or both without: lam itself goes on the diagonal."""
        return ridge_fit(phi, t, lam / 2, skip_bias=skip_bias)

    @mistake("M15", replaces="ridge_fit")
    def lam_doubled(phi, t, lam, *, skip_bias=True, ops=None):
        """The 2 of the penalty's gradient is also in that of the squares: lam goes on the diagonal, not 2 lam."""
        return ridge_fit(phi, t, 2 * lam, skip_bias=skip_bias)

    @mistake("N1564", replaces="ridge_fit")
    def inverse_of_what_is_singular(phi, t, lam, *, skip_bias=True, ops=None):
        """With lam = 0 phi^T phi may have no inverse: take least squares, np.linalg.lstsq, which has an answer."""
        gram = phi.T @ phi + np.diag(lam * (np.arange(phi.shape[1]) >= skip_bias))
        return (np.linalg.inv(gram.astype(float)) @ (phi.T @ t)).astype(phi.dtype)

    @mistake("N1565", replaces="ridge_fit")
    def weights_shrunk_afterwards(phi, t, lam, *, skip_bias=True, ops=None):
        """Solve with the penalty: least squares, shrunk by 1 / (1 + lam), is that for orthonormal features alone."""
        w = ridge_fit(phi, t, 0.0)
        return w / np.where(np.arange(len(w)) >= skip_bias, 1 + w.dtype.type(lam), 1)


class MistakesOfRegularizationPath:
    @mistake("N1566", replaces="regularization_path")
    def root_of_the_error(x, t, degrees, lams, *, ops=None):
        """The error is the mean of the squares, without a root."""
        error, norm = regularization_path(x, t, degrees, lams)
        return np.sqrt(error), norm

    @mistake("N1566", replaces="regularization_path")
    def squares_summed(x, t, degrees, lams, *, ops=None):
        """Divide the squares by N: the error is that of a sample."""
        error, norm = regularization_path(x, t, degrees, lams)
        return error * error.dtype.type(len(x)), norm

    @mistake("N60", replaces="regularization_path")
    def norm_squared(x, t, degrees, lams, *, ops=None):
        """The norm is the root of the sum of squares."""
        error, norm = regularization_path(x, t, degrees, lams)
        return error, norm * norm

    @mistake("M28", replaces="regularization_path")
    def bias_counted(x, t, degrees, lams, *, ops=None):
        """The bias belongs neither to the penalty nor to the norm: w[1:]."""
        error, norm = regularization_path(x, t, degrees, lams)
        phi = [np.stack([x**j for j in range(degree + 1)], axis=1) for degree in degrees]
        bias = [[ridge_fit(p, t, float(lam))[0] for lam in lams] for p in phi]
        return error, np.hypot(norm, np.array(bias, norm.dtype).reshape(norm.shape))

    @mistake("N1567", replaces="regularization_path")
    def one_feature_too_few(x, t, degrees, lams, *, ops=None):
        """A polynomial of degree 3 has four coefficients: x^0 to x^3."""
        return regularization_path(x, t, [max(0, degree - 1) for degree in degrees], lams)

    @mistake("N1567", replaces="regularization_path")
    def penalized_error(x, t, degrees, lams, *, ops=None):
        """The error is that of the data alone: lam |w|^2 is no part of it."""
        error, norm = regularization_path(x, t, degrees, lams)
        return error + lams * norm * norm / lams.dtype.type(len(x)), norm

    @mistake("N1568", replaces="regularization_path")
    def strengths_in_order(x, t, degrees, lams, *, ops=None):
        """The columns are in the order of lams, sorted or not."""
        return regularization_path(x, t, degrees, np.sort(lams))

    @mistake("N1568", replaces="regularization_path")
    def degrees_as_columns(x, t, degrees, lams, *, ops=None):
        """A row for each degree, a column for each strength."""
        return tuple(value.T.copy() for value in regularization_path(x, t, degrees, lams))
