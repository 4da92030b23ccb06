"""`nnspec demo`: pictures of the course, drawn from what a backend computes.

A demonstration is one file of `gallery/`, found by its path. Its docstring is a title, a blank line and at most five
lines on what one sees and why; its function `panels(ops)` returns what there is to see, as data (`panels.py`), computed
by the functions of a backend. How a panel looks is written once for pictures (`picture.py`) and once for terminals
(`text.py`).
"""
