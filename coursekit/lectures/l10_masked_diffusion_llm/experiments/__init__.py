"""What measures the figures of notebook 10."""

FIGURES: dict[str, str] = {}
