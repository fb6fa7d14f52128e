"""The experiments behind the figures of notebook 07."""

# figure -> the module here that measures it (with `measure`, or the function named)
FIGURES: dict[str, str] = {
    "07.A": "ratings",
    "07.B": "ratings:measure_ways",
    "07.M": "sittings",
    "07.C": "few_pictures",
    "07.D": "pairs",
    "07.H": "crowds",
    "07.I": "filters",
    "07.E": "swapped",
    "07.K": "cards",
    "07.P": "picks",
    "07.F": "judges",
    "07.G": "cherries",
    "07.L": "leaderboard",
}
