"""What measures the figures of notebook 9."""

# figure -> the module here that measures it (with `measure`, or the function named)
FIGURES: dict[str, str] = {
    "09.C": "looking",
    "09.F": "forcing",
    "09.G": "looking:measure_causal",
    "09.W": "looking:measure_seconds",
}
