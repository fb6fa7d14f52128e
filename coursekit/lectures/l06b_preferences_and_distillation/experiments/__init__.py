"""The experiments behind the figures of notebook 06b."""

# figure -> the module here that measures it (with `measure`, or the function named)
FIGURES: dict[str, str] = {
    "06b.A": "votes",
    "06b.B": "feedback",
    "06b.C": "dice",
    "06b.D": "reinforce",
    "06b.E": "one_step",
    "06b.F": "agreement",
    "06b.G": "ladder:measure_powers",
    "06b.H": "ladder",
    "06b.I": "ladder:measure_spoilt",
    "06b.L": "bears",
}
