"""What the specifications of losses by margins share: the cases of scores, labels and a delta."""

from nnspec.spec_tests._kinds import Case

CASES = (
    Case("more rows than classes", N=4, C=2),
    Case("a single class", N=2, C=1),
    Case("another delta", delta=2.5),
    Case("delta 0", delta=0.0),
    Case("another delta, one by one", delta=0.5, reduction="none"),
    Case("right by a wide margin", inputs={"scores": [[9.0, 1.0, -2.0], [-3.0, 0.5, 7.0]], "y": [0, 2]}),
)
EXTREMES = (
    Case("large scores", inputs={"scores": [[1000, 0, -1000], [500, 499.5, -300]], "y": [2, 1]}),
    Case("a common offset", inputs={"scores": [[1000.5, 1001, 1000.25], [1000, 999.5, 1002]], "y": [1, 0]}),
)
