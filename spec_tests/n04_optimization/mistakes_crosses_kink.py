"""Classic mistakes of the kink detector."""

import numpy as np

from nnspec.reference import crosses_kink
from nnspec.spec_tests._known import mistake


def winners_at(trace, x, index, step):
    there = x.copy()
    there[tuple(index)] += step
    return trace(there)


class MistakesOfCrossesKink:
    @mistake("M36", replaces="crosses_kink")
    def kinks_never_looked_for(trace, x, index, *, h=1e-5):
        """Compare the winners at both ends of the step: a difference across a kink fails a gradient that is right."""
        return False

    @mistake("N1656", replaces="crosses_kink")
    def one_side_alone(trace, x, index, *, h=1e-5):
        """Look at x - h as well: the central difference goes to both sides of x."""
        return crosses_kink(lambda there: trace(np.maximum(there, x)), x, index, h=h)

    @mistake("N1656", replaces="crosses_kink")
    def number_of_open_units(trace, x, index, *, h=1e-5):
        """Compare the winners one by one: where one unit opens and another shuts, as many are open as before."""
        return crosses_kink(lambda there: sums_of(trace(there)), x, index, h=h)

    @mistake("N1656", replaces="crosses_kink")
    def first_layer_alone(trace, x, index, *, h=1e-5):
        """Compare the winners of every layer, not only of the first one."""

        def first(there):
            winners = trace(there)
            winners = list(winners.values()) if isinstance(winners, dict) else winners
            return winners[0] if isinstance(winners, (list, tuple)) and winners else winners

        return crosses_kink(first, x, index, h=h)

    @mistake("N1656", replaces="crosses_kink")
    def every_winner_must_change(trace, x, index, *, h=1e-5):
        """One winner that changes is enough."""
        ahead, behind = (np.array(winners_at(trace, x, index, step)) for step in (h, -h))
        return bool(ahead.size and np.shape(ahead) == np.shape(behind) and (ahead != behind).all())

    @mistake("N1656", replaces="crosses_kink")
    def all_entries_moved(trace, x, index, *, h=1e-5):
        """Move this entry alone: a kink of another one does not spoil it."""
        return any(crosses_kink(trace, x, at, h=h) for at in np.ndindex(x.shape))

    @mistake("N1656", replaces="crosses_kink")
    def step_ignored(trace, x, index, *, h=1e-5):
        """Take the step that the difference takes."""
        return crosses_kink(trace, x, index)

    @mistake("N1656", replaces="crosses_kink")
    def upside_down(trace, x, index, *, h=1e-5):
        """True where the winners differ."""
        return not crosses_kink(trace, x, index, h=h)

    @mistake("N1656", replaces="crosses_kink")
    def one_buffer_twice(trace, x, index, *, h=1e-5):
        """Copy the winners of the first end: trace may fill the same array again."""
        return not np.array_equal(winners_at(trace, x, index, h), winners_at(trace, x, index, -h))

    @mistake("N1656", replaces="crosses_kink")
    def step_left_in_x(trace, x, index, *, h=1e-5):
        """Move a copy: x must be what it was."""
        found = crosses_kink(trace, x, index, h=h)
        x[tuple(index)] += h
        return found


def sums_of(winners):
    if isinstance(winners, dict):
        winners = list(winners.values())
    return [sums_of(each) for each in winners] if isinstance(winners, (list, tuple)) else np.sum(winners)
