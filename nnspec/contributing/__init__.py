"""What a contributor starts with: the files of a new concept, and what is still to be written in them.

commands     the commands and their options
kinds        those that there are templates for
writing      the files of a concept, made from `templates/`: Python whose stand-ins are replaced
questions    what is open in them: `[? … ?]` in a docstring, a comment or what a function raises
numbers      the next free number of a mistake
"""
