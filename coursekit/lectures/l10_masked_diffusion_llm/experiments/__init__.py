"""What measures the figures of notebook 10."""

# figure -> the module here that measures it (with `measure`, or the function named)
FIGURES: dict[str, str] = {
    "10.C": "gaps",
    "10.D": "training_cost",
    "10.J": "palettes",
}
