"""The experiments behind the figures of notebook 03."""

# figure -> the module here that measures it (with `measure`, or the function named)
FIGURES = {
    "03.A": "gradients",
    "03.B": "continuity",
    "03.C": "crossings",
    "03.D": "reflow",
    "03.E": "three_ways",
    "03.F": "three_ways_images",
    "03.G": "reflow_images",
    "03.L": "likelihood",
    "03.O": "orders",
}
