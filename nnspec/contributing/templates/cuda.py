"""[? The trick alone: what a thread has, in which order sums are added, what is done in another way ?]"""


def the_function(the_arguments):
    raise NotImplementedError("[? outputs of empty_like, and a launch of a @kernel factory, as in l2_penalty.py ?]")
