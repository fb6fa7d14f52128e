"""The experiments behind the figures of notebook 07."""

# figure -> the module here that measures it (with `measure`, or the function named)
FIGURES: dict[str, str] = {
    # A: 07.A 07.B
    # C: 07.C 07.D 07.H
    "07.C": "few_pictures",
    "07.D": "pairs",
    "07.H": "crowds",
    "07.I": "filters",
    # D: 07.E 07.K
    "07.E": "swapped",
    "07.K": "cards",
    "07.P": "picks",
    # E: 07.F 07.G
    "07.F": "judges",
    "07.G": "cherries",
    # B: 07.L
    "07.L": "leaderboard",
}
