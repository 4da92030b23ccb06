"""Classic mistakes of sampling."""

import numpy as np

from nnspec.reference import sample_step, sampling_distribution
from nnspec.spec_tests._known import mistake


class MistakesOfSamplingDistribution:
    @mistake("M94", replaces="sampling_distribution")
    def temperature_on_the_probabilities(scores, *, temperature=1.0, top_k=None, top_p=None):
        """Divide the scores by the temperature, not the probabilities: there it cancels."""
        return sampling_distribution(scores, top_k=1 if temperature == 0 else top_k, top_p=top_p)

    @mistake("M94", replaces="sampling_distribution")
    def temperature_multiplied(scores, *, temperature=1.0, **filters):
        """Divide by the temperature: below 1 it makes the distribution sharper."""
        return sampling_distribution(scores, temperature=1 / temperature if temperature else 0.0, **filters)

    @mistake("M94", replaces="sampling_distribution")
    def divided_by_a_temperature_of_0(scores, *, temperature=1.0, **filters):
        """A temperature of 0 is the argmax: do not divide by it."""
        if temperature == 0:
            return np.full_like(scores, np.nan)
        return sampling_distribution(scores, temperature=temperature, **filters)

    @mistake("M18", replaces="sampling_distribution")
    def no_max_subtraction(scores, *, temperature=1.0, top_k=None, top_p=None):
        """Subtract the largest score of each row before exp, which overflows otherwise."""
        p = sampling_distribution(scores, temperature=temperature, top_k=top_k, top_p=top_p)
        e = np.where(p > 0, np.exp(scores / (temperature or 1)), 0).astype(scores.dtype)
        return e / e.sum(axis=1, keepdims=True)

    @mistake("N954", replaces="sampling_distribution")
    def token_that_crosses_left_out(scores, *, top_p=None, **options):
        """Keep the token with which the sum reaches top_p: else the nucleus has less, or is empty."""
        if top_p is None or top_p == 1:
            return sampling_distribution(scores, **options)
        p = sampling_distribution(scores, **options)
        kept = sampling_distribution(scores, top_p=top_p, **options) > 0
        least = np.where(kept, p, np.inf).min(axis=1, keepdims=True)
        p = np.where(kept & (p > least), p, 0)
        return p / np.maximum(p.sum(axis=1, keepdims=True), np.finfo(p.dtype).tiny)

    @mistake("N955", replaces="sampling_distribution")
    def nucleus_of_all_before_the_top(scores, *, top_k=None, top_p=None, **options):
        """First the top_k, then the nucleus of their distribution, which is renormalized."""
        p = sampling_distribution(scores, top_p=top_p, **options)
        p = np.where(sampling_distribution(scores, top_k=top_k, **options) > 0, p, 0)
        return p / p.sum(axis=1, keepdims=True)

    @mistake("N956", replaces="sampling_distribution")
    def not_normalized_again(scores, *, temperature=1.0, top_k=None, top_p=None):
        """What is kept has to sum to 1 again: divide by its sum."""
        kept = sampling_distribution(scores, temperature=temperature, top_k=top_k, top_p=top_p) > 0
        return np.where(kept, sampling_distribution(scores, temperature=temperature or 1.0), 0)

    @mistake("N957", replaces="sampling_distribution")
    def one_token_more(scores, *, top_k=None, **options):
        """Keep top_k tokens, not those up to index top_k, which are one more."""
        return sampling_distribution(scores, top_k=top_k and min(top_k + 1, scores.shape[1]), **options)

    @mistake("N957", replaces="sampling_distribution")
    def smallest_instead_of_largest(scores, *, top_k=None, **options):
        """Keep the largest scores: sort from the largest on."""
        if top_k is None:
            return sampling_distribution(scores, **options)
        threshold = np.sort(scores, axis=1)[:, top_k - 1 : top_k]
        return sampling_distribution(np.where(scores <= threshold, scores, -np.inf), **options)

    @mistake("N957", replaces="sampling_distribution", convention=True)
    def all_that_equal_the_kth(scores, *, top_k=None, **options):
        """Of scores that equal the k-th keep the smallest ids, so that there are k."""
        if top_k is None:
            return sampling_distribution(scores, **options)
        threshold = -np.sort(-scores, axis=1)[:, top_k - 1 : top_k]
        return sampling_distribution(np.where(scores >= threshold, scores, -np.inf), **options)

    @mistake("N958", replaces="sampling_distribution")
    def left_out_by_a_score_of_0(scores, *, top_k=None, **options):
        """What is left out counts as a score of -inf: a score of 0 is as likely as any."""
        kept = sampling_distribution(scores, top_k=top_k) > 0
        return sampling_distribution(np.where(kept, scores, 0), **options)


class MistakesOfSampleStep:
    @mistake("N959", replaces="sample_step")
    def always_the_likeliest(scores, u=None, **options):
        """Draw by u: the likeliest token alone is a temperature of 0."""
        return scores.argmax(axis=1)

    @mistake("N959", replaces="sample_step")
    def one_u_for_all_rows(scores, u=None, **options):
        """Every row has a u of its own."""
        return sample_step(scores, None if u is None or not u.size else np.full_like(u, u[0]), **options)

    @mistake("N990", replaces="sample_step")
    def reaches_u_instead_of_exceeding(scores, u=None, *, temperature=1.0, top_k=None, top_p=None):
        """Take the first v whose sum is above u: a sum of 0 reaches a u of 0 with a token that is impossible."""
        p = sampling_distribution(scores, temperature=temperature, top_k=top_k, top_p=top_p)
        bound = np.zeros(len(p)) if u is None else u
        return np.minimum((np.cumsum(p, axis=1) < bound[:, None]).sum(axis=1), p.shape[1] - 1)

    @mistake("N990", replaces="sample_step")
    def last_id_where_rounding_falls_short(scores, u=None, *, temperature=1.0, top_k=None, top_p=None):
        """If the sum of p stays at or below u, take the last token that is possible, not the last id."""
        p = sampling_distribution(scores, temperature=temperature, top_k=top_k, top_p=top_p)
        bound = np.zeros(len(p)) if u is None else np.maximum(u, 0)
        short = np.cumsum(p, axis=1)[:, -1] <= bound
        return np.where(
            short, p.shape[1] - 1, sample_step(scores, u, temperature=temperature, top_k=top_k, top_p=top_p)
        )

    @mistake("N991", replaces="sample_step")
    def place_in_the_order_for_the_id(scores, u=None, *, temperature=1.0, top_k=None, top_p=None):
        """What was sorted has to be taken back: the place of a token among the likeliest is not its id."""
        ids = sample_step(scores, u, temperature=temperature, top_k=top_k, top_p=top_p)
        return (scores > np.take_along_axis(scores, ids[:, None], axis=1)).sum(axis=1)

    @mistake("N991", replaces="sample_step")
    def one_id_too_many(scores, u=None, **options):
        """Count the sums that are at or below u: the first one above it is the next id, not the one behind."""
        return np.minimum(sample_step(scores, u, **options) + 1, scores.shape[1] - 1)

    @mistake("M94", replaces="sample_step")
    def temperature_forgotten(scores, u=None, *, temperature=1.0, **filters):
        """The temperature divides the scores before anything is drawn."""
        return sample_step(scores, u, temperature=0.0 if temperature == 0 else 1.0, **filters)
