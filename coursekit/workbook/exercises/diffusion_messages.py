"""Mistakes that several exercises of lecture 1 have in common, in words."""

UNSHAPED = (
    "the coefficients have shape (B,) and do not line up with x: `at` gives them the "
    "shape (B, 1, ..., 1)"
)
EARLY = "the table is read at k - 1: entry k belongs to step k, entry 0 is clean data"
