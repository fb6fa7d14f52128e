"""What measures the figures of notebook 10."""

# figure -> the module here that measures it (with `measure`, or the function named)
FIGURES: dict[str, str] = {
    "10.A": "speed",
    "10.B": "showing",
    "10.C": "gaps",
    "10.D": "training_cost",
    "10.E": "endings",
    "10.F": "controls",
    "10.G": "endings:measure_order",
    "10.H": "fewer",
    "10.J": "palettes",
    "10.K": "prose",
    "10.L": "two_ways",
    "10.S": "speed:measure_seconds",
    "10.U": "uniform",
    "10.V": "steering",
}
