"""What measures the figures of notebook 8b."""

# figure -> the module here that measures it (with `measure`, or the function named)
FIGURES: dict[str, str] = {
    "08b.A": "editors:black_and_white",
    "08b.B": "editors:frontier",
    "08b.C": "planners",
    "08b.D": "planners:parameters",
    "08b.E": "planners:free",
    "08b.S": "editors:beside",
}
