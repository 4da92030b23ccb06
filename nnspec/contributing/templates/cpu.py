"""[? The trick alone: what runs in parallel, why no two threads write to one place, what is done in another way ?]"""


def the_function(the_arguments):
    raise NotImplementedError("[? contiguous views and fresh outputs for a private @kernel, as in layernorm.py ?]")
