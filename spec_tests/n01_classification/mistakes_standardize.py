"""Classic mistakes of standardized features."""

import numpy as np

from nnspec.reference import append_ones, feature_pipeline, standardize, standardize_fit
from nnspec.spec_tests._known import mistake


class MistakesOfStandardizeFit:
    @mistake("M67", replaces="standardize_fit")
    def divided_by_one_less(x):
        """The std divides by N."""
        mean, std = standardize_fit(x)
        return mean, std * x.dtype.type((len(x) / max(1, len(x) - 1)) ** 0.5)

    @mistake("N1348", replaces="standardize_fit")
    def variance_for_deviation(x):
        """Take the root: std is what is divided by."""
        mean, std = standardize_fit(x)
        return mean, std * std

    @mistake("M17", replaces="standardize_fit")
    def of_all_features_together(x):
        """Each feature has its own mean and std: average over the samples, axis 0, alone."""
        mean, std = standardize_fit(x)
        return (np.full_like(mean, x.mean()), np.full_like(std, x.std())) if x.size else (mean, std)


class MistakesOfStandardize:
    @mistake("M76", replaces="standardize")
    def by_its_own_statistics(x, mean, std):
        """Use the statistics that are given, those of training: not the ones of this split."""
        return standardize(x, *standardize_fit(x)) if len(x) else standardize(x, mean, std)

    @mistake("N1349", replaces="standardize")
    def divided_by_zero(x, mean, std):
        """A feature that never changes is 0: divided by its std it is NaN."""
        standardize(x, mean, std)
        with np.errstate(divide="ignore", invalid="ignore"):
            return (x - mean) / std

    @mistake("N1349", replaces="standardize")
    def eps_added(x, mean, std):
        """Divide by std itself: with 0.001 added small features come out smaller than the others."""
        standardize(x, mean, std)
        return (x - mean) / (std + x.dtype.type(1e-3))

    @mistake("N1350", replaces="standardize")
    def mean_not_taken_away(x, mean, std):
        """Take the mean away before dividing."""
        return standardize(x, 0 * mean, std)

    @mistake("N1350", replaces="standardize")
    def only_centred(x, mean, std):
        """Divide by std as well, so that all features count alike."""
        return standardize(x, mean, np.ones_like(std))


class MistakesOfFeaturePipeline:
    @mistake("M76", replaces="feature_pipeline")
    def by_its_own_statistics(x_train, x, *, ops=None, **options):
        """mean and std are those of the training images, for every split."""
        return feature_pipeline(x if len(x) else x_train, x, **options)

    @mistake("M76", replaces="feature_pipeline")
    def by_the_statistics_of_all(x_train, x, *, ops=None, **options):
        """What is tested must not enter the statistics."""
        return feature_pipeline(np.concatenate([x_train, x]), x, **options)

    @mistake("M11", replaces="feature_pipeline")
    def ones_standardized_too(x_train, x, *, ops=None, **options):
        """Append the ones after standardizing: a constant feature becomes 0."""
        out = feature_pipeline(x_train, x, **options)
        out[:, -1] = 0
        return out

    @mistake("M11", replaces="feature_pipeline")
    def ones_in_front(x_train, x, *, ops=None, **options):
        """The ones go into the last column."""
        return np.roll(feature_pipeline(x_train, x, **options), 1, axis=1)

    @mistake("N1351", replaces="feature_pipeline")
    def histogram_first(x_train, x, *, nbin=10, ops=None, **options):
        """HOG comes first, then the colours."""
        out = feature_pipeline(x_train, x, nbin=nbin, **options)[:, :-1]
        return append_ones(np.roll(out, nbin, axis=1))
