"""What measures the figures of notebook 10."""

# figure -> the module here that measures it (with `measure`, or the function named)
FIGURES: dict[str, str] = {
    "10.A": "speed",
    "10.H": "fewer",
    "10.S": "speed:measure_seconds",
}
