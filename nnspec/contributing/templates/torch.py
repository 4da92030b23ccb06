"""[? PyTorch's name for it, `F.…`, or how its users write it ?]"""


def the_function(the_arguments):
    raise NotImplementedError("[? the outputs from tensors, with torch's own function; autograd does the rest ?]")
