"""What measures the figures of notebook 10."""

# figure -> the module here that measures it (with `measure`, or the function named)
FIGURES: dict[str, str] = {
    "10.F": "controls",
    "10.L": "two_ways",
}
