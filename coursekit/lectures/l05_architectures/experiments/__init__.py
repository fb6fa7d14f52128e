"""The experiments behind the figures of notebook 05."""

# figure -> the module here that measures it (with `measure`, or the function named)
FIGURES = {
    "05.A": "mirror",
    "05.B": "start",
    "05.C": "binding",
    "05.D": "skips",
    "05.E": "cost",
    "05.F": "positions",
    "05.G": "counts",
}
