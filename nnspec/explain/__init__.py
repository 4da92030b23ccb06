"""`nnspec explain`: what the specification knows of a concept, as a person learns it.

commands    the command and its options
finding     the concepts that a word may mean
page        one concept on a screen or two
words       functions and shapes in words, and the stub to write one's own in
lines       the definition line by line, in its own names
formulas    formulas as text, and the slope of a line
gradient    the lines with their slopes, and how they chain
example     a worked example, which is Python to paste
"""
