"""Classic mistakes of positional encodings."""

import numpy as np

from nnspec.reference import add_pe_backward, add_pe_forward, sinusoidal_pe
from nnspec.spec_tests._known import mistake


def table(T, E, exponent, base=10000.0, first=0):
    j = np.arange(E)
    angle = np.arange(first, first + T)[:, None] / base ** exponent(j)
    return np.where(j % 2 == 0, np.sin(angle), np.cos(angle))


class MistakesOfSinusoidalPe:
    @mistake("M104", replaces="sinusoidal_pe")
    def exponent_doubled(T, E, *, base=10000.0):
        """Columns 2i and 2i + 1 have base^(2i/E): if the loop runs over even columns already, do not double them."""
        return table(T, E, lambda j: 2 * (j - j % 2) / E, base)

    @mistake("M104", replaces="sinusoidal_pe")
    def cosine_of_the_next_exponent(T, E, *, base=10000.0):
        """The cosine of a pair has the exponent of its sine, 2i/E, not (2i + 1)/E."""
        return table(T, E, lambda j: j / E, base)

    @mistake("M104", replaces="sinusoidal_pe")
    def base_of_a_thousand(T, E, *, base=1000.0):
        """The base is 10000."""
        return sinusoidal_pe(T, E, base=base)

    @mistake("M104", replaces="sinusoidal_pe")
    def odd_width_crashes(T, E, *, base=10000.0):
        """With an odd E there is one sine more than cosines: give the cosines a column less."""
        pe, angle = np.zeros((T, E)), np.arange(T)[:, None] / base ** (np.arange(0, E, 2) / E)
        pe[:, 0::2], pe[:, 1::2] = np.sin(angle), np.cos(angle)
        return pe

    @mistake("M105", replaces="sinusoidal_pe")
    def halves_instead_of_interleaved(T, E, *, base=10000.0):
        """Sine and cosine alternate: [sin | cos] halves are another layout."""
        pe = sinusoidal_pe(T, E, base=base)
        return np.concatenate([pe[:, 0::2], pe[:, 1::2]], axis=1)

    @mistake("N983", replaces="sinusoidal_pe")
    def positions_from_one(T, E, *, base=10000.0):
        """Positions count from 0."""
        return table(T, E, lambda j: (j - j % 2) / E, base, first=1)

    @mistake("N984", replaces="sinusoidal_pe")
    def pairs_from_one(T, E, *, base=10000.0):
        """Pairs count from 0, so that the first has wave length 2 pi; with k from 1 it is another encoding."""
        return table(T, E, lambda j: (j - j % 2 + 2) / E, base)

    @mistake("N985", replaces="sinusoidal_pe")
    def sine_and_cosine_exchanged(T, E, *, base=10000.0):
        """Even columns are sines, odd ones cosines."""
        j = np.arange(E)
        angle = np.arange(T)[:, None] / base ** ((j - j % 2) / E)
        return np.where(j % 2 == 0, np.cos(angle), np.sin(angle))


class MistakesOfAddPe:
    @mistake("M109", replaces="add_pe_forward")
    def forgotten(x, pe):
        """Add the table: without it attention does not see the order of its tokens."""
        _, cache = add_pe_forward(x, pe)
        return x.copy(), cache

    @mistake("N986", replaces="add_pe_forward")
    def the_same_for_all_tokens(x, pe):
        """Every token has a row of its own: token t has row t."""
        return add_pe_forward(x, np.broadcast_to(pe[:1], pe.shape))

    @mistake("N987", replaces="add_pe_forward")
    def rows_from_the_end(x, pe):
        """Of a longer table the first T rows are used."""
        _, cache = add_pe_forward(x, pe)
        return x + pe[len(pe) - x.shape[1] :], cache

    @mistake("M87", replaces="add_pe_backward")
    def gradient_of_one_sequence(dout, cache):
        """Every sequence reads the same rows: sum dpe over the batch."""
        dx, _ = add_pe_backward(dout, cache)
        _, dpe = add_pe_backward(dout * (np.arange(len(dout)) == len(dout) - 1)[:, None, None], cache)
        return dx, dpe

    @mistake("N988", replaces="add_pe_backward")
    def gradient_averaged_over_the_batch(dout, cache):
        """dpe is the sum over the batch: the mean over samples is in dout already."""
        dx, dpe = add_pe_backward(dout, cache)
        return dx, dpe / max(1, len(dout))
