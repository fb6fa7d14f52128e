"""What measures the figures of notebook 8a."""

# figure -> the module here that measures it (with `measure`, or the function named)
FIGURES: dict[str, str] = {
    "08a.A": "patches",
    "08a.B": "ceiling",
    "08a.C": "enhancement",
    "08a.D": "costs",
    "08a.E": "beside",
    "08a.F": "frozen",
    "08a.G": "bears",
    "08a.R": "directions",
}
