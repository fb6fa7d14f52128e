"""What measures the figures of notebook 10."""

FIGURES: dict[str, str] = {
    "10.B": "showing",
    "10.E": "endings",
    "10.G": "endings:measure_order",
    "10.U": "uniform",
}
