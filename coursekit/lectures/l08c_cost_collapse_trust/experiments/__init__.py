"""What measures the figures of notebook 8c."""

# figure -> the module here that measures it (with `measure`, or the function named)
FIGURES: dict[str, str] = {
    "08c.A": "collapse",
    "08c.B": "survival",
    "08c.C": "arithmetic",
    "08c.D": "filters",
    "08c.E": "scans:measure_scans",
    "08c.L": "collapse:flow",
    "08c.R": "rings",
}
