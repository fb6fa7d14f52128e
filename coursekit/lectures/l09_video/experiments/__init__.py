"""What measures the figures of notebook 9."""

# figure -> the module here that measures it (with `measure`, or the function named)
FIGURES: dict[str, str] = {
    "09.E": "recall",
    "09.F": "forcing",
    "09.H": "dust",
    "09.R": "chains",
}
